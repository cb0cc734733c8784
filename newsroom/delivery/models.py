"""Sending an edition: when, to whom, and what became of each message."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from issues.models import Edition, Issue
from issues.models import Status as IssueStatus
from newsroom.audience.models import Subscription
from newsroom.lib.states import Moves


class SendStatus(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Sending"
    PAUSED = "paused", "Paused"
    SENT = "sent", "Sent"
    CANCELLED = "cancelled", "Cancelled"
    MISSED = "missed", "Missed"


LIVE = (SendStatus.SCHEDULED, SendStatus.SENDING, SendStatus.PAUSED)

SEND_MOVES: Moves = {
    SendStatus.SCHEDULED: frozenset({SendStatus.SENDING, SendStatus.CANCELLED, SendStatus.MISSED}),
    SendStatus.SENDING: frozenset({SendStatus.SENT, SendStatus.PAUSED}),
    SendStatus.PAUSED: frozenset({SendStatus.SENDING, SendStatus.SENT}),
    SendStatus.SENT: frozenset(),
    SendStatus.CANCELLED: frozenset(),
    SendStatus.MISSED: frozenset(),
}


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
    """One edition to one mailing list at one time. Only ``delivery.scheduling`` and ``delivery.sending`` write ``status``.

    ``leased_until`` belongs to the worker that is sending; when it has passed, the worker is dead and another takes over.
    ``waiting_for`` says, in a sentence for people, why nothing moves.
    """

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="sends")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="sends")
    status = models.CharField(max_length=12, choices=SendStatus, default=SendStatus.SCHEDULED)
    scheduled_for = models.DateTimeField()
    window_ends = models.DateTimeField()
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=40, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
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


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    HANDING_OVER = "handing_over", "Being handed over"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped: left before it was sent"
    IN_DOUBT = "in_doubt", "In doubt"


class Delivery(models.Model):
    """One message to one reader. The unique constraint is what keeps anybody from getting it twice.

    ``handing_over`` is committed before the message is given to the relay, so that after a crash these rows, and only
    these, are in doubt.
    """

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="deliveries")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="deliveries")
    status = models.CharField(max_length=12, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    reply = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["send", "subscription"], name="one_delivery_per_reader")
        ]
        indexes = [
            models.Index(fields=["send", "id"], condition=Q(status="waiting"), name="delivery_waiting"),
            models.Index(fields=["send", "status"], name="delivery_status"),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.send_id} to {self.subscription_id}"


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
    """When the scheduler was last heard: one row."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
