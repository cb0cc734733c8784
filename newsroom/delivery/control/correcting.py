"""A corrected copy for those who have not got the issue yet: everybody keeps what they got, and it is known who got which."""

import datetime

from django.db import transaction

from issues import workflow
from newsroom.delivery.control.scheduling import note
from newsroom.delivery.models import ChunkState, Printing, Send, SendStatus
from newsroom.delivery.queue.counting import tally
from newsroom.delivery.wire.letter import numbered
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.people import Person
from newsroom.lib.text import counted

__all__ = ["begin", "corrected", "current", "print_first", "reprint"]

OPEN = "The issue is open for correction."


@transaction.atomic
def begin(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """Open the issue of a paused send for correction; until it is approved again, or that is dropped, nothing goes out.

    Raises ``NotNow`` unless the send is paused, no worker holds a message, and somebody waits; ``Conflict`` if it was resumed
    meanwhile.
    """
    send.refresh_from_db()
    if send.status != SendStatus.PAUSED:
        raise NotNow("Pause the send first: what is corrected goes to those who have not got it yet.")
    if not Send.objects.filter(pk=send.pk, status=SendStatus.PAUSED).update(waiting_for=OPEN):
        raise Conflict("Somebody else let this send go on a moment ago.")
    if send.chunks.filter(state=ChunkState.CLAIMED).exists():
        raise NotNow("Workers still have messages in hand. Wait until the send has come to rest.")
    if not send.chunks.filter(state=ChunkState.WAITING).exists():
        raise NotNow("Nobody waits for this issue any more.")
    workflow.correct(send.issue, by=by, now=now)
    note(send, "opened for correction", by=by, now=now)


def current(send: Send) -> Printing:
    """The printing that goes out now."""
    return send.printings.order_by("-number")[0]


def corrected(send: Send) -> bool:
    """Whether a newer edition is approved than that which goes out now."""
    return current(send).edition_id != send.issue.edition_id


def print_first(send: Send, *, now: datetime.datetime) -> Printing:
    """The edition as the first readers get it."""
    return _printed(send, 1, by=None, now=now)


def reprint(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """If the issue was corrected meanwhile, from here on its new edition goes out."""
    if not corrected(send):
        return
    made = _printed(send, current(send).number + 1, by=by, now=now)
    counts = tally(send)
    words = f"Printing {made.number} goes to {counted(counts.waiting, 'reader')}; {counts.sent:,} have an earlier one."
    note(send, "corrected", by=by, now=now, words=words)


def _printed(send: Send, number: int, *, by: Person, now: datetime.datetime) -> Printing:
    edition = send.issue.edition
    assert edition is not None  # the database says so of every issue that is going out
    return Printing.objects.create(
        send=send,
        edition=edition,
        number=number,
        links=[list(link) for link in numbered(edition).table],
        made_at=now,
        made_by=by,
    )
