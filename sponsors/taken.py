"""Why a slot cannot be had, said politely: who was faster, and what is free instead."""

import datetime
from collections.abc import Callable, Sequence

from newsroom.lib.errors import Conflict
from newsroom.lib.people import called
from newsroom.lib.text import counted, listed
from sponsors import inventory
from sponsors.models import TAKES_SLOT, Advertiser, Hold, Insertion, Slot

__all__ = ["Taken", "closed", "first_hold", "held_by_another"]

JUST_NOW = datetime.timedelta(minutes=30)
OFFERED, LOOKED_AT = 3, 12
"""Slots that are offered instead, and how many near ones are looked at for them."""


class Taken(Conflict):
    """Some of the slots cannot be had, so none was taken. ``free`` are the rest; ``instead`` are offers for the first that is
    taken, of those that ``suits`` says could be had."""

    def __init__(
        self,
        refused: Sequence[tuple[Slot, str]],
        *,
        among: Sequence[Slot],
        now: datetime.datetime,
        suits: Callable[[Slot], bool] | None = None,
    ) -> None:
        lost = {slot.pk for slot, _ in refused}
        self.refused = list(refused)
        self.free = [slot for slot in among if slot.pk not in lost]
        near = inventory.alternatives(refused[0][0], now=now, besides=among, count=LOOKED_AT)
        self.instead = [slot for slot in near if suits is None or suits(slot)][:OFFERED]
        super().__init__(" ".join([*(why for _, why in refused), *self._offer()]))

    def _offer(self) -> list[str]:
        said = []
        if self.free:
            other = "slot is" if len(self.free) == 1 else f"{len(self.free)} slots are"
            said.append(f"Your other {other} free; nothing was taken yet.")
        if self.instead:
            said.append(f"Free instead: {listed([str(slot) for slot in self.instead])}.")
        return said


def closed(slot: Slot, *, now: datetime.datetime) -> str:
    """Why nobody can have the slot, whatever is held; empty if it is for sale."""
    if not slot.issue.unsettled:
        return f"{slot}: the issue is {slot.issue.get_status_display().lower()}, and its slots are closed."
    if slot.issue.planned_for < now.astimezone(slot.issue.publication.zone).date():
        return f"{slot} is past."
    if slot.blocked_for:
        return f"{slot} is not for sale: {slot.blocked_for}."
    sold = (
        Insertion.objects.filter(slot=slot, status__in=TAKES_SLOT)
        .select_related("line__order__advertiser", "booked_by")
        .first()
    )
    if sold is None:
        return "" if slot.offered else f"{slot} is not sold any more."
    return (
        f"{slot} was booked by {called(sold.booked_by)} for {sold.advertiser} {_since(sold.booked_at, now)}."
    )


def held_by_another(slot: Slot, advertiser: Advertiser, *, now: datetime.datetime) -> str:
    """Who has the first option on the slot, if it is not that advertiser."""
    held = first_hold(slot, now=now)
    if held is None or held.advertiser == advertiser:
        return ""
    until = held.expires_at.astimezone(slot.issue.publication.zone)
    return f"{slot} is held by {called(held.owner)} for {held.advertiser} until {until:%a %-d %b, %H:%M}."


def first_hold(slot: Slot, *, now: datetime.datetime) -> Hold | None:
    """The first option on the slot."""
    standing = Hold.objects.standing(now).filter(slot=slot)
    return standing.select_related("advertiser", "owner", "slot__issue", "slot__placement").first()


def _since(then: datetime.datetime, now: datetime.datetime) -> str:
    passed = now - then
    if passed > JUST_NOW:
        return f"on {then:%a %-d %b %Y}"
    seconds = max(0, int(passed.total_seconds()))
    return f"{counted(seconds, 'second')} ago" if seconds < 90 else f"{counted(seconds // 60, 'minute')} ago"
