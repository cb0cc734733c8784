"""One issue of a publication, from draft to sent."""

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.text import slugify

from issues.models.publication import Publication
from newsroom.lib.states import Moves

if TYPE_CHECKING:
    from issues.models.edition import Edition

RESERVED_SLUGS = frozenset({"feed", "page", "subscribe"})
"""Addresses beside the issues of a publication."""


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    GOING_OUT = "going_out", "Going out"
    CORRECTING = "correcting", "Being corrected"
    SENT = "sent", "Sent"
    CANCELLED = "cancelled", "Cancelled"


MOVES: Moves = {
    Status.DRAFT: frozenset({Status.IN_REVIEW, Status.CANCELLED}),
    Status.IN_REVIEW: frozenset({Status.DRAFT, Status.APPROVED, Status.CANCELLED}),
    Status.APPROVED: frozenset({Status.DRAFT, Status.GOING_OUT}),
    Status.GOING_OUT: frozenset({Status.SENT, Status.CORRECTING}),
    Status.CORRECTING: frozenset({Status.GOING_OUT}),
    Status.SENT: frozenset(),
    Status.CANCELLED: frozenset({Status.DRAFT}),
}


class IssueQuerySet(models.QuerySet["Issue"]):
    def published(self) -> Self:
        """In the archive: from the moment the first mail links to it."""
        out = [Status.GOING_OUT, Status.CORRECTING, Status.SENT]
        return self.filter(status__in=out, published_at__isnull=False).order_by("-published_at", "-pk")

    def untouched(self) -> Self:
        """Planned, and nobody has written in it yet."""
        return self.filter(status=Status.DRAFT, title="", revisions__isnull=True)


class Issue(models.Model):
    """One issue.

    Only ``issues.workflow`` writes ``status``, ``edition``, ``published_at`` and ``delivered``;
    only ``issues.composing`` the rest.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="issues")
    title = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=200, blank=True, help_text="The title, if empty.")
    preheader = models.CharField(
        max_length=200, blank=True, help_text="Shown after the subject in most inboxes."
    )
    slug = models.SlugField(max_length=80)
    planned_for = models.DateField(help_text="On the publication’s calendar.")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    edition = models.OneToOneField(
        "issues.Edition", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    delivered = models.PositiveIntegerField(
        null=True, blank=True, help_text="Readers to whom it was handed over; known once it is sent."
    )
    rev = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField()

    objects = IssueQuerySet.as_manager()

    class Meta:
        ordering = ["-planned_for", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "slug"], name="issue_slug_once_per_publication"),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "in_review", "cancelled"], edition__isnull=True)
                | models.Q(status__in=["approved", "going_out", "correcting", "sent"], edition__isnull=False),
                name="issue_has_edition_once_approved",
            ),
        ]
        indexes = [models.Index(fields=["publication", "-published_at"], name="issue_archive")]
        permissions = [("approve_issue", "Can approve an issue and reopen it")]

    def __str__(self) -> str:
        return self.title or "Untitled issue"

    @property
    def subject_line(self) -> str:
        return self.subject or self.title

    @property
    def public_title(self) -> str:
        """As the edition has it: the issue's own changes while it is corrected."""
        return (self.edition.title if self.edition else "") or self.title

    @property
    def editable(self) -> bool:
        """Words change only before approval; afterwards an issue is reopened, or while it goes out opened for correction."""
        return self.status in (Status.DRAFT, Status.IN_REVIEW, Status.CORRECTING)

    @property
    def unsettled(self) -> bool:
        """Nobody has approved it yet, so what stands in it may still be sold and moved."""
        return self.status in (Status.DRAFT, Status.IN_REVIEW)

    @property
    def final(self) -> "Edition | None":
        """The edition, once the words do not change any more. One that is corrected has an edition and changes."""
        return None if self.editable else self.edition


def free_slug(publication: Publication, title: str, day: datetime.date, *, but: Issue | None = None) -> str:
    """A slug that no other issue of the publication has: from the title, else from the day. ``but`` may keep its own."""
    stem = slugify(title)[:70].strip("-") or f"{day:%Y-%m-%d}"
    others = Issue.objects.filter(publication=publication, slug__startswith=stem)
    if but:
        others = others.exclude(slug=but.slug)
    taken = {*others.values_list("slug", flat=True), *RESERVED_SLUGS}
    numbered = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(slug for slug in numbered if slug not in taken)
