"""Testing an issue, and choosing when it goes out, and to whom."""

import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from issues import readiness
from issues.models import Issue
from newsroom.audience import recipients
from newsroom.delivery import access, proofing
from newsroom.delivery.control import scheduling
from newsroom.delivery.forms import ProofForm, ScheduleForm
from newsroom.delivery.models import LIVE, Policy, Send
from newsroom.lib.errors import NewsroomError, Refused
from newsroom.lib.people import person
from newsroom.lib.text import counted


@require_http_methods(["GET", "POST"])
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the issue to a few addresses, now; the page says what became of each."""
    issue = access.issue(request.user, pk, access.WRITE)
    by, outcomes = person(request), []
    form = ProofForm(request.POST or None, initial={"to": by.email})
    if request.method == "POST" and form.is_valid():
        try:
            outcomes = proofing.send(issue, form.cleaned_data["to"], by=by, now=timezone.now())
        except Refused as error:
            form.add_error("to", str(error))
    context = {"issue": issue, "proof": form, "outcomes": outcomes}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "delivery/_test.html", context)  # with 200, or htmx would not show it
    return render(request, "delivery/test.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose when; the page says in words what was chosen, and how many readers will get it."""
    issue = access.issue(request.user, pk, access.STEER)
    form = ScheduleForm(request.POST or None, publication=issue.publication, initial=_proposal(issue))
    if request.method == "POST" and form.is_valid():
        try:
            assert form.moment is not None
            scheduling.schedule(issue, form.moment, by=person(request), now=timezone.now(), **form.how)
            return redirect("delivery:monitor", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    status = 422 if form.errors else 200
    values = {"form": form, "sold": readiness.commitments(issue), **_plan(issue, form)}
    return render(request, "delivery/schedule.html", values, status=status)


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """What the chosen day and time mean, while they are being chosen."""
    issue = access.issue(request.user, pk, access.STEER)
    form = ScheduleForm(request.GET, publication=issue.publication)
    form.is_valid()
    return render(request, "delivery/_plan.html", {"form": form, **_plan(issue, form)})


def _proposal(issue: Issue) -> dict[str, Any]:
    """The planned day at the usual time; if that has passed, in ten minutes."""
    zone = issue.publication.zone
    soon = timezone.now().astimezone(zone) + datetime.timedelta(minutes=10)
    usual = datetime.datetime.combine(issue.planned_for, issue.publication.usual_time, zone)
    chosen = max(soon, usual)
    return {
        "day": chosen.date(),
        "time": chosen.time().replace(second=0, microsecond=0),
        "canary": issue.publication.canary,
        "policy": Policy.HOLD,
    }


def _plan(issue: Issue, form: ScheduleForm) -> dict[str, Any]:
    moment, now = form.moment, timezone.now()
    if not form.is_bound:
        shown = ScheduleForm(_proposal(issue), publication=issue.publication)
        shown.is_valid()
        moment = shown.moment
    return {
        "issue": issue,
        "publication": issue.publication,
        "moment": moment,
        "when": f"{moment:%a} {moment.day} {moment:%b %Y}, {_on_the_wall(moment)}" if moment else "",
        "choices": [_on_the_wall(choice) for choice in form.choices],
        "utc": moment and moment.astimezone(datetime.UTC),
        "distance": _distance(moment, now) if moment else "",
        "past": bool(moment and moment <= now),
        "segment": form.chosen_segment,
        "readers": recipients.chosen(issue.publication.slug, form.chosen_segment).count(),
        "running": Send.objects.filter(issue=issue, status__in=LIVE).exists(),
    }


def _on_the_wall(moment: datetime.datetime) -> str:
    """“02:30 CEST (UTC+0200)”. Django's date filter leaves the zone out just where the clock shows a time twice."""
    return f"{moment:%H:%M %Z (UTC%z)}"


def _distance(moment: datetime.datetime, now: datetime.datetime) -> str:
    """“in 14 h 20 min”."""
    minutes = round((moment - now).total_seconds() / 60)
    if minutes < 0:
        return "in the past"
    days, hours = divmod(minutes // 60, 24)
    parts = [counted(days, "day")] if days else []
    parts += [f"{hours} h"] if hours else []
    parts += [f"{minutes % 60} min"] if not days else []
    return "in " + " ".join(parts)
