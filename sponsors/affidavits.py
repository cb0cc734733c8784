"""What ran and what was missed, read from the editions that readers got: the only writer of run records and both statuses."""

import datetime
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import transaction

from issues.models import Circulation, Edition, Issue, Status
from newsroom.lib.states import move
from newsroom.lib.text import counted
from sponsors import gate, makegoods, positions, trafficking, trail
from sponsors.models import Fault, Insertion, InsertionStatus, LineKind, RunRecord
from sponsors.models.deals import INSERTION_MOVES

__all__ = ["record", "record_all"]

Piece = Mapping[str, Any]
log = logging.getLogger(__name__)


def record_all(*, now: datetime.datetime) -> int:
    """Record every sent issue that has insertions waiting for it. Beat calls it; twice changes nothing.

    One that fails is logged, keeps no other from being recorded, and is tried again the next time. Returns how many were
    recorded.
    """
    waiting = Insertion.objects.booked().filter(slot__issue__status=Status.SENT).values("slot__issue")
    issues = list(Issue.objects.filter(pk__in=waiting).select_related("publication", "edition"))
    return sum(_recorded(issue, now=now) for issue in issues)


def _recorded(issue: Issue, *, now: datetime.datetime) -> bool:
    try:
        record(issue, now=now)
    except Exception:  # whatever it is, the next issue has nothing to do with it
        log.exception("What ran in %s (issue %s) could not be recorded", issue, issue.pk)
        return False
    return True


@dataclass(frozen=True)
class _Copy:
    """An edition, and how many readers have it."""

    edition: Edition
    readers: int

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each insertion stands among the blocks, by token."""
        return {piece["runs"]: place for place, piece in enumerate(self.edition.pieces) if piece["runs"]}


@transaction.atomic
def record(issue: Issue, *, now: datetime.datetime) -> None:
    """Say of each insertion of a sent issue whether it ran, in any copy that readers got. One that is missing through no fault of
    the advertiser's, from all copies or from some, or ran off its position, opens a make-good."""
    copies = _copies(issue)
    rows = Insertion.objects.booked().filter(slot__issue=issue).whole().select_for_update(of=("self",))
    booked = list(rows.order_by("pk"))
    for insertion in booked:
        carried = [copy for copy in copies if insertion.token in copy.places]
        if carried:
            copy = max(carried, key=lambda copy: (copy.readers, copy.edition.number))
            got = sum(copy.readers for copy in carried) if len(carried) < len(copies) else None
            off = _off_position(booked, copy.edition.pieces).get(insertion.token, "")
            _ran(insertion, copy, got=got, of=sum(copy.readers for copy in copies), off=off, now=now)
        else:
            _missed(insertion, now=now)


def _copies(issue: Issue) -> list[_Copy]:
    """The editions that somebody got; if it is not known who got which, the last."""
    assert issue.edition is not None  # the database says so of every sent issue
    known = Circulation.objects.filter(edition__issue=issue, readers__gt=0).select_related("edition")
    copies = [_Copy(each.edition, each.readers) for each in known]
    return copies or [_Copy(issue.edition, issue.delivered or 0)]


def _ran(
    insertion: Insertion, copy: _Copy, *, got: int | None, of: int, off: str, now: datetime.datetime
) -> None:
    """``got`` is how many ``of`` all readers have it, unless all do. The record is of the copy that most of them have."""
    pieces, place = copy.edition.pieces, copy.places[insertion.token]
    piece = pieces[place]
    RunRecord.objects.create(
        insertion=insertion,
        edition=copy.edition,
        place=place + 1,
        places=len(pieces),
        readers=got,
        before=pieces[place - 1]["gist"][:200] if place else "",
        after=pieces[place + 1]["gist"][:200] if place + 1 < len(pieces) else "",
        html=piece["web"],
        text=piece["text"],
        seal=hashlib.sha256(f"{piece['web']}\0{piece['text']}".encode()).hexdigest(),
        sent_at=insertion.slot.issue.published_at or now,
        recorded_at=now,
    )
    move(insertion, InsertionStatus.RAN, moves=INSERTION_MOVES, ended_at=now)
    partly = (
        ""
        if got is None
        else f"It ran for {got:,} of {counted(of, 'reader')}: the others have a copy without it."
    )
    words = f"Block {place + 1} of {len(pieces)}. {partly}".strip()
    trail.note("ran", by=None, now=now, words=words, insertion=insertion)
    if off or partly:
        makegoods.open_for(insertion, reason=f"It ran off its position: {off}" if off else partly, now=now)
    else:
        makegoods.fulfil(insertion, now=now)


def _missed(insertion: Insertion, *, now: datetime.datetime) -> None:
    late = "The creative was late." if insertion.late_since else trafficking.lateness(insertion, now=now)
    fault = Fault.ADVERTISER if late else Fault.PUBLISHER
    move(insertion, InsertionStatus.MISSED, moves=INSERTION_MOVES, ended_at=now, fault=fault)
    words = late or "It is not in the edition that was sent."
    trail.note("missed", by=None, now=now, words=words, insertion=insertion)
    if not late:
        makegoods.open_for(insertion, reason=words, now=now)


def _off_position(booked: Sequence[Insertion], pieces: Sequence[Piece]) -> dict[str, str]:
    """What position rules say of where insertions stood among the blocks that readers saw, by token.

    All of them are placed before any is judged: those that want the same place share it, and twins keep their distance.
    """
    sold = {each.token: each for each in booked}
    placed = [
        gate.rule_of(sold[piece["runs"]]) if piece["runs"] in sold else positions.Standing(piece["kind"])
        for piece in pieces
    ]
    off: dict[str, str] = {}
    for stop in positions.stops(placed):
        token = pieces[stop.position]["runs"]
        if sold[token].line.kind != LineKind.ADDED_VALUE:
            off.setdefault(token, stop.sentence)
    return off
