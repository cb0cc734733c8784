"""Steering a send: pausing, resuming, cancelling the rest, opening the next stage, correcting, and deciding what is in doubt."""

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from newsroom.delivery import access
from newsroom.delivery.control import correcting, doubts, scheduling, stages, steering
from newsroom.delivery.models import Outcome, Send, SendStatus
from newsroom.delivery.queue import counting
from newsroom.delivery.reporting import monitoring, receipts
from newsroom.lib.errors import NewsroomError
from newsroom.lib.people import Person, person
from newsroom.lib.text import counted

DECIDING = "Somebody decides whether the rest is cancelled."
DOUBTS_A_PAGE = 50

Verb = Callable[..., Any]
VERBS: dict[str, Verb] = {
    "pause": steering.pause,
    "resume": steering.resume,
    "unschedule": scheduling.unschedule,
    "go-on": stages.go_on,
    "correct": correcting.begin,
}


@require_POST
def steer(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One thing to do with a send, by its name."""
    send = access.send(request.user, pk, access.STEER)
    if verb not in VERBS:
        raise Http404("There is no such thing to do.")
    if verb == "correct":
        access.allow(request.user, access.APPROVE)
    try:
        VERBS[verb](send, by=person(request), now=timezone.now())
    except NewsroomError as error:
        messages.error(request, str(error))
        return redirect("delivery:monitor", pk)
    return redirect("issues:compose" if verb == "correct" else "delivery:monitor", pk)


@require_http_methods(["GET", "POST"])
def rest(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel the rest of a paused send. The page says who has it and who will not get it; the answer brings the numbers back,
    and is refused if they are not true any more. Asking for it while it runs pauses it first: running numbers say nothing."""
    send, now, by = access.send(request.user, pk, access.STEER), timezone.now(), person(request)
    try:
        if request.method == "POST" and "left" in request.POST:
            steering.stop(send, by=by, now=now, left=_number(request.POST["left"]))
            return redirect("delivery:monitor", pk)
        if request.method == "POST":
            _hold(send, by=by, now=now)
            return redirect("delivery:rest", pk)
    except NewsroomError as error:
        messages.error(request, str(error))
        return redirect("delivery:rest", pk)
    send.refresh_from_db(fields=["status", "waiting_for"])
    if send.status != SendStatus.PAUSED:
        return redirect("delivery:monitor", pk)
    values = {
        "send": send,
        "issue": send.issue,
        "tally": counting.tally(send),
        "pausing": monitoring.state(send, now=now) == monitoring.State.PAUSING,
        "deciding": send.waiting_for == DECIDING,
    }
    return render(request, "delivery/_rest.html" if request.htmx else "delivery/rest.html", values)  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def in_doubt(request: HttpRequest, pk: int) -> HttpResponse:
    """Who may or may not have got it, and what is to become of them: of one, of those that are ticked, or of all."""
    access.allow(request.user, access.NAME)
    send = access.send(request.user, pk, access.STEER)
    if request.method == "POST":
        _decide(request, send)
        return redirect("delivery:in_doubt", pk)
    rows = send.deliveries.filter(outcome=Outcome.IN_DOUBT).order_by("subscription_id")
    page = Paginator(rows, DOUBTS_A_PAGE).get_page(request.GET.get("page"))
    values = {
        "send": send,
        "issue": send.issue,
        "page": page,
        "receipts": list(receipts.of(send, page.object_list)),
        "total": page.paginator.count,
    }
    return render(request, "delivery/in_doubt.html", values)


@require_POST
def forgotten(request: HttpRequest, pk: int) -> HttpResponse:
    """Put in doubt whom a restored database has forgotten. The monitor says how many they are; the answer brings the number
    back."""
    send = access.send(request.user, pk, access.STEER)
    try:
        readers = _number(request.POST.get("readers", ""))
        done = doubts.put_in_doubt(send, readers=readers, by=person(request), now=timezone.now())
        messages.success(request, f"{counted(done, 'reader is', 'readers are')} in doubt now.")
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("delivery:monitor", pk)


def _hold(send: Send, *, by: Person, now: datetime.datetime) -> None:
    send.refresh_from_db(fields=["status"])
    if send.status == SendStatus.SENDING:
        steering.pause(send, by=by, now=now, why=DECIDING)


def _decide(request: HttpRequest, send: Send) -> None:
    what, _, whom = request.POST.get("decide", "").partition(" ")
    verb = {"again": doubts.send_again, "sent": doubts.mark_as_sent}.get(what)
    if verb is None:
        messages.error(request, "Say what is to become of them.")
        return
    chosen = {"all": None, "ticked": _numbers(request.POST.getlist("reader"))}.get(whom, _numbers([whom]))
    try:
        done = verb(send, chosen, by=person(request), now=timezone.now())
    except NewsroomError as error:
        messages.error(request, str(error))
        return
    if not done:
        messages.warning(request, "None of these is in doubt any more, or nobody was chosen.")
    elif what == "again":
        messages.success(request, f"{counted(done, 'message')} will be sent again.")
    else:
        messages.success(request, f"{counted(done, 'message')} marked as sent.")


def _numbers(given: list[str]) -> list[int]:
    return [int(each) for each in given if each.isdecimal() and len(each) < 19]


def _number(given: str) -> int:
    """-1, which no count is, for anything else."""
    return next(iter(_numbers([given])), -1)
