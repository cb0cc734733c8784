"""An issue as it stands in somebody's tab, before it is saved: what the preview shows, and what aids look at."""

import uuid
from collections.abc import Mapping
from typing import Any

from issues.blocks import registry
from issues.blocks.base import BlockType, Placed
from issues.blocks.fields import BlockForm
from issues.models import Block, Issue
from issues.saving import Changes, Replaced, Written
from newsroom.lib.errors import Refused

__all__ = ["aided", "described", "standing"]


def standing(issue: Issue, changes: Changes) -> list[Placed[Any]]:
    """The blocks of the tab in its order, parsed: those it changed as it has them, the others as they are stored."""
    rows = {row.uid: row for row in issue.blocks.order_by("position", "pk")}
    written = {each.uid: each for each in changes.blocks}
    there = [uid for uid, row in rows.items() if row.removed_at is None]
    order = (
        changes.order
        if changes.order is not None
        else [*there, *(uid for uid in written if uid not in there)]
    )
    placed = (_placed(uid, rows.get(uid), written.get(uid)) for uid in order)
    return [
        Placed(each.uid, each.kind, each.data, position)
        for position, each in enumerate(each for each in placed if each)
    ]


def _placed(uid: uuid.UUID, row: Block | None, written: Written | None) -> Placed[Any] | None:
    if written is None:
        stands = row and row.removed_at is None
        return Placed(uid, row.kind, _stored(row)) if row and stands else None
    if written.form is None:
        return None
    kind = registry.kind(row.kind if row else written.kind)
    return Placed(uid, kind.kind, _read(kind, written.form, _stored(row) if row else kind.data()))


def _stored(row: Block) -> Any:
    return registry.kind(row.kind).load(row.data, row.version)


def _read(kind: BlockType[Any], form: BlockForm, before: Any) -> Any:
    if not isinstance(form, kind.form):
        raise Refused("This block is of another kind.")
    form.is_valid()
    return form.to_data(before)


def described(issue: Issue, head: Mapping[str, Replaced]) -> Issue:
    """The issue with title, subject and preheader of the tab. In memory only: the row stays as it is."""
    for name, value in head.items():
        if name != "planned_for":
            setattr(issue, name, value.after[:200])
    return issue


def aided(issue: Issue, changes: Changes, uid: uuid.UUID, name: str) -> tuple[dict[str, Any], str]:
    """What one of its aids makes of a block in the tab: the words of its form, and a sentence that says what was done.

    Raises ``Refused`` if the block is not there, has no such aid, or the aid finds nothing to do.
    """
    placed = standing(issue, changes)
    place = next((number for number, each in enumerate(placed) if each.uid == uid), None)
    if place is None:
        raise Refused("This block is no longer there.")
    kind = registry.kind(placed[place].kind)
    aid = next((each for each in kind.aids if each.name == name), None)
    if aid is None:
        raise Refused("This block has no such aid.")
    data, said = aid.do(placed[place].data, placed[place + 1 :])
    return kind.form.showing(data, prefix=str(uid)).words, said
