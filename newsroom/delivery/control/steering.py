"""Holding a send, letting it go on, and giving up the rest of it."""

import datetime

from django.db import transaction
from django.db.models import Max

from issues import workflow
from issues.models import Status as IssueStatus
from newsroom.delivery.control import correcting
from newsroom.delivery.control.scheduling import note
from newsroom.delivery.models import SEND_MOVES, ChunkState, Send, SendStatus
from newsroom.delivery.queue.counting import by_edition, tally
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.people import Person
from newsroom.lib.states import move
from newsroom.lib.text import counted

__all__ = ["hand_in", "pause", "reopen", "resume", "resumed_at", "stop", "sweep"]


@transaction.atomic
def pause(send: Send, *, by: Person, now: datetime.datetime, why: str = "") -> None:
    """Stop after the messages in flight. Pausing what is paused already changes nothing.

    Raises ``NotNow`` if it has not started, or is over.
    """
    send.refresh_from_db(fields=["status"])
    if send.status == SendStatus.PAUSED:
        return
    move(send, SendStatus.PAUSED, moves=SEND_MOVES, waiting_for=why[:300])
    note(send, "paused", by=by, now=now, words=why)


@transaction.atomic
def resume(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """Go on with those who have not got it, in the newest edition. Resuming what runs already changes nothing.

    Raises ``NotNow`` if it is not paused, or its issue is open for correction.
    """
    send.refresh_from_db(fields=["status"])
    if send.status == SendStatus.SENDING:
        return
    if send.status != SendStatus.PAUSED:
        raise NotNow("Only a paused send can go on.")
    move(send, SendStatus.SENDING, moves=SEND_MOVES, waiting_for="", not_before=None)
    _not_under_correction(send)  # after the move: from here on nobody can open it
    correcting.reprint(send, by=by, now=now)
    note(send, "resumed", by=by, now=now)


def resumed_at(send: Send) -> datetime.datetime | None:
    """When somebody last let it go on; None if nobody ever had to."""
    latest: datetime.datetime | None = send.events.filter(what="resumed").aggregate(at=Max("at"))["at"]
    return latest


@transaction.atomic
def stop(send: Send, *, by: Person, now: datetime.datetime, left: int | None = None) -> None:
    """Cancel the rest: readers who have not got it do not get it any more. Stopping what is stopped already changes nothing.

    ``left`` is how many that are, as the person was told; raises ``Conflict`` if it is not so any more.
    """
    send.refresh_from_db()
    if send.status == SendStatus.STOPPED:
        return
    move(send, SendStatus.STOPPED, moves=SEND_MOVES, finished_at=now, waiting_for="", not_before=None)
    _not_under_correction(send)
    counts = tally(send)
    if left is not None and left != counts.waiting:
        raise Conflict(
            f"The numbers have changed: {counted(counts.waiting, 'reader')} would not get it now. Look again, then decide."
        )
    words = f"{counts.sent:,} have it; {counted(counts.waiting, 'reader')} will not get it."
    note(send, "stopped", by=by, now=now, words=words)
    sweep(send, now=now)


@transaction.atomic
def sweep(send: Send, *, now: datetime.datetime) -> None:
    """Drop what waits of a stopped send; workers bring some back after the stop, so this is asked until they hold nothing."""
    send.chunks.filter(state=ChunkState.WAITING).update(state=ChunkState.DROPPED, done_at=now)
    if not send.chunks.filter(state=ChunkState.CLAIMED).exists():
        hand_in(send, now=now)


@transaction.atomic
def reopen(send: Send, *, now: datetime.datetime) -> None:
    """Sent or stopped → sending, for messages in doubt that are sent again. The issue stays sent."""
    send.refresh_from_db(fields=["status"])
    if send.status in (SendStatus.SENT, SendStatus.STOPPED):
        move(
            send, SendStatus.SENDING, moves=SEND_MOVES, finished_at=None, waiting_for="", not_before=None,
            stage_at=now,
        )  # fmt: skip


def hand_in(send: Send, *, now: datetime.datetime) -> None:
    """Tell the issue how many readers have it, and in which edition: it is sent, or was sent and is counted anew."""
    issue, delivered = send.issue, tally(send).sent
    copies = by_edition(send, delivered)
    issue.refresh_from_db(fields=["status", "delivered"])
    if issue.status == IssueStatus.GOING_OUT:
        workflow.finish(issue, now=now, delivered=delivered, copies=copies)
    elif issue.delivered != delivered:
        workflow.recount(issue, now=now, delivered=delivered, copies=copies)


def _not_under_correction(send: Send) -> None:
    send.issue.refresh_from_db(fields=["status", "edition"])
    if send.issue.status == IssueStatus.CORRECTING:
        raise NotNow("The issue is open for correction. Approve the correction or drop it first.")
