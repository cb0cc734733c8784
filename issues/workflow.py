"""From draft to sent: the only writer of an issue's status, edition and time of publication."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict

from django.db import IntegrityError, transaction

from issues import readiness
from issues.models import Circulation, Edition, Issue, IssueEvent, Status
from issues.models.issue import MOVES
from issues.rendering import Rendered, render
from issues.snapshot import take
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.people import Person
from newsroom.lib.states import move
from newsroom.lib.text import counted

__all__ = [
    "approve",
    "cancel",
    "correct",
    "drop_correction",
    "finish",
    "go_out",
    "recount",
    "reopen",
    "restore",
    "send_back",
    "submit",
]


@transaction.atomic
def submit(issue: Issue, *, by: Person, now: datetime.datetime) -> None:
    """Draft → in review."""
    move(issue, Status.IN_REVIEW, moves=MOVES, changed_at=now)
    _note(issue, "submitted", by=by, now=now)


@transaction.atomic
def send_back(issue: Issue, *, by: Person, now: datetime.datetime, note: str = "") -> None:
    """In review → draft, with a word to the author."""
    if issue.status != Status.IN_REVIEW:
        raise NotNow("Only an issue in review can be sent back.")
    move(issue, Status.DRAFT, moves=MOVES, changed_at=now)
    _note(issue, "sent back", by=by, now=now, note=note)


@transaction.atomic
def approve(issue: Issue, *, by: Person, now: datetime.datetime) -> Edition:
    """In review → approved: freeze what readers will get. A correction is approved alike: being corrected → going out.

    Raises ``NotNow`` while there are blockers, ``Conflict`` if a word changed between rendering and freezing.
    """
    issue.refresh_from_db(fields=["rev", "title", "subject", "preheader", "planned_for", "slug"])
    rendered = render(take(issue))
    stops = [
        each
        for each in readiness.blockers(issue) + readiness.size_problems(rendered)
        if each.severity == "blocker"
    ]
    if stops:
        raise NotNow(
            f"{counted(len(stops), 'thing stops', 'things stop')} this issue: "
            + " ".join(stop.sentence for stop in stops)
        )
    edition = _frozen(issue, rendered, by=by, now=now)
    correction = issue.status == Status.CORRECTING
    after = Status.GOING_OUT if correction else Status.APPROVED
    move(issue, after, moves=MOVES, provided={"rev": issue.rev}, edition=edition, changed_at=now)
    _note(
        issue,
        "correction approved" if correction else "approved",
        by=by,
        now=now,
        note=f"Edition {edition.number}, seal {edition.seal[:12]}",
    )
    return edition


@transaction.atomic
def reopen(issue: Issue, *, by: Person, now: datetime.datetime) -> None:
    """Approved → draft: the edition is withdrawn, and any schedule that names it no longer fires."""
    if issue.status != Status.APPROVED:
        raise NotNow("Only an approved issue that is not yet going out can be reopened.")
    move(issue, Status.DRAFT, moves=MOVES, edition=None, changed_at=now)
    _note(issue, "reopened", by=by, now=now)


@transaction.atomic
def cancel(issue: Issue, *, by: Person, now: datetime.datetime, note: str = "") -> None:
    """The issue will not appear; its words stay, and ``note`` says why."""
    move(issue, Status.CANCELLED, moves=MOVES, changed_at=now)
    _note(issue, "cancelled", by=by, now=now, note=note)


@transaction.atomic
def restore(issue: Issue, *, by: Person, now: datetime.datetime) -> None:
    """Cancelled → draft."""
    if issue.status != Status.CANCELLED:
        raise NotNow("Only a cancelled issue can be restored.")
    move(issue, Status.DRAFT, moves=MOVES, changed_at=now)
    _note(issue, "restored", by=by, now=now)


@transaction.atomic
def go_out(issue: Issue, *, now: datetime.datetime) -> None:
    """Approved → going out. It is in the archive from here on, because the first mail links to it.

    One UPDATE settles a race with ``reopen``, and with a new approval after it: whoever comes second gets ``Conflict``
    or ``NotNow``.
    """
    if issue.status != Status.APPROVED:  # a correction goes out again by being approved or dropped
        raise NotNow(f"Only an approved issue goes out; this one is {issue.get_status_display().lower()}.")
    same = {"edition": issue.edition_id}
    move(issue, Status.GOING_OUT, moves=MOVES, provided=same, published_at=now, changed_at=now)
    _note(issue, "going out", by=None, now=now)


@transaction.atomic
def correct(issue: Issue, *, by: Person, now: datetime.datetime) -> None:
    """Going out → being corrected: words may change, and until that is approved the archive shows the edition as it is."""
    move(issue, Status.CORRECTING, moves=MOVES, changed_at=now)
    _note(issue, "opened for correction", by=by, now=now)


@transaction.atomic
def drop_correction(issue: Issue, *, by: Person, now: datetime.datetime) -> None:
    """Being corrected → going out, in the edition it had. What was written meanwhile stays in its history."""
    if issue.status != Status.CORRECTING:
        raise NotNow("This issue is not being corrected.")
    move(issue, Status.GOING_OUT, moves=MOVES, changed_at=now)
    _note(issue, "correction dropped", by=by, now=now)


@transaction.atomic
def finish(
    issue: Issue,
    *,
    now: datetime.datetime,
    delivered: int | None = None,
    copies: Mapping[int, int] | None = None,
) -> None:
    """Going out → sent, to so many readers; ``copies`` says how many have each edition."""
    move(issue, Status.SENT, moves=MOVES, delivered=delivered, changed_at=now)
    _circulate(copies or {})
    _note(issue, "sent", by=None, now=now)


@transaction.atomic
def recount(
    issue: Issue,
    *,
    now: datetime.datetime,
    delivered: int,
    copies: Mapping[int, int] | None = None,
) -> None:
    """A sent issue has reached so many readers, as is known now. Raises ``NotNow`` for any other."""
    if issue.status != Status.SENT:
        raise NotNow("This issue is not sent yet.")
    Issue.objects.filter(pk=issue.pk).update(delivered=delivered)
    _circulate(copies or {})
    _note(
        issue,
        "counted anew",
        by=None,
        now=now,
        note=f"{counted(delivered, 'reader')}, before {issue.delivered or 0:,}.",
    )
    issue.delivered = delivered


def _circulate(copies: Mapping[int, int]) -> None:
    for edition, readers in copies.items():
        Circulation.objects.update_or_create(edition_id=edition, defaults={"readers": readers})


def _frozen(issue: Issue, rendered: Rendered, *, by: Person, now: datetime.datetime) -> Edition:
    try:
        with transaction.atomic():
            return Edition.objects.create(
                issue=issue,
                number=issue.editions.count() + 1,
                title=issue.title,
                subject=rendered.subject,
                preheader=rendered.preheader[:200],
                html=rendered.html,
                text=rendered.text,
                web=rendered.web,
                minutes=rendered.minutes,
                pieces=[asdict(piece) for piece in rendered.pieces],
                seal=rendered.seal,
                frozen_at=now,
                frozen_by=by,
            )
    except IntegrityError:
        raise Conflict("Somebody else approved this issue a moment ago.") from None


def _note(issue: Issue, what: str, *, by: Person, now: datetime.datetime, note: str = "") -> None:
    IssueEvent.objects.create(issue=issue, at=now, by=by, what=what, note=note[:400])
