"""Keeping a slot for somebody: first and second options, challenges, expiry. The only writer of holds.

Whether a hold stands is judged by the clock on reading; the rows are tidied when somebody needs their place, and by beat.
"""

import datetime
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from issues.models import Issue
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person, called
from newsroom.lib.states import move
from sponsors import conflicts, deadlines, inventory, trail
from sponsors.models import Advertiser, AuditEvent, Hold, HoldStatus, Slot
from sponsors.models.deals import HOLD_MOVES
from sponsors.taken import Taken, closed, first_hold, held_by_another

__all__ = ["challenge", "cut", "extend", "hold", "release", "tidy"]

USUAL = datetime.timedelta(hours=48)
LONGEST = datetime.timedelta(days=14)
TO_DECIDE = datetime.timedelta(hours=24)
"""What a challenged holder has to book or drop."""


@transaction.atomic
def hold(
    slots: Sequence[Slot],
    advertiser: Advertiser,
    *,
    by: Person,
    now: datetime.datetime,
    lasts: datetime.timedelta = USUAL,
    behind_others: bool = False,
    overriding: str = "",
) -> list[Hold]:
    """Hold all of the slots or none, for at most 14 days, and never past the day by which they must be booked.

    ``behind_others`` takes a second option where somebody else has the first. Raises ``Taken`` if one is sold, blocked, too
    late to hold or (without it) held; ``Clashes``.
    """
    if not datetime.timedelta(0) < lasts <= LONGEST:
        raise Refused("A hold lasts from an hour to 14 days.")
    _only_for_sponsors(advertiser)
    if not slots:
        raise Refused("Choose at least one slot.")
    rows = inventory.locked(slots)
    tidy(now=now, only=rows)
    refused = [(slot, why) for slot in rows if (why := _why_not(slot, advertiser, behind_others, now=now))]
    if refused:
        raise Taken(refused, among=rows, now=now, suits=lambda slot: not _too_late(slot, now=now))
    # How often it may repeat is a term of the line item, and asked when the slots are booked.
    repeats = {slot.issue_id: 0 for slot in rows}
    found = conflicts.clashes(
        {slot.issue for slot in rows}, advertiser, now=now, adding=repeats, taking={slot.pk for slot in rows}
    )
    conflicts.refuse_unless(found, overriding=overriding)
    made = [_placed(slot, advertiser, by=by, now=now, lasts=lasts) for slot in rows]
    for each in made:
        words = f"{each.slot}, option {each.rank}."
        trail.note("held", by=by, now=now, words=words, advertiser=advertiser, issue=each.slot.issue)
    for clash in found:
        words = f"{clash.sentence} Reason: {overriding}"
        trail.note("conflict overridden", by=by, now=now, words=words, advertiser=advertiser)
    return made


@transaction.atomic
def extend(held: Hold, *, by: Person, now: datetime.datetime) -> None:
    """Once, by two days, unless somebody has challenged it. Raises ``NotNow``."""
    held = _standing(held, now=now)
    if why := closed(held.slot, now=now):
        raise NotNow(why)
    if held.challenged_at:
        raise NotNow("This hold was challenged: book the slot, or let it go.")
    if held.extended_at:
        raise NotNow("This hold was extended once already.")
    until = _at_most(held.slot, held.expires_at + USUAL, now=now)
    if until <= held.expires_at:
        raise NotNow(f"The slot must be booked by {until:%a %-d %b, %H:%M}; it cannot be held any longer.")
    _change(held, expires_at=until, extended_at=now)
    _noted(held, "hold extended", by=by, now=now)


@transaction.atomic
def release(held: Hold, *, by: Person, now: datetime.datetime) -> None:
    """Let the slot go; the next option moves up."""
    held = _standing(held, now=now)
    move(held, HoldStatus.RELEASED, moves=HOLD_MOVES, ended_at=now)
    _noted(held, "hold released", by=by, now=now)
    _move_up(held, now=now)


@transaction.atomic
def challenge(slot: Slot, advertiser: Advertiser, *, by: Person, now: datetime.datetime) -> Hold:
    """A buyer with an order makes the holder of the first option book or drop within a day; gets the next option.

    Returns the hold that was challenged. Raises ``NotNow`` if nobody else holds the slot, or it was challenged already.
    """
    _only_for_sponsors(advertiser)
    (slot,) = inventory.locked([slot])
    tidy(now=now, only=[slot])
    if why := closed(slot, now=now):
        raise NotNow(why)
    first = first_hold(slot, now=now)
    if first is None:
        raise NotNow("Nobody holds this slot any more: book it.")
    if first.advertiser == advertiser:
        raise NotNow(f"{advertiser} has the first option itself: book it.")
    if first.challenged_at:
        raise NotNow(
            f"It was challenged already; {first.advertiser} has until {_clock(first, slot)} to book."
        )
    if not Hold.objects.standing(now).filter(slot=slot, advertiser=advertiser).exists():
        found = conflicts.clashes(
            [slot.issue], advertiser, now=now, adding={slot.issue_id: 0}, taking={slot.pk}
        )
        conflicts.refuse_unless(found, overriding="")
        _noted(_placed(slot, advertiser, by=by, now=now, lasts=LONGEST), "held", by=by, now=now)
    _change(first, expires_at=min(first.expires_at, now + TO_DECIDE), challenged_at=now, challenged_by=by)
    _noted(first, "hold challenged", by=by, now=now, words=f"{advertiser} wants it.")
    return first


def tidy(*, now: datetime.datetime, only: Sequence[Slot] | None = None) -> int:
    """Cut holds to the day by which they must be booked now, mark those whose time has run out, and let others move up.

    Beat calls it for all of them, and whoever needs slots for their issues: a rival that moves up stands in their way.
    """
    active = Hold.objects.filter(status=HoldStatus.ACTIVE)
    if only is not None:
        active = active.filter(slot__issue__in={slot.issue_id for slot in only})
    rows = list(active.select_related("slot__placement", "slot__issue__publication", "advertiser", "owner"))
    _cut(rows, now=now)
    ended = [each for each in rows if each.expires_at <= now and _expired(each, now=now)]
    for each in ended:
        _move_up(each, now=now)
    return len(ended)


def cut(issue: Issue, *, now: datetime.datetime) -> None:
    """The issue may have moved: nobody holds its slots past the day by which they must be booked now."""
    _cut(_whole(Hold.objects.standing(now).filter(slot__issue=issue)), now=now)


def _whole(rows: QuerySet[Hold]) -> list[Hold]:
    """With what is looked at beside them. Mostly there are none, which is asked first: every save asks."""
    if not rows.exists():
        return []
    return list(rows.select_related("slot__placement", "slot__issue__publication", "advertiser", "owner"))


def _cut(rows: Iterable[Hold], *, now: datetime.datetime) -> None:
    by_slot: dict[int, datetime.datetime] = {}
    for each in rows:
        slot = each.slot
        book_by = by_slot.get(slot.pk) or deadlines.due(slot.issue, slot.placement).book_by
        by_slot[slot.pk] = book_by
        if each.expires_at > book_by:
            _change(each, expires_at=book_by)
            _noted(each, "hold cut", by=None, now=now, words="Its issue has moved.")


def _expired(held: Hold, *, now: datetime.datetime) -> bool:
    """Mark it; False if somebody was faster."""
    unchanged = Hold.objects.filter(pk=held.pk, status=HoldStatus.ACTIVE, expires_at=held.expires_at)
    if not unchanged.update(status=HoldStatus.EXPIRED, ended_at=held.expires_at):
        return False
    _noted(held, "hold expired", by=None, now=now)
    return True


@transaction.atomic
def _move_up(gone: Hold, *, now: datetime.datetime) -> None:
    """Whoever comes first now was asked about conflicts when others stood before them; who clashes today lets the next one in.

    The issue alone is locked: who calls us may have locked slots of it, and must not wait for others that come before those.
    """
    issue = Issue.objects.select_for_update(no_key=True).select_related(None).get(pk=gone.slot.issue_id)
    behind = Hold.objects.standing(now).filter(slot=gone.slot_id)
    if behind.filter(rank__lt=gone.rank).exists():
        return
    for held in behind.select_related("advertiser", "owner", "slot__issue", "slot__placement"):
        found = conflicts.clashes(
            [issue], held.advertiser, now=now, adding={issue.pk: 0}, taking={held.slot_id}
        )
        against = [clash.sentence for clash in found if not _overridden(held, clash)]
        if not against:
            return
        move(held, HoldStatus.RELEASED, moves=HOLD_MOVES, ended_at=now)
        words = f"It would come first now, but {against[0]}"
        _noted(held, "hold ended", by=None, now=now, words=words)


def _overridden(held: Hold, clash: conflicts.Clash) -> bool:
    """Somebody gave a reason for that very conflict when the option was taken."""
    return AuditEvent.objects.filter(
        what="conflict overridden",
        advertiser=held.advertiser_id,
        at=held.placed_at,
        note__startswith=clash.sentence,
    ).exists()


def _only_for_sponsors(advertiser: Advertiser) -> None:
    if advertiser.house:
        raise Refused("House promotions need no hold: they run where nothing is sold.")


def _why_not(slot: Slot, advertiser: Advertiser, behind_others: bool, *, now: datetime.datetime) -> str:
    if Hold.objects.standing(now).filter(slot=slot, advertiser=advertiser).exists():
        return f"{slot} is held for {advertiser} already."
    why = closed(slot, now=now) or _too_late(slot, now=now)
    return why or ("" if behind_others else held_by_another(slot, advertiser, now=now))


def _too_late(slot: Slot, *, now: datetime.datetime) -> str:
    book_by = deadlines.due(slot.issue, slot.placement).book_by
    if now < book_by:
        return ""
    return f"It is too late to hold {slot}: since {book_by:%a %-d %b, %H:%M} it can only be booked."


def _placed(
    slot: Slot, advertiser: Advertiser, *, by: Person, now: datetime.datetime, lasts: datetime.timedelta
) -> Hold:
    until = _at_most(slot, now + lasts, now=now)
    last = Hold.objects.filter(slot=slot, status=HoldStatus.ACTIVE).aggregate(last=Max("rank"))["last"]
    try:
        with transaction.atomic():
            return Hold.objects.create(
                slot=slot,
                advertiser=advertiser,
                owner=by,
                rank=(last or 0) + 1,
                placed_at=now,
                expires_at=until,
            )
    except IntegrityError:
        raise Conflict(f"Somebody else took an option on {slot} a moment ago. Look again.") from None


def _at_most(slot: Slot, until: datetime.datetime, *, now: datetime.datetime) -> datetime.datetime:
    if why := _too_late(slot, now=now):
        raise NotNow(why)
    return min(until, deadlines.due(slot.issue, slot.placement).book_by)


def _standing(held: Hold, *, now: datetime.datetime) -> Hold:
    """The hold as it is now, its slot locked."""
    inventory.locked([held.slot_id])
    held = Hold.objects.select_related("slot__issue__publication", "slot__placement", "advertiser").get(
        pk=held.pk
    )
    if held.status != HoldStatus.ACTIVE or held.expires_at <= now:
        raise NotNow(f"This hold is no longer there: it {_ended(held)}.")
    return held


def _ended(held: Hold) -> str:
    return {HoldStatus.CONVERTED: "was booked", HoldStatus.RELEASED: "was released"}.get(
        HoldStatus(held.status), f"ran out on {held.expires_at:%a %-d %b, %H:%M} UTC"
    )


def _change(held: Hold, **changes: object) -> None:
    for name, value in changes.items():
        setattr(held, name, value)
    held.save(update_fields=list(changes))


def _noted(held: Hold, what: str, *, by: Person, now: datetime.datetime, words: str = "") -> None:
    said = f"{held.slot}, held by {called(held.owner)}. {words}".strip()
    trail.note(what, by=by, now=now, words=said, advertiser=held.advertiser, issue=held.slot.issue)


def _clock(held: Hold, slot: Slot) -> str:
    return f"{held.expires_at.astimezone(slot.issue.publication.zone):%a %-d %b, %H:%M}"
