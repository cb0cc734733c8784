"""An issue as plain values: everything that rendering needs, and nothing that can change behind its back."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from issues.blocks import registry
from issues.blocks.base import Facts, Placed
from issues.models import Issue, Publication
from issues.theme import Theme


@dataclass(frozen=True)
class Masthead:
    """The publication at the head and foot of an issue. Addresses are absolute."""

    name: str
    words: str
    tagline: str
    language: str
    postal_address: str
    theme: Theme
    home_url: str
    logo: Facts | None = None


@dataclass(frozen=True)
class Block:
    """One block with what its kind gathered from rows."""

    uid: UUID
    kind: str
    data: Any
    facts: Facts


@dataclass(frozen=True)
class Snapshot:
    """One issue at one moment."""

    title: str
    subject: str
    preheader: str
    day: datetime.date
    url: str
    site_url: str
    masthead: Masthead
    blocks: tuple[Block, ...]


def take(issue: Issue, placed: Sequence[Placed[Any]] | None = None) -> Snapshot:
    """Gather an issue from its rows, or with other blocks than those that stand in it. The last step that reads the
    database before rendering."""
    placed = standing(issue) if placed is None else placed
    facts = _gathered(issue, placed)
    return Snapshot(
        title=issue.title,
        subject=issue.subject_line,
        preheader=issue.preheader,
        day=issue.planned_for,
        url=f"{settings.SITE_URL}/{issue.publication.slug}/{issue.slug}/",
        site_url=settings.SITE_URL,
        masthead=masthead(issue.publication),
        blocks=tuple(Block(each.uid, each.kind, each.data, facts.get(each.uid, {})) for each in placed),
    )


def standing(issue: Issue) -> list[Placed[Any]]:
    """The issue's blocks in reading order, parsed."""
    rows = issue.blocks.standing()
    return [
        Placed(row.uid, row.kind, registry.kind(row.kind).load(row.data, row.version), position)
        for position, row in enumerate(rows)
    ]


def by_kind(placed: Sequence[Placed[Any]]) -> Mapping[str, list[Placed[Any]]]:
    """The blocks of each registered kind; kinds without a block have an empty list."""
    groups: dict[str, list[Placed[Any]]] = {kind.kind: [] for kind in registry.kinds()}
    for each in placed:
        groups[each.kind].append(each)
    return groups


def _gathered(issue: Issue, placed: Sequence[Placed[Any]]) -> dict[UUID, Facts]:
    facts: dict[UUID, Facts] = {}
    for kind, blocks in by_kind(placed).items():
        if blocks:
            facts |= registry.kind(kind).gather(issue, blocks)
    return facts


def masthead(publication: Publication) -> Masthead:
    return Masthead(
        name=publication.name,
        words=publication.masthead or publication.name,
        tagline=publication.tagline,
        language=publication.language,
        postal_address=publication.postal_address,
        theme=publication.theme,
        home_url=f"{settings.SITE_URL}/{publication.slug}/",
        logo=publication.logo.facts() if publication.logo else None,
    )
