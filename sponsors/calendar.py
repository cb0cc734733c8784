"""The calendar's reads: what is open, held, sold and closed, by day and placement, in a handful of queries."""

import datetime
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q

from issues import planning
from issues.models import Holiday, Issue, Publication, Status
from newsroom.lib.people import called
from sponsors.models import (
    TAKES_SLOT,
    Decision,
    Hold,
    InsertionStatus,
    InvoiceLine,
    Placement,
    Proof,
    RateCardItem,
    Slot,
    VersionStatus,
)

__all__ = ["Board", "Cell", "Day", "Week", "board", "publications"]

MONDAY = datetime.timedelta(weeks=1)


@dataclass(frozen=True)
class Column:
    """One slot of every issue: a placement, and which of its slots where it has several."""

    placement: Placement
    ordinal: int
    price: str = ""

    @property
    def name(self) -> str:
        return f"{self.placement} {self.ordinal}" if self.placement.capacity > 1 else str(self.placement)


@dataclass(frozen=True)
class Cell:
    """One slot of one issue. ``state`` is open, held, booked, ran, missed, blocked, unsold or closed; ``name`` says it all for
    those who hear it; ``key`` names the slot whether its row is there or not."""

    key: str
    column: str
    state: str
    name: str
    words: str = ""
    detail: str = ""
    flag: str = ""
    insertion: int | None = None

    @property
    def sold(self) -> bool:
        return self.state in ("booked", "ran", "missed")


@dataclass(frozen=True)
class Day:
    """A day with an issue and its slots, or one on which the publication should appear and has none (``note``)."""

    date: datetime.date
    issue: Issue | None = None
    cells: tuple[Cell, ...] = ()
    note: str = ""

    @property
    def sold(self) -> int:
        return sum(cell.sold for cell in self.cells)

    @property
    def held(self) -> int:
        return sum(cell.state == "held" for cell in self.cells)

    @property
    def unsettled(self) -> int:
        """Insertions that wait for somebody to settle what a move or a cancellation means for them."""
        return sum(cell.flag == "unsettled" for cell in self.cells)

    @property
    def for_sale(self) -> int:
        """Slots that could be sold: neither blocked nor closed."""
        return sum(cell.state not in ("blocked", "closed") for cell in self.cells)


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday."""

    monday: datetime.date
    days: tuple[Day, ...]

    @property
    def sold(self) -> int:
        return sum(day.sold for day in self.days)

    @property
    def for_sale(self) -> int:
        return sum(day.for_sale for day in self.days)

    @property
    def sell_through(self) -> int:
        """Percent of the slots for sale that are sold."""
        return round(100 * self.sold / self.for_sale) if self.for_sale else 0


@dataclass(frozen=True)
class Board:
    """The calendar of one publication."""

    publication: Publication
    columns: tuple[Column, ...]
    weeks: tuple[Week, ...]
    since: datetime.date
    until: datetime.date

    @property
    def sold(self) -> int:
        return sum(week.sold for week in self.weeks)

    @property
    def for_sale(self) -> int:
        return sum(week.for_sale for week in self.weeks)

    @property
    def days(self) -> Iterator[Day]:
        return (day for week in self.weeks for day in week.days)


def publications() -> dict[Publication, list[Placement]]:
    """Every publication with its placements, in one query; retired ones are shown while something is sold in them."""
    found: dict[Publication, list[Placement]] = {}
    rows = Placement.objects.select_related("publication")
    for each in rows.order_by("publication__name", "position", "pk"):
        found.setdefault(each.publication, []).append(each)
    return found


def board(
    publication: Publication,
    placements: Sequence[Placement],
    *,
    since: datetime.date,
    weeks: int,
    now: datetime.datetime,
) -> Board:
    """So many weeks from the Monday of ``since``."""
    monday = since - datetime.timedelta(days=since.weekday())
    until = monday + datetime.timedelta(weeks=weeks) - datetime.timedelta(days=1)
    reading = _Reading(publication, monday, until, now)
    shown = [each for each in placements if each.retired_at is None or each.pk in reading.taken]
    columns = tuple(_columns(publication, shown, monday))
    return Board(
        publication=publication,
        columns=columns,
        weeks=tuple(_week(monday + MONDAY * n, columns, reading) for n in range(weeks)),
        since=monday,
        until=until,
    )


class _Reading:
    """Everything the board is made of, read once."""

    def __init__(
        self, publication: Publication, since: datetime.date, until: datetime.date, now: datetime.datetime
    ) -> None:
        self.publication, self.now = publication, now
        self.today = now.astimezone(publication.zone).date()
        issues = Issue.objects.filter(publication=publication, planned_for__range=(since, until))
        self.issues: dict[datetime.date, list[Issue]] = {}
        for issue in issues.order_by("pk"):
            issue.publication = publication
            self.issues.setdefault(issue.planned_for, []).append(issue)
        keys = [issue.pk for day in self.issues.values() for issue in day]
        over = {issue.pk for day in self.issues.values() for issue in day if not issue.unsettled}
        slots = sorted(_slots(keys), key=lambda row: row["status"] in TAKES_SLOT)
        self.slots = {
            _key(row["issue"], row["placement"], row["ordinal"]): _as_seen(row, over)
            for row in slots  # of two in one slot, the one that takes it
        }
        self.taken = {row["placement"] for row in self.slots.values() if row["insertion"]}
        self._forget_cancelled()
        self.holds: dict[str, list[Hold]] = {}
        holds = Hold.objects.standing(now).filter(slot__issue__in=keys)
        for each in holds.select_related("slot", "advertiser", "owner"):
            key = _key(each.slot.issue_id, each.slot.placement_id, each.slot.ordinal)
            self.holds.setdefault(key, []).append(each)
        rows = Holiday.objects.filter(publication=publication, day__range=(since, until))
        self.holidays = {row.day: row.name or "holiday" for row in rows}

    def _forget_cancelled(self) -> None:
        """A cancelled issue stands in the calendar only while something that was sold in it waits to be settled."""
        waiting = {row["issue"] for row in self.slots.values() if row["status"] == InsertionStatus.BOOKED}
        for day, issues in list(self.issues.items()):
            left = [each for each in issues if each.status != Status.CANCELLED or each.pk in waiting]
            if left:
                self.issues[day] = left
            else:
                del self.issues[day]


def _key(issue: int, placement: int, ordinal: int) -> str:
    return f"{issue}.{placement}.{ordinal}"


def _as_seen(row: Mapping[str, Any], over: Set[int]) -> Mapping[str, Any]:
    """What was settled as missed in an issue that is still to come stands in nobody's way, nor in the calendar."""
    if row["status"] == InsertionStatus.MISSED and row["issue"] not in over:
        return {**row, "insertion": None, "status": None}
    return row


def _slots(issues: Sequence[int]) -> Any:
    """Slots that are sold or blocked, with what is sold in them: one query whatever is sold."""
    approved = Proof.objects.filter(
        insertion=OuterRef("sold__pk"), version=OuterRef("sold__version"), decision=Decision.APPROVED
    )
    billed = InvoiceLine.objects.filter(insertion=OuterRef("sold__pk"), void=False)
    taking = FilteredRelation(
        "insertions", condition=Q(insertions__status__in=(*TAKES_SLOT, InsertionStatus.MISSED))
    )
    return (
        Slot.objects.filter(issue__in=issues)
        .annotate(sold=taking)
        .filter(Q(sold__isnull=False) | ~Q(blocked_for=""))
        .values(
            "issue",
            "placement",
            "ordinal",
            "blocked_for",
            insertion=F("sold__pk"),
            status=F("sold__status"),
            advertiser=F("sold__line__order__advertiser__name"),
            late=F("sold__late_since"),
            agreed_for=F("sold__agreed_for"),
            version=F("sold__version__status"),
            approved=Exists(approved),
            billed=Exists(billed),
        )
    )


def _columns(
    publication: Publication, placements: Sequence[Placement], day: datetime.date
) -> Iterator[Column]:
    items = RateCardItem.objects.filter(card__publication=publication, card__valid_from__lte=day)
    held = items.filter(Q(card__valid_to__isnull=True) | Q(card__valid_to__gte=day)).select_related("card")
    prices: dict[int, str] = {}
    for item in held.order_by("card__valid_from", "card"):
        prices[item.placement_id] = _price(item.price, item.card.currency)
    for placement in placements:
        for ordinal in range(1, placement.capacity + 1):
            yield Column(placement, ordinal, prices.get(placement.pk, ""))


def _price(amount: Decimal, currency: str) -> str:
    return f"{amount:,.0f} {currency}"


def _week(monday: datetime.date, columns: Sequence[Column], reading: _Reading) -> Week:
    dates = [monday + datetime.timedelta(days=n) for n in range(7)]
    return Week(monday, tuple(day for date in dates for day in _days(date, columns, reading)))


def _days(date: datetime.date, columns: Sequence[Column], reading: _Reading) -> Iterator[Day]:
    for issue in reading.issues.get(date, ()):
        yield Day(date, issue, tuple(_cell(issue, column, reading) for column in columns))
    if date not in reading.issues:
        if date in reading.holidays:
            yield Day(date, note=f"No issue: {reading.holidays[date]}")
        elif planning.appears(reading.publication, date, frozenset()):
            yield Day(date, note="No issue is planned" if date >= reading.today else "No issue")


def _cell(issue: Issue, column: Column, reading: _Reading) -> Cell:
    key = _key(issue.pk, column.placement.pk, column.ordinal)
    stand = _stand(issue, column, key, reading)
    name = ", ".join(
        filter(
            None,
            [
                f"{issue.planned_for:%A} {issue.planned_for.day} {issue.planned_for:%B}",
                column.name,
                f"{SAID[stand.state]} {stand.words}".strip(),
                stand.detail,
            ],
        )
    )
    return Cell(key, column.name, name=name, **stand._asdict())


SAID = {
    "open": "open",
    "held": "held for",
    "booked": "booked by",
    "ran": "ran for",
    "missed": "missed for",
    "blocked": "not for sale:",
    "closed": "not sold on this day",
    "unsold": "was not sold",
}
"""The states in words, as a cell is read out."""


class _Stand(NamedTuple):
    """How it stands with a slot: the fields of its ``Cell`` that the slot itself decides."""

    state: str
    words: str = ""
    detail: str = ""
    flag: str = ""
    insertion: int | None = None


def _stand(issue: Issue, column: Column, key: str, reading: _Reading) -> _Stand:
    row: Mapping[str, Any] = reading.slots.get(key, {})
    if row.get("insertion"):
        state = {InsertionStatus.RAN: "ran", InsertionStatus.MISSED: "missed"}.get(row["status"], "booked")
        detail, flag = _creative(row, issue) if state == "booked" else ("", "")
        detail = ", ".join(filter(None, [detail, "invoiced" if row["billed"] else ""]))
        return _Stand(state, row["advertiser"], detail, flag, row["insertion"])
    if row.get("blocked_for"):
        return _Stand("blocked", row["blocked_for"])
    holds = reading.holds.get(key)
    if holds:
        return _Stand("held", holds[0].advertiser.name, _hold(holds, reading.now))
    if column.placement.retired_at or issue.planned_for.weekday() not in column.placement.weekdays:
        return _Stand("closed")
    over = not issue.unsettled or issue.planned_for < reading.today
    return _Stand("unsold" if over else "open")


def _creative(row: Mapping[str, Any], issue: Issue) -> tuple[str, str]:
    """Where it stands, first of all with its day, then with its creative; and the mark that says so."""
    if issue.status == Status.CANCELLED:
        return "its issue is cancelled", "unsettled"
    if row["agreed_for"] != issue.planned_for:
        return "its issue has moved", "unsettled"
    if row["late"]:
        return "late, something stands in", "warn"
    if row["version"] is None:
        return "no creative", "warn"
    if row["version"] == VersionStatus.SUBMITTED:
        return "waits for our review", ""
    if row["version"] != VersionStatus.REVIEWED:
        return "sent back", "warn"
    return ("approved", "ok") if row["approved"] else ("waits for the sponsor", "")


def _hold(holds: Sequence[Hold], now: datetime.datetime) -> str:
    first, *others = holds
    words = [f"{_left(first.expires_at - now)} left", f"by {called(first.owner)}"]
    if first.challenged_at:
        words.append("challenged")
    if others:
        words.append(
            f"2nd: {others[0].advertiser}" + (f" and {len(others) - 1} more" if len(others) > 1 else "")
        )
    return ", ".join(words)


def _left(time: datetime.timedelta) -> str:
    hours = time.total_seconds() / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} h" if hours >= 1 else f"{max(1, hours * 60):.0f} min"
