"""The composer: one page with an issue's blocks as forms. Without scripts it is a plain form that saves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from issues import access, acting, readiness, saving, snapshot
from issues.blocks import registry
from issues.blocks.base import BlockType, Problem
from issues.blocks.fields import BlockForm
from issues.forms import HeadForm
from issues.models import Issue
from issues.rendering.render import render_block
from newsroom.lib.people import person
from newsroom.lib.text import counted

TO_FILL_IN = "__uid__"
"""Stands for the uid in the blank form of each kind, which the browser clones."""
SHORTCUTS = [
    ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo: words, fields, moves, deletions"),
    ("Ctrl+S", "Save now, and name the version if you like"),
    ("Esc", "From a field to its block"),
    ("↑ ↓ Home End", "From block to block"),
    ("Enter", "From a block into its first field"),
    ("Alt+↑ Alt+↓", "Move the block; with Shift to the top or bottom"),
    ("/ or Ctrl+Enter", "Add a block below (in an empty paragraph, too)"),
    ("Ctrl+D", "Duplicate the block"),
    ("Delete", "Delete the block; Ctrl+Z brings it back"),
    ("Ctrl+B, Ctrl+I, Ctrl+K", "Bold, italic, link"),
    ("Ctrl+Shift+8, Ctrl+Shift+7", "Bullets, numbers"),
    ("Ctrl+], Ctrl+[", "List item in, out"),
    ("Ctrl+Shift+V", "Paste without formatting"),
    ("Alt+F10", "To the toolbar of a text"),
    ("Ctrl+Alt+M", "Comment on the block"),
    ("Ctrl+Alt+P, C, O", "Preview, checks, outline"),
    ("F6", "From pane to pane"),
    ("Ctrl+/", "This list"),
]
"""What the sheet of keys says (``assets/src/keys.js``); ⌘ stands for Ctrl on a Mac."""


@dataclass(frozen=True)
class Shown:
    """A block as the composer shows it: its form, or what it says where nobody may write."""

    uid: str
    rev: int
    kind: BlockType[Any]
    form: BlockForm
    summary: str
    card: str
    picture: Mapping[str, Any]
    problems: list[Problem]


@require_http_methods(["GET", "HEAD", "POST"])
def compose(request: HttpRequest, pk: int) -> HttpResponse:
    """The composer; a POST is the whole form of a browser without scripts."""
    if request.method == "POST":
        return _save(request, access.issue(request.user, pk, access.WRITE))
    issue = access.issue(request.user, pk, access.READ)
    return render(request, "issues/compose.html", page(request, issue))


def page(request: HttpRequest, issue: Issue) -> dict[str, Any]:
    """What the composer shows; the admin's page of an issue shows the same."""
    may_write = access.may_write(request.user, issue)
    problems = readiness.seen_by(request.user, readiness.problems(issue))
    return {
        "issue": issue,
        "publication": issue.publication,
        "head": HeadForm(instance=issue),
        "head_before": HeadForm.words_of(issue),
        "may_write": may_write,
        "blocks": list(_shown(issue, problems)),
        "blanks": list(_blanks()) if may_write else [],
        "problems": problems,
        "kinds": registry.kinds() if may_write else [],
        "shortcuts": SHORTCUTS,
    }


def _shown(issue: Issue, problems: list[Problem]) -> Iterator[Shown]:
    rows = {row.uid: row for row in issue.blocks.standing()}
    taken = snapshot.take(issue)
    for each in taken.blocks:
        kind = registry.kind(each.kind)
        yield Shown(
            uid=str(each.uid),
            rev=rows[each.uid].rev,
            kind=kind,
            form=saving.form_of(rows[each.uid]),
            summary=each.facts.get("advertiser") or each.facts.get("name") or kind.summary(each.data),
            card=render_block("web", "card.html", each, taken),
            picture={"id": getattr(each.data, "image", None), "small": each.facts.get("small")},
            problems=[problem for problem in problems if problem.uid == each.uid],
        )


def _blanks() -> Iterator[Shown]:
    for kind in registry.kinds():
        form = kind.form.showing(kind.data(), prefix=TO_FILL_IN)
        yield Shown(TO_FILL_IN, 0, kind, form, "", "", {}, [])


def _save(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Everything that stands in the form, then what its button asks for."""
    acted = acting.after(_act(request), issue, _written(request, issue), _head(request))
    saved = saving.save(issue, acted.changes, client=None, by=person(request), now=timezone.now())
    for sentence in _unsaved(saved):
        messages.warning(request, sentence)
    if not saved.contested:
        messages.success(request, acted.said or "Saved.")
    return redirect(f"{request.path}#block-{acted.at}" if acted.at else request.path)


def _act(request: HttpRequest) -> str:
    """The button that was pressed; the one that adds a block says the rest in fields beside it."""
    act = request.POST.get("act", "")
    return f"add {request.POST.get('kind')} {request.POST.get('place')}" if act == "add" else act


def _written(request: HttpRequest, issue: Issue) -> list[saving.Written]:
    rows = {str(row.uid): row for row in issue.blocks.all()}
    written = []
    for uid in request.POST.getlist("uid"):
        row = rows.get(uid)
        if row is None:
            continue
        form = registry.kind(row.kind).form(request.POST, request.FILES, prefix=uid)
        rev = request.POST.get(f"{uid}-rev", "")
        written.append(
            saving.Written(row.uid, row.kind, int(rev) if rev.isdecimal() and len(rev) < 10 else 0, form)
        )
    return written


def _head(request: HttpRequest) -> dict[str, saving.Replaced]:
    names = HeadForm.Meta.fields
    return {
        name: saving.Replaced(request.POST.get(f"{name}-before", ""), request.POST[name])
        for name in names
        if name in request.POST
    }


def _unsaved(saved: saving.Saved) -> Iterator[str]:
    for each in saved.contested:
        label = registry.kind(each.block.kind).label
        yield f"{label} was not saved, because {each.why.label} meanwhile. Your words are kept under History."
    for name, value in saved.overtaken.items():
        yield f"Somebody else changed the {name} to “{value}” meanwhile."
    yield from saved.unreadable.values()
    unread = sum(bool(found) for found in saved.mistakes.values())
    if unread:
        yield f"{counted(unread, 'block has', 'blocks have')} something that cannot be read; it is marked."
