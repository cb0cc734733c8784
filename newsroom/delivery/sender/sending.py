"""Giving every reader their message, once: a worker's way through a send.

The database is the queue (``queue.chunks``), the journal is what outlives a worker (``queue.journal``, ``recovery``), the
exchange speaks to the relay (``relay.exchange``, ``relay.conversation``), and the letterbox stands between them.
"""

import datetime
import gc
import time
from collections import deque
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Min, Q, QuerySet, Sum

from issues import workflow
from newsroom.audience import recipients
from newsroom.audience.models import Subscription
from newsroom.delivery.control import correcting, stages, steering, tripwires
from newsroom.delivery.control.scheduling import note
from newsroom.delivery.models import (
    SEND_MOVES,
    ChunkState,
    Printing,
    RateLimit,
    Send,
    SendStatus,
    Worker,
)
from newsroom.delivery.queue import chunks, homes
from newsroom.delivery.queue.counting import Tally, summary, tally
from newsroom.delivery.queue.ledger import TIME_TRAVEL, Ledger
from newsroom.delivery.relay import transport
from newsroom.delivery.relay.smtp import RelayDown
from newsroom.delivery.sender import recovery
from newsroom.delivery.sender.letterbox import ASKED, SILENCE, Post
from newsroom.delivery.sender.pacing import Paces
from newsroom.delivery.wire import dkim
from newsroom.delivery.wire.letter import Letter, compile_letter
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.states import move
from newsroom.lib.text import counted

__all__ = ["Tally", "free", "run", "stale", "start", "summary", "tally"]

NOBODY = "Nobody is left to send it to: its readers have left since it was scheduled."
HEARTBEAT = 1.0
"""Seconds between two signs of life of a worker; it looks whether it should go on as often."""
RATE_OVER = 30.0
"""Seconds over which the rate on the monitor is averaged."""

Clock = Callable[[], datetime.datetime]


def start(send: Send, *, now: datetime.datetime) -> None:
    """Scheduled → sending: the issue goes out, and every reader of this moment is planned. All of it or nothing.

    Raises ``NotNow`` if it was reopened, this machine has sent it before, or nobody is left to send it to; ``Conflict`` if it
    is reopened in this moment.
    """
    homes.at_home(now=now)
    with transaction.atomic():
        workflow.go_out(send.issue, now=now)
        move(send, SendStatus.SENDING, moves=SEND_MOVES, started_at=now, waiting_for="", not_before=None)
        correcting.print_first(send, now=now)
        readers, seeds = _readers(send)
        send.planned = chunks.plan(
            send, readers.values_list("pk", flat=True).iterator(chunk_size=20_000), seeds=seeds
        )
        if not send.planned:
            raise NotNow(NOBODY)
        send.stage, send.stage_at = _first_stage(send), now
        send.save(update_fields=["planned", "stage", "stage_at"])
        note(send, "started", by=None, now=now, words=f"To {counted(send.planned, 'reader')}.")
        Ledger.begin(send)


def _readers(send: Send) -> tuple[QuerySet[Subscription], list[int]]:
    """Who gets it, and which of them are addresses of our own: a canary goes to those first, whomever the segment chooses."""
    slug = send.issue.publication.slug
    chosen = recipients.chosen(slug, send.segment)
    seeds = (
        list(recipients.active(slug).filter(seed=True).values_list("pk", flat=True)) if send.canary else []
    )
    if seeds and send.segment:
        chosen = recipients.active(slug).filter(Q(pk__in=chosen.values("pk")) | Q(pk__in=seeds))
    return chosen.order_by("pk"), seeds


def _first_stage(send: Send) -> int:
    first: int | None = send.chunks.aggregate(first=Min("stage"))["first"] if send.canary else None
    return send.stage if first is None else first


def free(*, now: datetime.datetime) -> list[Send]:
    """Sends under way at which another worker may help."""
    ripe = Q(not_before__isnull=True) | Q(not_before__lte=now)
    under_way = Send.objects.filter(ripe, status=SendStatus.SENDING).select_related("issue__publication")
    return [
        send
        for send in under_way
        if send.workers.filter(ended_at__isnull=True).count() < settings.SEND_WORKERS
        and not stages.rests(send, now=now)
    ]


def stale(send: Send, *, now: datetime.datetime) -> bool:
    """Nothing has moved for a whole window: a send that was interrupted does not go on late by itself."""
    moved = send.chunks.aggregate(last=Max("done_at"))["last"]
    seen = send.workers.aggregate(last=Max("seen_at"))["last"]
    moments = [moved, seen, steering.resumed_at(send), send.stage_at, send.started_at, send.scheduled_for]
    progress = max(filter(None, moments))
    return bool(now - progress > send.window_ends - send.scheduled_for)


def run(send_id: int, *, clock: Clock, keep_going: Callable[[], bool]) -> None:
    """Work on a send until there is nothing left to do now, told to stop, paused, or the relay goes away."""
    send = Send.objects.select_related("issue__publication", "edition").get(pk=send_id)
    if send.status != SendStatus.SENDING:
        return
    _settle_down()
    home = homes.at_home(now=clock())
    recovery.recover(home, now=clock())
    try:
        letter = _letter(send)
    except Refused as error:  # trying again would not help: a person has to correct the issue
        steering.pause(send, by=None, now=clock(), why=str(error))
        return
    with homes.at_work(send, home, now=clock()) as worker:
        shift = _Shift(send, worker, letter, clock, keep_going)
        why = shift.work()
    _leave(send, worker, why, again_after=shift.again_after, now=clock())


@cache
def _settle_down() -> None:
    """Once in a process: what is loaded by now stays, so nobody needs to look through it for garbage again; and what a message
    leaves is no garbage that has to be looked for. Both together took a tenth of the sender's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


class _Shift:
    """One worker's time with a send."""

    def __init__(
        self, send: Send, worker: Worker, letter: Letter, clock: Clock, keep_going: Callable[[], bool]
    ) -> None:
        self.send, self.worker, self.clock, self.keep_going = send, worker, clock, keep_going
        self.paces = Paces(_limits())
        self.post = Post(
            send, worker, letter, self.paces, clock=clock, done=Ledger.of(send), keep_going=keep_going,
            note=self._note
        )  # fmt: skip
        self.again_after = RelayDown.again_after
        self._waited = send.not_before
        self._beaten = 0.0
        self._rates: deque[tuple[float, int]] = deque()

    def work(self) -> str:
        """Send; returns why it ended before its time, if it did."""
        exchange = transport.exchanged(self.post, tend=self._tend)
        try:
            exchange.run()
        except RelayDown as error:
            self.again_after = error.again_after
            self.post.stop(str(error))
        try:
            self.post.give_back()
        except SILENCE:  # the journals know, and whoever comes next reads them
            return "The database does not answer."
        return self.post.stopped

    def _tend(self) -> None:
        if not self.keep_going():
            self.post.stop(ASKED)
        self.post.tend()
        now = time.monotonic()
        if now - self._beaten >= HEARTBEAT:
            self._beaten = now
            try:
                self._beat(now)
            except SILENCE:
                connection.close()

    def _beat(self, now: float) -> None:
        sent, failed = self.post.in_hand
        others = Worker.objects.filter(send=self.send, ended_at__isnull=True)
        others.filter(pk=self.worker.pk).update(
            seen_at=self.clock(), sent=sent, failed=failed, rate=self._rate(now)
        )
        if self._waited and self.post.sent:
            self._waits_no_more()
        self.paces.obey(_limits())
        self.paces.share(others.count())
        tripwires.check(self.send, now=self.clock())
        if not Send.objects.filter(pk=self.send.pk, status=SendStatus.SENDING).exists():
            self.post.stop(ASKED)

    def _waits_no_more(self) -> None:
        """The mail server takes messages again, so what was waited for is over; unless something else has come up since."""
        Send.objects.filter(pk=self.send.pk, not_before=self._waited).update(waiting_for="", not_before=None)
        self._waited = None

    def _rate(self, now: float) -> float:
        self._rates.append((now, self.post.sent))
        while now - self._rates[0][0] > RATE_OVER:
            self._rates.popleft()
        (since, before), (until, after) = self._rates[0], self._rates[-1]
        return (after - before) / (until - since) if until > since else 0.0

    def _note(self, words: str) -> None:
        try:
            note(self.send, "slowed", by=None, now=self.clock(), words=words)
        except SILENCE:
            connection.close()


def _limits() -> dict[str, float]:
    return dict(RateLimit.objects.values_list("domain", "per_second"))


def _letter(send: Send) -> Letter:
    printing = correcting.current(send)
    letter = compile_letter(
        printing.edition,
        send.issue.publication,
        printing=printing.pk,
        date=_let_go_at(send, printing),
    )
    return dkim.signed_letter(letter)


def _let_go_at(send: Send, printing: Printing) -> datetime.datetime:
    """When a person or the clock last let it go on. Workers come and go, and a message that one of them left in doubt is sent
    again as it was; but what begins anew must not arrive as hours old."""
    moments = [send.started_at, send.stage_at, steering.resumed_at(send), printing.made_at]
    return max(filter(None, moments))


def _leave(
    send: Send, worker: Worker, why: str, *, again_after: datetime.timedelta, now: datetime.datetime
) -> None:
    """End the worker, and the send if nothing is left of it; else say what it waits for."""
    try:
        Worker.objects.filter(pk=worker.pk).update(ended_at=now, seen_at=now, sent=0, failed=0, rate=0)
        homes.forget(worker)
        recovery.recover(worker.home, now=now)
        if why == TIME_TRAVEL:
            steering.pause(send, by=None, now=now, why=why)
        elif why and why != ASKED:
            _wait(send, until=now + again_after, why=why)
        elif not why:
            _wrap_up(send, now=now)
    except OperationalError:  # recovery ends the worker, and the next tick looks after the send
        connection.close()


def _wait(send: Send, *, until: datetime.datetime, why: str) -> None:
    Send.objects.filter(pk=send.pk).update(not_before=until, waiting_for=why[:300])


def _wrap_up(send: Send, *, now: datetime.datetime) -> None:
    left = send.chunks.filter(state__in=[ChunkState.WAITING, ChunkState.CLAIMED])
    if not left.exists():
        _finish(send, now=now)
        return
    stage = Send.objects.values_list("stage", flat=True).get(pk=send.pk)
    open_now = left.filter(stage__lte=stage)
    put_off = open_now.filter(state=ChunkState.WAITING, not_before__gt=now)
    if (
        put_off.exists()
        and not open_now.filter(Q(state=ChunkState.CLAIMED) | ~Q(not_before__gt=now)).exists()
    ):
        found = put_off.aggregate(first=Min("not_before"), readers=Sum("size"))
        words = (
            f"{counted(found['readers'], 'message')} put off by the mail server, or by a limit; trying again."
        )
        _wait(send, until=found["first"], why=words)


@transaction.atomic
def _finish(send: Send, *, now: datetime.datetime) -> None:
    """Sending → sent. Of several workers that find nothing left, one does it."""
    send.refresh_from_db()
    if send.status != SendStatus.SENDING:
        return
    counts = tally(send)
    after = SendStatus.STOPPED if counts.dropped else SendStatus.SENT
    try:
        move(send, after, moves=SEND_MOVES, finished_at=now, waiting_for="", not_before=None)
    except Conflict:
        return
    steering.hand_in(send, now=now)
    note(send, "finished", by=None, now=now, words=summary(counts))
