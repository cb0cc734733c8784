"""How a list has grown: who asked, confirmed, left, bounced and complained in each week, and how many they were at its end.

Read from the rows of who is known today, so the steps of each week and the sizes between them always agree.
"""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DateTimeField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from newsroom.audience.models import GONE, Status, Subscription

__all__ = ["RULE", "Week", "growth"]

RULE = (
    "A week begins on Monday, on the publication’s clock. “Asked” are all sign-ups and imported rows, “confirmed” are those who "
    "became active; an imported reader is both. A reader who left and came back counts from their return on, and one whose data "
    "were erased is not counted any more."
)
WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """A week of a list. ``size`` is how many were active when it ended, or are now in the week that is not over yet."""

    begins: datetime.date
    asked: int
    confirmed: int
    left: int
    bounced: int
    complained: int
    size: int

    @property
    def net(self) -> int:
        """How many more they became."""
        return self.confirmed - self.left - self.bounced - self.complained


def growth(slug: str, *, weeks: int, zone: ZoneInfo, now: datetime.datetime) -> list[Week]:
    """The latest weeks of a publication's list, the present one last. Four queries, however long the list is."""
    today = now.astimezone(zone).date()
    this = today - datetime.timedelta(days=today.weekday())
    mondays = [this - back * WEEK for back in range(weeks)]
    begins = {monday: datetime.datetime.combine(monday, datetime.time(), zone) for monday in mondays}
    readers = Subscription.objects.filter(mailing_list__slug=slug)
    asked = _by_week(readers, F("asked_at"), begins)
    confirmed = _by_week(_ever_active(readers), _began(), begins)
    gone = _by_week(_ever_active(readers).filter(status__in=GONE), F("left_at"), begins)
    size = readers.filter(status=Status.ACTIVE).count()
    return _backwards(mondays, _Steps(asked, confirmed, gone), size)


_Counts = Counter[tuple[datetime.date, str]]
"""Readers by week and by their status of today."""


@dataclass(frozen=True)
class _Steps:
    asked: _Counts
    confirmed: _Counts
    gone: _Counts


def _backwards(mondays: Sequence[datetime.date], steps: _Steps, size: int) -> list[Week]:
    """From the size that we know, today's, to those before it."""
    weeks = []
    for monday in mondays:
        week = Week(
            begins=monday,
            asked=_all(steps.asked, monday),
            confirmed=_all(steps.confirmed, monday),
            left=steps.gone[monday, Status.UNSUBSCRIBED],
            bounced=steps.gone[monday, Status.BOUNCED],
            complained=steps.gone[monday, Status.COMPLAINED],
            size=size,
        )
        weeks.append(week)
        size -= week.net
    return weeks[::-1]


def _ever_active(readers: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Readers who left before confirming were never counted, so they are not taken away."""
    return readers.filter(Q(status=Status.ACTIVE) | Q(status__in=GONE, confirmed_at__isnull=False))


def _began() -> Coalesce:
    """When they became active; of rows from before we kept that, when they came."""
    return Coalesce("confirmed_at", "asked_at", output_field=DateTimeField())


def _by_week(
    readers: QuerySet[Subscription],
    moment: F | Coalesce,
    begins: Mapping[datetime.date, datetime.datetime],
) -> _Counts:
    """By the Monday of the week in which the moment lies. ``begins`` are weeks and their first moments, the latest week first: to
    compare with those takes SQLite a sixth of the time of finding the week of a moment."""
    mondays = list(begins)
    weeks = [When(moment__gte=begins[monday], then=Value(n)) for n, monday in enumerate(mondays)]
    rows = (
        readers.annotate(moment=moment)
        .filter(moment__gte=begins[mondays[-1]])
        .annotate(week=Case(*weeks, output_field=IntegerField()))
        .order_by()
        .values_list("week", "status")
        .annotate(Count("pk"))
    )
    return Counter({(mondays[week], status): number for week, status, number in rows})


def _all(counts: _Counts, monday: datetime.date) -> int:
    return sum(counts[monday, status] for status in Status)
