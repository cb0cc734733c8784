"""A canary: a send opens by stages, so that what is wrong with it is seen by few."""

import datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet, Sum

from newsroom.delivery.control import tripwires
from newsroom.delivery.control.scheduling import note
from newsroom.delivery.models import Chunk, ChunkState, Return, ReturnKind, Send, SendStatus, Stage
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.people import Person
from newsroom.lib.text import counted

__all__ = ["WAITS", "advance", "go_on", "held", "next_stage", "opens_at", "rests", "trouble"]

WAITS = {
    Stage.SEEDS: datetime.timedelta(minutes=2),
    Stage.FEW: datetime.timedelta(minutes=5),
    Stage.SOME: datetime.timedelta(minutes=5),
}
"""How long a stage is watched after its last message: our own inboxes are looked at by people, and bounces, complaints and
answers of readers take some minutes to come back."""
COMPLAINTS_AT_LEAST = 2
"""One reader who presses “spam” among the first hundred is chance."""


def held(send: Send) -> bool:
    """Whether all that is left waits for a later stage. Those who were put off have been tried: no stage waits for them."""
    open_now = send.chunks.filter(stage__lte=send.stage)
    busy = open_now.filter(Q(state=ChunkState.CLAIMED) | Q(state=ChunkState.WAITING, attempt=1))
    return _later(send).exists() and not busy.exists()


def rests(send: Send, *, now: datetime.datetime) -> bool:
    """Whether a worker would find nothing to do although the send is not over."""
    ripe = Q(not_before__isnull=True) | Q(not_before__lte=now)
    todo = send.chunks.filter(ripe, stage__lte=send.stage, state=ChunkState.WAITING)
    return _later(send).exists() and not todo.exists()


def _later(send: Send) -> QuerySet[Chunk]:
    return send.chunks.filter(state=ChunkState.WAITING, stage__gt=send.stage).order_by("stage", "pk")


def next_stage(send: Send) -> Stage | None:
    """The stage that opens next; None if every one is open."""
    first = _later(send).first()
    return Stage(first.stage) if first else None


def opens_at(send: Send) -> datetime.datetime:
    """When the next stage opens by itself, if nothing is wrong."""
    last = send.chunks.filter(stage__lte=send.stage).aggregate(at=Max("done_at"))["at"]
    since: datetime.datetime = max(filter(None, [last, send.stage_at, send.started_at, send.scheduled_for]))
    return since + WAITS[Stage(send.stage)]


def trouble(send: Send) -> str:
    """Why the next stage should not open by itself, as a sentence; empty if all went well."""
    if why := tripwires.tripped(send):
        return why
    tried = send.chunks.filter(stage__lte=send.stage)
    counts = tried.aggregate(sent=Sum("sent"), failed=Sum("failed"), in_doubt=Sum("in_doubt"))
    sent, failed, in_doubt = (counts[name] or 0 for name in ("sent", "failed", "in_doubt"))
    if failed + in_doubt > (sent + failed + in_doubt) * tripwires.FAILURES:
        messages = counted(sent + failed + in_doubt, "message")
        return f"{failed:,} of the first {messages} failed and {in_doubt:,} are in doubt."
    put_off = (
        tried.filter(state=ChunkState.WAITING, attempt__gt=1).aggregate(readers=Sum("size"))["readers"] or 0
    )
    if put_off > sent:
        return f"The mail server has put off {put_off:,} messages and taken {sent:,}."
    complaints = Return.objects.filter(send=send, kind=ReturnKind.COMPLAINT).count()
    if complaints >= COMPLAINTS_AT_LEAST and complaints > sent * tripwires.COMPLAINTS:
        return f"{complaints:,} of the first {counted(sent, 'reader')} reported it as spam."
    return ""


def advance(send: Send, *, now: datetime.datetime) -> None:
    """Open the next stage if the one before is done, has been watched long enough, and went well; else say what is wrong."""
    if send.status != SendStatus.SENDING or not held(send) or now < opens_at(send):
        return
    if why := trouble(send):
        words = f"{why} The next stage waits for a person."[:300]
        running = Send.objects.filter(pk=send.pk, status=SendStatus.SENDING, stage=send.stage)
        if running.exclude(waiting_for=words).update(waiting_for=words):
            note(send, "held", by=None, now=now, words=words)
        return
    _open_next(send, by=None, now=now)


def go_on(send: Send, *, by: Person, now: datetime.datetime) -> None:
    """Open the next stage now. Raises ``NotNow`` if there is none, or the send does not run; ``Conflict`` if it was opened
    meanwhile."""
    send.refresh_from_db(fields=["status", "stage"])
    if send.status != SendStatus.SENDING:
        raise NotNow("Only a send that runs can open its next stage. Resume it first.")
    _open_next(send, by=by, now=now)


@transaction.atomic
def _open_next(send: Send, *, by: Person, now: datetime.datetime) -> None:
    stage = next_stage(send)
    if stage is None:
        raise NotNow("Every stage is open already.")
    same = Send.objects.filter(pk=send.pk, status=SendStatus.SENDING, stage=send.stage)
    if not same.update(stage=stage, stage_at=now, waiting_for="", not_before=None):
        raise Conflict(
            "The next stage was opened a moment ago, or the send was paused. Look again, then decide."
        )
    send.stage, send.stage_at, send.waiting_for = stage, now, ""
    readers = send.chunks.filter(stage=stage).aggregate(readers=Sum("size"))["readers"]
    words = f"{stage.label[0].upper()}{stage.label[1:]}: {counted(readers, 'reader')}."
    note(send, "next stage", by=by, now=now, words=words)
