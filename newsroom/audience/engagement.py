"""Who reads what they get: the only writer of ``engaged_at`` and ``opened_at``."""

import datetime
from collections.abc import Collection

from django.db.models import Q

from newsroom.audience.models import Subscription

__all__ = ["followed", "opened"]


def followed(subscriptions: Collection[int], *, at: datetime.datetime) -> None:
    """They followed a link, at that moment or a little before."""
    _no_earlier_than(subscriptions, "engaged_at", at)


def opened(subscriptions: Collection[int], *, at: datetime.datetime) -> None:
    """They let an image be fetched, at that moment or a little before."""
    _no_earlier_than(subscriptions, "opened_at", at)


def _no_earlier_than(subscriptions: Collection[int], field: str, at: datetime.datetime) -> None:
    """Batches may come in out of order; the latest moment stands. One statement, however many they are."""
    if subscriptions:
        before = Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lt": at})
        Subscription.objects.filter(before, pk__in=subscriptions).update(**{field: at})
