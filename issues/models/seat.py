"""Who sits at an issue: one row for each open tab of the composer."""

import datetime
from typing import Self

from django.conf import settings
from django.db import models

from issues.models.issue import Issue

EXPIRES = datetime.timedelta(seconds=45)
"""A tab that has not been heard of for so long is closed, or its machine asleep."""


class SeatQuerySet(models.QuerySet["Seat"]):
    def live(self, now: datetime.datetime) -> Self:
        """Those heard of lately."""
        return self.filter(seen_at__gt=now - EXPIRES)

    def holding(self, now: datetime.datetime) -> Self:
        """Those that hold a block against others."""
        return self.live(now).filter(block_uid__isnull=False)


class Seat(models.Model):
    """One tab of one person.

    ``block_uid`` is the block that it holds while its person edits there, ``since`` when it took it. ``seq`` and
    ``answer`` are the last save of this tab and what it was told, so that a save repeated after a lost answer is told the
    same again.
    """

    class State(models.TextChoices):
        VIEWING = "viewing", "is here"
        EDITING = "editing", "is editing"
        AWAY = "away", "is away"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="seats")
    client = models.UUIDField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.VIEWING)
    block_uid = models.UUIDField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField()
    seq = models.PositiveIntegerField(default=0)
    answer = models.JSONField(default=dict, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["issue", "client"], name="one_seat_per_tab")]

    def __str__(self) -> str:
        return f"{self.user} {self.get_state_display()}"
