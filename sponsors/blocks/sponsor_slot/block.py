"""A place for a sponsor. Who stands there, and with which words, are rows of this app."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils import timezone

from issues.blocks.base import BlockType, Commitment, Facts, Placed, Problem, blocker, broken, warning
from issues.blocks.fields import BlockForm
from issues.models import Issue
from sponsors import deadlines, gate, holding, inventory, selling, showing, watching
from sponsors.gate import Layout
from sponsors.models import Fallback, Insertion, InsertionStatus, Placement

WATCHERS = ("issues.change_issue", "sponsors.traffic")
"""Rights of those who see what the radar finds; sales do not."""


@dataclass(frozen=True)
class SponsorSlot:
    """``placement`` is the code of a ``Placement`` of the publication: a place, not a deal."""

    placement: str = "primary"


def _known() -> list[tuple[str, str]]:
    """Code and name of every placement; a code that two publications share is named once."""
    standard = {code: name for code, name, *_ in inventory.STANDARD}
    stored = dict(Placement.objects.filter(retired_at=None).values_list("code", "name"))
    return list((stored or standard).items())


class SponsorSlotForm(BlockForm):
    placement = forms.ChoiceField(choices=_known)


class Block(BlockType[SponsorSlot]):
    label = "Sponsor"
    icon = "megaphone"
    hint = "A sold place; its words come from the booking"
    order = 55
    shows_card = True
    data = SponsorSlot
    form = SponsorSlotForm
    sample = SponsorSlot("primary")

    def summary(self, data: SponsorSlot) -> str:
        return dict(_known()).get(data.placement, "No placement")

    def gather(self, issue: Issue, blocks: Sequence[Placed[SponsorSlot]]) -> dict[UUID, Facts]:
        found = gate.layout(issue, blocks)
        return {each.uid: _facts(found, each.uid) for each in blocks}

    def problems(self, issue: Issue, blocks: Sequence[Placed[SponsorSlot]]) -> list[Problem]:
        found = gate.layout(issue, blocks)
        own = [problem for each in blocks for problem in _of_block(found, each)]
        return own + broken(gate.commitments(found)) + list(_named(found))

    def commitments(self, issue: Issue, blocks: Sequence[Placed[SponsorSlot]]) -> list[Commitment]:
        return gate.commitments(gate.layout(issue, blocks))

    def project(self, issue: Issue, blocks: Sequence[Placed[SponsorSlot]]) -> None:
        holding.cut(issue, now=timezone.now())

    def adopt(self, issue: Issue, data: SponsorSlot, found: Mapping[str, Any]) -> SponsorSlot:
        if not found:
            return data
        booked = selling.book_from_draft(issue, data.placement, found, now=issue.changed_at)
        return replace(data, placement=booked.slot.placement.code)


def _named(found: Layout) -> Iterator[Problem]:
    """What the radar finds and nobody has decided about yet: for those who write the issue and those who place its sponsors."""
    booked = [each for each in found.insertions.values() if each.booked]
    for each in watching.watched(found.issue, booked):
        if each.kept is None:
            url = reverse("sponsors:radar", args=[found.issue.pk])
            yield Problem("warning", each.sighting.sentence, each.uid, url=url, seen_by=WATCHERS)


def _facts(found: Layout, uid: UUID) -> Facts:
    """What stands in the block's slot: the sponsor's message, a promotion of the house, or only how it stands with it."""
    insertion, placement = found.insertion(uid), found.placements.get(found.slot_of[uid][0])
    rule = {"rule": _rule(placement)} if placement else {}
    if insertion is not None and _given_up(insertion):
        return {"state": "Sold, but it did not run."}
    if insertion is not None and (version := gate.runs(insertion)):
        return {**showing.facts(insertion, version), "state": _state(insertion), **rule}
    if insertion is not None and not insertion.late_since:
        return {
            "advertiser": insertion.advertiser.name,
            "state": "Sold; its words are not ready yet.",
            **rule,
        }
    state = "Late: a house promotion stands in." if insertion else _on_sale(found.issue, placement)
    if placement is not None and (own := found.house.get(uid)):
        return {
            **showing.house_facts(own, placement),
            "state": f"{state} A house promotion fills it.",
            **rule,
        }
    return {"state": state, **rule}


def _rule(placement: Placement) -> str:
    """Where it has to stand, in words."""
    drift = f", give or take {placement.drift}" if placement.drift else ""
    apart = (
        f"; at least {placement.apart} blocks from the same sponsor’s other message"
        if placement.apart
        else ""
    )
    return f"Stands {placement.position_rule}{drift}{apart}."


def _given_up(insertion: Insertion) -> bool:
    """The issue went out without it, and nothing stood in."""
    return insertion.status == InsertionStatus.MISSED and insertion.late_since is None


def _state(insertion: Any) -> str:
    return "Stands in for a late creative." if insertion.late_since else ""


def _on_sale(issue: Issue, placement: Placement | None) -> str:
    if placement is None:
        return "This publication has no such placement. Readers see nothing here."
    by = deadlines.due(issue, placement).creative_due
    return f"Not sold yet; on sale until {by:%a} {by.day} {by:%b, %H:%M}."


def _of_block(found: Layout, block: Placed[SponsorSlot]) -> Iterator[Problem]:
    code, ordinal = found.slot_of[block.uid]
    placement = found.placements.get(code)
    if placement is None:
        yield warning(
            f"{found.issue.publication} has no placement “{code}”; readers will not see this block.", block
        )
    elif ordinal > placement.capacity:
        times = "Two blocks" if placement.capacity == 1 else f"{ordinal} blocks"
        yield blocker(f"{times} stand for the same placement, {placement}.", block)
    elif found.insertion(block.uid) is None:
        yield _unsold(placement, block)


def _unsold(placement: Placement, block: Placed[SponsorSlot]) -> Problem:
    if placement.fallback == Fallback.REFUSE:
        return blocker(f"“{placement}” is not sold, and the issue does not go out without it.", block)
    if placement.fallback == Fallback.HOUSE:
        return warning(
            "This sponsor slot is not sold; a house promotion stands there, if there is one.", block
        )
    return warning("This sponsor slot is not sold; readers will not see it.", block)
