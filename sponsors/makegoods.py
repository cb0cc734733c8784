"""What we owe when something did not run as sold. ``replacing`` books what makes it good, ``billing`` settles it in money.

There is one for each original: a replacement that is missed itself opens the same one again.
"""

import datetime
from decimal import Decimal

from django.db import transaction

from newsroom.lib.errors import Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move
from sponsors import pricing, trail
from sponsors.models import Insertion, LineKind, MakeGood, MakeGoodStatus
from sponsors.models.running import MAKE_GOOD_MOVES

__all__ = ["follow", "fulfil", "lose", "open_for", "waive"]


@transaction.atomic
def open_for(insertion: Insertion, *, reason: str, now: datetime.datetime) -> MakeGood | None:
    """We owe something for this insertion. For a replacement the original's make-good opens again; nothing is owed for what was
    added value."""
    original = MakeGood.objects.filter(replacement=insertion).first()
    if original is not None:
        if original.status == MakeGoodStatus.SCHEDULED:
            move(original, MakeGoodStatus.OPENED, moves=MAKE_GOOD_MOVES, replacement=None)
            trail.note("make-good owed again", by=None, now=now, words=reason, insertion=original.insertion)
        return original
    if insertion.line.kind != LineKind.SPONSORSHIP:
        return None
    made, new = MakeGood.objects.get_or_create(
        insertion=insertion, defaults={"reason": reason[:300], "value": _value(insertion), "opened_at": now}
    )
    if new:
        trail.note("make-good owed", by=None, now=now, words=reason, insertion=insertion)
    return made


@transaction.atomic
def fulfil(replacement: Insertion, *, now: datetime.datetime) -> None:
    """The replacement ran: nothing is owed any more."""
    owed = MakeGood.objects.filter(replacement=replacement, status=MakeGoodStatus.SCHEDULED).first()
    if owed:
        move(owed, MakeGoodStatus.FULFILLED, moves=MAKE_GOOD_MOVES, settled_at=now)
        trail.note("made good", by=None, now=now, insertion=owed.insertion)


@transaction.atomic
def waive(owed: MakeGood, *, who: str, by: Person, now: datetime.datetime) -> None:
    """The advertiser lets it go; ``who`` at the advertiser said so."""
    if not who.strip():
        raise Refused("Say who at the advertiser let it go.")
    move(owed, MakeGoodStatus.WAIVED, moves=MAKE_GOOD_MOVES, settled_at=now)
    trail.note("make-good waived", by=by, now=now, words=f"By {who}.", insertion=owed.insertion)


@transaction.atomic
def follow(replacement: Insertion, moved: Insertion) -> None:
    """A replacement was moved: what it makes good goes with it."""
    MakeGood.objects.filter(replacement=replacement).update(replacement=moved)


@transaction.atomic
def lose(replacement: Insertion, *, by: Person, now: datetime.datetime) -> None:
    """A replacement was cancelled: the same is owed again."""
    owed = MakeGood.objects.filter(replacement=replacement, status=MakeGoodStatus.SCHEDULED).first()
    if owed:
        move(owed, MakeGoodStatus.OPENED, moves=MAKE_GOOD_MOVES, replacement=None)
        trail.note(
            "make-good owed again",
            by=by,
            now=now,
            words="Its replacement was cancelled.",
            insertion=owed.insertion,
        )


def _value(insertion: Insertion) -> Decimal:
    known = pricing.PriceList(insertion.line.order.publication)
    return pricing.net([insertion], known=known)[insertion.pk]
