"""One screen for an issue that moved or was cancelled; one for what the radar found in it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues.models import Issue, Status
from newsroom.lib.errors import NewsroomError, Refused
from newsroom.lib.people import Visitor, person
from newsroom.lib.text import counted
from sponsors import access, conflicts, deadlines, inventory, noticing, settling, watching
from sponsors.models import Insertion


@require_http_methods(["GET", "POST"])
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide what becomes of every insertion, then carry all of it out at once."""
    issue = access.issue(request.user, pk, access.SELL)
    error: NewsroomError | None = None
    if request.method == "POST":
        reason = access.overriding(request.user, request.POST.get("overriding", ""))
        try:
            drafted = settling.settle(
                issue, _choices(request, issue), by=person(request), now=timezone.now(), overriding=reason
            )
            messages.success(
                request, f"Settled. {counted(drafted, 'notice')} drafted; read them before you send them."
            )
            return redirect("sponsors:notices")
        except NewsroomError as refused:
            error = refused
    waiting = settling.unsettled(issue)
    values = {
        "issue": issue,
        "rows": [_row(request, each) for each in waiting],
        "choices": {
            name: label
            for name, label in settling.CHOICES.items()
            if name != "follow" or issue.status != Status.CANCELLED
        },
        "cancelled": issue.status == Status.CANCELLED,
        "error": error,
        "clashes": isinstance(error, conflicts.Clashes),
        "may_override": request.user.has_perm(access.APPROVE),
        "section": "sponsors",
    }
    return render(request, "sponsors/settle.html", values, status=409 if error else 200)


@require_safe
def radar(request: HttpRequest, pk: int) -> HttpResponse:
    """What stories of the issue name, and what was decided about it."""
    issue = _watched_issue(request.user, pk)
    values = {"issue": issue, "found": watching.watched(issue), "section": "sponsors"}
    return render(request, "sponsors/radar.html", values)


@require_POST
def keep(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Leave one sighting as it is, with a reason."""
    issue = _watched_issue(request.user, pk)
    found = watching.watched(issue)
    if not 0 <= number < len(found) or request.POST.get("sentence") != found[number].sighting.sentence:
        raise Refused("The issue has changed; look at the radar again.")
    watching.keep(
        issue, found[number], reason=request.POST.get("words", ""), by=person(request), now=timezone.now()
    )
    return redirect("sponsors:radar", pk)


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Mails that wait for somebody to read and send them, and those that were sent."""
    access.allow(request.user, access.SELL)
    values = {"mails": noticing.latest(), "here": "notices", "section": "sponsors"}
    return render(request, "sponsors/notices.html", values)


@require_POST
def send_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a mail as it was read and changed."""
    notice = access.notice(request.user, pk)
    given = {name: request.POST.get(name, "") for name in ("to", "subject", "body")}
    noticing.send(notice, **given, by=person(request), now=timezone.now())
    messages.success(request, f"Sent to {given['to']}.")
    return redirect("sponsors:notices")


def _watched_issue(user: Visitor, pk: int) -> Issue:
    """For those who write the issue and those who place its sponsors; sales do not see it."""
    return access.issue(user, pk, access.TRAFFIC if user.has_perm(access.TRAFFIC) else access.WRITE)


def _choices(request: HttpRequest, issue: Issue) -> dict[int, settling.Choice]:
    chosen = {}
    for each in settling.unsettled(issue):
        what = request.POST.get(f"what-{each.pk}", "")
        key = request.POST.get(f"slot-{each.pk}", "")
        if what:
            chosen[each.pk] = settling.Choice(
                what, inventory.at([key])[0] if what == "move" and key else None
            )
    return chosen


def _row(request: HttpRequest, insertion: Insertion) -> dict[str, Any]:
    issue, now = insertion.slot.issue, timezone.now()
    clashing = conflicts.clashes([issue], insertion.advertiser, now=now, adding={issue.pk: 0})
    return {
        "insertion": insertion,
        "clashes": clashing,
        "due": deadlines.due(issue, insertion.slot.placement),
        "free": [
            slot
            for slot in inventory.alternatives(insertion.slot, now=now, count=12)
            if slot.issue_id != issue.pk
        ],
        "chosen": request.POST.get(f"what-{insertion.pk}", ""),
        "to": request.POST.get(f"slot-{insertion.pk}", ""),
    }
