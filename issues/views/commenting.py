"""What colleagues say about blocks, in threads."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from issues import access, commenting
from issues.blocks import registry
from issues.models import Block, Issue
from issues.views.panels import panel
from newsroom.lib.errors import Refused
from newsroom.lib.people import person

CHANGED = "comments-changed"


@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: HttpRequest, pk: int) -> HttpResponse:
    """All threads in the order of their blocks, or those of ``?block``; a POST begins a new one."""
    issue = access.issue(request.user, pk, access.READ)
    if request.method != "POST":
        return _threads(request, issue)
    body = request.POST.get("body", "")
    try:
        commenting.comment(issue, _chosen(request), body, by=person(request), now=timezone.now())
    except Refused as error:
        return _threads(request, issue, status=422, begun=body, mistake=str(error))
    return _changed(request, issue)


@require_POST
def reply(request: HttpRequest, pk: int, said: int) -> HttpResponse:
    """Answer in a thread."""
    found = access.comment(request.user, pk, said)
    body = request.POST.get("body", "")
    try:
        commenting.reply(found.thread or found, body, by=person(request), now=timezone.now())
    except Refused as error:
        return _threads(request, found.issue, status=422, answering=found.pk, begun=body, mistake=str(error))
    return _changed(request, found.issue)


@require_POST
def resolve(request: HttpRequest, pk: int, said: int) -> HttpResponse:
    """The thread has done its work."""
    found = access.comment(request.user, pk, said)
    commenting.resolve(found.thread or found, by=person(request), now=timezone.now())
    return _changed(request, found.issue)


@require_POST
def reopen(request: HttpRequest, pk: int, said: int) -> HttpResponse:
    """The thread goes on."""
    found = access.comment(request.user, pk, said)
    commenting.reopen(found.thread or found)
    return _changed(request, found.issue)


@require_POST
def delete(request: HttpRequest, pk: int, said: int) -> HttpResponse:
    """Take a comment away."""
    found = access.own_comment(request.user, pk, said)
    commenting.delete(found, now=timezone.now())
    return _changed(request, found.issue)


def _chosen(request: HttpRequest) -> uuid.UUID:
    """The block that a new thread is about. Raises ``Refused``."""
    block = _uid(request.POST.get("block"))
    if block is None:
        raise Refused("Choose the block that this is about.")
    return block


def _changed(request: HttpRequest, issue: Issue) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return _threads(request, issue, told=CHANGED)
    within, address = _uid(request.POST.get("within")), resolve_url("issues:comments", issue.pk)
    return redirect(f"{address}?block={within}" if within else address)


def _threads(
    request: HttpRequest, issue: Issue, *, status: int = 200, told: str = "", **refused: Any
) -> HttpResponse:
    """The threads; ``refused`` are the words that were not taken, and why."""
    within = _uid(request.GET.get("block") or request.POST.get("within"))
    chosen = _uid(request.POST.get("block")) or within
    rows = list(issue.blocks.standing())
    threads = list(
        issue.comments.threads().select_related("by", "resolved_by").prefetch_related("replies__by")
    )
    if within:
        threads = [each for each in threads if each.block_uid == within]
    place = {row.uid: position for position, row in enumerate(rows)}
    open_threads = [each for each in threads if not each.resolved_at]
    values: dict[str, Any] = {
        "places": _places(issue, rows, chosen),
        "chosen": chosen,
        "within": within,
        "standing": place,
        "open": sorted(
            (each for each in open_threads if each.block_uid in place), key=lambda each: place[each.block_uid]
        ),
        "orphans": [each for each in open_threads if each.block_uid not in place],
        "resolved": [each for each in threads if each.resolved_at],
        "may_delete_any": request.user.has_perm(access.APPROVE),
    }
    return panel(request, issue, "issues/_comments.html", {**values, **refused}, status=status, told=told)


def _places(issue: Issue, rows: Sequence[Block], chosen: uuid.UUID | None) -> list[tuple[uuid.UUID, str]]:
    """What a comment may be about: each block, and the chosen one even if it is gone."""
    places = [(row.uid, f"{registry.kind(row.kind).label}{_words(row)}") for row in rows]
    if chosen and chosen not in dict(places):
        places.append((chosen, f"{commenting.about(issue, chosen)} (deleted)"[:60]))
    return places


def _words(row: Block) -> str:
    kind = registry.kind(row.kind)
    words = kind.summary(kind.load(row.data, row.version))
    return f": {words}"[:50] if words else ""


def _uid(given: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(given or "")
    except ValueError:
        return None
