"""One insertion: its message, what the gate says, and everything that is done with it."""

import datetime
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues import richtext
from issues.blocks.fields import is_key
from issues.models import Status
from issues.rendering import slots
from issues.snapshot import by_kind, standing
from newsroom.lib.errors import NewsroomError, Refused
from newsroom.lib.people import called, person
from newsroom.lib.policy import FRAMES
from newsroom.lib.text import printable
from sponsors import access, checks, deadlines, gate, inventory, selling, showing, trafficking
from sponsors.forms import CreativeForm
from sponsors.models import CreativeVersion, Decision, Insertion, InsertionStatus, VersionStatus

MOVERS = (access.SELL, access.TRAFFIC)
"""Rights of those who move what is sold: sales, and ad operations for what the radar shows them."""

SWAPPED_WITHIN = 45
"""Days around an issue in which something else is offered to change places with."""


@require_safe
def insertion(request: HttpRequest, pk: int) -> HttpResponse:
    """Where it stands: slot, order, message, proof, record."""
    return render(
        request, "sponsors/insertion.html", _shown(request, access.insertion(request.user, pk, access.SEE))
    )


@require_http_methods(["GET", "POST"])
def creative(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the message in on the sponsor's behalf."""
    shown = access.insertion(request.user, pk, access.SELL, access.TRAFFIC)
    form = creative_form(request, shown)
    if request.method == "POST" and form.is_valid():
        by = person(request)
        try:
            version = trafficking.submit(shown, form.words(), who=called(by), by=by, now=timezone.now())
            messages.success(request, f"Version {version.number} is in; it waits for our review.")
            return redirect("sponsors:insertion", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    values = {"insertion": shown, "form": form, "section": "sponsors"}
    return render(request, "sponsors/creative.html", values, status=422 if form.errors else 200)


def creative_form(request: HttpRequest, shown: Insertion) -> CreativeForm:
    """The form of the insertion's message, as it stands or as it was sent."""
    return CreativeForm(
        request.POST or None,
        request.FILES or None,
        form_of=shown.slot.placement.format,
        before=shown.version,
        day=shown.slot.issue.planned_for,
        initial=CreativeForm.showing(shown.version),
    )


@require_safe
def frame(request: HttpRequest, pk: int, part: str) -> HttpResponse:
    """The message alone in the frame of a real mail, or as plain text."""
    return shown_alone(access.insertion(request.user, pk, access.SEE), part)


def shown_alone(shown: Insertion, part: str) -> HttpResponse:
    """What ``frame`` answers, for the desk and for the sponsor alike. ``part`` is html or text."""
    if shown.version is None and shown.stand_in is None:
        raise Http404("There is no message yet.")
    rendered = showing.alone(shown, looked_at(shown)).rendered
    words = slots.shown(rendered.html if part == "html" else rendered.text, settings.SITE_URL)
    if part == "text":
        return HttpResponse(words, content_type="text/plain; charset=utf-8")
    return HttpResponse(words, headers={"Content-Security-Policy": FRAMES})


def looked_at(shown: Insertion) -> CreativeVersion | None:
    """The words that the page shows: while it is booked those that wait for a decision, afterwards those that ran."""
    waiting = shown.version if shown.status == InsertionStatus.BOOKED else None
    return waiting or shown.stand_in or shown.version


@require_POST
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Review, approve for the sponsor, remark, move, cancel, rule late, override: each for those who may."""
    if verb not in STEPS:
        raise Http404("There is no such step.")
    rights, do = STEPS[verb]
    on = access.insertion(request.user, pk, *rights)
    try:
        landed = do(request, on) or on
    except NewsroomError as error:
        messages.error(request, str(error))
        landed = on
    return redirect("sponsors:insertion", landed.pk)


def _review(request: HttpRequest, on: Insertion) -> None:
    if on.version is None:
        raise Refused("There is no message to review yet.")
    decision = request.POST.get("decision", "")
    if decision not in VersionStatus.values or decision == VersionStatus.SUBMITTED:
        raise Refused("Choose: passed, changes, or rejected.")
    note = request.POST.get("words", "")
    trafficking.review(on.version, decision, by=person(request), now=timezone.now(), note=note)
    messages.success(request, f"Version {on.version.number}: {on.version.get_status_display().lower()}.")


def _approve_for(request: HttpRequest, on: Insertion) -> None:
    """The sponsor said yes by mail or phone; ``words`` is who."""
    who = request.POST.get("words", "").strip()
    if not who:
        raise Refused("Say who at the sponsor approved it.")
    by = person(request)
    trafficking.decide(
        on,
        request.POST.get("rendering", ""),
        Decision.APPROVED,
        who=f"{who} (told {called(by)})",
        by=by,
        now=timezone.now(),
    )
    messages.success(request, "Approved as it is shown here; any later change asks again.")


def _remark(request: HttpRequest, on: Insertion) -> None:
    by = person(request)
    trafficking.remark(on, request.POST.get("words", ""), who=called(by), by=by, now=timezone.now())


def _reason(request: HttpRequest) -> str:
    return access.overriding(request.user, request.POST.get("overriding", ""))


def _move(request: HttpRequest, on: Insertion) -> Insertion:
    (to,) = inventory.at([request.POST.get("slot", "")])
    moved = selling.move(on, to, by=person(request), now=timezone.now(), overriding=_reason(request))
    messages.success(request, f"Moved to {to}.")
    return moved


def _swap(request: HttpRequest, on: Insertion) -> Insertion:
    given, reason = request.POST.get("with", ""), _reason(request)
    if not is_key(given):
        raise Refused("Choose what it changes places with.")
    other = access.insertion(request.user, int(given), *MOVERS)
    swapped, _ = selling.swap(on, other, by=person(request), now=timezone.now(), overriding=reason)
    messages.success(
        request, f"Changed places: it is in {swapped.slot} now, and {other.advertiser} in {on.slot}."
    )
    return swapped


def _cancel(request: HttpRequest, on: Insertion) -> None:
    selling.cancel(on, by=person(request), now=timezone.now(), why=request.POST.get("words", ""))
    messages.success(request, f"{on.slot} is free again.")


def _rule_late(request: HttpRequest, on: Insertion) -> None:
    stand_in = trafficking.rule_late(on, by=person(request), now=timezone.now())
    said = (
        f"{stand_in} stands in."
        if stand_in
        else "They have nothing that could stand in: a house promotion runs, or nothing."
    )
    messages.success(request, f"Late through the advertiser’s fault; it stays billable. {said}")


def _withdraw(request: HttpRequest, on: Insertion) -> None:
    trafficking.withdraw_ruling(on, by=person(request), now=timezone.now())


def _keep(request: HttpRequest, on: Insertion) -> None:
    sentence = request.POST.get("sentence", "")
    gate.keep(on, sentence, reason=request.POST.get("words", ""), by=person(request), now=timezone.now())
    messages.success(request, "It may go out all the same; the reason is written down.")


def _name(request: HttpRequest, on: Insertion) -> None:
    from_form = " ".join(printable(request.POST.get("words", "")).split())[:120]
    if not from_form:
        raise Refused("Write whose message it is.")
    with transaction.atomic():
        advertiser = selling.known_by_name(from_form)
        selling.hand_over(on, advertiser, by=person(request), now=timezone.now())
    messages.success(request, f"It is {advertiser}’s message now.")


STEPS: dict[str, tuple[tuple[str, ...], Callable[[HttpRequest, Insertion], Insertion | None]]] = {
    "review": ((access.TRAFFIC,), _review),
    "approve": ((access.TRAFFIC,), _approve_for),
    "remark": ((access.SEE,), _remark),
    "move": (MOVERS, _move),
    "swap": (MOVERS, _swap),
    "cancel": ((access.SELL,), _cancel),
    "late": ((access.TRAFFIC,), _rule_late),
    "withdraw": ((access.TRAFFIC,), _withdraw),
    "keep": ((access.OVERRIDE,), _keep),
    "name": ((access.SELL,), _name),
}


def _shown(request: HttpRequest, shown: Insertion) -> dict[str, Any]:
    issue, now = shown.slot.issue, timezone.now()
    commitment = next((each for each in _commitments(shown) if each.url.endswith(f"/{shown.pk}/")), None)
    booked = shown.booked
    return {
        "insertion": shown,
        "order": shown.line.order,
        "issue": issue,
        "booked": booked,
        "open": booked and issue.editable,
        "unnamed": shown.advertiser.name == selling.UNNAMED,
        "reasons": commitment.reasons if commitment else (),
        "due": deadlines.due(issue, shown.slot.placement),
        "findings": checks.version_findings(shown.slot.placement.format, shown.version)
        if shown.version
        else [],
        "words": richtext.plain(shown.version.body) if shown.version else "",
        "seal": showing.seal(shown, shown.version) if shown.version else "",
        "approval": trafficking.approved(shown),
        "proofs": list(shown.proofs.all()),
        "remarks": list(shown.remarks.all()),
        "overrides": list(shown.overrides.all()),
        "free": inventory.alternatives(shown.slot, now=now, count=12) if booked else [],
        "partners": _partners(shown) if booked else [],
        "lateness": trafficking.lateness(shown, now=now),
        "record": getattr(shown, "run_record", None),
        "owed": getattr(shown, "make_good", None),
        "trail": list(access.trail(request.user, shown.trail.all())[:50]),
        "now": now,
        "section": "sponsors",
    }


def _partners(shown: Insertion) -> list[Insertion]:
    """Booked insertions of the publication that it could change places with, the nearest first."""
    day = shown.slot.issue.planned_for
    rows = Insertion.objects.booked().whole().exclude(pk=shown.pk)
    near = datetime.timedelta(days=SWAPPED_WITHIN)
    rows = rows.filter(
        slot__issue__publication=shown.slot.issue.publication_id,
        slot__issue__status__in=[Status.DRAFT, Status.IN_REVIEW],
        slot__issue__planned_for__range=(day - near, day + near),
    )
    return sorted(rows, key=lambda each: abs((each.slot.issue.planned_for - day).days))[:20]


def _commitments(shown: Insertion) -> list[Any]:
    """What the gate says of this issue."""
    blocks = by_kind(standing(shown.slot.issue)).get(gate.KIND, [])
    return gate.commitments(gate.layout(shown.slot.issue, blocks))
