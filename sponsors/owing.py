"""Which replacement stands for which make-good, while replacements are moved, cancelled or missed. Below ``selling``, so that
nothing that gives up a replacement can forget what it was for."""

import datetime

from newsroom.lib.people import Person
from newsroom.lib.states import move
from sponsors import trail
from sponsors.models import Insertion, MakeGood, MakeGoodStatus
from sponsors.models.running import MAKE_GOOD_MOVES

__all__ = ["follow", "open_again"]


def follow(old: Insertion, new: Insertion) -> None:
    """The replacement has moved, and what it makes good with it."""
    MakeGood.objects.filter(replacement=old, status=MakeGoodStatus.SCHEDULED).update(replacement=new)


def open_again(replacement: Insertion, *, reason: str, by: Person, now: datetime.datetime) -> MakeGood | None:
    """The replacement does not make it good after all: the original is owed as before. None if it was no replacement."""
    owed = MakeGood.objects.filter(replacement=replacement).select_related("insertion").first()
    if owed is not None and owed.status == MakeGoodStatus.SCHEDULED:
        move(owed, MakeGoodStatus.OPENED, moves=MAKE_GOOD_MOVES, replacement=None)
        trail.note("make-good owed again", by=by, now=now, words=reason, insertion=owed.insertion)
    return owed
