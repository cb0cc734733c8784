"""After a worker was killed, at any moment: nobody is skipped, and nobody gets it twice unless that was asked for.

The journal of each chunk that the worker had claimed tells what became of every reader in it. In doubt are only
messages that were handed over and not answered: at most one for each open connection. If the journal proves nothing, because the
power was lost or the whole machine, the chunk as a whole is in doubt.
"""

import datetime
from dataclasses import dataclass

from django.db.models import Q

from newsroom.delivery.control import correcting
from newsroom.delivery.control.scheduling import note
from newsroom.delivery.models import Chunk, ChunkState, Home, Outcome, Policy, Worker
from newsroom.delivery.queue import chunks, homes, journal
from newsroom.delivery.queue.chunks import Closing
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.queue.ledger import FORGOTTEN, Ledger
from newsroom.lib.text import counted

__all__ = ["FOREIGN_SILENCE", "recover"]

FOREIGN_SILENCE = datetime.timedelta(minutes=10)
"""So long after a worker of another home was last heard, nobody waits for that machine to come back."""
INTERRUPTED = "The worker was interrupted while it handed this message over."
LOST = "The machine of the worker went down; what it had sent of this chunk is not known."


@dataclass
class _Found:
    """What was found in the hands of a dead worker, in readers."""

    known: int = 0
    in_doubt: int = 0
    waiting: int = 0

    def add(self, closing: Closing) -> None:
        """Count what became of a chunk."""
        doubts = sum(outcome == Outcome.IN_DOUBT for _, outcome, _ in closing.rows)
        self.in_doubt += doubts
        self.known += len(closing.rows) - doubts
        self.waiting += len(closing.returned) + len(closing.put_off)


def recover(home: Home, *, now: datetime.datetime) -> None:
    """Take the chunks out of the hands of dead workers, and of those that ended without knowing that they had one: the database
    had gone before it could answer the claim."""
    left_behind = Q(ended_at__isnull=True) | Q(chunks__state=ChunkState.CLAIMED)
    for worker in Worker.objects.filter(left_behind).select_related("send").distinct():
        if worker.home_id == home.pk:
            with homes.is_dead(worker) as dead:
                if dead:
                    _bury(worker, ours=True, now=now)
                    homes.forget(worker)
        elif worker.seen_at < now - FOREIGN_SILENCE:
            _bury(worker, ours=False, now=now)


def _bury(worker: Worker, *, ours: bool, now: datetime.datetime) -> None:
    found = _Found()
    for chunk in Chunk.objects.filter(worker=worker, state=ChunkState.CLAIMED).select_related("send"):
        _close(chunk, worker, found, ours=ours, now=now)
    Worker.objects.filter(pk=worker.pk, ended_at__isnull=True).update(ended_at=now)
    if found.in_doubt or found.waiting or found.known:
        words = (
            f"A worker was killed. {counted(found.known, 'message')} of it known, "
            f"{counted(found.in_doubt, 'message')} in doubt, {counted(found.waiting, 'reader')} waiting again."
        )
        note(worker.send, "interrupted", by=None, now=now, words=words)


def _close(chunk: Chunk, worker: Worker, found: _Found, *, ours: bool, now: datetime.datetime) -> None:
    done = Ledger.of(chunk.send)
    marks, why = _told(chunk, done, proved=ours and worker.boot == homes.boot())
    resend = chunk.send.policy == Policy.RESEND and why != FORGOTTEN
    closing = Closing(chunk, correcting.current(chunk.send).pk)
    for reader in chunks.ids_of(chunk):
        mark = Mark.HANDED_OVER if marks is None else marks.get(reader, Mark.UNTOUCHED)
        closing.take(reader, mark, _REPLIES.get(mark, why), resend=resend)
    if closing.write(now=now):
        done.add(chunk)
        found.add(closing)
    chunks.journal_path(chunk).unlink(missing_ok=True)


def _told(chunk: Chunk, done: Ledger, *, proved: bool) -> tuple[dict[int, Mark] | None, str]:
    """Marks by reader, None if nothing tells of any; and why those without an answer are in doubt. ``proved``: none was lost."""
    marks = journal.read(chunks.journal_path(chunk)) if proved else None
    # A journal goes when its chunk is closed: one that is there is of this claim, whatever had the same number before.
    if marks is not None:
        return marks, INTERRUPTED
    if done.knows(chunk):
        return None, FORGOTTEN
    # Where nothing was lost, no journal means that nothing of the chunk had reached a socket.
    return ({}, INTERRUPTED) if proved else (None, LOST)


_REPLIES = {
    Mark.FAILED: "Refused; the worker was killed before it wrote down why.",
    Mark.PUT_OFF: "",
}
"""What is said of those who had an answer: their words went with the worker."""
