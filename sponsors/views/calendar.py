"""The calendar, and what is done with slots chosen in it: hold, book, block."""

import datetime
import itertools
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues.models import Publication
from newsroom.lib.errors import NewsroomError, Refused
from newsroom.lib.people import person
from newsroom.lib.text import counted, listed, printable
from sponsors import access, calendar, dealing, holding, inventory, selling
from sponsors.conflicts import Clashes
from sponsors.forms import BlockForm, BookForm, HoldForm
from sponsors.models import Advertiser, Slot
from sponsors.taken import Taken

WEEKS = (6, 12)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Days by placements, six or twelve weeks of one publication."""
    access.allow(request.user, access.SEE)
    stocked = calendar.publications()
    chosen = chosen_publication(request, list(stocked))
    values: dict[str, Any] = {"section": "sponsors", "publications": list(stocked)}
    if chosen is None:
        unstocked = list(Publication.objects.all())
        return render(request, "sponsors/calendar.html", {**values, "unstocked": unstocked})
    weeks = WEEKS[1] if request.GET.get("weeks") == str(WEEKS[1]) else WEEKS[0]
    since = since_day(request, chosen)
    board = calendar.board(chosen, stocked[chosen], since=since, weeks=weeks, now=timezone.now())
    step = datetime.timedelta(weeks=weeks)
    values |= {
        "board": board,
        "weeks": weeks,
        "today": timezone.now().astimezone(chosen.zone).date(),
        "earlier": _address(chosen, board.since - step, weeks),
        "later": _address(chosen, board.since + step, weeks),
        "may_sell": request.user.has_perm(access.SELL),
    }
    return render(request, "sponsors/calendar.html", values)


@require_POST
def stock(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a publication the standard placements."""
    access.allow(request.user, access.STOCK)
    publication = get_object_or_404(Publication, slug=slug)
    made = inventory.stock(publication)
    messages.success(
        request, f"{publication} sells {counted(len(made), 'placement')} now; the admin changes them."
    )
    return redirect("sponsors:calendar")


@require_http_methods(["GET", "POST"])
def hold(request: HttpRequest) -> HttpResponse:
    """Hold the chosen slots, all or none."""
    access.allow(request.user, access.SELL)
    slots = _slots(request)
    form = HoldForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():  # a hold that is refused leaves no new advertiser behind
                made = holding.hold(
                    slots, dealing.known(given["advertiser"]), by=person(request), now=timezone.now(),
                    lasts=datetime.timedelta(hours=given["hours"]),
                    behind_others=given["behind_others"], overriding=_reason(request),
                )  # fmt: skip
            until = min(each.expires_at for each in made).astimezone(made[0].slot.issue.publication.zone)
            said = f"{counted(len(made), 'slot')} held for {given['advertiser']}, until {until:%a %-d %b, %H:%M}."
            messages.success(request, said)
            return redirect(_back(slots))
        except NewsroomError as error:
            return _sheet(request, "hold", slots, form, error=error)
    return _sheet(request, "hold", slots, form)


@require_http_methods(["GET", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """Book the chosen slots, all or none, on an order."""
    access.allow(request.user, access.SELL)
    slots = _slots(request)
    publication = slots[0].issue.publication if slots else Publication.objects.first()
    form = BookForm(request.POST or None, publication=publication, initial=_initial(request, slots))
    if request.method == "POST" and form.is_valid():
        try:
            line = dealing.book(
                slots, form.cleaned_data, by=person(request), now=timezone.now(), overriding=_reason(request)
            )
            messages.success(request, f"{counted(len(slots), 'slot')} booked for {line.order.advertiser}.")
            return redirect("sponsors:order", line.order_id)
        except NewsroomError as error:
            return _sheet(request, "book", slots, form, error=error)
    return _sheet(request, "book", slots, form)


@require_http_methods(["GET", "POST"])
def block(request: HttpRequest) -> HttpResponse:
    """Take the chosen slots off the market, or put them back."""
    access.allow(request.user, access.SELL)
    slots = _slots(request)
    form = BlockForm(request.POST or None)
    unblocking = request.POST.get("act") == "unblock"  # for which nobody has to say why
    if request.method == "POST" and (unblocking or form.is_valid()):
        try:
            if unblocking:
                inventory.unblock(slots, by=person(request), now=timezone.now())
            else:
                reason = form.cleaned_data["reason"]
                inventory.block(slots, reason=reason, by=person(request), now=timezone.now())
            return redirect(_back(slots))
        except NewsroomError as error:
            return _sheet(request, "block", slots, form, error=error)
    return _sheet(request, "block", slots, form)


@require_POST
def steer_hold(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Extend a hold once, or let it go."""
    verbs = {"extend": holding.extend, "release": holding.release}
    held = access.hold(request.user, pk)
    if verb not in verbs:
        raise Refused("There is no such thing to do with a hold.")
    verbs[verb](held, by=person(request), now=timezone.now())
    messages.success(request, f"Hold {'extended' if verb == 'extend' else 'released'}: {held.slot}.")
    return redirect("sponsors:slot", held.slot_id)


@require_POST
def challenge(request: HttpRequest, pk: int) -> HttpResponse:
    """Make whoever holds the slot book or drop it within a day."""
    access.allow(request.user, access.SELL)
    slot = _slot(pk)
    name = " ".join(printable(request.POST.get("advertiser", "")).split())[:120]
    if not name:
        raise Refused("Say for whom you want the slot.")
    with transaction.atomic():  # a challenge that is refused leaves no new advertiser behind
        advertiser = selling.known_by_name(name)
        first = holding.challenge(slot, advertiser, by=person(request), now=timezone.now())
    until = first.expires_at.astimezone(slot.issue.publication.zone)
    ahead = _ahead(slot, advertiser)
    order = f", after {listed(ahead)}" if ahead else ""
    messages.success(
        request,
        f"{first.advertiser} has until {until:%a %-d %b, %H:%M} to book; {advertiser} is next{order}.",
    )
    return redirect("sponsors:slot", pk)


def _ahead(slot: Slot, advertiser: Advertiser) -> list[str]:
    """Who stands between the first option on the slot and that advertiser's."""
    _first, *others = slot.holds.standing(timezone.now()).select_related("advertiser")
    return list(
        itertools.takewhile(lambda name: name != advertiser.name, (str(each.advertiser) for each in others))
    )


@require_safe
def slot(request: HttpRequest, pk: int) -> HttpResponse:
    """One slot: who holds it, in which order, and what was sold in it."""
    access.allow(request.user, access.SEE)
    shown = _slot(pk)
    now = timezone.now()
    values = {
        "slot": shown,
        "holds": list(shown.holds.standing(now).select_related("advertiser", "owner", "challenged_by")),
        "insertions": list(shown.insertions.whole()),
        "advertisers": _names(),
        "section": "sponsors",
    }
    return render(request, "sponsors/slot.html", values)


@require_safe
def at(request: HttpRequest, key: str) -> HttpResponse:
    """The page of a slot by the name that the calendar gives it; its row is made if it is not there yet."""
    access.allow(request.user, access.SEE)
    return redirect("sponsors:slot", inventory.at([key])[0].pk)


def _sheet(
    request: HttpRequest, verb: str, slots: Sequence[Slot], form: Any, error: NewsroomError | None = None
) -> HttpResponse:
    """The chosen slots and the form; on a refusal what is free instead, or what an override would need."""
    if error is not None and not isinstance(error, Taken | Clashes):
        form.add_error(None, str(error))
    values = {
        "verb": verb,
        "slots": slots,
        "form": form,
        "taken": error if isinstance(error, Taken) else None,
        "clashes": error if isinstance(error, Clashes) else None,
        "may_override": request.user.has_perm(access.APPROVE),
        "quote": dealing.quote(slots) if verb == "book" and slots else None,
        "blocked": sum(bool(slot.blocked_for) for slot in slots),
        "advertisers": _names(),
        "back": _back(slots),
        "section": "sponsors",
    }
    status = 409 if error is not None else 422 if form.errors else 200
    return render(request, "sponsors/sheet.html", values, status=status)


def _slots(request: HttpRequest) -> list[Slot]:
    given: QueryDict = request.POST if request.method == "POST" else request.GET
    return inventory.at(given.getlist("slot"))


def _slot(pk: int) -> Slot:
    rows = Slot.objects.select_related("placement__format", "issue__publication")
    return get_object_or_404(rows, pk=pk)


def _reason(request: HttpRequest) -> str:
    return access.overriding(request.user, request.POST.get("overriding", ""))


def _initial(request: HttpRequest, slots: Sequence[Slot] = ()) -> dict[str, Any]:
    issues = [slot.issue_id for slot in slots]
    most = max((issues.count(each) for each in issues), default=1)
    return {"advertiser": request.GET.get("for", ""), "max_per_issue": most}


def _names() -> list[str]:
    return list(Advertiser.objects.filter(house=False).values_list("name", flat=True)[:500])


def _back(slots: Sequence[Slot]) -> str:
    if not slots:
        return reverse("sponsors:calendar")
    first = slots[0].issue
    return _address(first.publication, first.planned_for, WEEKS[0])


def _address(publication: Publication, since: datetime.date, weeks: int) -> str:
    return (
        f"{reverse('sponsors:calendar')}?publication={publication.slug}&since={since:%Y-%m-%d}&weeks={weeks}"
    )


def chosen_publication(request: HttpRequest, known_ones: Sequence[Publication]) -> Publication | None:
    """The publication that the address names, else the first."""
    named = request.GET.get("publication")
    return next((each for each in known_ones if each.slug == named), next(iter(known_ones), None))


def since_day(request: HttpRequest, publication: Publication) -> datetime.date:
    """The day from which the address asks, else today where the publication appears."""
    try:
        day = parse_date(request.GET.get("since", ""))
    except ValueError:
        day = None
    today = timezone.now().astimezone(publication.zone).date()
    return day if day and 2000 <= day.year <= 2999 else today
