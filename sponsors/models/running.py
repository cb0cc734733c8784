"""What became of an insertion: its record, what is owed when it did not run, and what was written to whom."""

from typing import Any

from django.conf import settings
from django.db import models

from issues.models import Edition, Issue
from issues.models.edition import Immutable
from newsroom.lib.states import Moves
from sponsors.models.deals import Insertion, InsertionOrder
from sponsors.models.parties import Advertiser


class RunRecord(models.Model):
    """The affidavit: where in the edition an insertion stood, between what, and word for word what readers got.

    ``place`` counts blocks that readers saw, from 1, of ``places``. ``readers`` is how many got a copy with it, where others
    got one without it; None if all did.
    """

    insertion = models.OneToOneField(Insertion, on_delete=models.PROTECT, related_name="run_record")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="run_records")
    place = models.PositiveSmallIntegerField()
    places = models.PositiveSmallIntegerField()
    readers = models.PositiveIntegerField(null=True, blank=True)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    html = models.TextField()
    text = models.TextField()
    seal = models.CharField(max_length=64, help_text="SHA-256 over both renderings.")
    sent_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return f"{self.insertion} ran"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise Immutable("A run record never changes.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise Immutable("A run record is never deleted.")


class MakeGoodStatus(models.TextChoices):
    OPENED = "opened", "Owed"
    SCHEDULED = "scheduled", "Scheduled"
    FULFILLED = "fulfilled", "Made good"
    CREDITED = "credited", "Credited"
    WAIVED = "waived", "Waived by the advertiser"


MAKE_GOOD_MOVES: Moves = {
    MakeGoodStatus.OPENED: frozenset(
        {MakeGoodStatus.SCHEDULED, MakeGoodStatus.CREDITED, MakeGoodStatus.WAIVED}
    ),
    MakeGoodStatus.SCHEDULED: frozenset(
        {MakeGoodStatus.OPENED, MakeGoodStatus.FULFILLED, MakeGoodStatus.CREDITED}
    ),
}


class MakeGood(models.Model):
    """What we owe for an insertion that did not run as sold. One for each original: a make-good that is missed itself opens the
    same one again."""

    insertion = models.OneToOneField(Insertion, on_delete=models.PROTECT, related_name="make_good")
    reason = models.CharField(max_length=300)
    value = models.DecimalField(max_digits=10, decimal_places=2)
    status = models.CharField(max_length=10, choices=MakeGoodStatus, default=MakeGoodStatus.OPENED)
    replacement = models.OneToOneField(
        Insertion, null=True, blank=True, on_delete=models.PROTECT, related_name="makes_good"
    )
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"Make-good for {self.insertion}"


class Notice(models.Model):
    """A mail to an advertiser that we drafted; a person reads it and sends it.

    ``claimed_at`` is when somebody began to hand it to the relay; it is empty again once that has failed or is done.
    """

    order = models.ForeignKey(InsertionOrder, on_delete=models.PROTECT, related_name="notices")
    to = models.CharField(max_length=400, blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    drafted_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-drafted_at", "-pk"]

    def __str__(self) -> str:
        return self.subject


class Reminder(models.Model):
    """That somebody was reminded of one thing at one date: a moved date is another reminder.

    A row is claimed before the relay is spoken to, and sent after it; one that stays claimed was interrupted.
    """

    what = models.CharField(max_length=20)
    insertion = models.ForeignKey(
        Insertion, null=True, blank=True, on_delete=models.CASCADE, related_name="reminders"
    )
    hold = models.ForeignKey(
        "sponsors.Hold", null=True, blank=True, on_delete=models.CASCADE, related_name="reminders"
    )
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-claimed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["what", "insertion", "due_at"],
                condition=models.Q(insertion__isnull=False),
                name="reminded_once_of_an_insertion",
            ),
            models.UniqueConstraint(
                fields=["what", "hold", "due_at"],
                condition=models.Q(hold__isnull=False),
                name="reminded_once_of_a_hold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.due_at:%Y-%m-%d %H:%M}"


class SeenClash(models.Model):
    """The radar's find in an issue that somebody decided to keep, and why."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="seen_clashes")
    block_uid = models.UUIDField()
    advertiser = models.ForeignKey(Advertiser, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120, help_text="The name that stands in the story.")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["issue", "at"]
        verbose_name_plural = "seen clashes"
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "block_uid", "advertiser", "name"], name="clash_seen_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} beside {self.advertiser}"
