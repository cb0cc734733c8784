"""What things cost: from the rate card that holds on the day, frozen when an order is approved."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise

from issues.models import Publication
from sponsors.models import Insertion, InsertionStatus, LineItem, LineKind, Package, RateCard, Slot

__all__ = ["PriceList", "net", "order_total", "prices", "unpriced"]

CENT = Decimal("0.01")


class PriceList:
    """The rate cards of a publication, read once.

    An order knows those in its own ``currency`` only: amounts of two currencies are never added up, and what is priced in
    another one has no price there.
    """

    def __init__(self, publication: Publication, currency: str = "") -> None:
        rows = RateCard.objects.filter(publication=publication)
        if currency:
            rows = rows.filter(currency=currency)
        self.currency = currency
        self._cards = list(rows.prefetch_related("items").order_by("-valid_from", "-pk"))

    def card(self, day: datetime.date) -> RateCard | None:
        """The card that holds on that day: of several, the one that started last."""
        return next((card for card in self._cards if _holds(card, day)), None)

    def price(self, placement_id: int, day: datetime.date) -> Decimal:
        """The list price of one insertion: of the youngest card that names one, else 0."""
        return self.rate(placement_id, day)[0]

    def rate(self, placement_id: int, day: datetime.date) -> tuple[Decimal, str]:
        """The same with its currency, which is empty where no card names a price."""
        items = ((item, card) for card in self._cards if _holds(card, day) for item in card.items.all())
        return next(
            ((item.price, card.currency) for item, card in items if item.placement_id == placement_id),
            (Decimal(0), ""),
        )

    def has(self, card: RateCard, day: datetime.date) -> bool:
        """Whether that card holds on the day, in a currency that counts here."""
        return self.currency in ("", card.currency) and _holds(card, day)


def _holds(card: RateCard, day: datetime.date) -> bool:
    return card.valid_from <= day and (card.valid_to is None or day <= card.valid_to)


def prices(line: LineItem, slots: Sequence[Slot], *, known: PriceList) -> list[Decimal]:
    """Net price of each slot when it is sold on that line.

    A package costs what its card says for each issue on whose day the card holds, shared out by list price; make-goods and
    added value cost nothing.
    """
    if line.kind != LineKind.SPONSORSHIP:
        return [Decimal(0)] * len(slots)
    listed = [known.price(slot.placement_id, slot.issue.planned_for) for slot in slots]
    asked = [_discounted(price, line.discount) for price in listed]
    if line.package is not None:
        asked = _packaged(line, line.package, slots, asked, listed, known=known)
    return asked


def net(insertions: Iterable[Insertion], *, known: PriceList) -> dict[int, Decimal]:
    """Net price of each insertion by key: the frozen one, else what the rate card says today."""
    found: dict[int, Decimal] = {}
    open_lines: dict[LineItem, list[Insertion]] = {}
    for each in insertions:
        if each.price is None:
            open_lines.setdefault(each.line, []).append(each)
        else:
            found[each.pk] = each.price
    for line, unpriced in open_lines.items():
        asked = prices(line, [each.slot for each in unpriced], known=known)
        found |= {each.pk: price for each, price in zip(unpriced, asked, strict=True)}
    return found


def unpriced(insertions: Iterable[Insertion], *, known: PriceList) -> list[Insertion]:
    """Sponsorships that would be approved at nothing because no rate card names a price: nobody decided to give them away."""
    open_ones = [each for each in insertions if each.price is None and each.line.kind == LineKind.SPONSORSHIP]
    asked = net(open_ones, known=known)
    return [
        each
        for each in open_ones
        if not asked[each.pk] and not known.price(each.slot.placement_id, each.slot.issue.planned_for)
    ]


def order_total(insertions: Sequence[Insertion], *, known: PriceList) -> Decimal:
    """What an order is worth: insertions that were moved or cancelled cost nothing."""
    counted = [
        each for each in insertions if each.status not in (InsertionStatus.MOVED, InsertionStatus.CANCELLED)
    ]
    return sum(net(counted, known=known).values(), Decimal(0))


def _packaged(
    line: LineItem,
    package: Package,
    slots: Sequence[Slot],
    asked: Sequence[Decimal],
    listed: Sequence[Decimal],
    *,
    known: PriceList,
) -> list[Decimal]:
    """The package's price in each issue where all its placements stand together; elsewhere what is ``asked`` for each.

    The whole is discounted, and then shared out: of parts, each would be rounded.
    """
    price = _discounted(package.price, line.discount)
    wanted = sorted(placement.pk for placement in package.placements.all())
    by_issue: dict[int, list[int]] = {}
    for index, slot in enumerate(slots):
        if not known.has(package.card, slot.issue.planned_for):
            continue
        by_issue.setdefault(slot.issue_id, []).append(index)
    shared = list(asked)
    for indexes in by_issue.values():
        if sorted(slots[index].placement_id for index in indexes) == wanted:
            parts = _shares(price, [listed[index] for index in indexes])
            for index, part in zip(indexes, parts, strict=True):
                shared[index] = part
    return shared


def _shares(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """``total`` shared out by weight, to the cent: each part is what is due so far less what was given, so none is negative."""
    if not sum(weights):
        weights = [Decimal(1)] * len(weights)
    due = [_cents(total * sofar / sum(weights)) for sofar in accumulate(weights)]
    return [after - before for before, after in pairwise([Decimal(0), *due])]


def _discounted(price: Decimal, percent: Decimal) -> Decimal:
    return _cents(price * (100 - percent) / 100)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
