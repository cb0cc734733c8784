"""A send shared out: planned in chunks, claimed one by one, and closed with what became of every reader in it."""

import datetime
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from newsroom.audience import recipients
from newsroom.delivery.models import Chunk, ChunkState, Delivery, Outcome, Send, Stage, Worker
from newsroom.delivery.queue import homes
from newsroom.delivery.queue.journal import Journal, Mark
from newsroom.delivery.queue.ledger import Ledger

__all__ = [
    "ATTEMPTS",
    "SIZE",
    "Closing",
    "Job",
    "claim",
    "close",
    "ids_of",
    "journal_path",
    "not_yet",
    "plan",
    "put_in",
]

SIZE, SMALLEST = 1000, 100
"""Readers in a chunk. The cost of a claim is shared by so many, and so many are in doubt after a loss of power. A chunk holds a
tenth of what was planned before it, within these bounds: several workers share a short list too."""
ATTEMPTS = 5
AGAIN_AFTER = datetime.timedelta(minutes=2)
"""After a first 4xx; four times as long after each further one."""


def ids_of(chunk: Chunk) -> "array[int]":
    """The subscriptions in a chunk."""
    return array("q", bytes(chunk.ids))


def plan(send: Send, readers: Iterable[int], *, seeds: Iterable[int] = ()) -> int:
    """Write the chunks of a send, in the order that they will go; returns how many readers are in them."""
    if not send.canary:
        return _write(send, Stage.ALL, readers)
    stages = _canary(readers, frozenset(seeds))
    return sum(_write(send, stage, ids) for stage, ids in stages.items())


def put_in(send: Send, readers: Iterable[int]) -> None:
    """More work for a send, in the stage that is open from the start."""
    _write(send, Stage.SEEDS, readers)


def _canary(readers: Iterable[int], seeds: frozenset[int]) -> "dict[Stage, array[int]]":
    """Our own addresses; then every hundredth and every tenth reader, so that they come from all over the list."""
    stages = {stage: array("q") for stage in Stage}
    place = 0
    for reader in readers:
        if reader in seeds:
            stages[Stage.SEEDS].append(reader)
            continue
        stage = Stage.ALL if place % 10 else Stage.SOME if place % 100 else Stage.FEW
        stages[stage].append(reader)
        place += 1
    return stages


def _write(send: Send, stage: Stage, readers: Iterable[int]) -> int:
    planned, cut = 0, _cut(iter(readers))
    while chunks := [_chunk(send.pk, ids, stage=stage) for ids in islice(cut, 200)]:
        Chunk.objects.bulk_create(chunks)
        planned += sum(chunk.size for chunk in chunks)
    return planned


def _cut(readers: Iterator[int]) -> "Iterator[array[int]]":
    planned = 0
    while ids := array("q", islice(readers, min(max(planned // 10, SMALLEST), SIZE))):
        planned += len(ids)
        yield ids


def _chunk(send: int, ids: Sequence[int], **more: Any) -> Chunk:
    return Chunk(send_id=send, ids=array("q", ids).tobytes(), size=len(ids), **more)


@dataclass
class Job:
    """A claimed chunk in the hands of its worker: ``rows`` are (subscription, address, name) by place, ``left`` how many are
    not settled, ``replies`` what the relay said to those it did not simply take, and ``not_before`` the first turn of those who
    are given back because their domain is slow."""

    chunk: Chunk
    rows: list[tuple[int, str, str]]
    gone: list[int]
    journal: Journal
    printing: int
    left: int = 0
    sent: int = 0
    failed: int = 0
    replies: dict[int, str] = field(default_factory=dict)
    not_before: datetime.datetime | None = None

    def __post_init__(self) -> None:
        self.left = len(self.rows)

    def again_at(self, turn: datetime.datetime) -> None:
        """One is given back whose turn is then."""
        self.not_before = min(self.not_before or turn, turn)


def claim(send: Send, worker: Worker, printing: int, *, done: Ledger, now: datetime.datetime) -> Job | None:
    """Take the next chunk; None if there is none now, or the send does not run any more.

    The journal exists before the claim commits: no journal, and nothing of the chunk has reached a socket. The readers are read
    here and not when the send was planned, so whoever has left by now gets nothing. Raises ``OSError`` on a full disk and
    ``TimeTravel``.
    """
    journal = None
    try:
        with transaction.atomic():
            chunk = _next(send, worker, printing, now=now)
            if chunk is None:
                return None
            done.check(chunk)
            wanted = not_yet(send, ids_of(chunk))
            rows = recipients.addressed(wanted)
            gone = sorted(wanted - {row[0] for row in rows})
            journal = Journal.begin(journal_path(chunk), [row[0] for row in rows])
        return Job(chunk, rows, gone, journal, printing)
    except BaseException:
        if journal is not None:
            journal.end()
        raise


def _next(send: Send, worker: Worker, printing: int, *, now: datetime.datetime) -> Chunk | None:
    """None if the send does not run, or was corrected since the worker compiled its letter: the next worker has the new one."""
    lock = "FOR UPDATE OF chunk SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value(now)
    claimed = Chunk.objects.raw(_CLAIM.format(lock=lock), [worker.pk.hex, send.pk, printing, moment])
    return next(iter(claimed), None)


_CLAIM = """
    UPDATE delivery_chunk SET state = 'claimed', claims = claims + 1, worker_id = %s
    WHERE id = (
        SELECT chunk.id FROM delivery_chunk AS chunk JOIN delivery_send AS send ON send.id = chunk.send_id
        WHERE chunk.send_id = %s AND send.status = 'sending'
            AND (SELECT max(id) FROM delivery_printing AS printing WHERE printing.send_id = send.id) = %s
            AND chunk.state = 'waiting' AND chunk.stage <= send.stage
            AND (chunk.not_before IS NULL OR chunk.not_before <= %s)
        ORDER BY chunk.stage, chunk.id LIMIT 1 {lock}
    )
    RETURNING *
"""
"""One statement, since a thousand messages wait for it."""


def not_yet(send: Send, ids: "array[int]") -> set[int]:
    """Without those who have it already, as far as we know. The primary key forbids to write it twice; this, to send it."""
    known = Delivery.objects.filter(send=send, subscription_id__among=ids)
    return {*ids}.difference(known.order_by().values_list("subscription_id", flat=True))


def journal_path(chunk: Chunk) -> Path:
    return homes.folder() / "journals" / f"{chunk.pk}.{chunk.claims}"


@dataclass
class Closing:
    """What is written when a chunk is closed: rows for readers who are settled, and new chunks for those who are not; those
    who are ``returned`` go out no sooner than ``not_before``."""

    chunk: Chunk
    printing: int
    rows: list[tuple[int, int, str]] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    put_off: list[int] = field(default_factory=list)
    not_before: datetime.datetime | None = None

    def settle(self, reader: int, outcome: Outcome, reply: str = "") -> None:
        self.rows.append((reader, int(outcome), reply[:300]))

    def take(self, reader: int, mark: int, reply: str, *, resend: bool) -> None:
        """What follows for a reader from their mark in the journal; ``reply`` is what was said to it, or why it is in doubt."""
        if mark == Mark.SENT:
            self.settle(reader, Outcome.SENT)
        elif mark == Mark.FAILED:
            self.settle(reader, Outcome.FAILED, reply)
        elif mark == Mark.PUT_OFF:
            self._put_off_or_give_up(reader, reply)
        elif mark == Mark.UNTOUCHED or resend:
            self.returned.append(reader)
        else:
            self.settle(reader, Outcome.IN_DOUBT, reply)

    def _put_off_or_give_up(self, reader: int, reply: str) -> None:
        """Try again later, unless that has been done often enough."""
        if self.chunk.attempt < ATTEMPTS:
            self.put_off.append(reader)
        else:
            self.settle(reader, Outcome.FAILED, reply or "It was put off each time.")

    @transaction.atomic
    def write(self, *, now: datetime.datetime) -> bool:
        """All of it, or nothing: False if somebody else has closed the chunk meanwhile."""
        counts = Counter(outcome for _, outcome, _ in self.rows)
        claimed = Chunk.objects.filter(pk=self.chunk.pk, state=ChunkState.CLAIMED, claims=self.chunk.claims)
        closed = claimed.update(
            state=ChunkState.DONE, worker=None, done_at=now, ids=b"", size=len(self.rows),
            sent=counts[Outcome.SENT], failed=counts[Outcome.FAILED], skipped=counts[Outcome.SKIPPED],
            in_doubt=counts[Outcome.IN_DOUBT],
        )  # fmt: skip
        if not closed:
            return False
        if worker := self.chunk.worker_id:  # what it said of the chunk is counted with the chunk from now on
            Worker.objects.filter(pk=worker).update(sent=0, failed=0)
        write_deliveries(self.chunk.send_id, self.printing, self.rows, now=now)
        again = partial(_chunk, self.chunk.send_id, stage=self.chunk.stage)
        attempt, wait = self.chunk.attempt, AGAIN_AFTER * 4 ** (self.chunk.attempt - 1)
        if self.returned:
            again(self.returned, attempt=attempt, not_before=self.not_before).save(force_insert=True)
        if self.put_off:
            again(self.put_off, attempt=attempt + 1, not_before=now + wait).save(force_insert=True)
        return True


_SENT = int(Outcome.SENT)


def close(job: Job, *, resend: bool, now: datetime.datetime) -> bool:
    """Write down what became of a job; what was not touched waits again. False if it was taken from us meanwhile."""
    closing = Closing(job.chunk, job.printing, not_before=job.not_before)
    for reader in job.gone:
        closing.settle(reader, Outcome.SKIPPED)
    for place, ((reader, _, _), mark) in enumerate(zip(job.rows, job.journal.marks, strict=True)):
        if mark == Mark.SENT:
            closing.rows.append((reader, _SENT, ""))  # nearly all of them: a call for each would be felt
        else:
            closing.take(reader, mark, job.replies.get(place, ""), resend=resend)
    written = closing.write(now=now)
    job.journal.end()
    return written


def write_deliveries(
    send: int, printing: int, rows: Sequence[tuple[int, int, str]], *, now: datetime.datetime
) -> None:
    """One row a reader, once. A second one for the same reader fails loudly and takes everything with it."""
    columns = "send_id, subscription_id, printing_id, outcome, at, reply"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            at = now.isoformat()
            lines = (
                f"{send}\t{reader}\t{printing}\t{outcome}\t{at}\t{_escaped(reply)}\n"
                for reader, outcome, reply in rows
            )
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY delivery_delivery ({columns}) FROM STDIN") as copy,
            ):
                copy.write("".join(lines))
            return
        stamp = connection.ops.adapt_datetimefield_value(now)
        cursor.executemany(
            f"INSERT INTO delivery_delivery ({columns}) VALUES (%s, %s, %s, %s, %s, %s)",  # noqa: S608 - our own names
            [(send, reader, printing, outcome, stamp, reply) for reader, outcome, reply in rows],
        )


def _escaped(reply: str) -> str:
    """As COPY wants text; most replies are empty."""
    return reply.translate(_COPY_ESCAPES) if reply else reply


_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": ""})
