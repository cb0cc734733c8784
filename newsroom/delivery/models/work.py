"""How the work of a send is shared out, and what came of each message."""

import uuid

from django.db import models
from django.db.models import Q

from newsroom.audience.models import Subscription
from newsroom.delivery.models.sends import Printing, Send, Stage


class Home(models.Model):
    """A machine, or rather a folder ``VAR``, that may send from this database.

    The same ``id`` stands in a file there. A copy of the database on another machine finds no such file and sends nothing until
    an operator takes it in (``manage.py adopt``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=120, help_text="Host name when it was taken in.")
    taken_in_at = models.DateTimeField()

    class Meta:
        ordering = ["taken_in_at"]

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """One process at work on a send. Whether it lives is told by the lock it holds on a file at its home; from elsewhere, by
    ``seen_at``. ``boot`` is the boot of the machine: journals of an earlier one prove nothing.

    ``sent`` and ``failed`` count messages of chunks that it has not closed yet; ``rate`` is messages a second of late.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="workers")
    home = models.ForeignKey(Home, on_delete=models.PROTECT, related_name="workers")
    boot = models.CharField(max_length=64)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    rate = models.FloatField(default=0)

    class Meta:
        ordering = ["started_at"]

    def __str__(self) -> str:
        return f"{self.home} {self.pid}"


class ChunkState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    CLAIMED = "claimed", "Claimed"
    DONE = "done", "Done"
    DROPPED = "dropped", "Cancelled"


class Chunk(models.Model):
    """Some hundred readers of a send. ``ids`` are their subscriptions, eight bytes each, little end first.

    While it waits, ``ids`` are those who have not got it; once done, the counts say what became of ``size`` of them. Who was put
    off stands in a new chunk with ``attempt`` one higher.
    """

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="chunks")
    stage = models.PositiveSmallIntegerField(choices=Stage, default=Stage.ALL)
    ids = models.BinaryField()
    size = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=ChunkState, default=ChunkState.WAITING)
    attempt = models.PositiveSmallIntegerField(default=1)
    claims = models.PositiveIntegerField(default=0, help_text="How often it was claimed; names its journal.")
    not_before = models.DateTimeField(null=True, blank=True)
    worker = models.ForeignKey(Worker, null=True, blank=True, on_delete=models.PROTECT, related_name="chunks")
    sent = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    in_doubt = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["send", "stage", "id"], condition=Q(state="waiting"), name="chunk_waiting"),
            models.Index(fields=["worker"], condition=Q(state="claimed"), name="chunk_claimed"),
        ]

    def __str__(self) -> str:
        return f"{self.size} readers of send {self.send_id}"


class Outcome(models.IntegerChoices):
    SENT = 1, "Sent"
    FAILED = 2, "Failed"
    SKIPPED = 3, "Skipped: left before it was sent"
    IN_DOUBT = 4, "In doubt"


class Delivery(models.Model):
    """What became of one message to one reader; written once, when it is known. The primary key keeps anybody from getting
    it twice. ``reply`` is what the mail server said when it did not simply take it.

    The subscription is not a foreign key for the database: that would cost more than the row, and the record outlives a
    person whose data were erased.
    """

    pk = models.CompositePrimaryKey("send_id", "subscription_id")
    send = models.ForeignKey(
        Send, on_delete=models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.DO_NOTHING,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
    )
    printing = models.ForeignKey(
        Printing, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    outcome = models.PositiveSmallIntegerField(choices=Outcome)
    at = models.DateTimeField()
    reply = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["send", "outcome"], condition=~Q(outcome=Outcome.SENT), name="delivery_not_sent"
            )
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.send_id} to {self.subscription_id}"


class RateLimit(models.Model):
    """How many messages a second at most: to one domain of readers, or by the relay as a whole if ``domain`` is empty."""

    domain = models.CharField(max_length=253, blank=True, unique=True)
    per_second = models.FloatField()

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return f"{self.domain or 'relay'}: {self.per_second:g} a second"
