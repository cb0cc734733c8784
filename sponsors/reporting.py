"""What a sponsor got for the money: figures per insertion, per order and for twins, beside the placement's usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.db.models import Count, Q
from django.db.models.functions import Coalesce

from issues.clicks import RULES
from issues.models import Click
from newsroom.lib.text import listed
from sponsors.models import Insertion, InsertionOrder, InsertionStatus, Placement, RunRecord

__all__ = ["OPENS", "RULE", "Figures", "Report", "Twins", "figures", "report", "twin_words"]

LOOKED_BACK = 30
"""Insertions of a placement that make its usual."""
RULE = "A click does not count as a person’s if it " + "; or ".join(RULES.values()) + "."
OPENS = "Opens are not reported: mail programs open mails by themselves, so a count of opens includes machine opens."


@dataclass(frozen=True)
class Figures:
    """One insertion that ran. ``raw`` are all clicks, ``filtered`` those of people, ``people`` how many different ones, as far
    as we know who they are.

    ``usual`` is the placement's median of people per delivered mail, over its latest other insertions; None while there are
    none.
    """

    insertion: Insertion
    delivered: int
    raw: int
    filtered: int
    people: int
    usual: float | None

    @property
    def rate(self) -> float | None:
        """People who clicked, per delivered mail."""
        return self.people / self.delivered if self.delivered else None

    @property
    def against_usual(self) -> int | None:
        """Percent above (or below) the placement's usual."""
        if self.rate is None or not self.usual:
            return None
        return round(100 * (self.rate / self.usual - 1))


@dataclass(frozen=True)
class Twins:
    """Insertions of one order in one issue: people who clicked in any of them."""

    insertions: tuple[Insertion, ...]
    people: int


@dataclass(frozen=True)
class Report:
    """An order: its insertions that ran, twins, and the sums. ``people`` may count somebody once for each issue."""

    order: InsertionOrder
    rows: tuple[Figures, ...]
    twins: tuple[Twins, ...]
    missed: tuple[Insertion, ...]
    to_come: int

    @property
    def delivered(self) -> int:
        """Mails that carried at least one of the insertions."""
        carried: dict[int, int] = {}
        for row in self.rows:
            issue = row.insertion.slot.issue_id
            carried[issue] = max(row.delivered, carried.get(issue, 0))
        return sum(carried.values())

    @property
    def raw(self) -> int:
        return sum(row.raw for row in self.rows)

    @property
    def filtered(self) -> int:
        return sum(row.filtered for row in self.rows)


def report(order: InsertionOrder) -> Report:
    """Everything there is to say about an order."""
    rows = list(
        Insertion.objects.filter(line__order=order)
        .whole()
        .select_related("run_record", "make_good")
        .order_by("slot__issue__planned_for", "slot__placement__position")
    )
    ran = [row for row in rows if row.status == InsertionStatus.RAN]
    return Report(
        order=order,
        rows=tuple(figures(ran)),
        twins=tuple(_twins(ran)),
        missed=tuple(row for row in rows if row.status == InsertionStatus.MISSED),
        to_come=sum(row.status == InsertionStatus.BOOKED for row in rows),
    )


def figures(ran: Sequence[Insertion]) -> list[Figures]:
    """The figures of insertions that ran."""
    counted = _counted([each.token for each in ran])
    rates = {placement: _rates(placement) for placement in {each.slot.placement for each in ran}}
    return [
        Figures(
            insertion=each,
            delivered=_delivered(each),
            usual=_usual(rates[each.slot.placement], but=each),
            **counted.get(each.token, {"raw": 0, "filtered": 0, "people": 0}),
        )
        for each in ran
    ]


def _delivered(insertion: Insertion) -> int:
    """How many readers have a copy with it."""
    record: RunRecord | None = getattr(insertion, "run_record", None)
    if record is not None and record.readers is not None:
        return record.readers
    return insertion.slot.issue.delivered or 0


def _counted(tokens: Sequence[str]) -> dict[str, dict[str, int]]:
    human, known = Q(verdict=""), ~Q(reader="")
    rows = (
        Click.objects.filter(mark__in=tokens)
        .values("mark")
        .annotate(
            raw=Count("pk"),
            filtered=Count("pk", filter=human),
            people=Count("reader", filter=human & known, distinct=True),
        )
        .order_by()
    )
    return {
        row["mark"]: {"raw": row["raw"], "filtered": row["filtered"], "people": row["people"]} for row in rows
    }


def _usual(rates: Mapping[str, float], *, but: Insertion) -> float | None:
    """The median of the others: nobody is compared with themselves."""
    others = [rate for token, rate in rates.items() if token != but.token]
    return median(others) if others else None


def _rates(placement: Placement) -> dict[str, float]:
    """People per delivered mail of the placement's latest insertions, by token."""
    latest = (
        Insertion.objects.filter(slot__placement=placement, status=InsertionStatus.RAN)
        .order_by("-slot__issue__planned_for")
        .values_list("token", Coalesce("run_record__readers", "slot__issue__delivered"))[:LOOKED_BACK]
    )
    sent = [(token, delivered) for token, delivered in latest if delivered]
    people = {token: counts["people"] for token, counts in _counted([token for token, _ in sent]).items()}
    return {token: people.get(token, 0) / delivered for token, delivered in sent}


def _twins(ran: Sequence[Insertion]) -> list[Twins]:
    together: dict[int, list[Insertion]] = {}
    for each in ran:
        together.setdefault(each.slot.issue_id, []).append(each)
    return [
        Twins(tuple(group), _people([each.token for each in group]))
        for group in together.values()
        if len(group) > 1
    ]


def _people(tokens: Sequence[str]) -> int:
    named = Click.objects.human().filter(mark__in=tokens).exclude(reader="")
    return named.values("issue", "reader").distinct().count()


def twin_words(twins: Twins) -> str:
    """“Primary and Closing on Tue 4 Mar”."""
    day = twins.insertions[0].slot.issue.planned_for
    return f"{listed([each.slot.name for each in twins.insertions])} on {day:%a} {day.day} {day:%b}"
