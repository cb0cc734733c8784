"""What happens by itself: issues are planned, holds tidied, links checked, people reminded, runs recorded."""

import datetime

from celery import shared_task
from django.db.models import QuerySet
from django.utils import timezone

from issues import planning
from issues.models import Publication
from newsroom.lib.reaching.visits import reach
from sponsors import affidavits, holding, inventory, reminding
from sponsors.models import CreativeVersion, InsertionStatus

CHECK_AGAIN = datetime.timedelta(hours=12)
CHECKED_AT_ONCE = 20


@shared_task
def plan_ahead() -> None:
    """Plan issues as far ahead as each publication says, and lay out their slots."""
    now = timezone.now()
    for publication in Publication.objects.filter(weeks_ahead__gt=0):
        inventory.lay_out(planning.plan_ahead(publication, now=now))


@shared_task
def tidy_holds() -> None:
    """Mark holds that ran out; nothing depends on when."""
    holding.tidy(now=timezone.now())


@shared_task
def remind() -> None:
    """Mail what is due."""
    reminding.send_due(now=timezone.now())


@shared_task
def record_runs() -> None:
    """Say of every sent insertion whether it ran."""
    affidavits.record_all(now=timezone.now())


@shared_task
def check_links() -> None:
    """Ask whether the links of booked messages answer; again twice a day until they have run."""
    now = timezone.now()
    for version in _unchecked(now)[:CHECKED_AT_ONCE]:
        found = reach(version.url)
        CreativeVersion.objects.filter(pk=version.pk).update(
            link_checked_at=now, link_ok=found.ok or found.turned_away, link_found=found.sentence[:300]
        )


def _unchecked(now: datetime.datetime) -> QuerySet[CreativeVersion]:
    booked = CreativeVersion.objects.filter(insertions__status=InsertionStatus.BOOKED).exclude(url="")
    never = booked.filter(link_checked_at=None)
    stale = booked.filter(link_checked_at__lt=now - CHECK_AGAIN)
    return (never | stale).distinct().order_by("link_checked_at", "pk")
