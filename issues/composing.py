"""Writing an issue: the only writer of its words, its blocks and their order."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.html import escape

from issues import richtext
from issues.blocks import registry
from issues.importing import Draft, Found
from issues.models import Block, Issue, IssueEvent, Publication
from issues.models.issue import free_slug
from issues.snapshot import by_kind, standing
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person

__all__ = [
    "add_block",
    "copy_block",
    "describe",
    "edit_block",
    "move_block",
    "order_blocks",
    "project",
    "put_back",
    "remove_block",
    "start",
    "start_from_draft",
    "touch",
]

BLOCKS_AT_MOST = 100


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
    if len(draft.blocks) > BLOCKS_AT_MOST:
        raise Refused(
            f"This draft has {len(draft.blocks)} blocks; an issue has at most {BLOCKS_AT_MOST}. Split it and try again."
        )
    issue = _new(publication, draft.title or "", planned_for, by, now)
    for position, found in enumerate(draft.blocks):
        kind, data = _taken_in(issue, found)
        Block.objects.create(
            issue=issue, kind=kind.kind, version=kind.version, data=kind.dump(data), position=position
        )
    project(issue)
    return issue


@transaction.atomic
def describe(issue: Issue, *, now: datetime.datetime, **fields: Any) -> None:
    """Change title, subject, preheader or day. The address follows the title until the issue has been approved once."""
    touch(issue, now=now)
    for name, value in fields.items():
        setattr(issue, name, value)
    if not issue.editions.exists() and "title" in fields:
        fields["slug"] = issue.slug = free_slug(issue.publication, issue.title, issue.planned_for, but=issue)
    issue.save(update_fields=list(fields))


@transaction.atomic
def add_block(issue: Issue, kind_name: str, *, at: int | None = None, now: datetime.datetime) -> Block:
    """Put an empty block of that kind at position ``at``, or at the end."""
    kind = registry.kind(kind_name)
    return _insert(issue, kind.kind, kind.version, kind.dump(kind.data()), at=at, now=now)


@transaction.atomic
def copy_block(block: Block, *, now: datetime.datetime) -> Block:
    """Put a copy of the block right after it."""
    return _insert(block.issue, block.kind, block.version, block.data, at=block.position + 1, now=now)


@transaction.atomic
def edit_block(block: Block, data: Any, *, rev: int, now: datetime.datetime) -> None:
    """Store new data, if the block is still at ``rev``. Raises ``Conflict`` if somebody else edited it meanwhile."""
    touch(block.issue, now=now)
    kind = registry.kind(block.kind)
    changes: dict[str, Any] = {"data": kind.dump(data), "version": kind.version, "rev": F("rev") + 1}
    if Block.objects.filter(pk=block.pk, rev=rev, removed_at__isnull=True).update(**changes) != 1:
        raise Conflict(_overtaken(block))
    block.refresh_from_db()
    project(block.issue)


@transaction.atomic
def move_block(block: Block, *, to: int, now: datetime.datetime) -> None:
    """Move the block to position ``to``, counted from 0 among those that stand."""
    uids = [uid for uid in block.issue.blocks.standing().values_list("uid", flat=True) if uid != block.uid]
    uids.insert(max(0, min(to, len(uids))), block.uid)
    order_blocks(block.issue, uids, now=now)


@transaction.atomic
def order_blocks(issue: Issue, uids: Sequence[uuid.UUID], *, now: datetime.datetime) -> None:
    """Put all standing blocks in this order. Raises ``Conflict`` if these are not exactly the standing blocks."""
    touch(issue, now=now)
    blocks = {block.uid: block for block in issue.blocks.standing()}
    if sorted(blocks) != sorted(uids):
        raise Conflict("Somebody else added or removed a block. Look at the list again.")
    for position, uid in enumerate(uids):
        blocks[uid].position = position
    Block.objects.bulk_update(blocks.values(), ["position"])


@transaction.atomic
def remove_block(block: Block, *, now: datetime.datetime) -> None:
    """Take the block out; its row stays, so that ``put_back`` can undo it."""
    touch(block.issue, now=now)
    block.removed_at = now
    block.save(update_fields=["removed_at"])
    _close_ranks(block.issue)
    project(block.issue)


@transaction.atomic
def put_back(block: Block, *, now: datetime.datetime) -> None:
    """Undo ``remove_block``: the block stands again where it stood."""
    touch(block.issue, now=now)
    _only_with_room(block.issue.blocks.standing().exclude(pk=block.pk).count())
    Block.objects.filter(issue=block.issue, removed_at__isnull=True, position__gte=block.position).update(
        position=F("position") + 1
    )
    block.removed_at = None
    block.save(update_fields=["removed_at"])
    _close_ranks(block.issue)
    project(block.issue)


def touch(issue: Issue, *, now: datetime.datetime | None = None) -> None:
    """Count the change, and refuse it if the issue was approved in the meantime: one UPDATE settles that race."""
    _only_while_editable(issue)
    changes: dict[str, Any] = {"rev": F("rev") + 1} | ({"changed_at": now} if now else {})
    if Issue.objects.filter(pk=issue.pk, status=issue.status).update(**changes) != 1:
        raise Conflict("The issue has just changed its status. Look again before you write on.")


def project(issue: Issue) -> None:
    """Rewrite the rows that repeat facts of the blocks (funding rounds, pictures held)."""
    for kind, blocks in by_kind(standing(issue)).items():
        registry.kind(kind).project(issue, blocks)


def _new(
    publication: Publication, title: str, planned_for: datetime.date, by: Person, now: datetime.datetime
) -> Issue:
    issue = Issue.objects.create(
        publication=publication,
        title=title[:200],
        slug=free_slug(publication, title, planned_for),
        planned_for=planned_for,
        created_by=by,
        changed_at=now,
    )
    IssueEvent.objects.create(issue=issue, at=now, by=by, what="started")
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


def _insert(
    issue: Issue, kind: str, version: int, data: dict[str, Any], *, at: int | None, now: datetime.datetime
) -> Block:
    touch(issue, now=now)
    standing_blocks = issue.blocks.standing()
    count = standing_blocks.count()
    _only_with_room(count)
    position = count if at is None else max(0, min(at, count))
    standing_blocks.filter(position__gte=position).order_by().update(position=F("position") + 1)
    return Block.objects.create(issue=issue, kind=kind, version=version, data=data, position=position)


def _overtaken(block: Block) -> str:
    if Block.objects.filter(pk=block.pk, removed_at__isnull=False).exists():
        return (
            "Somebody else removed this block. Your words are still in the form: copy them before you leave."
        )
    return (
        "Somebody else changed this block while you were writing. Your words are still in the form; "
        "“Done”, pressed once more, puts them in place of theirs."
    )


def _close_ranks(issue: Issue) -> None:
    blocks = list(issue.blocks.standing())
    for position, block in enumerate(blocks):
        block.position = position
    Block.objects.bulk_update(blocks, ["position"])


def _only_with_room(count: int) -> None:
    if count >= BLOCKS_AT_MOST:
        raise Refused(f"An issue has at most {BLOCKS_AT_MOST} blocks.")


def _only_while_editable(issue: Issue) -> None:
    if not issue.editable:
        raise NotNow(f"This issue is {issue.get_status_display().lower()}; reopen it to change its words.")
