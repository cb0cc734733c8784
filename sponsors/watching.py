"""The radar over an issue: stories that name the day's advertisers, their parents or rivals.

For editors and ad operations only.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects

from issues import richtext
from issues.blocks.base import Placed
from issues.models import Issue
from issues.snapshot import standing
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person
from sponsors import radar, trail
from sponsors.models import Advertiser, Insertion, SeenClash

__all__ = ["Watched", "keep", "watched"]

SPONSOR = "sponsor_slot"


@dataclass(frozen=True)
class Watched:
    """A sighting with whom it is about; ``kept`` is what somebody decided about it."""

    sighting: radar.Sighting
    advertiser: Advertiser
    insertions: tuple[Insertion, ...]
    kept: SeenClash | None = None

    @property
    def uid(self) -> UUID:
        return UUID(self.sighting.uid)


def watched(issue: Issue, booked: Sequence[Insertion] | None = None) -> list[Watched]:
    """What the radar finds in the issue. ``booked`` is what is sold in it, if somebody has read it already."""
    if booked is None:
        booked = list(Insertion.objects.booked().in_issue(issue.pk).whole())
    if not booked:
        return []
    advertisers = {each.advertiser.pk: each.advertiser for each in booked}
    prefetch_related_objects(list(advertisers.values()), "parents", "rivals")
    stories = [_story(each) for each in standing(issue) if each.kind != SPONSOR]
    parties = {each.name: each for each in advertisers.values()}
    sightings = radar.found(stories, [_party(each, booked) for each in advertisers.values()])
    kept = {
        (each.block_uid, each.advertiser_id, each.name): each
        for each in issue.seen_clashes.select_related("by")
    }
    return [_watched(sighting, parties[sighting.party], booked, kept) for sighting in sightings]


@transaction.atomic
def keep(issue: Issue, found: Watched, *, reason: str, by: Person, now: datetime.datetime) -> SeenClash:
    """Somebody has looked, and leaves it as it is. Raises ``Refused`` without a reason."""
    if not reason.strip():
        raise Refused("Say why it stays as it is.")
    seen, _ = SeenClash.objects.update_or_create(
        issue=issue, block_uid=found.uid, advertiser=found.advertiser, name=found.sighting.name_found[:120],
        defaults={"reason": reason.strip()[:300], "by": by, "at": now},
    )  # fmt: skip
    words = f"{found.sighting.sentence} Kept: {reason}"
    trail.note("radar", by=by, now=now, words=words, advertiser=found.advertiser, issue=issue)
    return seen


def _watched(
    sighting: radar.Sighting,
    advertiser: Advertiser,
    booked: Sequence[Insertion],
    kept: dict[tuple[UUID, int, str], SeenClash],
) -> Watched:
    own = tuple(each for each in booked if each.advertiser == advertiser)
    key = (UUID(sighting.uid), advertiser.pk, sighting.name_found[:120])
    return Watched(sighting, advertiser, own, kept.get(key))


def _story(block: Placed[Any]) -> radar.Story:
    """All words of a block, whatever its kind: its rich text, lists and one-line fields."""
    heading = str(getattr(block.data, "heading", ""))
    texts = [
        value for name, value in vars(block.data).items() if name != "heading" for value in _texts(value)
    ]
    return radar.Story(
        uid=str(block.uid), heading=heading, text="\n".join(texts), lead=block.kind == "lead_story"
    )


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [richtext.plain(value) if "<" in value else value]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    return (
        [text for inner in vars(value).values() for text in _texts(inner)]
        if hasattr(value, "__dataclass_fields__")
        else []
    )


def _party(advertiser: Advertiser, booked: Sequence[Insertion]) -> radar.Party:
    return radar.Party(
        name=advertiser.name,
        aliases=tuple(line.strip() for line in advertiser.other_names.splitlines() if line.strip()),
        parents=tuple(each.name for each in advertiser.parents.all()),
        rivals=tuple(each.name for each in advertiser.rivals.all()),
        placements=tuple(each.slot.name for each in booked if each.advertiser == advertiser),
    )
