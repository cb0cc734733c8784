"""A sponsor's words and pictures, in versions that never change once they are submitted."""

from typing import Any

from django.conf import settings
from django.db import models

from issues.models import Image, Publication
from issues.models.edition import Immutable
from newsroom.lib.states import Moves
from sponsors.models.parties import Advertiser


class Creative(models.Model):
    """What an advertiser wants to say; its words are its versions."""

    advertiser = models.ForeignKey(Advertiser, on_delete=models.PROTECT, related_name="creatives")
    name = models.CharField(max_length=120, blank=True)
    priority = models.PositiveSmallIntegerField(
        default=0, help_text="Of house promotions, the one with the highest runs first."
    )
    publication = models.ForeignKey(
        Publication, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="Where a house promotion runs; in all of them if none is named.",
    )  # fmt: skip
    ended_at = models.DateTimeField(null=True, blank=True, help_text="A house promotion that runs no more.")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-added_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.advertiser}: {self.name}" if self.name else str(self.advertiser)


class VersionStatus(models.TextChoices):
    SUBMITTED = "submitted", "Submitted"
    REVIEWED = "reviewed", "Passed our review"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Rejected"


VERSION_MOVES: Moves = {
    VersionStatus.SUBMITTED: frozenset(
        {VersionStatus.REVIEWED, VersionStatus.CHANGES_REQUESTED, VersionStatus.REJECTED}
    ),
    VersionStatus.REVIEWED: frozenset({VersionStatus.CHANGES_REQUESTED, VersionStatus.REJECTED}),
}


WORDS = frozenset(("headline", "body", "cta", "url", "image", "alt", "valid_from", "valid_until"))
"""What a version says, and never says differently."""


class CreativeVersion(models.Model):
    """One version of a creative. ``body`` is rich text; the label above it belongs to the format, never to these words.

    Its words never change: an edit is a new version, and starts with a review of its own.
    """

    creative = models.ForeignKey(Creative, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    headline = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    cta = models.CharField("button", max_length=60, blank=True)
    url = models.URLField("link", max_length=2000, blank=True)
    image = models.ForeignKey(Image, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    alt = models.CharField("what the image shows", max_length=200, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(
        null=True,
        blank=True,
        help_text="The last day on which the offer holds; afterwards the archive says so.",
    )
    status = models.CharField(max_length=20, choices=VersionStatus, default=VersionStatus.SUBMITTED)
    submitted_at = models.DateTimeField()
    submitted_by = models.CharField(max_length=120)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    review_note = models.CharField(max_length=400, blank=True)
    link_checked_at = models.DateTimeField(null=True, blank=True)
    link_ok = models.BooleanField(null=True, blank=True)
    link_found = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-creative_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["creative", "number"], name="version_number_once_per_creative")
        ]
        permissions = [("traffic", "Can review creatives, place them and rule on late ones")]

    def __str__(self) -> str:
        return f"{self.creative}, version {self.number}"

    def save(self, *args: Any, **options: Any) -> None:
        changed = options.get("update_fields")
        if not self._state.adding and (changed is None or not WORDS.isdisjoint(changed)):
            raise Immutable("The words of a version never change: submit another.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise Immutable("A version is never deleted.")


class Decision(models.TextChoices):
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"


class Proof(models.Model):
    """What the sponsor decided about one rendering of one insertion. ``rendering`` is its SHA-256: any later change of
    words, link or label is another rendering, and the decision no longer holds."""

    insertion = models.ForeignKey("sponsors.Insertion", on_delete=models.PROTECT, related_name="proofs")
    version = models.ForeignKey(CreativeVersion, on_delete=models.PROTECT, related_name="proofs")
    rendering = models.CharField(max_length=64)
    decision = models.CharField(max_length=20, choices=Decision)
    who = models.CharField(max_length=120)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    words = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["insertion_id", "-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} by {self.who}"


class Remark(models.Model):
    """What a sponsor, or somebody at the desk, said about an insertion."""

    insertion = models.ForeignKey("sponsors.Insertion", on_delete=models.PROTECT, related_name="remarks")
    who = models.CharField(max_length=120)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    words = models.CharField(max_length=2000)

    class Meta:
        ordering = ["insertion_id", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.who}: {self.words[:40]}"
