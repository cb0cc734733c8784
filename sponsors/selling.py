"""Selling slots: booked, moved and cancelled, all or nothing. The only writer of insertions until they have run."""

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from issues import composing
from issues.models import Issue, Status
from issues.richtext import plain
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move as moved_on
from newsroom.lib.text import counted
from sponsors import conflicts, holding, inventory, ordering, owing, trafficking, trail
from sponsors.models import (
    Advertiser,
    Hold,
    HoldStatus,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    LineItem,
    LineKind,
    OrderStatus,
    Override,
    Proof,
    Slot,
)
from sponsors.models.deals import HOLD_MOVES, INSERTION_MOVES, ORDER_MOVES
from sponsors.taken import Taken, closed, held_by_another

__all__ = [
    "UNNAMED",
    "book",
    "book_from_draft",
    "cancel",
    "cancel_order",
    "carry_proofs",
    "hand_over",
    "known_by_name",
    "move",
    "override",
    "swap",
]

UNNAMED = "Unnamed sponsor"
"""Stands in a booking that a draft brought in without a name, until somebody writes the name."""


@transaction.atomic
def book(
    line: LineItem,
    slots: Sequence[Slot],
    *,
    by: Person,
    now: datetime.datetime,
    overriding: str = "",
) -> list[Insertion]:
    """Book all of the slots on the line, or none. The advertiser's own holds on them are converted, others' holds end.

    ``overriding`` is the reason of somebody who may override conflicts. Raises ``Taken`` (who was faster, what is free
    instead), ``Clashes``, ``NotNow`` for a closed issue, ``Refused`` for no slots.
    """
    if not slots:
        raise Refused("Choose at least one slot.")
    rows = inventory.locked(slots)
    _only_of(line.order, rows)
    advertiser = line.order.advertiser
    holding.tidy(now=now, only=rows)
    _refuse_taken(rows, advertiser, now=now)
    found = conflicts.clashes(
        {slot.issue for slot in rows}, advertiser, now=now,
        adding=Counter(slot.issue_id for slot in rows), line=line, taking={slot.pk for slot in rows},
    )  # fmt: skip
    conflicts.refuse_unless(found, overriding=overriding)
    if line.kind != LineKind.MAKE_GOOD:
        ordering.reopen(line.order, by=by, now=now, why=f"{counted(len(rows), 'insertion')} added.")
    _touch(rows, now=now)
    made = _made(line, rows, by=by, now=now)
    for each in made:
        _end_holds(each.slot, advertiser, by=by, now=now)
        trail.note("booked", by=by, now=now, words=str(each.slot), insertion=each)
    for each in made:
        override(each, found, overriding, by=by, now=now)
    return made


@transaction.atomic
def move(
    insertion: Insertion, to: Slot, *, by: Person, now: datetime.datetime, overriding: str = ""
) -> Insertion:
    """Move a booked insertion to another slot, with its words, price and the sponsor's approval.

    It is a new insertion that knows where it came from. Raises as ``book`` does.
    """
    here, there = (
        next(s for s in inventory.locked([insertion.slot_id, to]) if s.pk == key)
        for key in (insertion.slot_id, to.pk)
    )
    if here.pk == there.pk:
        raise Refused("It stands there already.")
    if here.issue.publication_id != there.issue.publication_id:
        raise Refused("An insertion moves within its publication; for another one, open another order.")
    _only_booked(insertion)
    line = insertion.line
    holding.tidy(now=now, only=[there])
    _refuse_taken([there], insertion.advertiser, now=now)
    found = conflicts.clashes(
        [there.issue], insertion.advertiser, now=now, line=line, leaving={insertion.pk}, taking={there.pk}
    )
    conflicts.refuse_unless(found, overriding=overriding)
    if line.kind != LineKind.MAKE_GOOD:
        ordering.reopen(line.order, by=by, now=now, why=f"{here} moved to {there}.")
    _touch([there] if here.issue.status == Status.CANCELLED else [here, there], now=now)
    moved_on(insertion, InsertionStatus.MOVED, moves=INSERTION_MOVES, ended_at=now)
    made = _in_its_place(insertion, there, by=by, now=now)
    _end_holds(there, insertion.advertiser, by=by, now=now)
    override(made, found, overriding, by=by, now=now)
    return made


@transaction.atomic
def swap(
    one: Insertion, other: Insertion, *, by: Person, now: datetime.datetime, overriding: str = ""
) -> tuple[Insertion, Insertion]:
    """Two booked insertions change their slots; every rule of a move holds for both. Returns them as they stand now."""
    slots = {slot.pk: slot for slot in inventory.locked([one.slot_id, other.slot_id])}
    if len(slots) < 2:
        raise Refused("Choose another insertion to swap with.")
    if len({slot.issue.publication_id for slot in slots.values()}) > 1:
        raise Refused("Insertions change places within their publication.")
    for each in (one, other):
        _only_booked(each)
    leaving, ways = {one.pk, other.pk}, ((one, slots[other.slot_id]), (other, slots[one.slot_id]))
    found = {
        each.pk: conflicts.clashes(
            [to.issue], each.advertiser, now=now, line=each.line, leaving=leaving, taking={to.pk}
        )
        for each, to in ways
    }
    conflicts.refuse_unless([clash for clashes in found.values() for clash in clashes], overriding=overriding)
    _touch(list(slots.values()), now=now)
    for each, to in ways:
        if each.line.kind != LineKind.MAKE_GOOD:
            ordering.reopen(each.line.order, by=by, now=now, why=f"{slots[each.slot_id]} moved to {to}.")
        moved_on(each, InsertionStatus.MOVED, moves=INSERTION_MOVES, ended_at=now)
    made = [_in_its_place(each, to, by=by, now=now) for each, to in ways]
    for (each, _), new in zip(ways, made, strict=True):
        override(new, found[each.pk], overriding, by=by, now=now)
    return made[0], made[1]


@transaction.atomic
def cancel(insertion: Insertion, *, by: Person, now: datetime.datetime, why: str = "") -> None:
    """Give a slot back. Raises ``NotNow`` once the issue is approved."""
    (slot,) = inventory.locked([insertion.slot_id])
    _only_booked(insertion)
    if insertion.line.kind == LineKind.SPONSORSHIP:
        ordering.reopen(insertion.line.order, by=by, now=now, why=f"{slot} cancelled. {why}".strip())
    _give_back(insertion, slot, by=by, now=now, why=why)


@transaction.atomic
def cancel_order(order: InsertionOrder, *, by: Person, now: datetime.datetime, why: str) -> int:
    """Cancel an order with all that has not run; what ran stays, and is paid. Returns how many slots came back.

    Raises ``NotNow`` while one of its issues is approved or going out.
    """
    if not why.strip():
        raise Refused("Say why the order is cancelled.")
    booked = {each.slot_id: each for each in Insertion.objects.booked().filter(line__order=order).whole()}
    for slot in inventory.locked(booked):
        _only_booked(booked[slot.pk])
        _give_back(booked[slot.pk], slot, by=by, now=now, why=why)
    moved_on(order, OrderStatus.CANCELLED, moves=ORDER_MOVES)
    if Insertion.objects.booked().filter(line__order=order).exists():
        raise Conflict("Somebody booked on this order a moment ago. Look again, then decide.")
    words = f"{counted(len(booked), 'slot')} given back. {why}"
    trail.note("order cancelled", by=by, now=now, words=words, order=order)
    return len(booked)


@transaction.atomic
def hand_over(insertion: Insertion, advertiser: Advertiser, *, by: Person, now: datetime.datetime) -> None:
    """Say whose message it is that a draft brought in without a name."""
    inventory.locked([insertion.slot_id])
    _only_booked(insertion)
    if insertion.advertiser.name != UNNAMED:
        raise NotNow(f"This slot is {insertion.advertiser}’s. Cancel it before you sell it to {advertiser}.")
    issue = insertion.slot.issue
    found = conflicts.clashes([issue], advertiser, now=now, adding={issue.pk: 0})
    conflicts.refuse_unless(found, overriding="")
    _touch([insertion.slot], now=now)
    insertion.line = ordering.of_drafts(advertiser, issue.publication, now=now)
    insertion.save(update_fields=["line"])
    trafficking.hand_over(insertion, advertiser, by=by, now=now)
    trail.note("named", by=by, now=now, words=f"It is {advertiser}’s.", insertion=insertion)


def known_by_name(name: str) -> Advertiser:
    """The advertiser of that name, whatever its capitals; made if nobody knows it."""
    found = Advertiser.objects.filter(name__iexact=name).first()
    return found or Advertiser.objects.get_or_create(name=name)[0]


@transaction.atomic
def book_from_draft(
    issue: Issue, placement: str, found: Mapping[str, Any], *, now: datetime.datetime
) -> Insertion:
    """Book what the draft reader found: the editor has placed these words by hand, so they count as approved.

    A placement that is taken, or that the publication does not have, gives way to the first free one. Raises ``Refused`` if
    all are taken.
    """
    inventory.stock(issue.publication)
    open_slots = inventory.free(inventory.slots(issue), now=now)
    chosen = next(
        (slot for slot in open_slots if slot.placement.code == placement), next(iter(open_slots), None)
    )
    if chosen is None:
        raise Refused("All placements of this issue are booked.")
    body = str(found.get("body", ""))
    name = _as_written(str(found.get("sponsor") or UNNAMED), plain(body))
    advertiser = known_by_name(name.strip()[:120] or UNNAMED)
    if advertiser.house:
        raise Refused("This is a promotion of our own.")
    rows = inventory.locked([chosen])
    holding.tidy(now=now, only=rows)
    line = ordering.of_drafts(advertiser, issue.publication, now=now)
    (made,) = _made(line, rows, by=None, now=now, price=Decimal(0))
    trail.note("booked", by=None, now=now, words=f"{made.slot}, placed with a draft.", insertion=made)
    _end_holds(made.slot, advertiser, by=None, now=now)
    words = {
        "headline": str(found.get("headline", ""))[:200],
        "body": body,
        "url": str(found.get("url", ""))[:2000],
    }
    trafficking.take_from_draft(made, words, now=now)
    return made


def _only_of(order: InsertionOrder, rows: Sequence[Slot]) -> None:
    if any(slot.issue.publication_id != order.publication_id for slot in rows):
        raise Refused(f"Order {order.number} is for {order.publication}.")


def _refuse_taken(rows: Sequence[Slot], advertiser: Advertiser, *, now: datetime.datetime) -> None:
    refused = [
        (slot, why)
        for slot in rows
        if (why := closed(slot, now=now) or held_by_another(slot, advertiser, now=now))
    ]
    if refused:
        raise Taken(refused, among=rows, now=now)


def _made(
    line: LineItem, rows: Sequence[Slot], *, by: Person, now: datetime.datetime, **fields: Any
) -> list[Insertion]:
    """The rows themselves. The database has the last word on who was first: SQLite has no row locks."""
    try:
        with transaction.atomic():
            return [
                Insertion.objects.create(
                    line=line,
                    slot=slot,
                    agreed_for=slot.issue.planned_for,
                    booked_at=now,
                    booked_by=by,
                    **fields,
                )
                for slot in rows
            ]
    except IntegrityError:
        _refuse_taken(rows, line.order.advertiser, now=now)
        raise Conflict("Somebody else booked one of these slots a moment ago. Look again.") from None


def _in_its_place(moved: Insertion, to: Slot, *, by: Person, now: datetime.datetime) -> Insertion:
    """The insertion anew in another slot, with all that belongs to it."""
    (made,) = _made(
        moved.line, [to], by=by, now=now, version=moved.version, price=moved.price, moved_from=moved
    )
    carry_proofs(moved, made)
    owing.follow(moved, made)
    trail.note("moved", by=by, now=now, words=f"From {moved.slot} to {to}.", insertion=made)
    return made


def _only_booked(insertion: Insertion) -> None:
    """Judged by the row as it is now: what we have in hand may be from before somebody approved, moved or named it."""
    insertion.refresh_from_db(fields=["status", "line", "version", "price"])
    if insertion.status != InsertionStatus.BOOKED:
        raise NotNow(f"This insertion {_became(insertion)}; nothing can be changed in it.")


def _became(insertion: Insertion) -> str:
    return {"ran": "has run", "missed": "was missed", "moved": "was moved"}.get(
        insertion.status, "was cancelled"
    )


def _give_back(insertion: Insertion, slot: Slot, *, by: Person, now: datetime.datetime, why: str) -> None:
    if slot.issue.status != Status.CANCELLED:
        _touch([slot], now=now)
    moved_on(insertion, InsertionStatus.CANCELLED, moves=INSERTION_MOVES, ended_at=now)
    trail.note("cancelled", by=by, now=now, words=f"{slot}. {why}".strip(), insertion=insertion)
    owing.open_again(insertion, reason=f"{slot} was cancelled. {why}".strip(), by=by, now=now)


def _touch(slots: Sequence[Slot], *, now: datetime.datetime) -> None:
    """A sponsor's words are words of the issue: a change counts, and loses the race with an approval."""
    for issue in sorted({slot.issue for slot in slots}, key=lambda issue: issue.pk):
        composing.touch(issue, now=now)


def _end_holds(slot: Slot, advertiser: Advertiser, *, by: Person, now: datetime.datetime) -> None:
    """Once a slot is sold nobody has an option on it."""
    for held in Hold.objects.filter(slot=slot, status=HoldStatus.ACTIVE).select_related("advertiser"):
        own = held.advertiser == advertiser
        moved_on(held, HoldStatus.CONVERTED if own else HoldStatus.RELEASED, moves=HOLD_MOVES, ended_at=now)
        if not own:
            words = f"{slot} was booked for {advertiser}."
            trail.note(
                "hold ended", by=by, now=now, words=words, advertiser=held.advertiser, issue=slot.issue
            )


def carry_proofs(old: Insertion, new: Insertion) -> None:
    """What the sponsor approved is the message, not the day: its rendering knows neither."""
    for proof in old.proofs.order_by("at", "pk"):
        Proof.objects.create(
            insertion=new, version=proof.version, rendering=proof.rendering, decision=proof.decision,
            who=proof.who, by=proof.by, at=proof.at, words=proof.words,
        )  # fmt: skip


def override(
    insertion: Insertion, found: Sequence[conflicts.Clash], reason: str, *, by: Person, now: datetime.datetime
) -> None:
    """Write down which of the rules somebody overrode for the insertion, and why."""
    for clash in found:
        if clash.issue_id == insertion.slot.issue_id:
            Override.objects.create(
                insertion=insertion, sentence=clash.sentence[:400], reason=reason[:300], by=by, at=now
            )
            words = f"{clash.sentence} Reason: {reason}"
            trail.note("conflict overridden", by=by, now=now, words=words, insertion=insertion)


def _as_written(name: str, words: str) -> str:
    """The name as the sponsor spells it: a label in capitals has lost that, the words below it have not."""
    found = re.search(re.escape(name), words, re.IGNORECASE)
    return found[0] if name.isupper() and found else name
