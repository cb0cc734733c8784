"""When things are due: counted back from the send in business days. Pure, so that a moved issue moves its deadlines."""

import datetime
from collections.abc import Set
from dataclasses import dataclass

from issues.models import Issue
from newsroom.lib import wallclock
from newsroom.lib.errors import Refused
from sponsors.models import Placement

__all__ = ["Deadlines", "business_days_before", "due", "of", "send_at"]

SATURDAY = 5


@dataclass(frozen=True)
class Deadlines:
    """Moments, in the publication's zone: creative, proof and send in this order; a placement may sell until the last day."""

    book_by: datetime.datetime
    creative_due: datetime.datetime
    proof_due: datetime.datetime
    send_at: datetime.datetime


def of(issue: Issue, placement: Placement, holidays: Set[datetime.date] = frozenset()) -> Deadlines:
    """The deadlines of a placement in an issue. ``holidays`` are the publication's, which are no business days."""
    at = send_at(issue)
    book, creative, proof = (
        business_days_before(at, days, holidays)
        for days in (placement.book_days, placement.creative_days, placement.proof_days)
    )
    return Deadlines(book_by=book, creative_due=min(creative, proof), proof_due=proof, send_at=at)


def due(issue: Issue, placement: Placement) -> Deadlines:
    """The same, with the holidays of the publication read from their rows."""
    return of(issue, placement, frozenset(issue.publication.holidays.values_list("day", flat=True)))


def send_at(issue: Issue) -> datetime.datetime:
    """When the issue usually goes out on its day."""
    publication = issue.publication
    try:
        return wallclock.moment(issue.planned_for, publication.usual_time, publication.zone, fold=0)
    except wallclock.Gap as gap:
        return gap.instead
    except Refused:  # a year of which nobody knows the clocks
        return datetime.datetime.combine(issue.planned_for, publication.usual_time, datetime.UTC)


def business_days_before(
    at: datetime.datetime, days: int, holidays: Set[datetime.date] = frozenset()
) -> datetime.datetime:
    """The same time of day, so many business days earlier. Weekends and ``holidays`` do not count.

    A time that the clock skips on that day is the one that it shows instead.
    """
    day = at.date()
    while days:
        day -= datetime.timedelta(days=1)
        if day.weekday() < SATURDAY and day not in holidays:
            days -= 1
    then = at.replace(year=day.year, month=day.month, day=day.day, fold=0)
    return then.astimezone(datetime.UTC).astimezone(at.tzinfo)
