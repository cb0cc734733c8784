"""When an issue moves or is cancelled: what becomes of each insertion in it, settled in one step or not at all."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from issues.models import Issue, Status
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move as moved_on
from sponsors import billing, conflicts, inventory, makegoods, noticing, ordering, selling, trail
from sponsors.models import Fault, Insertion, InsertionOrder, InsertionStatus, LineKind, Slot
from sponsors.models.deals import INSERTION_MOVES

__all__ = ["CHOICES", "Choice", "settle", "unsettled"]

CHOICES = {
    "follow": "Follow the issue to its new day",
    "move": "Move to another slot",
    "make_good": "Count as missed, and make it good later",
    "credit": "Count as missed, and do not bill it",
}


@dataclass(frozen=True)
class Choice:
    """What becomes of one insertion; ``slot`` is where it moves."""

    what: str
    slot: Slot | None = None


def unsettled(issue: Issue) -> list[Insertion]:
    """Insertions whose day is no longer what the advertiser agreed to, or whose issue will not appear."""
    rows = Insertion.objects.booked().in_issue(issue.pk).whole()
    gone = issue.status == Status.CANCELLED
    return [each for each in rows if gone or each.agreed_for != issue.planned_for]


@transaction.atomic
def settle(
    issue: Issue,
    choices: Mapping[int, Choice],
    *,
    by: Person,
    now: datetime.datetime,
    overriding: str = "",
) -> int:
    """Carry out a choice for every unsettled insertion of the issue, by its key, and draft a notice for each order.

    Conflicts are asked again. Raises ``Refused`` if one has no choice, and whatever a move raises; then nothing is settled.
    Returns how many notices were drafted.
    """
    # Of two who settle at once, the second finds nothing left.
    inventory.locked(each.slot_id for each in unsettled(issue))
    waiting = unsettled(issue)
    missing = [each for each in waiting if each.pk not in choices]
    if missing:
        raise Refused(f"Decide about {missing[0].advertiser}, {missing[0].slot.name}, too.")
    said: dict[InsertionOrder, list[str]] = {}
    agreed = {each.line.order: each.agreed_for for each in reversed(waiting)}
    for each in waiting:
        order = each.line.order
        said.setdefault(order, []).append(
            _settled(each, choices[each.pk], issue, by=by, now=now, overriding=overriding)
        )
    for order, sentences in said.items():
        subject = f"{order.publication}: your message of {_day(agreed[order])} ({order.number})"
        noticing.draft(order, subject=subject, sentences=sentences, now=now)
    return len(said)


def _settled(
    insertion: Insertion,
    choice: Choice,
    issue: Issue,
    *,
    by: Person,
    now: datetime.datetime,
    overriding: str,
) -> str:
    if choice.what == "follow":
        return _follow(insertion, issue, by=by, now=now, overriding=overriding)
    if choice.what == "move":
        if choice.slot is None:
            raise Refused(f"Choose where {insertion.advertiser} moves.")
        selling.move(insertion, choice.slot, by=by, now=now, overriding=overriding)
        to = f"{_day(choice.slot.issue.planned_for)}, “{choice.slot.name}”"
        return f"Your message in “{insertion.slot.placement}” moves to {to}."
    if choice.what in ("make_good", "credit"):
        return _missed(insertion, choice, by=by, now=now)
    raise Refused("Choose what becomes of it: follow, move, make good or credit.")


def _follow(
    insertion: Insertion, issue: Issue, *, by: Person, now: datetime.datetime, overriding: str
) -> str:
    if issue.status == Status.CANCELLED:
        raise Refused(f"This issue will not appear; {insertion.advertiser} cannot follow it.")
    found = conflicts.clashes([issue], insertion.advertiser, now=now, adding={issue.pk: 0})
    conflicts.refuse_unless(found, overriding=overriding)
    if insertion.line.kind == LineKind.SPONSORSHIP:
        why = f"{insertion.slot.name} follows its issue to {_day(issue.planned_for)}."
        ordering.reopen(insertion.line.order, by=by, now=now, why=why)
    before, insertion.agreed_for = insertion.agreed_for, issue.planned_for
    insertion.save(update_fields=["agreed_for"])
    trail.note(
        "followed its issue",
        by=by,
        now=now,
        words=f"From {_day(before)} to {_day(issue.planned_for)}.",
        insertion=insertion,
    )
    selling.override(insertion, found, overriding, by=by, now=now)
    days = f"{_day(issue.planned_for)} instead of {_day(before)}"
    return f"The issue with your message in “{insertion.slot.placement}” appears on {days}."


def _missed(insertion: Insertion, choice: Choice, *, by: Person, now: datetime.datetime) -> str:
    moved_on(insertion, InsertionStatus.MISSED, moves=INSERTION_MOVES, ended_at=now, fault=Fault.PUBLISHER)
    why = f"The issue of {_day(insertion.agreed_for)} did not appear as agreed."
    trail.note("missed", by=by, now=now, words=why, insertion=insertion)
    owed = makegoods.open_for(insertion, reason=why, now=now)
    before = f"Your message in “{insertion.slot.placement}” of {_day(insertion.agreed_for)} does not run."
    if owed is None:
        return f"{before} Nothing was asked for it."
    if choice.what == "credit":
        if not owed.insertion.invoice_lines.filter(void=False).exists():
            billing.forgo(owed, by=by, now=now)
            return f"{before} You will not be billed for it."
        return f"{before} You get a credit note for it."
    return f"{before} We make it good in another issue, and come back to you with a day."


def _day(day: datetime.date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
