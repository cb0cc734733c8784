"""All issues by date and status, with what became of them."""

import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from issues import access
from issues.models import Issue, Publication, Status
from newsroom.delivery.models import Send, SendStatus

ISSUES_A_PAGE = 40
DAYS_AHEAD = 7
"""Issues that are only planned show this long before their day."""


class FilterForm(forms.Form):
    """What to show."""

    publication = forms.ModelChoiceField(
        Publication.objects.all(), required=False, empty_label="All publications"
    )
    status = forms.ChoiceField(choices=[("", "All statuses"), *Status.choices], required=False)
    q = forms.CharField(
        label="Search", required=False, widget=forms.SearchInput(attrs={"placeholder": "Words in the title"})
    )


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Issues, upcoming first: today and later, then what went before."""
    access.allow(request.user, access.READ)
    form = FilterForm(request.GET)
    found = _found(form.cleaned_data if form.is_valid() else {})
    page = Paginator(found, ISSUES_A_PAGE).get_page(request.GET.get("page"))
    values = {
        "form": form,
        "page": page,
        "section": "issues",
        "today": timezone.localdate(),
        "publications": Publication.objects.count(),
    }
    return render(request, "desk/home.html", values)


def _found(wanted: dict[str, Any]) -> Any:
    sends = Send.objects.exclude(status=SendStatus.CANCELLED).order_by("scheduled_for")
    issues = Issue.objects.select_related("publication").prefetch_related(
        Prefetch("sends", sends, to_attr="runs")
    )
    if wanted.get("publication"):
        issues = issues.filter(publication=wanted["publication"])
    if wanted.get("q"):
        issues = issues.filter(Q(title__icontains=wanted["q"]) | Q(subject__icontains=wanted["q"]))
    status = wanted.get("status")
    issues = issues.filter(status=status) if status else issues.exclude(pk__in=_far_ahead())
    return issues.order_by("-planned_for", "-pk")


def _far_ahead() -> Any:
    """Planned for a day that nobody need think of yet; they are seen under "Draft", and in the sponsors' calendar."""
    later = timezone.localdate() + datetime.timedelta(days=DAYS_AHEAD)
    return Issue.objects.untouched().filter(planned_for__gt=later).values("pk")
