"""Placements of issues: who has booked them, and with which words."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues import richtext
from issues.models import Issue, Status
from newsroom.lib.errors import NewsroomError
from sponsors import access, selling
from sponsors.forms import BookingForm
from sponsors.models import Booking, Placement

ISSUES_SHOWN = 60


@require_safe
def bookings(request: HttpRequest) -> HttpResponse:
    """Upcoming issues by day, placements side by side."""
    access.allow(request.user, access.SEE)
    issues = Issue.objects.exclude(status=Status.CANCELLED).filter(planned_for__gte=timezone.localdate())
    upcoming = list(issues.select_related("publication").order_by("planned_for", "pk")[:ISSUES_SHOWN])
    booked = {
        (each.issue_id, each.placement): each
        for each in Booking.objects.filter(issue__in=upcoming).select_related("advertiser", "creative")
    }
    rows = [
        (issue, [(code, booked.get((issue.pk, code))) for code in Placement.values]) for issue in upcoming
    ]
    return render(
        request,
        "sponsors/bookings.html",
        {"rows": rows, "placements": Placement.choices, "section": "sponsors"},
    )


@require_http_methods(["GET", "POST"])
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book a placement of an issue, or change what stands there."""
    issue = access.issue(request.user, pk, access.SELL)
    form = BookingForm(request.POST or None, initial=_shown(issue, request.GET.get("placement", "")))
    if request.method == "POST" and form.is_valid():
        words = dict(form.cleaned_data)
        placement, advertiser = words.pop("placement"), words.pop("advertiser")
        try:
            selling.book(issue, placement, advertiser=advertiser, words=words)
            messages.success(request, f"{advertiser} is booked for {issue}.")
            return redirect("sponsors:book", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    here = Booking.objects.filter(issue=issue).select_related("advertiser", "creative")
    values = {"issue": issue, "form": form, "bookings": here, "section": "sponsors"}
    return render(request, "sponsors/book.html", values, status=422 if form.errors else 200)


@require_POST
def release(request: HttpRequest, pk: int, placement: str) -> HttpResponse:
    """Give a placement back."""
    booking = access.booking(request.user, pk, placement)
    selling.release(booking)
    messages.success(request, f"{booking.advertiser} is no longer booked for {booking.issue}.")
    return redirect("sponsors:book", pk)


def _shown(issue: Issue, placement: str) -> dict[str, Any]:
    """The booking of that placement, as the form shows it; else the first free placement."""
    booking = (
        Booking.objects.filter(issue=issue, placement=placement)
        .select_related("advertiser", "creative")
        .first()
    )
    if booking is None or booking.creative is None:
        free = selling.free_placements(issue)
        return {"placement": placement if placement in free else next(iter(free), "")}
    creative = booking.creative
    return {
        "placement": placement,
        "advertiser": booking.advertiser.name,
        "headline": creative.headline,
        "body": richtext.to_markup(creative.body),
        "url": creative.url,
        "cta": creative.cta,
        "approved": creative.approved,
    }
