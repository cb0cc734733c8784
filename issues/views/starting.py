"""A new issue: from the rundown or from a draft."""

import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issues import access, importing, starting
from issues.forms import PasteForm, StartForm
from issues.models import Issue, Publication
from newsroom.lib.errors import Refused
from newsroom.lib.people import person
from newsroom.lib.text import counted


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """An issue with the publication's usual blocks, all empty."""
    access.allow(request.user, access.START)
    form = StartForm(request.POST or None, initial=_proposal())
    if request.method == "POST" and form.is_valid():
        issue = starting.start(**form.cleaned_data, by=person(request), now=timezone.now())
        return redirect("issues:compose", issue.pk)
    return render(request, "issues/start.html", {"form": form, "publications": Publication.objects.exists()})


@require_http_methods(["GET", "POST"])
def paste(request: HttpRequest) -> HttpResponse:
    """A draft becomes an issue; what cannot be read says why, and nothing is saved."""
    access.allow(request.user, access.START)
    form = PasteForm(request.POST or None, request.FILES or None, initial=_proposal())
    if request.method == "POST" and form.is_valid():
        try:
            issue = _from_draft(request, form)
            return redirect("issues:compose", issue.pk)
        except Refused as error:
            form.add_error("draft", str(error))
    status = 422 if form.errors else 200
    return render(
        request,
        "issues/paste.html",
        {"form": form, "publications": Publication.objects.exists()},
        status=status,
    )


def _from_draft(request: HttpRequest, form: PasteForm) -> Issue:
    day = form.cleaned_data["planned_for"]
    draft = importing.read(form.source(), on=day)
    issue = starting.start_from_draft(
        form.cleaned_data["publication"],
        draft,
        planned_for=day,
        by=person(request),
        now=timezone.now(),
    )
    messages.success(request, f"Read {counted(len(draft.blocks), 'block')} from the draft.")
    if draft.left_out:
        shown = " · ".join(" ".join(piece.split())[:60] for piece in draft.left_out[:8])
        messages.info(request, f"Left out as page furniture: {shown}")
    return issue


def _proposal() -> dict[str, object]:
    """The first publication and its next day without an issue."""
    publication = Publication.objects.first()
    if publication is None:
        return {}
    day = timezone.now().astimezone(publication.zone).date()
    taken = set(publication.issues.filter(planned_for__gte=day).values_list("planned_for", flat=True))
    while day in taken or day.weekday() > 4:
        day += datetime.timedelta(days=1)
    return {"publication": publication, "planned_for": day}
