"""What there is to sell in an issue: the only writer of slots and of a publication's standard placements."""

import datetime
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q

from issues.models import Issue, Publication, Status
from newsroom.lib.errors import Conflict, Refused
from newsroom.lib.people import Person
from sponsors import trail
from sponsors.models import TAKES_SLOT, AdFormat, Fallback, Hold, Insertion, Placement, Rule, Slot

__all__ = [
    "alternatives",
    "at",
    "block",
    "coming",
    "free",
    "lay_out",
    "locked",
    "placements",
    "slots",
    "stock",
    "unblock",
]

STANDARD = (
    ("primary", "Primary", Rule.AFTER_LEAD, Fallback.HOUSE),
    ("secondary", "Secondary", Rule.ANYWHERE, Fallback.COLLAPSE),
    ("closing", "Closing", Rule.BEFORE_SIGN_OFF, Fallback.COLLAPSE),
)
"""Code, name, rule and fallback of the placements that a publication starts with."""


AT_ONCE = 200
"""Slots that one step takes."""
NEAR = 40
"""Issues that are looked through at once for something else to offer."""


@transaction.atomic
def stock(publication: Publication) -> list[Placement]:
    """The publication's placements; the standard ones are made where there are none."""
    if not publication.placements.exists():
        message, _ = AdFormat.objects.get_or_create(name="Message")
        Placement.objects.bulk_create(
            Placement(
                publication=publication,
                code=code,
                name=name,
                rule=rule,
                fallback=fallback,
                position=n,
                format=message,
            )
            for n, (code, name, rule, fallback) in enumerate(STANDARD)
        )
    return placements(publication)


def placements(publication: Publication) -> list[Placement]:
    """What the publication sells, in the order of the calendar."""
    return list(publication.placements.filter(retired_at=None).select_related("format"))


@transaction.atomic
def lay_out(issues: Iterable[Issue]) -> None:
    """A slot in each issue for each placement that is sold on its day; those that exist stay as they are."""
    by_publication: dict[int, list[Issue]] = {}
    for issue in issues:
        by_publication.setdefault(issue.publication_id, []).append(issue)
    sold = Placement.objects.filter(publication__in=by_publication, retired_at=None)
    Slot.objects.bulk_create(
        (
            Slot(issue=issue, placement=placement, ordinal=ordinal)
            for placement in sold
            for issue in by_publication[placement.publication_id]
            if issue.planned_for.weekday() in placement.weekdays
            for ordinal in range(1, placement.capacity + 1)
        ),
        ignore_conflicts=True,
    )


def slots(issue: Issue) -> list[Slot]:
    """The slots of an issue, in order, made first if they are not there yet."""
    lay_out([issue])
    return list(issue.slots.select_related("placement__format", "issue__publication"))


@transaction.atomic
def at(keys: Sequence[str]) -> list[Slot]:
    """The slots that the calendar calls ``issue.placement.ordinal``, in the order of their days, made if they are not there yet.

    Raises ``Refused`` for a key that names none.
    """
    wanted = [_parsed(key) for key in dict.fromkeys(keys)]
    if len(wanted) > AT_ONCE:
        raise Refused(f"At most {AT_ONCE} slots at once; these are {len(wanted)}.")
    issues = Issue.objects.filter(pk__in={issue for issue, _, _ in wanted})
    lay_out(issues)
    rows = Slot.objects.filter(issue__in={issue for issue, _, _ in wanted})
    rows = rows.select_related("placement__format", "issue__publication")
    found = {(row.issue_id, row.placement_id, row.ordinal): row for row in rows}
    missing = [key for key in wanted if key not in found]
    if missing:
        raise Refused("One of these slots is not sold on its day, or is no longer there. Look again.")
    chosen = [found[key] for key in wanted]
    return sorted(chosen, key=lambda slot: (slot.issue.planned_for, slot.placement.position, slot.ordinal))


def _parsed(key: str) -> tuple[int, int, int]:
    parts = key.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise Refused("There is no such slot.")
    issue, placement, ordinal = (int(part) for part in parts)
    return issue, placement, ordinal


def locked(wanted: Iterable[Slot | int]) -> list[Slot]:
    """Those slots, locked until the transaction ends, always in the same order so that no two transactions wait for each other.

    Their issues are locked with them: rivals who take different slots of one issue would else not see each other. Whoever
    needs more locks slots first, then orders. Raises ``Conflict`` if one is no longer there.
    """
    keys = {each if isinstance(each, int) else each.pk for each in wanted}
    rows = Slot.objects.select_for_update(of=("self", "issue"), no_key=True).filter(pk__in=keys)
    rows = rows.order_by("issue_id", "pk")
    found = list(rows.select_related("placement__format", "issue__publication"))
    if len(found) < len(keys):
        raise Conflict("One of these slots is no longer there. Look again.")
    return found


def free(among: Sequence[Slot], *, now: datetime.datetime) -> list[Slot]:
    """Of those slots: for sale, not sold, and nobody holds them."""
    keys = [slot.pk for slot in among]
    sold = set(Insertion.objects.filter(slot__in=keys, status__in=TAKES_SLOT).values_list("slot", flat=True))
    held = set(Hold.objects.standing(now).filter(slot__in=keys).values_list("slot", flat=True))
    return [
        slot
        for slot in among
        if slot.pk not in sold | held and slot.offered and not slot.blocked_for and slot.issue.unsettled
    ]


def alternatives(
    slot: Slot, *, now: datetime.datetime, count: int = 3, besides: Iterable[Slot] = ()
) -> list[Slot]:
    """Free slots instead of that one: in the same issue first, then the same placement on the days nearest to it.

    ``besides`` are wanted already, and no news.
    """
    issue = slot.issue
    wanted = {slot.pk, *(each.pk for each in besides)}
    nearest = sorted(
        coming(issue.publication, now=now), key=lambda each: abs((each.planned_for - issue.planned_for).days)
    )
    found: list[Slot] = []
    for start in range(0, len(nearest), NEAR):
        near = _instead(slot, nearest[start : start + NEAR])
        found += free([each for each in near if each.pk not in wanted], now=now)
        if len(found) >= count:
            break
    return found[:count]


def _instead(slot: Slot, issues: Sequence[Issue]) -> list[Slot]:
    """What might stand for the slot in those issues, the nearest first."""
    lay_out(issues)
    same = Q(issue=slot.issue_id) | Q(placement=slot.placement_id)
    rows = Slot.objects.filter(same, issue__in=issues, placement__retired_at=None)
    return sorted(
        rows.select_related("placement__format", "issue__publication"),
        key=lambda each: (
            abs((each.issue.planned_for - slot.issue.planned_for).days),
            each.issue_id != slot.issue_id,
            each.placement.position,
        ),
    )


def coming(publication: Publication, *, now: datetime.datetime) -> list[Issue]:
    """Issues of the publication whose slots can still be sold, in the order of their days."""
    today = now.astimezone(publication.zone).date()
    rows = publication.issues.filter(planned_for__gte=today, status__in=[Status.DRAFT, Status.IN_REVIEW])
    return list(rows.select_related("publication").order_by("planned_for", "pk"))


@transaction.atomic
def block(slots: Sequence[Slot], *, reason: str, by: Person, now: datetime.datetime) -> None:
    """Take slots off the market. Raises ``Conflict`` if one is sold or held."""
    rows = locked(slots)
    taken = (
        {each.pk for each in rows}
        - {each.pk for each in free(rows, now=now)}
        - {each.pk for each in rows if each.blocked_for}
    )
    if taken:
        first = next(each for each in rows if each.pk in taken)
        raise Conflict(f"{first} is sold, held or closed. Only open slots are blocked.")
    for slot in rows:
        _set(slot, reason.strip()[:120] or "Not for sale", "blocked", by=by, now=now)


@transaction.atomic
def unblock(slots: Sequence[Slot], *, by: Person, now: datetime.datetime) -> None:
    """Put slots back on the market."""
    for slot in locked(slots):
        if slot.blocked_for:
            _set(slot, "", "unblocked", by=by, now=now)


def _set(slot: Slot, reason: str, what: str, *, by: Person, now: datetime.datetime) -> None:
    slot.blocked_for = reason
    slot.save(update_fields=["blocked_for"])
    trail.note(what, by=by, now=now, words=f"{slot} {reason}".strip(), issue=slot.issue)
