"""What sponsors see and do behind their link. Nothing here is reached by anything but the link; nothing editorial is shown."""

import datetime
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues.rendering import slots
from newsroom.lib.errors import NewsroomError
from newsroom.lib.links import visitor_address
from sponsors import checks, deadlines, portal, reporting, showing, trafficking
from sponsors.models import Decision, Insertion, InsertionStatus, PortalLink, VersionStatus
from sponsors.views.insertions import creative_form, looked_at, shown_alone
from sponsors.views.reports import as_page, exported

View = Callable[..., HttpResponse]


def _behind_the_link(view: View) -> View:
    """Find the link, or show one plain page that says the same whatever is wrong with it."""

    @login_not_required
    @never_cache
    def opened(request: HttpRequest, token: str, **named: Any) -> HttpResponse:
        try:
            link = portal.opened(token, where=visitor_address(request), now=timezone.now())
        except portal.TooMany:
            return render(request, "sponsors/portal/closed.html", status=429)
        if link is None:
            return render(request, "sponsors/portal/closed.html", status=404)
        return view(request, link, token, **named)

    return opened


def _of_their_own(view: View) -> View:
    """Find the insertion among those of the link's order; another's opens the same plain page."""

    def found(request: HttpRequest, link: PortalLink, token: str, pk: int, **named: Any) -> HttpResponse:
        shown = next((each for each in portal.shown_in(link) if each.pk == pk), None)
        if shown is None:
            return render(request, "sponsors/portal/closed.html", status=404)
        return view(request, link, token, shown, **named)

    return found


@_behind_the_link
@require_safe
def order(request: HttpRequest, link: PortalLink, token: str) -> HttpResponse:
    """All insertions of the order: what is asked for, and what became of them."""
    now = timezone.now()
    values = {
        "link": link,
        "token": token,
        "order": link.order,
        "publication": link.order.publication,
        "rows": [_row(each, now) for each in portal.shown_in(link)],
        **as_page(reporting.report(link.order)),
    }
    return render(request, "sponsors/portal/order.html", values)


@_behind_the_link
@require_safe
@_of_their_own
def insertion(request: HttpRequest, link: PortalLink, token: str, shown: Insertion) -> HttpResponse:
    """One insertion: the message as readers will see it, the decision, remarks, figures."""
    return render(request, "sponsors/portal/insertion.html", _shown(link, token, shown))


@_behind_the_link
@require_http_methods(["GET", "POST"])
@_of_their_own
def creative(request: HttpRequest, link: PortalLink, token: str, shown: Insertion) -> HttpResponse:
    """Bring in the message, or change it."""
    form = creative_form(request, shown)
    if request.method == "POST" and form.is_valid():
        try:
            trafficking.submit(shown, form.words(), who=link.name, by=None, now=timezone.now())
            messages.success(request, "Thank you. We look at it and come back to you for your approval.")
            return redirect("portal:insertion", token=token, pk=shown.pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    values = {
        "link": link,
        "token": token,
        "insertion": shown,
        "label": shown.slot.placement.format.label(shown.advertiser.name),
        "form": form,
        "publication": link.order.publication,
    }
    return render(request, "sponsors/portal/creative.html", values, status=422 if form.errors else 200)


@_behind_the_link
@require_safe
@_of_their_own
def frame(_request: HttpRequest, _link: PortalLink, _token: str, shown: Insertion, part: str) -> HttpResponse:
    """The message in the real frame of the mail, without anything else of the issue."""
    return shown_alone(shown, part)


@_behind_the_link
@require_safe
def report(_request: HttpRequest, link: PortalLink, _token: str, ending: str) -> HttpResponse:
    """The order's report as a file."""
    return exported(reporting.report(link.order), ending)


@_behind_the_link
@require_POST
@_of_their_own
def decide(request: HttpRequest, link: PortalLink, token: str, shown: Insertion) -> HttpResponse:
    """Approve the very rendering that was shown, or ask for changes; a twin with the same rendering is decided with it."""
    given, words, now = request.POST.get("decision", ""), request.POST.get("words", ""), timezone.now()
    decision = Decision.APPROVED if given == Decision.APPROVED else Decision.CHANGES_REQUESTED
    try:
        with transaction.atomic():  # twins together, or none
            for each in _with_twins(link, shown):
                trafficking.decide(
                    each,
                    request.POST.get("rendering", ""),
                    decision,
                    who=link.name,
                    by=None,
                    now=now,
                    words=words,
                )
        messages.success(
            request, "Approved. Thank you." if decision == Decision.APPROVED else "We have your wishes."
        )
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("portal:insertion", token=token, pk=shown.pk)


@_behind_the_link
@require_POST
@_of_their_own
def remark(request: HttpRequest, link: PortalLink, token: str, shown: Insertion) -> HttpResponse:
    """Say something to the desk."""
    try:
        trafficking.remark(shown, request.POST.get("words", ""), who=link.name, by=None, now=timezone.now())
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("portal:insertion", token=token, pk=shown.pk)


def _with_twins(link: PortalLink, shown: Insertion) -> list[Insertion]:
    """The insertion first, then those of the same issue that run the same rendering."""
    if shown.version is None:
        return [shown]
    seal = showing.seal(shown, shown.version)
    twins = [
        each
        for each in portal.shown_in(link)
        if each.pk != shown.pk
        and each.slot.issue_id == shown.slot.issue_id
        and each.status == InsertionStatus.BOOKED
        and each.version_id == shown.version_id
        and showing.seal(each, each.version) == seal
    ]
    return [shown, *twins]


def _due(shown: Insertion) -> deadlines.Deadlines:
    return deadlines.due(shown.slot.issue, shown.slot.placement)


def _row(shown: Insertion, now: datetime.datetime) -> dict[str, Any]:
    due = _due(shown)
    return {
        "insertion": shown,
        "due": due,
        "asks": _asks(shown),
        "approved": trafficking.approved(shown),
        "late": now > due.creative_due,
        "open": _open(shown),
    }


def _open(shown: Insertion) -> bool:
    return shown.status == InsertionStatus.BOOKED and shown.slot.issue.unsettled


def _asks(shown: Insertion) -> str:
    """What we wait for, from the sponsor's side."""
    if shown.status != InsertionStatus.BOOKED:
        return ""
    if shown.version is None:
        return "your message"
    if shown.version.status in (VersionStatus.CHANGES_REQUESTED, VersionStatus.REJECTED):
        return "your changes"
    if shown.version.status == VersionStatus.REVIEWED and not trafficking.approved(shown):
        return "your approval"
    return ""


def _shown(link: PortalLink, token: str, shown: Insertion) -> dict[str, Any]:
    form = shown.slot.placement.format
    return {
        "link": link,
        "token": token,
        "order": link.order,
        "publication": link.order.publication,
        "insertion": shown,
        "due": _due(shown),
        "asks": _asks(shown),
        "open": _open(shown),
        "text": slots.shown(showing.alone(shown, looked_at(shown)).rendered.text, settings.SITE_URL)
        if shown.version
        else "",
        "findings": checks.version_findings(form, shown.version) if shown.version else [],
        "seal": showing.seal(shown, shown.version) if shown.version else "",
        "approval": trafficking.approved(shown),
        "twins": len(_with_twins(link, shown)) - 1 if shown.version else 0,
        "proofs": list(shown.proofs.all()),
        "remarks": list(shown.remarks.all()),
        "figures": reporting.figures([shown])[0] if shown.status == InsertionStatus.RAN else None,
    }
