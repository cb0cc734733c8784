"""A send under way, and a worker without a relay, for tests of what people do to a send."""

import datetime
from collections import Counter
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from typing import Any

import time_machine

from newsroom.delivery import tasks
from newsroom.delivery.control import correcting, scheduling
from newsroom.delivery.models import ChunkState, Outcome, Send, Worker
from newsroom.delivery.queue import chunks, counting, homes
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.queue.ledger import Ledger
from newsroom.delivery.sender import sending
from tests.make import NOW, make_approved_issue, make_publication, make_readers

MINUTE = datetime.timedelta(minutes=1)
LATER = NOW + 2 * MINUTE


def started(readers: int = 3, **how: Any) -> Send:
    publication = make_publication()
    make_readers(publication, readers)
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW, **how)
    sending.start(send, now=NOW + MINUTE)
    return send


def fresh(send: Send) -> Send:
    return Send.objects.select_related("issue__publication", "edition").get(pk=send.pk)


def tick(at: datetime.datetime) -> None:
    """The scheduler's tick at that moment."""
    with time_machine.travel(at, tick=False):
        tasks.tick()


def said(send: Send, what: str) -> str:
    """The words of the latest event of that name."""
    return send.events.filter(what=what).first().note


def dated(message: bytes) -> datetime.datetime:
    """What a message says of when it was written."""
    return parsedate_to_datetime(message_from_bytes(message)["Date"])


class Hand:
    """A worker without a relay: it claims, and says itself what became of each message."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.row = Worker.objects.create(
            send=send, home=homes.at_home(now=NOW), boot=homes.boot(), pid=1, started_at=NOW, seen_at=NOW
        )
        self.printing = correcting.current(send).pk
        self.jobs: list[chunks.Job] = []

    def claim(self, now: datetime.datetime) -> None:
        job = chunks.claim(self.send, self.row, self.printing, done=Ledger.of(self.send), now=now)
        if job is not None:
            self.jobs.append(job)

    def close(self, now: datetime.datetime) -> None:
        for job in self.jobs:
            if chunks.close(job, resend=False, now=now):
                Ledger.of(self.send).add(job.chunk)
        self.jobs = []

    def leave(self, now: datetime.datetime) -> None:
        self.close(now)
        Worker.objects.filter(pk=self.row.pk).update(ended_at=now, seen_at=now)


def settled(send: Send, *marks: Mark, now: datetime.datetime = LATER) -> None:
    """One worker hands over a chunk, and that became of each message; the rest comes back."""
    worker = Hand(send)
    worker.claim(now)
    for job in worker.jobs:
        for place, mark in enumerate(marks[: len(job.rows)]):
            job.journal.mark(place, mark)
    worker.leave(now)


def whole(send: Send) -> None:
    """The counts of the chunks add up to what was planned, and to the rows."""
    counts = counting.tally(send)
    sizes = send.chunks.filter(state__in=[ChunkState.WAITING, ChunkState.CLAIMED]).values_list(
        "size", flat=True
    )
    assert counts.done + sum(sizes) + counts.dropped == counts.planned, counts
    rows = Counter(send.deliveries.values_list("outcome", flat=True))
    assert (counts.sent, counts.failed, counts.skipped, counts.in_doubt) == tuple(
        rows[outcome] for outcome in (Outcome.SENT, Outcome.FAILED, Outcome.SKIPPED, Outcome.IN_DOUBT)
    )
