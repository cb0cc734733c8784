"""Who sits at an issue, and who holds which block while they edit it: the only writer of seats."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from issues.models import Issue, Seat
from issues.models.seat import EXPIRES, SeatQuerySet
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person

__all__ = ["held_by_other_people", "held_by_others", "leave", "sit", "tell_once"]

FORGOTTEN = datetime.timedelta(days=1)


@transaction.atomic
def sit(
    issue: Issue,
    client: uuid.UUID,
    *,
    by: User,
    state: str,
    block_uid: uuid.UUID | None = None,
    take_over: bool = False,
    now: datetime.datetime,
) -> Seat:
    """Say that this tab is here, and hold ``block_uid`` for it unless somebody else does.

    With ``take_over`` the other lets go of it; what they had not saved is set aside when their tab next saves.
    """
    _lock(issue)
    if block_uid and take_over:
        issue.seats.filter(block_uid=block_uid).exclude(client=client).update(block_uid=None, since=None)
    free = block_uid and block_uid not in held_by_others(issue, client, now=now)
    seat, _ = Seat.objects.get_or_create(issue=issue, client=client, defaults={"user": by, "seen_at": now})
    if not free:
        seat.block_uid = seat.since = None
    elif seat.block_uid != block_uid:
        seat.block_uid, seat.since = block_uid, now
    seat.user, seat.state, seat.seen_at = by, state, now
    seat.save(update_fields=["user", "state", "seen_at", "block_uid", "since"])
    issue.seats.filter(seen_at__lt=now - FORGOTTEN).delete()
    return seat


def leave(issue: Issue, client: uuid.UUID, *, now: datetime.datetime) -> None:
    """The tab was closed: from now on it counts as one that is not heard of."""
    issue.seats.filter(client=client).update(seen_at=now - EXPIRES)


def held_by_others(issue: Issue, client: uuid.UUID, *, now: datetime.datetime) -> dict[uuid.UUID, Seat]:
    """The blocks that other tabs hold, those of the same person included."""
    return _by_block(issue.seats.holding(now).exclude(client=client))


def held_by_other_people(issue: Issue, by: Person, *, now: datetime.datetime) -> dict[uuid.UUID, Seat]:
    """The blocks that tabs of others hold."""
    return _by_block(issue.seats.holding(now).exclude(user=by))


def _by_block(seats: SeatQuerySet) -> dict[uuid.UUID, Seat]:
    return {seat.block_uid: seat for seat in seats.select_related("user") if seat.block_uid}


@transaction.atomic
def tell_once(
    issue: Issue,
    client: uuid.UUID,
    seq: int,
    act: Callable[[], dict[str, Any]],
    *,
    by: User,
    now: datetime.datetime,
) -> dict[str, Any]:
    """The answer to save ``seq`` of a tab. Asked again, it is told again, and ``act`` is not done twice."""
    _lock(issue)
    seat, _ = Seat.objects.get_or_create(issue=issue, client=client, defaults={"user": by, "seen_at": now})
    if seat.seq == seq:
        return dict(seat.answer)
    answer = act()
    seat.seq, seat.answer, seat.seen_at = seq, answer, now
    seat.save(update_fields=["seq", "answer", "seen_at"])
    return answer


def _lock(issue: Issue) -> None:
    """One tab at a time. Raises ``Refused`` if the issue was deleted meanwhile."""
    if not list(Issue.objects.select_for_update().filter(pk=issue.pk).values_list("pk")):
        raise Refused("This issue is no longer here.")
