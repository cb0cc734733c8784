"""Selling placements: the only writer of bookings and creatives."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from issues import composing
from issues.models import Issue
from issues.richtext import plain
from newsroom.lib.errors import Conflict, NotNow, Refused
from sponsors.models import Advertiser, Booking, Creative, Placement

__all__ = ["book", "book_from_draft", "free_placements", "release"]

UNNAMED = "Unnamed sponsor"
"""Stands in a booking that a draft brought in without a name, until somebody writes the name."""


def free_placements(issue: Issue) -> list[str]:
    """Codes of the placements of the issue that nobody has booked, in order."""
    taken = set(Booking.objects.filter(issue=issue).values_list("placement", flat=True))
    return [code for code in Placement.values if code not in taken]


@transaction.atomic
def book(issue: Issue, placement: str, *, advertiser: str, words: Mapping[str, Any]) -> Booking:
    """Book a placement, or change the words of its booking.

    ``words`` are the fields of ``Creative``. Raises ``NotNow`` once the issue is approved, ``Refused`` without a name,
    ``Conflict`` if another advertiser has the placement, or gets it in the same moment.
    """
    _only_before_approval(issue)
    if not advertiser.strip():
        raise Refused("Name the advertiser.")
    _only_if_free(issue, placement, advertiser.strip())
    sponsor, _ = Advertiser.objects.get_or_create(name=advertiser.strip()[:120])
    creative, _ = Creative.objects.get_or_create(advertiser=sponsor, **words)
    try:
        with transaction.atomic():
            booking, _ = Booking.objects.update_or_create(
                issue=issue, placement=placement, defaults={"advertiser": sponsor, "creative": creative}
            )
    except IntegrityError:
        raise Conflict("Somebody else booked this placement a moment ago.") from None
    return booking


def book_from_draft(issue: Issue, placement: str, found: Mapping[str, Any]) -> Booking:
    """Book what the draft reader found: the editor has placed these words by hand, so they count as approved.

    An unnamed placement takes the first free one. Raises ``Refused`` if all are taken.
    """
    free = free_placements(issue)
    chosen = placement if placement in free else next(iter(free), "")
    if not chosen:
        raise Refused("All placements of this issue are booked.")
    words: dict[str, Any] = {
        "headline": str(found.get("headline", ""))[:200],
        "body": str(found.get("body", "")),
        "url": str(found.get("url", ""))[:2000],
        "approved": True,
    }
    name = _as_written(str(found.get("sponsor") or UNNAMED), plain(words["body"]))
    return book(issue, chosen, advertiser=name, words=words)


def _only_if_free(issue: Issue, placement: str, advertiser: str) -> None:
    holder = (
        Booking.objects.filter(issue=issue, placement=placement).exclude(advertiser__name=UNNAMED).first()
    )
    if holder and holder.advertiser.name != advertiser:
        raise Conflict(f"{holder.advertiser} has booked this placement. Release it first.")


def _as_written(name: str, words: str) -> str:
    """The name as the sponsor spells it: a label in capitals has lost that, the words below it have not."""
    at = words.casefold().find(name.casefold())
    return words[at : at + len(name)] if name.isupper() and at >= 0 else name


@transaction.atomic
def release(booking: Booking) -> None:
    """Give a placement back. Raises ``NotNow`` once the issue is approved."""
    _only_before_approval(booking.issue)
    booking.delete()


def _only_before_approval(issue: Issue) -> None:
    """A sponsor's words are words of the issue: a change counts, and loses the race with an approval."""
    if not issue.editable:
        raise NotNow("The issue is approved; reopen it before its sponsors change.")
    composing.touch(issue)
