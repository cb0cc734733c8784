"""What we owe when something did not run as sold, and how it is made good. The only writer of make-goods, but for
those settled in money (``billing``) and replacements that are given up (``owing``).

There is one for each original: a replacement that is missed itself opens the same one again.
"""

import datetime
from decimal import Decimal

from django.db import transaction

from newsroom.lib.errors import Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move
from sponsors import conflicts, inventory, ordering, owing, pricing, selling, trail
from sponsors.models import Insertion, LineKind, MakeGood, MakeGoodStatus, Slot
from sponsors.models.running import MAKE_GOOD_MOVES

__all__ = ["fulfil", "offers", "open_for", "schedule", "waive"]

OFFERED = 3


@transaction.atomic
def open_for(insertion: Insertion, *, reason: str, now: datetime.datetime) -> MakeGood | None:
    """We owe something for this insertion. For a replacement the original's make-good opens again; nothing is owed for what was
    added value."""
    original = owing.open_again(insertion, reason=reason, by=None, now=now)
    if original is not None:
        return original
    if insertion.line.kind != LineKind.SPONSORSHIP:
        return None
    made, new = MakeGood.objects.get_or_create(
        insertion=insertion, defaults={"reason": reason[:300], "value": _value(insertion), "opened_at": now}
    )
    if new:
        trail.note("make-good owed", by=None, now=now, words=reason, insertion=insertion)
    return made


def offers(owed: MakeGood, *, now: datetime.datetime) -> list[Slot]:
    """The next three free slots of the same placement in which the advertiser clashes with nobody."""
    insertion = owed.insertion
    issues = inventory.coming(insertion.line.order.publication, now=now)[: inventory.NEAR]
    inventory.lay_out(issues)
    ahead = (
        Slot.objects.filter(placement=insertion.slot.placement, issue__in=issues)
        .exclude(issue=insertion.slot.issue)
        .select_related("placement__format", "issue__publication")
        .order_by("issue__planned_for", "ordinal")
    )
    free = inventory.free(list(ahead), now=now)
    against = conflicts.clashes(
        {slot.issue for slot in free}, insertion.advertiser, now=now, line=insertion.line
    )
    clashing = {clash.issue_id for clash in against}
    return [slot for slot in free if slot.issue_id not in clashing][:OFFERED]


@transaction.atomic
def schedule(owed: MakeGood, slot: Slot, *, by: Person, now: datetime.datetime) -> Insertion:
    """Make it good in that slot, at no charge, with the same words; every rule of a booking holds."""
    original = Insertion.objects.whole().get(pk=owed.insertion_id)
    line = ordering.add_line(
        original.line.order, by=by, now=now, kind=LineKind.MAKE_GOOD,
        max_per_issue=original.line.max_per_issue, min_gap_blocks=original.line.min_gap_blocks,
    )  # fmt: skip
    (made,) = selling.book(line, [slot], by=by, now=now)
    made.price, made.version = Decimal(0), original.version
    made.save(update_fields=["price", "version"])
    selling.carry_proofs(original, made)
    move(owed, MakeGoodStatus.SCHEDULED, moves=MAKE_GOOD_MOVES, replacement=made)
    trail.note("make-good scheduled", by=by, now=now, words=f"In {slot}.", insertion=original)
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


def _value(insertion: Insertion) -> Decimal:
    order = insertion.line.order
    known = pricing.PriceList(order.publication, order.currency)
    return pricing.net([insertion], known=known)[insertion.pk]
