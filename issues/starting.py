"""A new issue: from the rundown, from a draft, or from an earlier issue."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.html import escape

from issues import composing, history, richtext
from issues.blocks import registry
from issues.importing import Draft, Found
from issues.models import Block, Issue, IssueEvent, Publication
from issues.models.issue import free_slug
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person

__all__ = ["start", "start_from_draft", "start_from_issue"]


@transaction.atomic
def start(
    publication: Publication, *, title: str, planned_for: datetime.date, by: Person, now: datetime.datetime
) -> Issue:
    """A new issue with the empty blocks of the publication's rundown."""
    issue = _new(publication, title, planned_for, by, now)
    kinds = [registry.kind(name) for name in publication.rundown]
    Block.objects.bulk_create(
        Block(
            issue=issue, kind=kind.kind, version=kind.version, data=kind.dump(kind.data()), position=position
        )
        for position, kind in enumerate(kinds)
    )
    return issue


@transaction.atomic
def start_from_draft(
    publication: Publication, draft: Draft, *, planned_for: datetime.date, by: Person, now: datetime.datetime
) -> Issue:
    """A new issue with the blocks that the reader found; what a kind cannot take in becomes a story, never nothing.

    Raises ``Refused`` if there are more blocks than an issue holds.
    """
    if len(draft.blocks) > composing.BLOCKS_AT_MOST:
        raise Refused(
            f"This draft has {len(draft.blocks)} blocks; an issue has at most {composing.BLOCKS_AT_MOST}. Split it and try again."
        )
    issue = _new(publication, draft.title or "", planned_for, by, now)
    taken_in = [_taken_in(issue, found) for found in draft.blocks]
    Block.objects.bulk_create(
        Block(issue=issue, kind=kind.kind, version=kind.version, data=kind.dump(data), position=position)
        for position, (kind, data) in enumerate(taken_in)
    )
    composing.project(issue)
    history.record(issue, by=by, now=now, name="Read from a draft")
    return issue


@transaction.atomic
def start_from_issue(
    earlier: Issue, *, title: str, planned_for: datetime.date, by: Person, now: datetime.datetime
) -> Issue:
    """A new issue with the blocks of an earlier one. Words are copied; bookings are deals and stay where they are."""
    issue = _new(earlier.publication, title, planned_for, by, now)
    Block.objects.bulk_create(
        Block(
            issue=issue,
            kind=row.kind,
            version=row.version,
            data=row.data,
            unread=row.unread,
            position=position,
        )
        for position, row in enumerate(earlier.blocks.standing())
    )
    composing.project(issue)
    history.record(issue, by=by, now=now, name=f"Copied from “{earlier}”"[:120])
    return issue


def _new(
    publication: Publication, title: str, planned_for: datetime.date, by: Person, now: datetime.datetime
) -> Issue:
    issue = _planned(publication, title, planned_for, by, now) or Issue.objects.create(
        publication=publication,
        title=title[:200],
        slug=free_slug(publication, title, planned_for),
        planned_for=planned_for,
        created_by=by,
        changed_at=now,
    )
    IssueEvent.objects.create(issue=issue, at=now, by=by, what="started")
    return issue


def _planned(
    publication: Publication, title: str, day: datetime.date, by: Person, now: datetime.datetime
) -> Issue | None:
    """The issue that was planned for that day, emptied of its blank blocks: what is sold in it stands."""
    # Locked: of two who start at once only one takes it over.
    rows = publication.issues.untouched().select_for_update(of=("self",), no_key=True)
    issue = rows.filter(planned_for=day).first()
    if issue is None:
        return None
    issue.blocks.all().delete()
    issue.title, issue.created_by, issue.changed_at = title[:200], by, now
    issue.slug = free_slug(publication, title, day, but=issue)
    issue.save(update_fields=["title", "created_by", "changed_at", "slug"])
    return issue


def _taken_in(issue: Issue, found: Found) -> tuple[Any, Any]:
    kind = registry.kind(found.kind)
    try:
        return kind, kind.adopt(issue, kind.load(found.data), found.found)
    except Refused:
        return registry.kind("story"), _as_story(found)


def _as_story(found: Found) -> Any:
    """All its words: as its kind found them, else as they stood in the draft."""
    words = {name: str(value) for name, value in found.found.items() if value}
    url, sponsor = words.get("url", ""), words.get("sponsor", "")
    body = words.get("body") or richtext.from_markup(found.source)
    if url and url not in body:
        body += richtext.clean(f'<p><a href="{escape(url)}">{escape(url)}</a></p>')
    heading = ": ".join(filter(None, [words.get("heading"), sponsor, words.get("headline")]))
    return registry.kind("story").data(heading=heading[:200], body=body)
