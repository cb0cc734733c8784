"""The send monitor. It fetches itself anew: the figures all the time, the rest when the send has got to another state."""

import datetime
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsroom.audience import recipients
from newsroom.delivery import access
from newsroom.delivery.control import correcting, doubts, stages
from newsroom.delivery.models import Outcome, RateLimit, Send, SendStatus, Stage
from newsroom.delivery.queue import counting, homes, ledger
from newsroom.delivery.reporting import monitoring, receipts
from newsroom.delivery.reporting.monitoring import State

NAMED = 10
"""Readers in doubt or failed who are named on the monitor itself."""
EVENTS = 20
SOON = datetime.timedelta(minutes=2)


@require_safe
def monitor(request: HttpRequest, pk: int) -> HttpResponse:
    """Progress of a send. ``?seen`` is the state that the page shows: while it is the same, only the figures are sent."""
    send, now = access.send(request.user, pk, access.SEE), timezone.now()
    shown = _figures(send, now)
    if request.htmx and request.GET.get("seen") == shown["seen"]:  # type: ignore[attr-defined]
        return render(request, "delivery/_progress.html", shown)
    values = {**shown, **_rest(request, send, shown["state"])}
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "delivery/monitor.html", values)
    response = render(request, "delivery/_monitor.html", values)
    response["HX-Retarget"], response["HX-Reswap"] = "#monitor", "outerHTML"
    return response


def _figures(send: Send, now: datetime.datetime) -> dict[str, Any]:
    """What changes from second to second."""
    state, counts, at_work = monitoring.state(send, now=now), counting.tally(send), monitoring.workers(send)
    rate = monitoring.rate(at_work, now=now)
    going = state == State.SENDING
    return {
        "send": send,
        "issue": send.issue,
        "publication": send.issue.publication,
        "state": state,
        "seen": f"{state}.{send.stage}.{int(bool(send.waiting_for))}",
        "poll": _poll(send, state, now),
        "tally": counts,
        "percent": _percent(counts),
        "rate": rate,
        "limit": RateLimit.objects.filter(domain="").values_list("per_second", flat=True).first(),
        "eta": monitoring.eta(send, counts, rate, now=now) if going else None,
        "workers": at_work if state.moving else [],
        "silent": now - datetime.timedelta(seconds=10),
        "countdown": monitoring.spelled(send.scheduled_for - now) if send.scheduled_for > now else "",
        "again_in": monitoring.spelled(send.not_before - now)
        if send.not_before and send.not_before > now
        else "",
        "expected": recipients.chosen(send.issue.publication.slug, send.segment).count()
        if state == State.QUEUED
        else 0,
        "seeds": monitoring.seeds(send) if send.started_at else [],
        "events": send.events.select_related("by")[:EVENTS],
    }


def _rest(request: HttpRequest, send: Send, state: State) -> dict[str, Any]:
    """What changes with the state."""
    may_name = request.user.has_perm(access.NAME)
    return {
        "paused": monitoring.last(send, "paused") if state in (State.PAUSED, State.PAUSING) else None,
        "stopped": monitoring.last(send, "stopped") if state in (State.STOPPED, State.STOPPING) else None,
        "lasted": monitoring.spelled(send.finished_at - send.started_at)
        if send.finished_at and send.started_at
        else "",
        "mean": _mean(send),
        "stages": _stages(send) if send.canary and send.started_at else [],
        "next_stage": stages.next_stage(send) if state in (State.HELD, State.SENDING) else None,
        "opens_at": stages.opens_at(send) if state == State.HELD and not send.waiting_for else None,
        "printings": monitoring.printings(send),
        "reprint": state == State.PAUSED and correcting.corrected(send),
        "stranger": send.waiting_for == homes.STRANGER[:300],
        "time_travel": (time_travel := send.waiting_for == ledger.TIME_TRAVEL[:300]),
        "forgotten": doubts.forgotten(send) if time_travel and send.status == SendStatus.PAUSED else None,
        "may_name": may_name,
        "doubtful": _named(send, Outcome.IN_DOUBT) if may_name else [],
        "failed": _named(send, Outcome.FAILED) if may_name else [],
    }


def _poll(send: Send, state: State, now: datetime.datetime) -> int:
    """Seconds until the page asks again; 0 for never."""
    if state.over:
        return 0
    due_soon = state == State.QUEUED and send.scheduled_for - now < SOON
    return 2 if state.moving or due_soon else 10


def _percent(counts: counting.Tally) -> int:
    """Rounded down: 100 % is when everybody has been tried."""
    return 100 * counts.done // counts.planned if counts.planned else 0


def _mean(send: Send) -> float:
    if not (send.finished_at and send.started_at):
        return 0
    seconds = (send.finished_at - send.started_at).total_seconds()
    return (send.issue.delivered or 0) / seconds if seconds >= 1 else 0


def _stages(send: Send) -> list[dict[str, Any]]:
    sizes = send.chunks.values("stage").annotate(readers=Sum("size")).order_by("stage")
    return [
        {"label": Stage(each["stage"]).label, "readers": each["readers"], "open": each["stage"] <= send.stage}
        for each in sizes
        if each["readers"]
    ]


def _named(send: Send, outcome: Outcome) -> list[receipts.Receipt]:
    rows = send.deliveries.filter(outcome=outcome).order_by("subscription_id")[:NAMED]
    return list(receipts.of(send, rows))
