"""Making good in another issue: the next free slots without a conflict, and a booking in one of them at no charge."""

import datetime
from decimal import Decimal

from django.db import transaction

from newsroom.lib.people import Person
from newsroom.lib.states import move
from sponsors import conflicts, inventory, ordering, selling, trail
from sponsors.models import Insertion, LineKind, MakeGood, MakeGoodStatus, Slot
from sponsors.models.running import MAKE_GOOD_MOVES

__all__ = ["offers", "schedule"]

OFFERED = 3


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
