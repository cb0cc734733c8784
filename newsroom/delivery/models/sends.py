"""Sending an edition: when, to whom, in which pieces, and what became of it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from issues.models import Edition, Issue
from issues.models import Status as IssueStatus
from newsroom.audience.models import Segment
from newsroom.lib.states import Moves


class SendStatus(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Sending"
    PAUSED = "paused", "Paused"
    SENT = "sent", "Sent"
    STOPPED = "stopped", "Stopped: the rest was cancelled"
    CANCELLED = "cancelled", "Cancelled"
    MISSED = "missed", "Missed"


LIVE = (SendStatus.SCHEDULED, SendStatus.SENDING, SendStatus.PAUSED)

SEND_MOVES: Moves = {
    SendStatus.SCHEDULED: frozenset({SendStatus.SENDING, SendStatus.CANCELLED, SendStatus.MISSED}),
    SendStatus.SENDING: frozenset({SendStatus.SENT, SendStatus.PAUSED, SendStatus.STOPPED}),
    SendStatus.PAUSED: frozenset({SendStatus.SENDING, SendStatus.SENT, SendStatus.STOPPED}),
    SendStatus.SENT: frozenset({SendStatus.SENDING}),
    SendStatus.STOPPED: frozenset({SendStatus.SENDING}),
    SendStatus.CANCELLED: frozenset(),
    SendStatus.MISSED: frozenset(),
}
"""What is over goes on only for messages in doubt that somebody sends again."""


class Policy(models.TextChoices):
    """What becomes of a message that may or may not have left when its worker was killed."""

    HOLD = "hold", "Ask a person; nobody gets it twice"
    RESEND = "resend", "Send it again; somebody may get it twice"


class Stage(models.IntegerChoices):
    """A canary: the next stage opens when the one before has gone well."""

    SEEDS = 0, "our own addresses"
    FEW = 1, "the first 1 %"
    SOME = 2, "the first 10 %"
    ALL = 3, "everybody"


class SendQuerySet(models.QuerySet["Send"]):
    def live(self) -> Self:
        """Scheduled, under way or paused."""
        return self.filter(status__in=LIVE)

    def armed(self) -> Self:
        """Scheduled, and the issue is still approved in the very edition that was scheduled."""
        return self.filter(
            status=SendStatus.SCHEDULED, issue__status=IssueStatus.APPROVED, issue__edition=F("edition")
        )

    def disarmed(self) -> Self:
        """Scheduled, but the issue was reopened since."""
        return self.filter(status=SendStatus.SCHEDULED).exclude(
            issue__status=IssueStatus.APPROVED, issue__edition=F("edition")
        )


class Send(models.Model):
    """One edition to one mailing list, or a segment of it, at one time. Only ``scheduling`` and ``steering`` of
    ``delivery.control`` and ``delivery.sender.sending`` write ``status``.

    ``waiting_for`` says, in a sentence for people, why nothing moves; until ``not_before`` nobody tries. ``stage`` is how far
    a canary has opened.
    """

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="sends")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="sends")
    segment = models.ForeignKey(Segment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=SendStatus, default=SendStatus.SCHEDULED)
    policy = models.CharField(max_length=8, choices=Policy, default=Policy.HOLD)
    canary = models.BooleanField(default=False)
    stage = models.PositiveSmallIntegerField(choices=Stage, default=Stage.ALL)
    stage_at = models.DateTimeField(null=True, blank=True, help_text="When the stage was opened.")
    planned = models.PositiveIntegerField(default=0, help_text="Readers when it started.")
    scheduled_for = models.DateTimeField()
    window_ends = models.DateTimeField()
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    waiting_for = models.CharField(max_length=300, blank=True)

    objects = SendQuerySet.as_manager()

    class Meta:
        ordering = ["-scheduled_for"]
        constraints = [
            models.UniqueConstraint(
                fields=["issue"], condition=Q(status__in=LIVE), name="one_live_send_per_issue"
            ),
            models.UniqueConstraint(
                fields=["issue"], condition=Q(started_at__isnull=False), name="issue_goes_out_once"
            ),
        ]
        indexes = [models.Index(fields=["status", "scheduled_for"], name="send_due")]
        permissions = [("schedule_send", "Can schedule, pause and resume a send")]

    def __str__(self) -> str:
        return f"{self.edition.subject}, {self.scheduled_for:%Y-%m-%d %H:%M} UTC"


class Printing(models.Model):
    """An edition as it is put on the wire for a send: the first, and one more for each corrected copy.

    ``links`` are what ``/c/<token>/<n>`` leads to: ``[url, uid of the block, mark of the sponsor's insertion]`` by number.
    Readers' tokens name a printing, so a link in a mail is good for as long as we keep the row.
    """

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="printings")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="printings")
    number = models.PositiveSmallIntegerField(default=1)
    links = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["send", "number"]
        constraints = [models.UniqueConstraint(fields=["send", "number"], name="printing_once")]

    def __str__(self) -> str:
        return f"Printing {self.number} of {self.edition}"


class SendEvent(models.Model):
    """What happened to a send, and who did it."""

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=60)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"


class Pulse(models.Model):
    """When the scheduler was last heard: one row. ``stranger`` is the host it runs on, if nothing may be sent from there."""

    at = models.DateTimeField()
    stranger = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
