"""When an issue goes out. The rows are the schedule: beat only asks them what is due."""

import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from issues import readiness
from issues.models import Issue
from issues.models import Status as IssueStatus
from newsroom.audience import recipients
from newsroom.audience.models import Segment
from newsroom.delivery.models import SEND_MOVES, Policy, Pulse, Send, SendEvent, SendStatus
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move
from newsroom.lib.text import counted

__all__ = [
    "beat",
    "drop_disarmed",
    "due",
    "give_up",
    "last_beat",
    "note",
    "schedule",
    "strange_home",
    "unschedule",
]

SILENT_AFTER = datetime.timedelta(seconds=30)


@transaction.atomic
def schedule(
    issue: Issue,
    at: datetime.datetime,
    *,
    by: Person,
    now: datetime.datetime,
    segment: Segment | None = None,
    canary: bool | None = None,
    policy: str = Policy.HOLD,
) -> Send:
    """Arm the issue's edition to go out at ``at``, to everybody or a segment; by stages if ``canary``, which is the
    publication's habit if it is not said.

    Raises ``NotNow`` without approval, ``Refused`` for a time in the past or a list without readers, ``Conflict`` if
    somebody else scheduled it in the same moment.
    """
    if issue.status != IssueStatus.APPROVED or issue.edition is None:
        raise NotNow("Only an approved issue can be scheduled. Have it approved first.")
    if at <= now:
        raise Refused("This time has passed. Choose one that lies ahead.")
    _not_to_nobody(issue, segment)
    _only_as_sold(issue)
    drop_disarmed(now=now)
    window = datetime.timedelta(minutes=issue.publication.window_minutes)
    try:
        with transaction.atomic():
            send = Send.objects.create(
                issue=issue, edition=issue.edition, scheduled_for=at, window_ends=at + window, scheduled_by=by,
                segment=segment, canary=issue.publication.canary if canary is None else canary, policy=policy,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("This issue is scheduled already. Unschedule it first.") from None
    note(send, "scheduled", by=by, now=now)
    return send


def _not_to_nobody(issue: Issue, segment: Segment | None) -> None:
    if not recipients.active(issue.publication.slug).exists():
        raise Refused(f"{issue.publication} has no active subscribers; nobody would get this issue.")
    if segment and not recipients.chosen(issue.publication.slug, segment).exists():
        raise Refused(f"Nobody belongs to “{segment}” now; nobody would get this issue.")


def _only_as_sold(issue: Issue) -> None:
    """The send gate: nothing that was sold is missing, changed or out of its place."""
    broken = [each for each in readiness.commitments(issue) if each.open_reasons]
    if broken:
        said = " ".join(f"{each.title}: {each.open_reasons[0].sentence}" for each in broken)
        raise NotNow(f"{counted(len(broken), 'sold slot is', 'sold slots are')} not as sold. {said}")


@transaction.atomic
def unschedule(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """Take it off the schedule; the issue stays approved. Raises ``NotNow`` once it has started."""
    move(send, SendStatus.CANCELLED, moves=SEND_MOVES, finished_at=now, waiting_for="")
    note(send, "unscheduled", by=by, now=now)


def due(*, now: datetime.datetime) -> list[Send]:
    """Armed sends whose time has come, and that wait for nothing now; the oldest first."""
    ripe = Q(not_before__isnull=True) | Q(not_before__lte=now) | Q(window_ends__lt=now)
    found = Send.objects.armed().filter(ripe, scheduled_for__lte=now).order_by("scheduled_for")
    return list(found.select_related("issue__publication", "edition"))


def drop_disarmed(*, now: datetime.datetime) -> None:
    """Cancel what was scheduled and then reopened."""
    for send in Send.objects.disarmed():
        with transaction.atomic():
            move(send, SendStatus.CANCELLED, moves=SEND_MOVES, finished_at=now)
            note(send, "cancelled", by=None, now=now, words="The issue was reopened.")


@transaction.atomic
def give_up(send: Send, *, now: datetime.datetime) -> None:
    """Its window has passed: missed, and a person decides. It never goes out late by itself."""
    reason = send.waiting_for or "Nothing was running to send it."
    move(send, SendStatus.MISSED, moves=SEND_MOVES, finished_at=now)
    late = counted(round((now - send.scheduled_for).total_seconds() / 60), "minute")
    note(send, "missed", by=None, now=now, words=f"{late} late. {reason}")


def beat(*, now: datetime.datetime, stranger: str = "") -> None:
    """The scheduler is alive; ``stranger`` is the name of its machine, if nothing may be sent from there."""
    Pulse.objects.update_or_create(pk=1, defaults={"at": now, "stranger": stranger})


def last_beat() -> datetime.datetime | None:
    """When the scheduler was last heard; None if never."""
    return Pulse.objects.values_list("at", flat=True).first()


def strange_home() -> str:
    """The machine of the scheduler, if nothing may be sent from there; empty if it may."""
    return Pulse.objects.values_list("stranger", flat=True).first() or ""


def note(send: Send, what: str, *, by: Person, now: datetime.datetime, words: str = "") -> None:
    """Write down what happened to a send."""
    SendEvent.objects.create(send=send, at=now, by=by, what=what, note=words[:400])
