"""How an issue read: its versions by day and author, what changed in each, and the way back."""

import uuid
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from issues import access, diff, history, restoring
from issues.blocks import registry
from issues.models import Issue, Revision, SetAside
from issues.saving import Saved, form_of
from issues.views.panels import panel
from newsroom.lib.people import person
from newsroom.lib.text import listed

A_PAGE = 50
RESTORED = "issue-restored"


@require_safe
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """All versions, newest first; ``?named`` shows only those with a name."""
    return _versions(request, access.issue(request.user, pk, access.READ))


def _versions(request: HttpRequest, issue: Issue) -> HttpResponse:
    named = "named" in request.GET
    found = issue.revisions.select_related("by").defer("content")
    page = Paginator(found.exclude(name="") if named else found, A_PAGE).get_page(request.GET.get("page"))
    kept = [_kept(each) for each in issue.set_aside.select_related("by")]
    zone = issue.publication.zone
    days = [(day, list(those)) for day, those in groupby(page, lambda each: each.at.astimezone(zone).date())]
    values = {
        "page": page,
        "days": days,
        "named": named,
        "kept": kept,
        "may_write": access.may_write(request.user, issue),
    }
    return panel(request, issue, "issues/_history.html", values)


def _kept(kept: SetAside) -> dict[str, Any]:
    """Words set aside beside the block as it is now."""
    row = kept.issue.blocks.filter(uid=kept.block_uid).first()
    kind = registry.kind(kept.kind)
    return {
        "kept": kept,
        "label": kind.label,
        "fields": diff.of_words(kind, form_of(row).words if row else {}, kept.words),
    }


@require_safe
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What changed in a version: from the one before it, or with ``?against=now`` from it until now."""
    revision = access.revision(request.user, pk, number, access.READ)
    now = request.GET.get("against") == "now"
    before = _before(revision)
    changes = (
        diff.of_contents(revision.content, history.content(revision.issue))
        if now
        else diff.of_contents(before.content, revision.content)
        if before
        else []
    )
    values = {"revision": revision, "now": now, "before": before, "changes": changes}
    may_write = access.may_write(request.user, revision.issue)
    return panel(request, revision.issue, "issues/_revision.html", {**values, "may_write": may_write})


def _before(revision: Revision) -> Revision | None:
    """The version before this one; None for the first."""
    return revision.issue.revisions.filter(number__lt=revision.number).first()


@require_POST
def restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The whole issue, as a new version."""
    revision = access.revision(request.user, pk, number, access.WRITE)
    saved = restoring.restore(revision.issue, revision, by=person(request), now=timezone.now())
    return _restored(
        request,
        revision.issue,
        saved,
        "The issue reads as it did then. What it said before is a version, too.",
    )


@require_POST
def restore_block(request: HttpRequest, pk: int, number: int, uid: uuid.UUID) -> HttpResponse:
    """One block, as a new version."""
    revision = access.revision(request.user, pk, number, access.WRITE)
    saved = restoring.restore_block(revision.issue, revision, uid, by=person(request), now=timezone.now())
    return _restored(request, revision.issue, saved, "The block reads as it did then.")


@require_POST
def name(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the latest version a name, so that it stays as it is."""
    issue = access.issue(request.user, pk, access.WRITE)
    history.name(issue, request.POST.get("name", ""), by=person(request), now=timezone.now())
    return _versions(request, issue) if request.htmx else redirect("issues:history", pk)  # type: ignore[attr-defined]


@require_POST
def put(request: HttpRequest, pk: int, kept: int) -> HttpResponse:
    """Words that were set aside take the place of what stands in their block."""
    found = access.set_aside(request.user, pk, kept, access.WRITE)
    saved = restoring.put(found, by=person(request), now=timezone.now())
    return _restored(request, found.issue, saved, "The words stand in the block now.")


@require_POST
def discard(request: HttpRequest, pk: int, kept: int) -> HttpResponse:
    """Words that were set aside are not wanted any more."""
    found = access.set_aside(request.user, pk, kept, access.WRITE)
    restoring.discard(found)
    return _versions(request, found.issue) if request.htmx else redirect("issues:history", pk)  # type: ignore[attr-defined]


def _restored(request: HttpRequest, issue: Issue, saved: Saved, done: str) -> HttpResponse:
    """The composer shows its page anew, and what is said here on top of it."""
    messages.success(request, done)
    for sentence in _left_alone(saved):
        messages.warning(request, sentence)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Trigger": RESTORED})
    return redirect("issues:compose", issue.pk)


def _left_alone(saved: Saved) -> Iterator[str]:
    labels = [registry.kind(each.block.kind).label for each in saved.contested]
    if labels:
        yield f"Left as it is, because somebody is editing it: {listed(labels)}."
