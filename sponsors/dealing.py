"""A booking from one sheet: the advertiser, an order to book on, a line with its terms, the slots. All of it or nothing."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from newsroom.lib.errors import Refused
from newsroom.lib.people import Person
from newsroom.lib.text import listed
from sponsors import conflicts, inventory, ordering, pricing, selling
from sponsors.models import Advertiser, Category, Exclusivity, InsertionOrder, LineItem, Slot

__all__ = ["Quote", "book", "known", "quote", "sell_exclusivity"]


@dataclass(frozen=True)
class Quote:
    """What the slots cost by the rate card: slot, price and currency, which is empty where no card names a price."""

    prices: tuple[tuple[Slot, Decimal, str], ...]

    @property
    def totals(self) -> dict[str, Decimal]:
        """The sum in each currency: those of two are never added up."""
        found: dict[str, Decimal] = {}
        for _, price, currency in self.prices:
            if currency:
                found[currency] = found.get(currency, Decimal(0)) + price
        return found


def quote(slots: Sequence[Slot]) -> Quote:
    """The list price of each slot."""
    price_list = pricing.PriceList(slots[0].issue.publication)
    return Quote(tuple((slot, *price_list.rate(slot.placement_id, slot.issue.planned_for)) for slot in slots))


def known(advertiser: Advertiser) -> Advertiser:
    """The row of an advertiser that a form named, made now if it is new."""
    return selling.known_by_name(advertiser.name)


@transaction.atomic
def book(
    slots: Sequence[Slot],
    given: Mapping[str, Any],
    *,
    by: Person,
    now: datetime.datetime,
    overriding: str = "",
) -> LineItem:
    """Book the slots on the terms of ``BookForm``. Raises what ``selling.book`` raises, and leaves nothing behind then."""
    if not slots:
        raise Refused("Choose at least one slot in the calendar.")
    publications = {slot.issue.publication for slot in slots}
    if len(publications) > 1:
        raise Refused("An order is for one publication; choose slots of one.")
    (publication,) = publications
    inventory.locked(slots)  # slots first, then the order: as everybody does
    order = given["order"] or _opened(known(given["advertiser"]), slots, by=by, now=now)
    if order.publication_id != publication.pk:
        raise Refused(f"Order {order.number} is for {order.publication}.")
    line = ordering.add_line(
        order, by=by, now=now, package=given["package"], discount=given["discount"] or Decimal(0),
        max_per_issue=given["max_per_issue"],
    )  # fmt: skip
    selling.book(line, slots, by=by, now=now, overriding=overriding)
    if given["exclusive"]:
        sell_exclusivity(line, category=given["exclusive"], by=by, now=now)
    return line


def _opened(
    advertiser: Advertiser, slots: Sequence[Slot], *, by: Person, now: datetime.datetime
) -> InsertionOrder:
    """An order in the currency of the slots; where they have several, in that of the card that holds today."""
    currencies = list(quote(slots).totals)
    terms = {"currency": currencies[0]} if len(currencies) == 1 else {}
    return ordering.open_order(advertiser, slots[0].issue.publication, by=by, now=now, **terms)


@transaction.atomic
def sell_exclusivity(
    line: LineItem,
    *,
    by: Person,
    now: datetime.datetime,
    category: Category | None = None,
    rivals: Sequence[Any] = (),
    **scope: Any,
) -> Exclusivity:
    """Others stay out from now on. Raises ``Refused`` with everybody who is booked there already and would have to go."""
    made = Exclusivity.objects.create(line=line, category=category, **scope)
    made.rivals.set(rivals)
    conflicts.lock(made)
    ordering.reopen(line.order, by=by, now=now, why="Exclusivity was sold.")
    there = conflicts.against_exclusivity(made)
    if there:
        raise Refused(f"Settle these first: {listed([str(each) for each in there])}.")
    return made
