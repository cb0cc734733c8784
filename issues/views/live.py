"""What a tab of the composer asks for while somebody writes: JSON in, JSON out (``issues.protocol``)."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from issues import (
    access,
    commenting,
    composing,
    drafting,
    images,
    protocol,
    readiness,
    saving,
    seats,
    snapshot,
)
from issues.blocks import registry
from issues.models import Issue, Seat
from issues.readiness import CLIPPED_AT
from issues.rendering import slots
from issues.rendering.render import render_block, render_marked, render_text
from issues.views import previewing
from newsroom.lib.errors import Refused
from newsroom.lib.people import person
from newsroom.lib.text import minutes_to_read


@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Store what changed in a tab: 409 or 423 with both versions where somebody else was faster."""
    issue = access.issue(request.user, pk, access.WRITE)
    sent, by, now = protocol.read(request.body), person(request), timezone.now()

    def once() -> dict[str, Any]:
        saved = saving.save(issue, sent.changes, client=sent.client, by=by, now=now, name=sent.name)
        return {**protocol.told(saved), "at": now.isoformat()}

    answer = seats.tell_once(issue, sent.client, sent.seq, once, by=by, now=now)
    return JsonResponse(answer, status=protocol.status(answer))


@require_POST
def sit(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a tab is here; learn who else is, and what has changed."""
    issue = access.issue(request.user, pk, access.READ)
    given, _ = protocol.read_json(request.body)
    client, now = protocol.uid(given, "client"), timezone.now()
    if given.get("leaving"):
        seats.leave(issue, client, now=now)
        return HttpResponse(status=204)
    block = (
        protocol.uid(given, "block") if given.get("block") and access.may_write(request.user, issue) else None
    )
    state = given.get("state") if given.get("state") in Seat.State.values else Seat.State.VIEWING
    seats.sit(
        issue, client, by=person(request), state=str(state), block_uid=block,
        take_over=given.get("take_over") is True, now=now,
    )  # fmt: skip
    others = issue.seats.live(now).exclude(client=client).select_related("user")
    rows = list(issue.blocks.standing().values_list("uid", "rev"))
    return JsonResponse(
        {
            "people": [protocol.seat(each, seen_by=request.user) for each in others],
            "revs": {str(uid): rev for uid, rev in rows},
            "order": [str(uid) for uid, _ in rows],
            "status": issue.status,
            "talk": commenting.counts(issue),
        }
    )


@require_safe
def blocks(request: HttpRequest, pk: int) -> HttpResponse:
    """Blocks as they are stored, by ``?uid=``: for a tab that learned that somebody else changed them."""
    issue = access.issue(request.user, pk, access.READ)
    uids = [protocol.uid({"uid": given}, "uid") for given in request.GET.getlist("uid")]
    rows = issue.blocks.filter(uid__in=uids).select_related("changed_by")
    beside = _beside_the_form(issue)
    found = [protocol.block(row) | beside.get(row.uid, {}) for row in rows]
    return JsonResponse({"blocks": found})


def _beside_the_form(issue: Issue) -> dict[uuid.UUID, dict[str, str]]:
    """What the composer shows of blocks that is no part of their form: a sponsor's words, a picture."""
    taken = snapshot.take(issue)
    return {
        each.uid: {
            "card": render_block("web", "card.html", each, taken)
            if registry.kind(each.kind).shows_card
            else "",
            "picture": each.facts.get("small", ""),
        }
        for each in taken.blocks
    }


@require_POST
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Blocks as a tab has them beside how they are stored, word by word."""
    issue = access.issue(request.user, pk, access.READ)
    _, changes = protocol.read_json(request.body)
    rows = {row.uid: row for row in issue.blocks.select_related("changed_by")}
    pairs = [(rows[each.uid], each.form.words) for each in changes.blocks if each.form and each.uid in rows]
    return JsonResponse({"blocks": [protocol.compared(row, words) for row, words in pairs]})


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The issue as it stands in a tab, by the renderer that sends it; nothing is stored."""
    issue = access.issue(request.user, pk, access.READ)
    given, changes = protocol.read_json(request.body)
    taken = snapshot.take(drafting.described(issue, changes.head), drafting.standing(issue, changes))
    marked, text = render_marked(taken), render_text(taken)
    words = len(text.split())
    shown = (
        text
        if given.get("view") == "text"
        else previewing.schemed(marked.html, dark=given.get("view") == "dark")
    )
    return JsonResponse(
        {
            "shown": slots.shown(shown, settings.SITE_URL),
            "words": words,
            "minutes": minutes_to_read(words),
            "bytes": marked.size,
            "bytes_at_most": CLIPPED_AT,
        }
    )


@require_POST
def aid(request: HttpRequest, pk: int) -> HttpResponse:
    """What an aid of a block makes of it, as it stands in a tab; the tab shows it and saves it like any other change."""
    issue = access.issue(request.user, pk, access.WRITE)
    given, changes = protocol.read_json(request.body)
    words, said = drafting.aided(issue, changes, protocol.uid(given, "uid"), str(given.get("aid", "")))
    return JsonResponse({"words": words, "said": said})


@require_safe
def checks(request: HttpRequest, pk: int) -> HttpResponse:
    """What readers would notice, as it stands now."""
    issue = access.issue(request.user, pk, access.READ)
    values = {
        "problems": readiness.seen_by(request.user, readiness.problems(issue)),
        "may_write": access.may_write(request.user, issue),
    }
    return render(request, "issues/_checks.html", {"issue": issue, **values})


@require_POST
def take_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """A picture that was dropped, pasted or chosen: decoded, stripped, kept in two widths."""
    composing.only_while_editable(access.issue(request.user, pk, access.WRITE))
    upload = request.FILES.get("picture")
    if upload is None:
        raise Refused("There was no picture in this.")
    decoded = images.decode(upload)
    said = "Only the first frame of this moving picture is kept." if decoded.moving else ""
    image = images.keep(decoded)
    return JsonResponse({"image": image.pk, **image.facts(), "said": said})
