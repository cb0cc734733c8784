"""Saving what editors wrote: the only writer of an issue's blocks, of their order, and of what stands above them.

A save brings what changed in somebody's tab. What nobody else touched meanwhile is stored; a block that somebody else
changed, removed or is editing is *contested*: its words are set aside, both versions are returned, and everything else
is stored all the same.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from issues import composing, history, seats
from issues.blocks import registry
from issues.blocks.fields import BlockForm
from issues.forms import HeadForm
from issues.models import Block, Issue, Seat, SetAside
from issues.models.issue import free_slug
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person

__all__ = ["Changes", "Contested", "Replaced", "Saved", "Written", "form_of", "save"]


@dataclass(frozen=True)
class Written:
    """A block as it stands in somebody's form; ``form`` is None for one that was removed.

    ``rev`` is the revision of the block that the form started from, 0 for a new block.
    """

    uid: uuid.UUID
    kind: str
    rev: int
    form: BlockForm | None


@dataclass(frozen=True)
class Replaced:
    """A value above the blocks: what it was in the tab when it was loaded, and what it is now, both as text."""

    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """What one tab has to save; ``order`` names all blocks that stand in the tab, or is None if it has not changed."""

    blocks: Sequence[Written] = ()
    order: Sequence[uuid.UUID] | None = None
    head: Mapping[str, Replaced] = field(default_factory=dict)


@dataclass(frozen=True)
class Contested:
    """A block that was not stored, and why: its row as it is now, and the words that were to take their place."""

    why: SetAside.Why
    block: Block
    mine: Mapping[str, Any]
    holder: Seat | None = None


@dataclass
class Saved:
    """What became of a save: revisions of the blocks that are stored, and what was not."""

    revs: dict[uuid.UUID, int] = field(default_factory=dict)
    contested: list[Contested] = field(default_factory=list)
    mistakes: dict[uuid.UUID, dict[str, str]] = field(default_factory=dict)
    order: list[uuid.UUID] = field(default_factory=list)
    overtaken: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    """Whether anything of it was not so already."""


@transaction.atomic
def save(
    issue: Issue,
    changes: Changes,
    *,
    client: uuid.UUID | None,
    by: Person,
    now: datetime.datetime,
    name: str = "",
) -> Saved:
    """Store what can be stored, and write a revision; a ``name`` makes it a checkpoint.

    ``client`` is the tab that saves, None for whoever saves without one: a browser without scripts, a restore.

    Raises ``NotNow`` once the issue is approved, ``Refused`` for a block that is no part of it.
    """
    issue.refresh_from_db(from_queryset=Issue.objects.select_for_update())
    composing.only_while_editable(issue)
    _begin_history(issue)
    saving = _Saving(issue, client, by, now)
    for written in changes.blocks:
        saving.take_in(written)
    saving.arrange(changes.order)
    saving.describe(changes.head)
    if saving.saved.changed:
        composing.touch(issue, now=now)
        composing.project(issue)
    if saving.saved.changed or name:
        history.record(issue, by=by, now=now, name=name)
    return saving.saved


def form_of(block: Block) -> BlockForm:
    """The block's form: its data, and the words that could not be read, with what is wrong with them."""
    kind = registry.kind(block.kind)
    form = kind.form.showing(kind.load(block.data, block.version), prefix=str(block.uid))
    return kind.form.saying({**form.words, **block.unread}, prefix=str(block.uid)) if block.unread else form


def _begin_history(issue: Issue) -> None:
    """The first revision is how the issue read before anybody wrote in it."""
    if not issue.revisions.exists():
        history.record(issue, by=issue.created_by, now=issue.changed_at, name="At the start")


class _Saving:
    """One save at work."""

    def __init__(self, issue: Issue, client: uuid.UUID | None, by: Person, now: datetime.datetime) -> None:
        self.issue, self.client, self.by, self.now = issue, client, by, now
        self.rows = {
            row.uid: row for row in issue.blocks.select_related("changed_by").order_by("position", "pk")
        }
        self.held = (
            seats.held_by_others(issue, client, now=now)
            if client
            else seats.held_by_other_people(issue, by, now=now)
        )
        self.saved = Saved()

    # blocks

    def take_in(self, written: Written) -> None:
        row = self.rows.get(written.uid)
        if row is None:
            self._add(written)
        elif written.form is None:
            self._remove(row, written)
        else:
            self._edit(row, written, written.form)

    def _add(self, written: Written) -> None:
        if written.rev or written.form is None or Block.objects.filter(uid=written.uid).exists():
            raise Refused("This save speaks of a block that is not in the issue.")
        composing.only_with_room(len(self._standing()))
        kind = registry.kind(written.kind)
        row = Block(issue=self.issue, uid=written.uid, kind=kind.kind, position=len(self.rows), rev=0)
        self.rows[row.uid] = row
        self._store(row, written.form, kind.data())

    def _edit(self, row: Block, written: Written, form: BlockForm) -> None:
        kind = registry.kind(row.kind)
        before = kind.load(row.data, row.version)
        if self._says_so_already(row, form, before):
            self._note(row, form)
        elif row.rev != written.rev:
            self._contest(row, written, SetAside.Why.REMOVED if row.removed_at else SetAside.Why.CHANGED)
        elif row.uid in self.held:
            self._contest(row, written, SetAside.Why.HELD)
        else:
            self._store(row, form, before)

    def _says_so_already(self, row: Block, form: BlockForm, before: Any) -> bool:
        form.is_valid()
        return row.removed_at is None and form.to_data(before) == before and form.unread == row.unread

    def _remove(self, row: Block, written: Written) -> None:
        if row.removed_at:
            self.saved.revs[row.uid] = row.rev
        elif row.rev != written.rev:
            self._contest(row, written, SetAside.Why.CHANGED)
        elif row.uid in self.held:
            self._contest(row, written, SetAside.Why.HELD)
        else:
            row.removed_at = self.now
            self._write(row)

    def _store(self, row: Block, form: BlockForm, before: Any) -> None:
        kind = registry.kind(row.kind)
        form.is_valid()
        row.data, row.version = kind.dump(form.to_data(before)), kind.version
        row.unread, row.removed_at = form.unread, None
        self._write(row)
        self._note(row, form)

    def _write(self, row: Block) -> None:
        row.rev += 1
        row.changed_by, row.changed_at = self.by, self.now
        row.save()
        self.saved.revs[row.uid] = row.rev
        self.saved.changed = True

    def _note(self, row: Block, form: BlockForm) -> None:
        self.saved.revs[row.uid] = row.rev
        self.saved.mistakes[row.uid] = form.mistakes

    def _contest(self, row: Block, written: Written, why: SetAside.Why) -> None:
        """Keep both versions; a removal has no words to keep."""
        mine = written.form.words if written.form else {}
        if mine:
            history.set_aside(
                self.issue,
                row.uid,
                kind=row.kind,
                words=mine,
                why=why,
                rev=written.rev,
                client=self.client or uuid.uuid4(),
                by=self.by,
                now=self.now,
            )
        self.saved.contested.append(Contested(why, row, mine, self.held.get(row.uid)))

    # order

    def arrange(self, order: Sequence[uuid.UUID] | None) -> None:
        """Put the blocks in this order. A block that the tab did not know of stays behind the one before it."""
        standing = self._standing()
        wanted = _merged([row.uid for row in standing], order) if order is not None else None
        rows = [self.rows[uid] for uid in wanted] if wanted else standing
        moved = [row for position, row in enumerate(rows) if row.position != position]
        for position, row in enumerate(rows):
            row.position = position
        if moved:
            Block.objects.bulk_update(moved, ["position"])
            self.saved.changed = True
        self.saved.order = [row.uid for row in rows]

    def _standing(self) -> list[Block]:
        return sorted(
            (row for row in self.rows.values() if row.removed_at is None), key=lambda row: row.position
        )

    # what stands above the blocks

    def describe(self, head: Mapping[str, Replaced]) -> None:
        """Title, subject, preheader and day; the address follows the title until the issue was approved once."""
        now_is = HeadForm.words_of(self.issue)
        fresh = {name: value.after for name, value in head.items() if value.after != now_is[name]}
        self.saved.overtaken = {name: now_is[name] for name in fresh if head[name].before != now_is[name]}
        wanted = {name: value for name, value in fresh.items() if name not in self.saved.overtaken}
        form = HeadForm({**now_is, **wanted})
        form.is_valid()
        self.saved.unreadable = {
            name: " ".join(map(str, form.errors[name])) for name in wanted if name in form.errors
        }
        values = {name: form.cleaned_data[name] for name in wanted if name in form.cleaned_data}
        if values:
            self._describe(values)

    def _describe(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(self.issue, name, value)
        if "title" in values and not self.issue.editions.exists():
            issue = self.issue
            issue.slug = free_slug(issue.publication, issue.title, issue.planned_for, but=issue)
        self.issue.save(update_fields=[*values, "slug"])
        self.saved.changed = True


def _merged(here: Sequence[uuid.UUID], order: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """``order`` without what no longer stands, and each block that it does not know behind the one it stands behind."""
    standing, known = set(here), set(order)
    merged = [uid for uid in dict.fromkeys(order) if uid in standing]
    for place, uid in enumerate(here):
        if uid not in known:
            merged.insert(merged.index(here[place - 1]) + 1 if place else 0, uid)
    return merged
