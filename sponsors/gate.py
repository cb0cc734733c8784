"""The send gate: every sold insertion of an issue, and what keeps it from going out as it was sold."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.urls import reverse

from issues import composing
from issues.blocks.base import Commitment, Mend, Placed, Reason
from issues.models import Issue
from newsroom.lib.errors import NotNow, Refused
from newsroom.lib.people import Person, called
from sponsors import checks, conflicts, positions, trafficking, trail
from sponsors.models import (
    TAKES_SLOT,
    CreativeVersion,
    Decision,
    Fallback,
    Insertion,
    InsertionStatus,
    OrderStatus,
    Override,
    Placement,
    VersionStatus,
)

__all__ = ["Layout", "commitments", "keep", "layout", "reasons", "rule_of", "runs"]

KIND = "sponsor_slot"


@dataclass(frozen=True)
class Layout:
    """An issue's sponsor blocks beside its slots: which block stands for which slot, and what is sold in it.

    Several blocks of one placement stand for its slots in reading order. ``house`` are the promotions of the house that fill
    blocks.
    """

    issue: Issue
    placements: Mapping[str, Placement] = field(default_factory=dict)
    slot_of: Mapping[UUID, tuple[str, int]] = field(default_factory=dict)
    insertions: Mapping[tuple[str, int], Insertion] = field(default_factory=dict)
    house: Mapping[UUID, CreativeVersion] = field(default_factory=dict)

    def insertion(self, uid: UUID) -> Insertion | None:
        """What is sold in the slot that the block stands for."""
        return self.insertions.get(self.slot_of.get(uid, ("", 0)))

    def block(self, insertion: Insertion) -> UUID | None:
        """The block that stands for the insertion's slot."""
        key = (insertion.slot.placement.code, insertion.slot.ordinal)
        return next((uid for uid, slot in self.slot_of.items() if slot == key), None)


def layout(issue: Issue, blocks: Sequence[Placed[Any]]) -> Layout:
    """Read it once for all questions about the issue. The preview does so at every key: nothing is read that readers do
    not see."""
    sold = {
        (row.slot.placement.code, row.slot.ordinal): row for row in _sold(issue)
    }  # of two, the one that runs
    if not blocks:
        return Layout(issue, insertions=sold)
    counted: dict[str, int] = {}
    slot_of = {}
    for each in blocks:
        code = each.data.placement
        counted[code] = counted.get(code, 0) + 1
        slot_of[each.uid] = (code, counted[code])
    found = Layout(issue, _placements(issue), slot_of, sold)
    return replace(found, house=_filled(found))


def _sold(issue: Issue) -> list[Insertion]:
    """What is sold in the issue, in one query. Overrides are read only where they decide what runs.

    Until it has gone out, what is missed was settled so: it runs elsewhere or never, and its slot is for sale again.
    """
    seen = TAKES_SLOT if issue.published_at is None else (InsertionStatus.MISSED, *TAKES_SLOT)
    rows = list(
        Insertion.objects.filter(slot__issue=issue, status__in=seen)
        .select_related(
            "slot__placement__format",
            "line__order__advertiser",
            "version__image",
            "version__creative",
            "stand_in__image",
        )
        .order_by("pk")
    )
    for each in rows:
        each.slot.issue = issue
    unready = [each for each in rows if each.version and each.version.status != VersionStatus.REVIEWED]
    prefetch_related_objects(unready, "overrides__by")
    return sorted(rows, key=lambda each: seen.index(each.status))


def _placements(issue: Issue) -> dict[str, Placement]:
    rows = issue.publication.placements.select_related("format")
    return {each.code: each for each in rows}


def _filled(found: Layout) -> dict[UUID, CreativeVersion]:
    """Promotions of the house in the blocks that wait for one, each once, the most important first."""
    waiting = [uid for uid in found.slot_of if _waits_for_the_house(found, uid)]
    return dict(zip(waiting, _promotions(found.issue), strict=False)) if waiting else {}


def _waits_for_the_house(found: Layout, uid: UUID) -> bool:
    """Nothing that is sold runs in it, and its placement falls back to the house."""
    placement, insertion = found.placements.get(found.slot_of[uid][0]), found.insertion(uid)
    if placement is None or placement.fallback != Fallback.HOUSE:
        return False
    return insertion is None or (insertion.late_since is not None and insertion.stand_in is None)


def _promotions(issue: Issue) -> list[CreativeVersion]:
    """The house's own promotions that may run in the issue."""
    here = Q(creative__publication=None) | Q(creative__publication=issue.publication_id)
    rows = CreativeVersion.objects.filter(
        here, creative__advertiser__house=True, creative__ended_at=None, status=VersionStatus.REVIEWED
    ).select_related("creative__advertiser", "image")
    newest: dict[int, CreativeVersion] = {}
    for row in rows.order_by("-creative__priority", "creative", "-number"):
        newest.setdefault(row.creative_id, row)
    return [each for each in newest.values() if not checks.lapses(each, issue.planned_for)]


def runs(insertion: Insertion) -> CreativeVersion | None:
    """The words that run in the insertion: a stand-in if it was late, else its own once they have passed our review, or
    somebody decided to go out without."""
    if insertion.late_since:
        return insertion.stand_in
    version = insertion.version
    if version is None or version.status in (VersionStatus.REJECTED, VersionStatus.CHANGES_REQUESTED):
        return None
    return version if version.status == VersionStatus.REVIEWED or insertion.overrides.all() else None


def commitments(found: Layout) -> list[Commitment]:
    """Each sold insertion of the issue, in the order of its slots, with what stands against it."""
    booked = sorted((each for each in found.insertions.values() if each.booked), key=_in_order)
    if not booked:
        return []
    prefetch_related_objects(booked, "proofs", "overrides__by")
    stops, clashing = _stops(found), conflicts.between(found.issue, booked)
    return [
        Commitment(
            title=f"{each.advertiser}, {each.slot.name}",
            reasons=tuple(_weighed(each, reasons(each, found, stops, clashing))),
            uid=found.block(each),
            url=reverse("sponsors:insertion", args=[each.pk]),
        )
        for each in booked
    ]


def reasons(
    insertion: Insertion,
    found: Layout,
    stops: Mapping[UUID, Sequence[positions.Stop]],
    clashing: Sequence[conflicts.Clash],
) -> Iterator[Reason]:
    """What stands against one insertion, the gravest first."""
    uid = found.block(insertion)
    if uid is None:
        yield Reason(
            f"sold, but the issue has no block for “{insertion.slot.placement}”. Add a Sponsor block and choose it."
        )
    yield from (Reason(sentence) for sentence in _of_deal(insertion))
    if not insertion.late_since:
        yield from (Reason(sentence) for sentence in _of_creative(insertion))
    for stop in stops.get(uid, ()) if uid else ():
        yield Reason(stop.sentence, mend=Mend("Move it there", stop.to) if stop.to is not None else None)
    own = insertion.line.order.advertiser_id
    yield from (Reason(clash.sentence) for clash in clashing if clash.advertiser_id == own)


@transaction.atomic
def keep(insertion: Insertion, sentence: str, *, reason: str, by: Person, now: datetime.datetime) -> Override:
    """Go out although the gate says ``sentence``; named, and written down. Raises ``Refused`` without a reason."""
    if not reason.strip():
        raise Refused("Say why it goes out all the same.")
    if not insertion.booked:
        raise NotNow("This insertion is closed.")
    if insertion.slot.issue.editable:
        composing.touch(insertion.slot.issue, now=now)
    made = Override.objects.create(
        insertion=insertion, sentence=sentence[:400], reason=reason.strip()[:300], by=by, at=now
    )
    trail.note("gate overridden", by=by, now=now, words=f"{sentence} Reason: {reason}", insertion=insertion)
    return made


def _in_order(insertion: Insertion) -> tuple[int, int]:
    return insertion.slot.placement.position, insertion.slot.ordinal


def _weighed(insertion: Insertion, found: Iterator[Reason]) -> Iterator[Reason]:
    """Each reason with who overrode it: an override holds for the very sentence, not for what comes later."""
    decided = {each.sentence: each for each in insertion.overrides.all()}
    for reason in found:
        override = decided.get(reason.sentence[:400])
        kept = f"Kept by {called(override.by)}: {override.reason}" if override else ""
        yield Reason(reason.sentence, kept, reason.mend)


def _of_deal(insertion: Insertion) -> Iterator[str]:
    order, issue = insertion.line.order, insertion.slot.issue
    if order.status not in (OrderStatus.APPROVED, OrderStatus.SIGNED):
        yield f"order {order.number} is {order.get_status_display().lower()}, not approved."
    if insertion.agreed_for != issue.planned_for:
        yield f"it was agreed for {_day(insertion.agreed_for)}, and the issue has moved to {_day(issue.planned_for)}: settle it."


def _of_creative(insertion: Insertion) -> Iterator[str]:
    version, day = insertion.version, insertion.slot.issue.planned_for
    if version is None:
        yield "no creative has come yet."
        return
    if version.status == VersionStatus.SUBMITTED:
        yield "its creative waits for our review."
    elif version.status != VersionStatus.REVIEWED:
        yield f"its creative was sent back: {version.review_note or version.get_status_display().lower()}"
    if lapse := checks.lapses(version, day):
        yield f"{lapse}."
    form = insertion.slot.placement.format
    yield from (finding.sentence for finding in checks.version_findings(form, version))
    if not form.label(insertion.advertiser.name).strip():
        yield "it has no label."
    if version.status == VersionStatus.REVIEWED:
        yield from _of_proof(insertion, version)


def _of_proof(insertion: Insertion, version: CreativeVersion) -> Iterator[str]:
    if trafficking.approved(insertion):
        return
    latest = next(iter(insertion.proofs.all()), None)
    if latest is None or latest.version_id != version.pk:
        yield "the sponsor has not approved it yet."
    elif latest.decision == Decision.CHANGES_REQUESTED:
        yield f"the sponsor asks for changes: {latest.words}"
    else:
        yield f"it has changed since {latest.who} approved it."


def _stops(found: Layout) -> dict[UUID, list[positions.Stop]]:
    """Broken position rules, by block."""
    rows = list(found.issue.blocks.standing().values_list("uid", "kind"))
    seen = [(uid, kind) for uid, kind in rows if not _closes_up(found, uid, kind)]
    placed = [_standing(found, uid, kind) for uid, kind in seen]
    broken: dict[UUID, list[positions.Stop]] = {}
    for stop in positions.stops(placed):
        uid = seen[stop.position][0]
        broken.setdefault(uid, []).append(replace(stop, to=_among_all(rows, seen, uid, stop.to)))
    return broken


def _closes_up(found: Layout, uid: UUID, kind: str) -> bool:
    """A slot in which nothing sold runs, and that no promotion is left to fill: readers do not see it, so no rule counts it."""
    if kind != KIND or uid in found.house:
        return False
    insertion = found.insertion(uid)
    return insertion is None or (insertion.late_since is not None and insertion.stand_in is None)


def _among_all(
    rows: Sequence[tuple[UUID, str]], seen: Sequence[tuple[UUID, str]], uid: UUID, to: int | None
) -> int | None:
    """A place among the blocks that readers see, counted among all blocks: just behind the one it follows."""
    if not to:
        return to
    before = [each for each, _ in seen if each != uid][to - 1]
    return [each for each, _ in rows if each != uid].index(before) + 1


def _standing(found: Layout, uid: UUID, kind: str) -> positions.Standing:
    insertion = found.insertion(uid) if kind == KIND else None
    return positions.Standing(kind) if insertion is None else rule_of(insertion)


def rule_of(insertion: Insertion) -> positions.Standing:
    """Where the insertion must stand: its placement's rule, and the distance from its twin."""
    placement = insertion.slot.placement
    return positions.Standing(
        KIND,
        rule=placement.rule,
        nth=placement.nth,
        drift=placement.drift,
        family=str(insertion.line.order.advertiser_id),
        apart=max(placement.apart, insertion.line.min_gap_blocks),
    )


def _day(day: datetime.date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
