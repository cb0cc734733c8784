"""Bringing back how an issue read. A restore is a save like any other: it makes a new revision, and waits for nobody's words.

Sponsor bookings are no words: no restore touches them. One that brings nothing back leaves no trace: a version that
says it was restored, was.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from issues import diff, history, saving
from issues.blocks import registry
from issues.forms import HeadForm
from issues.models import Block, Issue, Revision, SetAside
from issues.saving import Changes, Replaced, Saved, Written
from newsroom.lib.errors import NotNow, Refused
from newsroom.lib.people import Person
from newsroom.lib.text import listed

__all__ = ["discard", "put", "restore", "restore_block"]


@transaction.atomic
def restore(issue: Issue, revision: Revision, *, by: Person, now: datetime.datetime) -> Saved:
    """Make the issue read as it did in that revision: blocks, order, title, subject, preheader and day.

    A block that somebody is editing stays as it is, and is named in what is returned. Raises ``NotNow`` once the issue
    is approved, or if there is nothing to bring back.
    """
    _lock(issue)
    rows = {str(row.uid): row for row in issue.blocks.all()}
    then = {block["uid"]: block for block in revision.content["blocks"]}
    back = [_written(block, rows.get(uid)) for uid, block in then.items()]
    gone = [
        Written(row.uid, row.kind, row.rev, None)
        for uid, row in rows.items()
        if uid not in then and not row.removed_at
    ]
    head = HeadForm.words_of(issue)
    changes = Changes(
        blocks=[*back, *gone],
        order=[uuid.UUID(uid) for uid in then],
        head={name: Replaced(head[name], revision.content[name]) for name in head},
    )
    return _save(issue, changes, by=by, now=now, name=f"Restored: {_called(revision)}")


@transaction.atomic
def restore_block(
    issue: Issue, revision: Revision, uid: uuid.UUID, *, by: Person, now: datetime.datetime
) -> Saved:
    """Make one block read as it did in that revision; one that was removed stands again where it stood.

    Raises ``Refused`` if the revision has no such block, ``NotNow`` if somebody is editing it or it reads so already.
    """
    _lock(issue)
    then = {block["uid"]: block for block in revision.content["blocks"]}
    if str(uid) not in then:
        raise Refused("This version has no such block.")
    row = issue.blocks.filter(uid=uid).first()
    written = _written(then[str(uid)], row)
    order = _with(uid, list(then), [each.uid for each in issue.blocks.standing()])
    label = registry.kind(written.kind).label
    return _save(
        issue, Changes([written], order), by=by, now=now, name=f"Restored: {label} of {_called(revision)}"
    )


@transaction.atomic
def put(kept: SetAside, *, by: Person, now: datetime.datetime) -> Saved:
    """Let words that were set aside stand in their block. Raises ``NotNow`` while somebody is editing it."""
    _lock(kept.issue)
    row = kept.issue.blocks.filter(uid=kept.block_uid).first()
    form = registry.kind(kept.kind).form.saying(kept.words, prefix=str(kept.block_uid))
    written = Written(kept.block_uid, kept.kind, row.rev if row else 0, form)
    saved = saving.save(kept.issue, Changes([written]), client=None, by=by, now=now)
    if saved.contested:
        raise NotNow(_held(saved))
    kept.delete()
    return saved


def discard(kept: SetAside) -> None:
    """Let go of words that were set aside. They are in no other place."""
    kept.delete()


def _written(then: Mapping[str, Any], row: Block | None) -> Written:
    """A block of a revision as a form that says so now; data of older versions is lifted."""
    kind = registry.kind(then["kind"])
    words = diff.words_of(then) | then["unread"]
    return Written(
        uuid.UUID(then["uid"]), kind.kind, row.rev if row else 0, kind.form.saying(words, prefix=then["uid"])
    )


def _with(uid: uuid.UUID, then: list[str], now: list[uuid.UUID]) -> list[uuid.UUID] | None:
    """The order of today with the block behind the nearest one that stood before it then; None if it stands already."""
    if uid in now:
        return None
    before = [each for each in now if str(each) in then[: then.index(str(uid))]]
    place = now.index(before[-1]) + 1 if before else 0
    return [*now[:place], uid, *now[place:]]


def _lock(issue: Issue) -> None:
    """What is read from here on is what will be saved over: no other save comes between."""
    issue.refresh_from_db(from_queryset=Issue.objects.select_for_update())


def _save(issue: Issue, changes: Changes, *, by: Person, now: datetime.datetime, name: str) -> Saved:
    """Raises ``NotNow`` if that changed nothing; the transaction takes back the name and what was set aside."""
    saved = saving.save(issue, changes, client=None, by=by, now=now, name=name[: history.NAME_AT_MOST])
    if not saved.changed:
        raise NotNow(_held(saved) if saved.contested else "It reads like that already.")
    return saved


def _held(saved: Saved) -> str:
    labels = [registry.kind(each.block.kind).label for each in saved.contested]
    return f"Somebody is editing this now: {listed(labels)}. Nothing was changed."


def _called(revision: Revision) -> str:
    return revision.name or f"version {revision.number}"
