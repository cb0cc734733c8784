"""A place for a sponsor. Who stands there, and with which words, are rows of this app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms

from issues.blocks.base import BlockType, Facts, Placed, Problem, blocker, warning
from issues.blocks.fields import BlockForm
from issues.models import Issue
from newsroom.lib.text import listed
from sponsors import selling
from sponsors.models import Booking, Placement


@dataclass(frozen=True)
class SponsorSlot:
    """``placement`` is a code of ``Placement``: a place, not a deal."""

    placement: str = "primary"


class SponsorSlotForm(BlockForm):
    placement = forms.ChoiceField(choices=Placement)


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
        return Placement(data.placement).label if data.placement in Placement.values else "No placement"

    def gather(self, issue: Issue, blocks: Sequence[Placed[SponsorSlot]]) -> dict[UUID, Facts]:
        running = {
            booking.placement: _facts(booking)
            for booking in Booking.objects.filter(issue=issue, creative__approved=True).select_related(
                "advertiser", "creative"
            )
        }
        return {each.uid: running[each.data.placement] for each in blocks if each.data.placement in running}

    def problems(self, issue: Issue, blocks: Sequence[Placed[SponsorSlot]]) -> list[Problem]:
        bookings = {
            booking.placement: booking
            for booking in Booking.objects.filter(issue=issue).select_related("advertiser", "creative")
        }
        return (
            _missing(bookings, blocks)
            + _twice(blocks)
            + [p for each in blocks for p in _wordless(bookings, each)]
        )

    def adopt(self, issue: Issue, data: SponsorSlot, found: Mapping[str, Any]) -> SponsorSlot:
        if not found:
            return data
        return replace(data, placement=selling.book_from_draft(issue, data.placement, found).placement)


def _facts(booking: Booking) -> dict[str, Any]:
    creative = booking.creative
    assert creative is not None
    return {
        "advertiser": booking.advertiser.name,
        "label": f"A message from {booking.advertiser.name}",
        "headline": creative.headline,
        "body": creative.body,
        "url": creative.url,
        "cta": creative.cta,
    }


def _missing(bookings: Mapping[str, Booking], blocks: Sequence[Placed[SponsorSlot]]) -> list[Problem]:
    """A sold placement cannot vanish silently."""
    present = {each.data.placement for each in blocks}
    return [
        blocker(
            f"{booking.advertiser} has booked “{booking.get_placement_display()}”, but the issue has no such block."
        )
        for placement, booking in bookings.items()
        if placement not in present
    ]


def _twice(blocks: Sequence[Placed[SponsorSlot]]) -> list[Problem]:
    seen: set[str] = set()
    found = []
    for each in blocks:
        if each.data.placement in seen:
            found.append(
                blocker(f"Two blocks stand for the same placement, {listed([each.data.placement])}.", each)
            )
        seen.add(each.data.placement)
    return found


def _wordless(bookings: Mapping[str, Booking], block: Placed[SponsorSlot]) -> list[Problem]:
    booking = bookings.get(block.data.placement)
    if booking is None:
        return [warning("This sponsor slot is not sold; readers will not see it.", block)]
    if booking.creative is None or not booking.creative.approved:
        return [blocker(f"{booking.advertiser} has booked this slot, but has no approved words yet.", block)]
    return []
