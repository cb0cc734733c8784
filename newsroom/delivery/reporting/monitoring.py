"""What the monitor says of a send: where it stands, how fast it goes, and when it will be done."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Max, Q, Sum

from issues.models import Status as IssueStatus
from newsroom.audience import recipients
from newsroom.audience.models import Subscription
from newsroom.delivery.control import stages, steering
from newsroom.delivery.models import (
    ChunkState,
    Delivery,
    Outcome,
    Printing,
    Send,
    SendEvent,
    SendStatus,
    Worker,
)
from newsroom.delivery.queue import counting
from newsroom.delivery.queue.counting import Tally

__all__ = ["Eta", "Seed", "State", "eta", "last", "printings", "rate", "seeds", "spelled", "state", "workers"]

SILENCE = datetime.timedelta(seconds=60)
"""Without progress for so long, a send that should move is stalled."""
TOO_EARLY = datetime.timedelta(seconds=10)
"""So long after a start nothing can be said about the end."""
UNSTABLE = 1.25
"""If the rate of late and that since the start differ by more, the end is told as a range."""
SEEDS_SHOWN = 12


class State(StrEnum):
    """Where a send stands, for people: finer than its status."""

    QUEUED = "queued"
    SENDING = "sending"
    WAITING = "waiting"
    HELD = "held"
    STALLED = "stalled"
    PAUSING = "pausing"
    PAUSED = "paused"
    CORRECTING = "correcting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    MISSED = "missed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def moving(self) -> bool:
        """Whether it may look different in a moment."""
        return self in (
            State.SENDING,
            State.WAITING,
            State.HELD,
            State.STALLED,
            State.PAUSING,
            State.STOPPING,
        )

    @property
    def over(self) -> bool:
        return self in (State.STOPPED, State.FINISHED, State.MISSED, State.CANCELLED)


_LABELS = {
    State.QUEUED: "Scheduled",
    State.SENDING: "Sending",
    State.WAITING: "Waiting",
    State.HELD: "Between two stages",
    State.STALLED: "Stalled",
    State.PAUSING: "Pausing…",
    State.PAUSED: "Paused",
    State.CORRECTING: "Paused: being corrected",
    State.STOPPING: "Stopping…",
    State.STOPPED: "Stopped",
    State.FINISHED: "Sent",
    State.MISSED: "Missed",
    State.CANCELLED: "Taken off the schedule",
}
_AT_REST = {
    SendStatus.SCHEDULED: State.QUEUED,
    SendStatus.SENT: State.FINISHED,
    SendStatus.MISSED: State.MISSED,
    SendStatus.CANCELLED: State.CANCELLED,
}


def state(send: Send, *, now: datetime.datetime) -> State:
    """Where the send stands."""
    if send.status in _AT_REST:
        return _AT_REST[SendStatus(send.status)]
    in_hand = send.chunks.filter(state=ChunkState.CLAIMED).exists()
    if send.status == SendStatus.STOPPED:
        return State.STOPPING if in_hand else State.STOPPED
    if send.status == SendStatus.PAUSED:
        if send.issue.status == IssueStatus.CORRECTING:
            return State.CORRECTING
        return State.PAUSING if in_hand else State.PAUSED
    return _under_way(send, now)


def _under_way(send: Send, now: datetime.datetime) -> State:
    if send.not_before and send.not_before > now:
        return State.WAITING
    if stages.held(send):
        return State.HELD
    return State.STALLED if now - _progress(send) > SILENCE else State.SENDING


def _progress(send: Send) -> datetime.datetime:
    """When something last happened: a worker that lives and gets on, a chunk that was closed, a person or the tick; or when it
    has waited long enough, because until then nothing was to happen."""
    getting_on = send.workers.filter(Q(rate__gt=0) | Q(ended_at__isnull=False))
    seen = getting_on.aggregate(at=Max("seen_at"))["at"]
    done = send.chunks.aggregate(at=Max("done_at"))["at"]
    latest: datetime.datetime = max(filter(None, [seen, done, send.not_before, _began(send)]))
    return latest


def _began(send: Send) -> datetime.datetime:
    moments = [steering.resumed_at(send), send.stage_at, send.started_at, send.scheduled_for]
    return max(filter(None, moments))


def workers(send: Send) -> Sequence[Worker]:
    """Who is at work on it, as far as is known."""
    return list(send.workers.filter(ended_at__isnull=True).select_related("home"))


def rate(at_work: Sequence[Worker], *, now: datetime.datetime) -> float:
    """Messages a second of late, of all workers that are heard."""
    return sum(each.rate for each in at_work if now - each.seen_at < SILENCE)


@dataclass(frozen=True)
class Eta:
    """When it will be done, at the earliest and at the latest: the same if the rate is steady."""

    sooner: datetime.timedelta
    later: datetime.timedelta
    at: datetime.datetime

    @property
    def steady(self) -> bool:
        return self.later <= self.sooner * UNSTABLE

    def __str__(self) -> str:
        if self.steady:
            return f"in about {spelled(self.later)}"
        if self.later < datetime.timedelta(minutes=1):
            return "in less than a minute"
        sooner, later = (max(1, math.ceil(each.total_seconds() / 60)) for each in (self.sooner, self.later))
        return f"in {sooner}–{later} min" if sooner != later else f"in about {later} min"


def eta(send: Send, counts: Tally, rate: float, *, now: datetime.datetime) -> Eta | None:
    """None in the first seconds, and while nothing moves. Whoever was put off, or waits for a later stage, is not in it."""
    began = _began(send)
    elapsed = (now - began).total_seconds()
    if rate <= 0 or now - began < TOO_EARLY:
        return None
    later = send.chunks.filter(stage__gt=send.stage).aggregate(readers=Sum("size"))["readers"] or 0
    left = max(counts.waiting - counts.deferred - later, 0)
    closed = send.chunks.filter(done_at__gt=began).aggregate(sent=Sum("sent"))["sent"] or 0
    in_hand = send.workers.filter(ended_at__isnull=True).aggregate(sent=Sum("sent"))["sent"] or 0
    since_start = (closed + in_hand) / elapsed or rate
    sooner, latest = sorted(datetime.timedelta(seconds=left / each) for each in (rate, since_start))
    steady = latest <= sooner * UNSTABLE
    return Eta(sooner, sooner if steady else latest, now + sooner)


def last(send: Send, what: str) -> SendEvent | None:
    """The latest event of that name."""
    return send.events.filter(what=what).select_related("by").first()


@dataclass(frozen=True)
class Seed:
    """An address of our own, and when it got the issue."""

    address: str
    outcome: str
    at: datetime.datetime | None
    reply: str


def seeds(send: Send) -> list[Seed]:
    """Our own addresses among the readers of the send, and what became of theirs."""
    slug = send.issue.publication.slug
    listed = Subscription.objects.filter(mailing_list__slug=slug, seed=True)
    addresses = dict(
        listed.order_by("subscriber__email").values_list("pk", "subscriber__email")[:SEEDS_SHOWN]
    )
    found = {
        each.subscription_id: each
        for each in Delivery.objects.filter(send=send, subscription_id__in=addresses)
    }
    awaited: set[int] = set()
    if send.status != SendStatus.SENT:  # then nobody is any more, and who became a seed later never was
        meant = recipients.chosen(slug, send.segment).filter(pk__in=addresses)
        awaited = set(meant.values_list("pk", flat=True))
    return [
        _seed(address, found.get(reader))
        for reader, address in addresses.items()
        if reader in found or reader in awaited
    ]


def _seed(address: str, delivery: Delivery | None) -> Seed:
    if delivery is None:
        return Seed(address, "", None, "")
    return Seed(address, Outcome(delivery.outcome).name.lower(), delivery.at, delivery.reply)


def printings(send: Send) -> list[tuple[Printing, int]]:
    """Each printing and how many got it, if there is more than one: whom we corrected has to be known."""
    found = list(send.printings.select_related("edition", "made_by").defer("links"))
    if len(found) < 2:
        return []
    counts = counting.by_printing(send)
    return [(each, counts.get(each.pk, 0)) for each in found]


def spelled(span: datetime.timedelta) -> str:
    """“45 s”, “1 min 53 s”, “2 h 5 min”, “3 days 4 h”: two parts are enough."""
    seconds = max(0, round(span.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} day{'' if days == 1 else 's'}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    if minutes:
        return f"{minutes} min" + (f" {seconds % 60} s" if seconds % 60 else "")
    return f"{seconds} s"
