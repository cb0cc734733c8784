"""The composer: one page for an issue, its blocks and what readers will see of them."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues import access, composing, readiness, snapshot
from issues.blocks import registry
from issues.blocks.base import BlockType, Problem
from issues.blocks.fields import BlockForm
from issues.forms import DescribeForm
from issues.models import Block, Issue
from issues.rendering.render import render_block
from newsroom.lib.errors import Conflict, NotNow


@dataclass(frozen=True)
class Card:
    """A block as the composer shows it."""

    block: Block
    kind: BlockType[Any]
    summary: str
    html: str
    problems: list[Problem]


@require_safe
def compose(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole composer."""
    issue = access.issue(request.user, pk, access.READ)
    return render(request, "issues/compose.html", page(issue, may_write=_may_write(request, issue)))


def page(issue: Issue, *, may_write: bool) -> dict[str, Any]:
    """What the composer shows; the admin's page of an issue shows the same."""
    return {
        "issue": issue,
        "publication": issue.publication,
        "form": DescribeForm(instance=issue),
        "may_write": may_write,
        **_workspace(issue, may_write=may_write),
        "events": issue.events.select_related("by").order_by("-at", "-pk")[:8],
    }


@require_POST
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, subject, preheader and day; saved while typing."""
    issue = access.issue(request.user, pk, access.WRITE)
    form = DescribeForm(request.POST, instance=issue)
    if not form.is_valid():
        return _unsaved(form.errors.get_json_data())
    composing.describe(issue, now=timezone.now(), **form.cleaned_data)
    return _saved(request, issue)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """A block's form. A POST from the autosave answers with JSON; from the button, with the card."""
    block = access.block(request.user, pk, uid, access.WRITE)
    kind = registry.kind(block.kind)
    if request.method == "GET":
        form = kind.form.showing(kind.load(block.data, block.version), prefix=str(block.uid))
        return _form(request, block, form)
    form = kind.form(request.POST, request.FILES, prefix=str(block.uid))
    if not form.is_valid():
        return (
            _unsaved(form.errors.get_json_data())
            if _autosaving(request)
            else _form(request, block, form, status=422)
        )
    return _store(request, block, kind, form)


@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a new block in, and open its form."""
    issue = access.issue(request.user, pk, access.WRITE)
    at = _number(request.POST.get("at"), composing.BLOCKS_AT_MOST)
    block = composing.add_block(issue, request.POST.get("kind", ""), at=at, now=timezone.now())
    return _changed(request, issue, f"{registry.kind(block.kind).label} added.", opened=block)


@require_POST
def copy(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """A second block like this one, right after it."""
    block = access.block(request.user, pk, uid, access.WRITE)
    composing.copy_block(block, now=timezone.now())
    return _changed(request, block.issue, f"{registry.kind(block.kind).label} copied.")


@require_POST
def move(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """To another place, counted from 0; ``by`` moves that many places instead."""
    block = access.block(request.user, pk, uid, access.WRITE)
    to = _number(request.POST.get("to"), block.position + _number(request.POST.get("by"), 0))
    composing.move_block(block, to=to, now=timezone.now())
    block.refresh_from_db()
    count = block.issue.blocks.standing().count()
    return _changed(
        request,
        block.issue,
        f"{registry.kind(block.kind).label} moved to position {block.position + 1} of {count}.",
    )


@require_POST
def remove(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """Take a block out; one click puts it back."""
    block = access.block(request.user, pk, uid, access.WRITE)
    composing.remove_block(block, now=timezone.now())
    return _changed(request, block.issue, f"{registry.kind(block.kind).label} removed.", removed=block)


@require_POST
def put_back(request: HttpRequest, pk: int, uid: uuid.UUID) -> HttpResponse:
    """Undo a removal."""
    block = access.block(request.user, pk, uid, access.WRITE)
    composing.put_back(block, now=timezone.now())
    return _changed(request, block.issue, f"{registry.kind(block.kind).label} is back.")


def _store(request: HttpRequest, block: Block, kind: BlockType[Any], form: BlockForm) -> HttpResponse:
    data = form.to_data(kind.load(block.data, block.version))
    try:
        composing.edit_block(block, data, rev=_number(request.POST.get("rev"), 0), now=timezone.now())
    except (Conflict, NotNow) as error:
        if _autosaving(request):
            raise
        form.add_error(None, str(error))
        return _form(request, block, form, status=409)
    if _autosaving(request):
        return _saved(request, block.issue, rev=block.rev)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("issues:compose", block.issue.pk)
    return _closed(request, block)


def _closed(request: HttpRequest, block: Block) -> HttpResponse:
    """The block's card, and beside it the outline and the checks, which may have changed with its words."""
    may_write = _may_write(request, block.issue)
    workspace = _workspace(block.issue, may_write=may_write)
    card = next(each for each in workspace["cards"] if each.block.uid == block.uid)
    values = {"issue": block.issue, "may_write": may_write, "card": card, **workspace}
    return render(request, "issues/_done.html", values)


def _form(request: HttpRequest, block: Block, form: BlockForm, *, status: int = 200) -> HttpResponse:
    template = "issues/_form.html" if request.htmx else "issues/edit.html"  # type: ignore[attr-defined]
    values = {
        "issue": block.issue,
        "publication": block.issue.publication,
        "edited": block,  # inside a block tag, "block" is the template's own
        "kind": registry.kind(block.kind),
        "form": form,
    }
    return render(request, template, values, status=200 if status == 422 and request.htmx else status)  # type: ignore[attr-defined]


def _changed(request: HttpRequest, issue: Issue, said: str, **marks: Block) -> HttpResponse:
    """The workspace after its order changed; without JavaScript, the page."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("issues:compose", issue.pk)
    values = {"issue": issue, "may_write": True, "said": said, **marks, **_workspace(issue, may_write=True)}
    return render(request, "issues/_workspace.html", values)


def _workspace(issue: Issue, *, may_write: bool) -> dict[str, Any]:
    problems = readiness.problems(issue)
    return {
        "cards": _cards(issue, problems),
        "problems": problems,
        "kinds": registry.kinds() if may_write else [],
    }


def _cards(issue: Issue, problems: list[Problem]) -> list[Card]:
    taken = snapshot.take(issue)
    rows = {row.uid: row for row in issue.blocks.standing()}
    return [
        Card(
            block=rows[each.uid],
            kind=registry.kind(each.kind),
            summary=each.facts.get("advertiser") or registry.kind(each.kind).summary(each.data),
            html=render_block("web", "card.html", each, taken),
            problems=[problem for problem in problems if problem.uid == each.uid],
        )
        for each in taken.blocks
    ]


def _may_write(request: HttpRequest, issue: Issue) -> bool:
    return issue.editable and request.user.has_perm(access.WRITE)


def _autosaving(request: HttpRequest) -> bool:
    return "autosave" in request.POST


def _saved(request: HttpRequest, issue: Issue, **more: object) -> HttpResponse:
    if not _autosaving(request):
        return redirect("issues:compose", issue.pk)
    return JsonResponse({"saved": True, **more})


def _unsaved(errors: dict[str, Any]) -> HttpResponse:
    sentences = [str(each["message"]) for field in errors.values() for each in field]
    return JsonResponse({"saved": False, "why": " ".join(sentences)}, status=422)


def _number(given: str | None, otherwise: int) -> int:
    try:
        return int(given or "")
    except ValueError:
        return otherwise
