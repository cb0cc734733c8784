"""The house's own promotions: they stand where nothing is sold, the most important first. The only writer of them."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from issues.models import Publication
from newsroom.lib.errors import NotNow
from newsroom.lib.people import Person, called
from sponsors import trafficking, trail
from sponsors.models import Advertiser, Creative, CreativeVersion

__all__ = ["end", "promote", "promotions"]

HOUSE = "The house"


def promotions() -> list[tuple[Creative, CreativeVersion]]:
    """Those that run, each with its newest words, the most important first."""
    rows = CreativeVersion.objects.filter(creative__advertiser__house=True, creative__ended_at=None)
    newest: dict[Creative, CreativeVersion] = {}
    for version in rows.select_related("creative__publication", "image").order_by(
        "-creative__priority", "creative", "-number"
    ):
        newest.setdefault(version.creative, version)
    return list(newest.items())


@transaction.atomic
def promote(
    words: Mapping[str, Any],
    *,
    name: str,
    priority: int,
    publication: Publication | None,
    by: Person,
    now: datetime.datetime,
    before: Creative | None = None,
) -> CreativeVersion:
    """A new promotion, or a new version of one that is there. Nobody outside has to approve what is our own."""
    if before is not None and before.ended_at:
        raise NotNow("This promotion has ended. Make another.")
    house = Advertiser.objects.filter(house=True).order_by("pk").first()
    creative = before or Creative(advertiser=house or Advertiser.objects.create(name=HOUSE, house=True))
    creative.name, creative.priority, creative.publication = name, priority, publication
    creative.save()
    version = trafficking.reviewed(creative, words, who=called(by), by=by, now=now)
    trail.note(
        "house promotion",
        by=by,
        now=now,
        words=f"{name}, version {version.number}",
        advertiser=creative.advertiser,
    )
    return version


@transaction.atomic
def end(creative: Creative, *, by: Person, now: datetime.datetime) -> None:
    """It runs no more; editions in which it stood keep it."""
    if creative.ended_at is None:
        creative.ended_at = now
        creative.save(update_fields=["ended_at"])
        trail.note(
            "house promotion ended", by=by, now=now, words=creative.name, advertiser=creative.advertiser
        )
