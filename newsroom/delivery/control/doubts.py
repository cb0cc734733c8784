"""Messages in doubt: they may have arrived or not, and a person decides. The counts of the send stay right."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from newsroom.delivery.control import correcting, steering
from newsroom.delivery.control.scheduling import note
from newsroom.delivery.models import Chunk, ChunkState, Delivery, Outcome, Send, SendStatus, Stage
from newsroom.delivery.queue import chunks, homes
from newsroom.delivery.queue.ledger import FORGOTTEN, Ledger
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.people import Person
from newsroom.lib.text import counted

__all__ = ["Forgotten", "forgotten", "mark_as_sent", "put_in_doubt", "send_again"]


@transaction.atomic
def mark_as_sent(
    send: Send, readers: Sequence[int] | None = None, *, by: Person, now: datetime.datetime
) -> int:
    """These readers have it; all who are in doubt if none are named. Returns how many were in doubt."""
    found = _in_doubt(send, readers)
    if not found:
        return 0
    Delivery.objects.filter(send=send, subscription_id__in=found).update(outcome=Outcome.SENT)
    _recount(send, sent=len(found), in_doubt=-len(found), now=now)
    note(
        send, "marked as sent", by=by, now=now, words=f"{counted(len(found), 'message')} that were in doubt."
    )
    if send.finished_at:
        steering.hand_in(send, now=now)
    return len(found)


@transaction.atomic
def send_again(
    send: Send, readers: Sequence[int] | None = None, *, by: Person, now: datetime.datetime
) -> int:
    """These readers get it, possibly for the second time; all who are in doubt if none are named. Returns how many were.

    Their rows go, or the primary key would forbid it, and they wait in a new chunk. A send that was over goes on for them.
    """
    found = _in_doubt(send, readers)
    if not found:
        return 0
    Delivery.objects.filter(send=send, subscription_id__in=found).delete()
    _recount(send, in_doubt=-len(found), now=now)
    chunks.put_in(send, found)
    steering.reopen(send, now=now)
    note(send, "sent again", by=by, now=now, words=f"{counted(len(found), 'message')} that were in doubt.")
    return len(found)


@dataclass(frozen=True)
class Forgotten:
    """What this machine has sent and a restored database does not know of: chunks with so many readers. ``elsewhere`` names the
    machine that noticed, if it is another one; only its own list tells what it has sent."""

    chunks: tuple[Chunk, ...]
    elsewhere: str = ""

    @property
    def readers(self) -> int:
        return sum(chunk.size for chunk in self.chunks)


def forgotten(send: Send) -> Forgotten:
    """What the list of this machine says of chunks that are open in the database."""
    done = Ledger.of(send)
    still_open = send.chunks.filter(state__in=[ChunkState.WAITING, ChunkState.CLAIMED]).defer("ids")
    last = send.workers.select_related("home").order_by("started_at").last()
    elsewhere = last.home.name if last and not homes.is_ours(last.home) else ""
    return Forgotten(tuple(chunk for chunk in still_open if done.knows(chunk)), elsewhere)


@transaction.atomic
def put_in_doubt(send: Send, *, readers: int, by: Person, now: datetime.datetime) -> int:
    """Whoever has got a paused send by the list of this machine, and waits by the restored database, is in doubt from now on.
    Which of them were left out or refused, only the lost rows knew.

    ``readers`` is how many that are, as the person was told; raises ``Conflict`` if it is not so any more, ``NotNow`` unless
    the send is paused and at rest. Returns how many are in doubt now.
    """
    send.refresh_from_db()
    if send.status != SendStatus.PAUSED:
        raise NotNow("Only a paused send can be compared with what this machine has sent.")
    if send.chunks.filter(state=ChunkState.CLAIMED).exists():
        raise NotNow("Workers still have messages in hand. Wait until the send has come to rest.")
    found = forgotten(send)
    if found.readers != readers:
        raise Conflict(
            f"The numbers have changed: it would be {counted(found.readers, 'reader')} now. Look again, then decide."
        )
    doubtful = sum(_doubt(send, chunk, now=now) for chunk in found.chunks)
    _use_up_numbers(send, Ledger.of(send).last, now=now)
    words = f"{counted(doubtful, 'reader')} may have it from before the backup was restored."
    note(send, "put in doubt", by=by, now=now, words=words)
    Send.objects.filter(pk=send.pk).update(
        waiting_for=f"{words} Decide what becomes of them; resume it for the others."
    )
    return doubtful


def _doubt(send: Send, chunk: Chunk, *, now: datetime.datetime) -> int:
    """Every reader of the chunk of whom nothing else is known."""
    unsettled = chunks.not_yet(send, chunks.ids_of(chunk))
    rows = [(reader, int(Outcome.IN_DOUBT), FORGOTTEN) for reader in sorted(unsettled)]
    waiting = Chunk.objects.filter(pk=chunk.pk, state=ChunkState.WAITING)
    if not waiting.update(
        state=ChunkState.DONE, ids=b"", size=len(rows), in_doubt=len(rows), done_at=now, not_before=None
    ):
        raise Conflict("Somebody else let this send go on a moment ago.")
    chunks.write_deliveries(send.pk, correcting.current(send).pk, rows, now=now)
    return len(rows)


def _use_up_numbers(send: Send, last: int, *, now: datetime.datetime) -> None:
    """Chunks that were made after the backup have numbers that the restored database would give out anew. A new chunk with
    one of them would be taken for sent, so they are skipped."""
    newest = _recount(send, now=now).pk
    spare = [_recount(send, now=now).pk for _ in range(newest, last)]
    Chunk.objects.filter(pk__in=spare).delete()


def _in_doubt(send: Send, readers: Sequence[int] | None) -> list[int]:
    """Locked, where the database can: of two people who decide at once, the second finds nothing."""
    found = Delivery.objects.filter(send=send, outcome=Outcome.IN_DOUBT)
    if readers is not None:
        found = found.filter(subscription_id__in=readers)
    return list(
        found.select_for_update().order_by("subscription_id").values_list("subscription_id", flat=True)
    )


def _recount(send: Send, *, now: datetime.datetime, **by: int) -> Chunk:
    """A chunk of nobody that corrects the counts: those of the others are what their workers wrote."""
    return Chunk.objects.create(
        send=send, stage=Stage.SEEDS, ids=b"", size=0, state=ChunkState.DONE, done_at=now, **by
    )
