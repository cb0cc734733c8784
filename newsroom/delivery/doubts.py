"""Messages in doubt: they may have arrived or not, and a person decides. The counts of the send stay right."""

import datetime
from collections.abc import Sequence

from django.db import transaction

from newsroom.delivery import chunks, steering
from newsroom.delivery.models import Chunk, ChunkState, Delivery, Outcome, Send, Stage
from newsroom.delivery.scheduling import note
from newsroom.lib.people import Person
from newsroom.lib.text import counted

__all__ = ["mark_as_sent", "send_again"]


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


def _in_doubt(send: Send, readers: Sequence[int] | None) -> list[int]:
    """Locked, where the database can: of two people who decide at once, the second finds nothing."""
    found = Delivery.objects.filter(send=send, outcome=Outcome.IN_DOUBT)
    if readers is not None:
        found = found.filter(subscription_id__in=readers)
    return list(
        found.select_for_update().order_by("subscription_id").values_list("subscription_id", flat=True)
    )


def _recount(send: Send, *, now: datetime.datetime, **by: int) -> None:
    """A chunk of nobody that corrects the counts: those of the others are what their workers wrote."""
    Chunk.objects.create(
        send=send, stage=Stage.SEEDS, ids=b"", size=0, state=ChunkState.DONE, done_at=now, **by
    )
