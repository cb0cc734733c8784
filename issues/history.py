"""How an issue read: the only writer of revisions and of words set aside."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from issues.blocks.typed import storable
from issues.models import Issue, Revision, SetAside
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person

__all__ = ["content", "name", "record", "set_aside"]

ONE_SITTING = datetime.timedelta(minutes=10)
"""Saves of one author within this time are one revision."""
NAME_AT_MOST = 120


def content(issue: Issue) -> dict[str, Any]:
    """All words of the issue as they stand, with the shape of ``Revision.content``."""
    return {
        "title": issue.title,
        "subject": issue.subject,
        "preheader": issue.preheader,
        "planned_for": issue.planned_for.isoformat(),
        "blocks": [
            {
                "uid": str(row.uid),
                "kind": row.kind,
                "version": row.version,
                "data": row.data,
                "unread": row.unread,
            }
            for row in issue.blocks.standing()
        ],
    }


def record(issue: Issue, *, by: Person, now: datetime.datetime, name: str = "") -> Revision:
    """Write down how the issue reads now; called inside the saving transaction.

    An author's saves within ten minutes are one revision, unless somebody else's came between or one has a ``name``.
    Words that stand in the latest revision already are not written again: only the name is added, if it has none.
    """
    words = content(issue)
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
    latest = issue.revisions.first()
    if latest and latest.digest == digest and not (name and latest.name):
        return _named(latest, name) if name else latest
    if latest and not name and not latest.name and latest.by == by and now - latest.begun_at < ONE_SITTING:
        latest.content, latest.digest, latest.at = words, digest, now
        latest.save(update_fields=["content", "digest", "at"])
        return latest
    number = (issue.revisions.aggregate(last=Max("number"))["last"] or 0) + 1
    return Revision.objects.create(
        issue=issue, number=number, name=name, by=by, begun_at=now, at=now, content=words, digest=digest
    )


@transaction.atomic
def name(issue: Issue, given: str, *, by: Person, now: datetime.datetime) -> Revision:
    """Keep how the issue reads now under a name. Raises ``Refused`` for no name."""
    words = " ".join(storable(given).split())[:NAME_AT_MOST]
    if not words:
        raise Refused("Give the version a name first.")
    # A save may be writing the next revision: without the lock, both would take the same number.
    issue.refresh_from_db(from_queryset=Issue.objects.select_for_update())
    return record(issue, by=by, now=now, name=words)


def set_aside(
    issue: Issue,
    block_uid: uuid.UUID,
    *,
    kind: str,
    words: Mapping[str, Any],
    why: str,
    rev: int,
    client: uuid.UUID,
    by: Person,
    now: datetime.datetime,
) -> SetAside:
    """Keep words that could not be stored in their block, the latest of each tab."""
    kept, _ = SetAside.objects.update_or_create(
        issue=issue,
        client=client,
        block_uid=block_uid,
        rev=rev,
        defaults={"kind": kind, "words": dict(words), "why": why, "by": by, "at": now},
    )
    return kept


def _named(revision: Revision, name: str) -> Revision:
    revision.name = name
    revision.save(update_fields=["name"])
    return revision
