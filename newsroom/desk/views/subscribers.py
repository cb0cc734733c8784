"""Who reads what, and one reader with all that is kept of them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsroom.audience import (
    access,
    personal,
    rules,
    segments,
    subscribing,
    suppressing,
)
from newsroom.audience.addresses import as_stored, of_address
from newsroom.audience.consents import Evidence
from newsroom.audience.models import MailingList, Segment, Status, Subscription
from newsroom.desk.received import received
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only
from newsroom.lib.people import called, person

ROWS_A_PAGE = 100
SHOWN = 50
"""So many issues of what a person got; all of them are in their file."""


class FilterForm(forms.Form):
    """What to show, and from where on."""

    q = forms.CharField(
        label="Search", required=False, widget=forms.SearchInput(attrs={"placeholder": "Address or name"})
    )
    list = forms.ModelChoiceField(
        MailingList.objects.all(), to_field_name="slug", required=False, empty_label="All lists"
    )
    status = forms.ChoiceField(choices=[("", "All"), *Status.choices], required=False)
    segment = forms.ModelChoiceField(Segment.objects.all(), required=False, empty_label="Everybody")
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


class AsksForm(forms.Form):
    """What readers of a list may tell of themselves."""

    asks = forms.CharField(
        label="Readers may tell us",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line, such as Company or Country. They stand on the readers’ own page, and segments can ask for them.",
    )
    helper = fields_only()

    def clean_asks(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["asks"].splitlines()]
        try:
            return [rules.check_name(line) for line in dict.fromkeys(lines) if line]
        except Refused as error:
            raise forms.ValidationError(str(error)) from None


@require_safe
def subscribers(request: HttpRequest) -> HttpResponse:
    """Subscriptions, latest first. Nothing here counts them all: pages follow each other by number, and figures are a
    piece of their own (``figures``)."""
    access.allow(request.user, access.SEE)
    form = FilterForm(request.GET)
    valid = form.is_valid()
    rows = list(_found(form.cleaned_data)[: ROWS_A_PAGE + 1]) if valid else []
    values = {
        "form": form,
        "rows": rows[:ROWS_A_PAGE],
        "older": rows[ROWS_A_PAGE - 1].pk if len(rows) > ROWS_A_PAGE else None,
        "newest": not (valid and form.cleaned_data["before"]),
        "section": "subscribers",
        "part": "subscribers",
    }
    return render(request, "desk/subscribers.html", values)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """How many stand where on each list: a piece of the page, or a page."""
    access.allow(request.user, access.SEE)
    counts: dict[int, dict[str, int]] = {each.pk: {} for each in MailingList.objects.all()}
    grouped = Subscription.objects.order_by().values_list("mailing_list", "status").annotate(Count("pk"))
    for pk, status, number in grouped:
        counts.setdefault(pk, {})[status] = number
    lists = [
        (each, [(label.partition(":")[0], counts[each.pk].get(value, 0)) for value, label in Status.choices])
        for each in MailingList.objects.all()
    ]
    values = {"lists": lists, "section": "subscribers", "part": "figures"}
    template = "desk/_figures.html" if request.htmx else "desk/figures.html"  # type: ignore[attr-defined]
    return render(request, template, values)


@require_http_methods(["GET", "POST"])
def asks(request: HttpRequest, slug: str) -> HttpResponse:
    """What the readers of a list are asked for."""
    mailing_list = access.mailing_list(request.user, slug, access.CHANGE)
    form = AsksForm(request.POST or None, initial={"asks": "\n".join(mailing_list.asks)})
    if request.method == "POST" and form.is_valid():
        mailing_list.asks = form.cleaned_data["asks"]
        mailing_list.save(update_fields=["asks"])
        messages.success(request, "Saved.")
        return redirect("desk:subscribers")
    values = {"form": form, "list": mailing_list, "section": "subscribers"}
    return render(request, "desk/asks.html", values, status=422 if form.errors else 200)


@require_safe
def subscriber(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: their lists, every step with its evidence, what they got, and what can be done."""
    known = access.subscriber(request.user, pk, access.SEE)
    lists = known.subscriptions.select_related("mailing_list").prefetch_related("consents").order_by("pk")
    values = {
        "person": known,
        "lists": lists,
        "never": suppressing.find(known.email),
        "events": suppressing.history(known.email),
        "received": received(known, most=SHOWN),
        "section": "subscribers",
    }
    return render(request, "desk/subscriber.html", values)


@require_safe
def data(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that is known of the person, to hand out when they ask for it."""
    known = access.subscriber(request.user, pk, access.CHANGE)
    return HttpResponse(
        personal.as_file(known),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="subscriber-{pk}.json"'},
    )


@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Say in numbers what is erased, then erase it."""
    known = access.subscriber(request.user, pk, access.CHANGE)
    if request.method == "POST":
        personal.erase(known, by=person(request), now=timezone.now())
        messages.success(request, f"Erased. {_who_brings_back(known.email)}")
        return redirect("desk:subscribers")
    values = {"person": known, "holdings": personal.holdings(known), "section": "subscribers"}
    return render(request, "desk/erase.html", values)


def _who_brings_back(address: str) -> str:
    if subscribing.may_come_back(address):
        return "Nobody can bring the address in again but its owner, by the form to subscribe."
    return (
        "They had told us that our mail is not wanted, and that stays: not even the form to subscribe brings the address"
        " back, unless an operator takes it off the suppression list."
    )


@require_POST
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Do something for a person: unsubscribe them, or mark an address of our own."""
    known = access.subscriber(request.user, pk, access.CHANGE)
    if verb not in ("leave", "seed", "unseed"):
        raise Http404("There is no such step.")
    subscription = known.subscriptions.filter(pk=_number(request.POST.get("subscription"))).first()
    if subscription is None:
        raise Refused("Say which list it is about.")
    if verb == "leave":
        evidence = Evidence(source=f"by {called(person(request))}", words=request.POST.get("words", ""))
        subscribing.leave(subscription, by="desk", now=timezone.now(), evidence=evidence)
        messages.success(request, f"Unsubscribed from {subscription.mailing_list}.")
    else:
        subscribing.mark_seed(subscription, verb == "seed")
    return redirect("desk:subscriber", pk)


def _found(wanted: dict[str, Any]) -> QuerySet[Subscription]:
    found = Subscription.objects.all()
    if wanted["segment"]:
        found = segments.readers(wanted["segment"], now=timezone.now())
    if wanted["list"]:
        found = found.filter(mailing_list=wanted["list"])
    if wanted["status"]:
        found = found.filter(status=wanted["status"])
    if wanted["q"]:
        found = found.filter(_called(wanted["q"]))
    if wanted["before"]:
        found = found.filter(pk__lt=wanted["before"])
    return found.select_related("subscriber", "mailing_list").order_by("-pk")


def _called(words: str) -> Q:
    """A whole address is found by its index; anything else is looked for in addresses and names, which takes a
    second where they are a million."""
    whole = of_address(as_stored(words.strip()))
    if "@" in words and whole.exists():
        return Q(subscriber__in=whole)
    return Q(subscriber__email__icontains=words) | Q(subscriber__name__icontains=words)


def _number(given: str | None) -> int:
    return int(given) if given and given.isdecimal() and len(given) < 19 else 0
