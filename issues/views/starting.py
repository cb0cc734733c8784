"""A new issue: from the rundown, from a draft or from an earlier issue."""

import datetime
from collections.abc import Sequence

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issues import access, importing, planning, starting
from issues.blocks.fields import is_key
from issues.forms import CopyForm, PasteForm, StartForm
from issues.models import Issue, Publication
from newsroom.lib.errors import Refused
from newsroom.lib.people import person
from newsroom.lib.text import counted

OFFERED = 50
"""Earlier issues to choose from; an older one is found by its title."""


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


@require_http_methods(["GET", "POST"])
def copy_issue(request: HttpRequest) -> HttpResponse:
    """The words of an earlier issue once more; ``?from=`` chooses one beforehand, ``?q=`` finds by title."""
    access.allow(request.user, access.START)
    chosen = _named(request.POST.get("earlier") or request.GET.get("from", ""))
    sought = request.GET.get("q", "").strip()
    offered = _earlier(sought, chosen)
    form = CopyForm(
        request.POST or None, offered=offered, initial=_copied(chosen or next(iter(offered), None))
    )
    if request.method == "POST" and form.is_valid():
        issue = starting.start_from_issue(**form.cleaned_data, by=person(request), now=timezone.now())
        messages.success(
            request, f"Copied from “{form.cleaned_data['earlier']}”. What was sold in it stays there."
        )
        return redirect("issues:compose", issue.pk)
    context = {
        "form": form,
        "sought": sought,
        "offered": offered,
        "publications": Publication.objects.exists(),
        "issues": Issue.objects.exists(),
    }
    return render(request, "issues/copy.html", context, status=422 if form.errors else 200)


def _named(given: str) -> Issue | None:
    issues = Issue.objects.select_related("publication")
    return issues.filter(pk=int(given)).first() if is_key(given) else None


def _earlier(sought: str, chosen: Issue | None) -> Sequence[Issue]:
    """The latest issues with these words in their titles, and the one that is chosen."""
    titled = Q()
    for word in sought.split()[:8]:
        titled &= Q(title__icontains=word)
    latest = list(Issue.objects.filter(titled).select_related("publication")[:OFFERED])
    return latest if chosen is None or chosen in latest else [chosen, *latest]


def _copied(earlier: Issue | None) -> dict[str, object]:
    return {"earlier": earlier, "planned_for": _next_day(earlier.publication)} if earlier else {}


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
    return {"publication": publication, "planned_for": _next_day(publication)}


def _next_day(publication: Publication) -> datetime.date:
    """The next day on which it appears and nobody has begun an issue."""
    today = timezone.now().astimezone(publication.zone).date()
    issues = publication.issues.filter(planned_for__gte=today)
    begun = issues.exclude(pk__in=issues.untouched().values("pk"))
    taken = set(begun.values_list("planned_for", flat=True))
    holidays = frozenset(publication.holidays.filter(day__gte=today).values_list("day", flat=True))
    ahead = (today + datetime.timedelta(days=each) for each in range(366))
    return next(
        (day for day in ahead if day not in taken and planning.appears(publication, day, holidays)), today
    )
