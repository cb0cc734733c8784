"""Holding a send, letting it go on, and giving it up."""

import datetime

from django.db import transaction

from newsroom.delivery.models import SEND_MOVES, Send, SendStatus
from newsroom.delivery.scheduling import note
from newsroom.lib.people import Person
from newsroom.lib.states import move

__all__ = ["pause", "resume"]


@transaction.atomic
def pause(send: Send, *, by: Person, now: datetime.datetime, why: str = "") -> None:
    """Stop after the messages in flight."""
    move(send, SendStatus.PAUSED, moves=SEND_MOVES, waiting_for=why[:300])
    note(send, "paused", by=by, now=now, words=why)


@transaction.atomic
def resume(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """Go on with those who have not got it."""
    move(send, SendStatus.SENDING, moves=SEND_MOVES, waiting_for="", not_before=None)
    note(send, "resumed", by=by, now=now)
