"""Issues that do not exist yet, but will: planned ahead from the days on which a publication appears."""

import datetime

from django.db import transaction

from issues import starting
from issues.models import Issue, Publication

__all__ = ["appears", "plan", "plan_ahead"]


def appears(publication: Publication, day: datetime.date, holidays: frozenset[datetime.date]) -> bool:
    """Whether the publication has an issue on that day."""
    return day.weekday() in publication.weekdays and day not in holidays


def plan_ahead(publication: Publication, *, now: datetime.datetime) -> list[Issue]:
    """Plan as many weeks ahead as the publication says, from tomorrow on its calendar."""
    today = now.astimezone(publication.zone).date()
    until = today + datetime.timedelta(weeks=publication.weeks_ahead)
    return plan(publication, since=today + datetime.timedelta(days=1), until=until, now=now)


@transaction.atomic
def plan(
    publication: Publication, *, since: datetime.date, until: datetime.date, now: datetime.datetime
) -> list[Issue]:
    """An untouched issue for each day of appearance from ``since`` to ``until`` that has none. A cancelled issue keeps its day
    empty: somebody decided that."""
    # Two planners at once, such as the beat and a command, would each find the days empty.
    list(Publication.objects.select_for_update(no_key=True).filter(pk=publication.pk).values_list("pk"))
    holidays = frozenset(publication.holidays.values_list("day", flat=True))
    taken = set(
        publication.issues.filter(planned_for__range=(since, until)).values_list("planned_for", flat=True)
    )
    days = [since + datetime.timedelta(days=each) for each in range((until - since).days + 1)]
    return [
        starting.start(publication, title="", planned_for=day, by=None, now=now)
        for day in days
        if day not in taken and appears(publication, day, holidays)
    ]
