"""Giving every reader their message, once.

One worker at a time holds the lease of a send. For each reader it commits ``handing_over``, speaks to the relay, and
commits the outcome. So after a crash at any moment the rows that stand at ``handing_over`` are exactly those whose
message may or may not have left: at most one per worker. The next worker marks them *in doubt*, for a person, and goes
on with the rest. Nobody is skipped, nobody gets it twice.
"""

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, Q

from issues import workflow
from newsroom.audience import recipients
from newsroom.audience.models import Status as SubscriptionStatus
from newsroom.delivery.models import SEND_MOVES, Delivery, DeliveryStatus, Send, SendStatus
from newsroom.delivery.scheduling import note
from newsroom.delivery.smtp import Connection, InDoubt, Refusal, RelayDown
from newsroom.delivery.wire import Letter, Unaddressable, compile_letter
from newsroom.lib.people import Person
from newsroom.lib.states import move
from newsroom.lib.text import counted

__all__ = ["Tally", "orphaned", "pause", "resume", "run", "start", "tally"]

LEASE = datetime.timedelta(seconds=20)
RENEWED_AFTER = datetime.timedelta(seconds=1)
TRY_AGAIN = datetime.timedelta(seconds=10)
ATTEMPTS = 4
BATCH = 200

Clock = Callable[[], datetime.datetime]


@dataclass(frozen=True)
class Tally:
    """How many messages of a send stand where."""

    planned: int = 0
    waiting: int = 0
    handing_over: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0

    @property
    def done(self) -> int:
        return self.planned - self.waiting - self.handing_over


def tally(send: Send) -> Tally:
    """Count a send's deliveries."""
    counts = {
        row["status"]: row["n"] for row in send.deliveries.order_by().values("status").annotate(n=Count("pk"))
    }
    return Tally(planned=sum(counts.values()), **{str(status): n for status, n in counts.items()})


@transaction.atomic
def start(send: Send, *, now: datetime.datetime) -> None:
    """Scheduled → sending: the issue goes out, and every reader of this moment gets a row. All of it or nothing."""
    workflow.go_out(send.issue, now=now)
    move(send, SendStatus.SENDING, moves=SEND_MOVES, started_at=now, waiting_for="")
    readers = recipients.active(send.issue.publication.slug).order_by("pk").values_list("pk", flat=True)
    planned = (Delivery(send=send, subscription_id=pk) for pk in readers.iterator(chunk_size=2000))
    rows = Delivery.objects.bulk_create(planned, batch_size=500)
    note(send, "started", by=None, now=now, words=f"To {counted(len(rows), 'reader')}.")


def orphaned(*, now: datetime.datetime) -> list[Send]:
    """Sends under way that no living worker holds."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    return list(Send.objects.filter(free, status=SendStatus.SENDING).select_related("issue__publication"))


@transaction.atomic
def pause(send: Send, *, by: Person, now: datetime.datetime, why: str = "") -> None:
    """Stop after the message in flight."""
    move(send, SendStatus.PAUSED, moves=SEND_MOVES, waiting_for=why[:300])
    note(send, "paused", by=by, now=now, words=why)


@transaction.atomic
def resume(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """Go on with those who have not got it."""
    move(send, SendStatus.SENDING, moves=SEND_MOVES, waiting_for="")
    note(send, "resumed", by=by, now=now)


def stale(send: Send, *, now: datetime.datetime) -> bool:
    """Nothing has moved for a whole window: a send that was interrupted does not go on late by itself."""
    moved = send.deliveries.aggregate(last=Max("at"))["last"]
    resumed = send.events.filter(what="resumed").aggregate(last=Max("at"))["last"]
    progress = max(filter(None, [moved, resumed, send.started_at, send.scheduled_for]))
    return bool(now - progress > send.window_ends - send.scheduled_for)


def run(send_id: int, *, clock: Clock, keep_going: Callable[[], bool]) -> None:
    """Send to everybody who waits, until done, told to stop, paused, or the relay goes away."""
    worker = uuid.uuid4().hex
    send = _leased(send_id, worker, now=clock())
    if send is None:
        return
    _report_doubts(send, worker, now=clock())
    letter = compile_letter(
        send.edition, send.issue.publication, send_id=send.pk, date=send.started_at or clock()
    )
    with Connection(settings.RELAY) as connection:
        shift = _Shift(send, worker, letter, connection, clock, keep_going)
        try:
            shift.work()
        except RelayDown as error:
            _wait(send, worker, until=clock() + TRY_AGAIN, why=str(error))
        else:
            _wrap_up(send, worker, now=clock())


@dataclass
class _Shift:
    """One worker's time with a send."""

    send: Send
    worker: str
    letter: Letter
    connection: Connection
    clock: Clock
    keep_going: Callable[[], bool]
    renewed: datetime.datetime | None = None

    def work(self) -> None:
        """Every waiting delivery in turn; returns when there is none, or when it must stop."""
        after = 0
        while batch := self._batch(after):
            for delivery in batch:
                if not self.keep_going() or not self._still_mine():
                    return
                self._deliver(delivery)
            after = batch[-1].pk

    def _batch(self, after: int) -> list[Delivery]:
        ripe = Q(not_before__isnull=True) | Q(not_before__lte=self.clock())
        waiting = self.send.deliveries.filter(ripe, status=DeliveryStatus.WAITING, pk__gt=after).order_by(
            "pk"
        )
        return list(waiting.select_related("subscription__subscriber")[:BATCH])

    def _still_mine(self) -> bool:
        """Renew the lease now and then; False once the send was paused or another worker has it."""
        now = self.clock()
        if self.renewed and now - self.renewed < RENEWED_AFTER:
            return True
        self.renewed = now
        mine = Send.objects.filter(pk=self.send.pk, worker=self.worker, status=SendStatus.SENDING)
        return mine.update(leased_until=now + LEASE, waiting_for="") == 1

    def _deliver(self, delivery: Delivery) -> None:
        self.connection.open()  # before the claim: an unreachable relay leaves no row in doubt
        if not self._claimed(delivery):
            return
        reader = delivery.subscription.subscriber
        try:
            message = self.letter.message(delivery.subscription_id, reader.email, reader.name)
            reply = self.connection.hand_over(self.letter.sender, reader.email, message)
        except RelayDown:
            # At the end of the queue: a relay that hangs up on this one reader must not hold up all the others.
            later = self.clock() + 3 * TRY_AGAIN
            self._record(delivery, DeliveryStatus.WAITING, attempts=F("attempts") - 1, not_before=later)
            raise
        except Refusal as refusal:
            self._refused(delivery, refusal)
        except Unaddressable as error:
            self._record(delivery, DeliveryStatus.FAILED, reply=str(error))
        except InDoubt as doubt:
            self._record(delivery, DeliveryStatus.IN_DOUBT, reply=str(doubt))
        else:
            self._record(delivery, DeliveryStatus.SENT, reply=reply)

    def _claimed(self, delivery: Delivery) -> bool:
        """Waiting → handing over, unless the reader has left since: one UPDATE asks both."""
        waiting = Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.WAITING)
        claimed = waiting.filter(subscription__status=SubscriptionStatus.ACTIVE).update(
            status=DeliveryStatus.HANDING_OVER,
            worker=self.worker,
            attempts=F("attempts") + 1,
            at=self.clock(),
        )
        if not claimed:
            waiting.exclude(subscription__status=SubscriptionStatus.ACTIVE).update(
                status=DeliveryStatus.SKIPPED, at=self.clock()
            )
        return claimed == 1

    def _refused(self, delivery: Delivery, refusal: Refusal) -> None:
        """5xx is final; 4xx is tried again a little later each time."""
        tries = delivery.attempts + 1
        if refusal.permanent or tries >= ATTEMPTS:
            self._record(delivery, DeliveryStatus.FAILED, reply=str(refusal))
        else:
            later = self.clock() + datetime.timedelta(seconds=30 * 4 ** (tries - 1))
            self._record(delivery, DeliveryStatus.WAITING, reply=str(refusal), not_before=later)

    def _record(self, delivery: Delivery, status: DeliveryStatus, **more: object) -> None:
        Delivery.objects.filter(pk=delivery.pk, worker=self.worker).update(
            status=status, at=self.clock(), **more
        )


def _leased(send_id: int, worker: str, *, now: datetime.datetime) -> Send | None:
    """Take the lease; None if the send is not under way or another worker has it."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    sending = Send.objects.filter(free, pk=send_id, status=SendStatus.SENDING)
    if sending.update(worker=worker, leased_until=now + LEASE) != 1:
        return None
    return Send.objects.select_related("issue__publication", "edition").get(pk=send_id)


def _report_doubts(send: Send, worker: str, *, now: datetime.datetime) -> None:
    """What another worker left at ``handing_over`` may have been sent: nobody guesses, a person decides."""
    left = send.deliveries.filter(status=DeliveryStatus.HANDING_OVER).exclude(worker=worker)
    reply = "The worker was interrupted while it handed this message over."
    if doubts := left.update(status=DeliveryStatus.IN_DOUBT, at=now, reply=reply):
        note(
            send,
            "interrupted",
            by=None,
            now=now,
            words=f"{counted(doubts, 'message')} in doubt; going on with the rest.",
        )


def _wait(send: Send, worker: str, *, until: datetime.datetime, why: str = "") -> None:
    """Give the lease back; the next tick after ``until`` goes on."""
    Send.objects.filter(pk=send.pk, worker=worker).update(
        worker="", leased_until=until, waiting_for=why[:300]
    )


def _wrap_up(send: Send, worker: str, *, now: datetime.datetime) -> None:
    """Finish if nobody waits any more; else give the lease back until the next try is due."""
    waiting = send.deliveries.filter(status=DeliveryStatus.WAITING)
    if not waiting.exists():
        _finish(send, worker, now=now)
        return
    ripe = waiting.filter(Q(not_before__isnull=True) | Q(not_before__lte=now)).exists()
    deferred = (
        waiting.filter(not_before__gt=now).order_by("not_before").values_list("not_before", flat=True).first()
    )
    if ripe or deferred is None:
        _wait(send, worker, until=now)
    else:
        _wait(
            send,
            worker,
            until=deferred,
            why=f"{counted(waiting.count(), 'message')} put off by the mail server; trying again.",
        )


@transaction.atomic
def _finish(send: Send, worker: str, *, now: datetime.datetime) -> None:
    send.refresh_from_db()
    if send.status != SendStatus.SENDING or send.worker != worker:
        return
    counts = tally(send)
    move(
        send,
        SendStatus.SENT,
        moves=SEND_MOVES,
        provided={"worker": worker},
        finished_at=now,
        waiting_for="",
        leased_until=None,
    )
    workflow.finish(send.issue, now=now, delivered=counts.sent)
    words = f"{counts.sent:,} sent, {counts.failed:,} failed, {counts.skipped:,} skipped, {counts.in_doubt:,} in doubt."
    note(send, "finished", by=None, now=now, words=words)
