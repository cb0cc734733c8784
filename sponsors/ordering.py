"""Insertion orders: opened, approved, signed, revised, cancelled. The only writer of orders and of frozen prices."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from issues.models import Publication
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move
from newsroom.lib.text import counted
from sponsors import pricing, trail
from sponsors.accounts import cash
from sponsors.models import (
    Advertiser,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    LineItem,
    LineKind,
    OrderRevision,
    OrderStatus,
    Package,
)
from sponsors.models.deals import ORDER_MOVES

__all__ = [
    "add_line",
    "approve",
    "change_terms",
    "disapprove",
    "of_drafts",
    "open_order",
    "price",
    "reopen",
    "sign",
    "stage",
    "submit",
]

IN_DRAFTS = "Placed with drafts"
TRIES = 50


@transaction.atomic
def open_order(
    advertiser: Advertiser, publication: Publication, *, by: Person, now: datetime.datetime, **terms: Any
) -> InsertionOrder:
    """A draft order under the next free number of the year. ``terms`` are fields such as ``agency`` and ``po_number``."""
    if advertiser.house:
        raise Refused("House promotions need no order: they run where nothing is sold.")
    card = pricing.PriceList(publication).card(now.date())
    invented = {"currency": card.currency if card else "USD", "salesperson": by, "bill_to": advertiser.name}
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                order = InsertionOrder.objects.create(
                    number=_next_number(now.year),
                    advertiser=advertiser,
                    publication=publication,
                    created_at=now,
                    **{**invented, **terms},
                )
        except IntegrityError:
            continue  # somebody else took the number
        trail.note("order opened", by=by, now=now, order=order)
        return order
    raise Conflict("Many orders are being opened at once. Try again.")


def of_drafts(advertiser: Advertiser, publication: Publication, *, now: datetime.datetime) -> LineItem:
    """The line on which an advertiser stands whom an editor placed with a draft: it was agreed elsewhere, at no price here."""
    known = InsertionOrder.objects.filter(
        advertiser=advertiser, publication=publication, terms=IN_DRAFTS, status=OrderStatus.SIGNED
    ).first()
    if known:
        return known.lines.all()[0]
    order = open_order(
        advertiser, publication, by=None, now=now, terms=IN_DRAFTS,
        status=OrderStatus.SIGNED, approved_at=now, signed_at=now,
    )  # fmt: skip
    return LineItem.objects.create(order=order, kind=LineKind.ADDED_VALUE, max_per_issue=9)


@transaction.atomic
def add_line(
    order: InsertionOrder,
    *,
    by: Person,
    now: datetime.datetime,
    package: Package | None = None,
    kind: str = LineKind.SPONSORSHIP,
    discount: Decimal = Decimal(0),
    max_per_issue: int = 1,
    min_gap_blocks: int = 0,
) -> LineItem:
    """Another line on the order; an approved or signed one becomes a new revision."""
    if not 0 <= discount <= 100:
        raise Refused(f"A discount is from 0 to 100 percent; this is {discount}.")
    if package:
        max_per_issue = max(max_per_issue, package.placements.count())
    if kind != LineKind.MAKE_GOOD:
        reopen(order, by=by, now=now, why="A line was added.")
    line = LineItem.objects.create(
        order=order, kind=kind, package=package, discount=discount,
        max_per_issue=max_per_issue, min_gap_blocks=min_gap_blocks,
    )  # fmt: skip
    trail.note("line added", by=by, now=now, words=str(line), order=order)
    return line


def submit(order: InsertionOrder, *, by: Person, now: datetime.datetime) -> None:
    """Draft → waiting for approval. Raises ``Refused`` for an order without insertions."""
    if not _counting(order):
        raise Refused("This order has no insertions yet: book a slot first.")
    with transaction.atomic():
        move(order, OrderStatus.PENDING_APPROVAL, moves=ORDER_MOVES)
        trail.note("order submitted", by=by, now=now, order=order)


def price(order: InsertionOrder) -> Decimal:
    """What the order would be approved at now."""
    known = pricing.PriceList(order.publication, order.currency)
    return pricing.order_total(_counting(order), known=known)


@transaction.atomic
def approve(
    order: InsertionOrder,
    *,
    seen: Decimal | None,
    by: Person,
    now: datetime.datetime,
    free: bool = False,
) -> OrderRevision:
    """Waiting → approved: net prices are frozen, and what the order says is written down as a revision.

    ``seen`` is the price that the person looked at: raises ``Conflict`` if it is another one now. ``free`` confirms that what
    no rate card prices costs nothing; without it raises ``Refused``.
    """
    # Locked: what is priced here is what is approved. The step itself says if somebody else was faster.
    InsertionOrder.objects.select_for_update(no_key=True).get(pk=order.pk)
    insertions, known = _counting(order), pricing.PriceList(order.publication, order.currency)
    prices = pricing.net(insertions, known=known)
    if order.status == OrderStatus.PENDING_APPROVAL:
        _only_as_seen(order, sum(prices.values(), Decimal(0)), seen)
        _only_priced(order, 0 if free else len(pricing.unpriced(insertions, known=known)))
    move(order, OrderStatus.APPROVED, moves=ORDER_MOVES, approved_at=now, approved_by=by)
    for each in insertions:
        if each.price is None:
            each.price = prices[each.pk]
            each.save(update_fields=["price"])
    revision = OrderRevision.objects.create(
        order=order, number=order.revision, terms=_terms(insertions), approved_at=now, approved_by=by
    )
    total = sum((each.price or Decimal(0) for each in insertions), Decimal(0))
    words = f"Revision {order.revision}, {counted(len(insertions), 'insertion')}, {total} {order.currency}."
    trail.note("order approved", by=by, now=now, words=words, order=order)
    return revision


def _only_as_seen(order: InsertionOrder, total: Decimal, seen: Decimal | None) -> None:
    if seen is None:
        raise Refused("Look at the price first, then approve the order.")
    if seen != total:
        raise Conflict(
            f"The price of {order.number} has changed since you looked: it is {cash(total, order.currency)} now, and was "
            f"{cash(seen, order.currency)}. Nothing was approved; look again, then decide."
        )


def _only_priced(order: InsertionOrder, missing: int) -> None:
    if missing:
        raise Refused(
            f"No rate card in {order.currency} names a price for {counted(missing, 'insertion')}. "
            "Confirm that they cost nothing, or add a price."
        )


@transaction.atomic
def disapprove(order: InsertionOrder, *, by: Person, now: datetime.datetime, words: str) -> None:
    """Waiting → sent back, with a reason."""
    if not words.strip():
        raise Refused("Say what should change.")
    move(order, OrderStatus.DISAPPROVED, moves=ORDER_MOVES)
    trail.note("order sent back", by=by, now=now, words=words, order=order)


@transaction.atomic
def sign(order: InsertionOrder, *, signed_by: str, by: Person, now: datetime.datetime) -> None:
    """Approved → signed, by somebody at the advertiser."""
    if not signed_by.strip():
        raise Refused("Say who signed.")
    move(order, OrderStatus.SIGNED, moves=ORDER_MOVES, signed_at=now, signed_by=signed_by.strip()[:120])
    trail.note("order signed", by=by, now=now, words=f"By {signed_by.strip()}.", order=order)


@transaction.atomic
def change_terms(
    order: InsertionOrder, changes: Mapping[str, Any], *, by: Person, now: datetime.datetime
) -> None:
    """Change who is billed and what the order refers to; other terms than were agreed are its next revision."""
    if not changes:
        return
    if "terms" in changes:
        reopen(order, by=by, now=now, why="Its terms changed.")
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=list(changes))
    words = f"Changed: {', '.join(sorted(changes)).replace('_', ' ')}."
    trail.note("order terms changed", by=by, now=now, words=words, order=order)


def reopen(order: InsertionOrder, *, by: Person, now: datetime.datetime, why: str) -> None:
    """Before anything in it changes: an order that is approved or signed becomes the draft of its next revision.

    Frozen prices stay as they are. Raises ``NotNow`` once it is cancelled.
    """
    _as_it_is(order)
    if order.status == OrderStatus.CANCELLED:
        raise NotNow("This order is cancelled. Open another.")
    if order.status in (OrderStatus.APPROVED, OrderStatus.SIGNED):
        revision = order.revision + 1
        move(
            order, OrderStatus.DRAFT, moves=ORDER_MOVES, provided={"revision": order.revision},
            revision=revision, approved_at=None, approved_by=None, signed_at=None, signed_by="",
        )  # fmt: skip
        trail.note("order revised", by=by, now=now, words=f"Revision {revision}. {why}", order=order)
    elif order.status == OrderStatus.PENDING_APPROVAL:
        move(order, OrderStatus.DISAPPROVED, moves=ORDER_MOVES)
        trail.note("order taken back", by=by, now=now, words=why, order=order)


def _as_it_is(order: InsertionOrder) -> None:
    """Its status now, locked: nobody approves or cancels it while something in it changes."""
    now = InsertionOrder.objects.select_for_update(no_key=True).get(pk=order.pk)
    order.status, order.revision = now.status, now.revision


def stage(order: InsertionOrder, insertions: Sequence[Insertion]) -> str:
    """Where a signed order stands: not begun, active or completed; else its status in words."""
    if order.status != OrderStatus.SIGNED:
        return order.get_status_display()
    statuses = {each.status for each in insertions}
    if InsertionStatus.BOOKED not in statuses:
        return "Completed"
    return "Active" if statuses & {InsertionStatus.RAN, InsertionStatus.MISSED} else "Signed"


def _counting(order: InsertionOrder) -> list[Insertion]:
    gone = (InsertionStatus.MOVED, InsertionStatus.CANCELLED)
    rows = Insertion.objects.filter(line__order=order).exclude(status__in=gone)
    return list(
        rows.select_related("line__order", "line__package", "slot__issue", "slot__placement").order_by(
            "line_id", "slot__issue__planned_for", "pk"
        )
    )


def _terms(insertions: Sequence[Insertion]) -> list[dict[str, str]]:
    return [
        {
            "insertion": str(each.pk),
            "line": str(each.line_id),
            "day": each.slot.issue.planned_for.isoformat(),
            "placement": each.slot.name,
            "kind": each.line.get_kind_display(),
            "package": str(each.line.package or ""),
            "discount": str(each.line.discount),
            "net": str(each.price),
        }
        for each in insertions
    ]


def _next_number(year: int) -> str:
    start = f"IO-{year}-"
    last = InsertionOrder.objects.filter(number__startswith=start).order_by("-number").first()
    return f"{start}{int(last.number.removeprefix(start)) + 1 if last else 1:05d}"
