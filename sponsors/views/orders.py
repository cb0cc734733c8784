"""Insertion orders: what was sold, at which price, and where it stands."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsroom.lib.errors import NewsroomError
from newsroom.lib.people import person
from newsroom.lib.text import counted, printable
from sponsors import access, accounts, billing, dealing, noticing, ordering, portal, pricing, selling
from sponsors.forms import ExclusivityForm, LinkForm, OrderForm
from sponsors.models import Insertion, InsertionOrder, InsertionStatus, OrderStatus

ORDERS_A_PAGE = 40


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Orders, the newest first."""
    access.allow(request.user, access.DEALS)
    wanted, status = printable(request.GET.get("q", "")).strip(), request.GET.get("status", "")
    rows = InsertionOrder.objects.select_related("advertiser", "publication", "salesperson")
    rows = rows.annotate(
        booked=Count("lines__insertions", filter=Q(lines__insertions__status=InsertionStatus.BOOKED))
    ).order_by("-created_at", "-pk")  # counting drops the model's own order
    if wanted:
        rows = rows.filter(
            Q(number__icontains=wanted)
            | Q(advertiser__name__icontains=wanted)
            | Q(po_number__icontains=wanted)
        )
    if status in OrderStatus.values:
        rows = rows.filter(status=status)
    page = Paginator(rows, ORDERS_A_PAGE).get_page(request.GET.get("page"))
    values = {
        "page": page,
        "q": wanted,
        "status": status,
        "statuses": OrderStatus.choices,
        "section": "sponsors",
    }
    return render(request, "sponsors/orders.html", values)


@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """One order with its insertions, prices, steps and trail; a POST changes its terms."""
    shown = access.order(request.user, pk, access.SELL if request.method == "POST" else access.DEALS)
    form = OrderForm(request.POST or None, instance=shown)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        ordering.change_terms(shown, changes, by=person(request), now=timezone.now())
        messages.success(request, "Saved.")
        return redirect("sponsors:order", pk)
    return render(
        request, "sponsors/order.html", _shown(request, shown, form), status=422 if form.errors else 200
    )


@require_POST
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Submit, approve, send back, sign or cancel."""
    rights = {
        "submit": access.SELL,
        "approve": access.APPROVE,
        "disapprove": access.APPROVE,
        "sign": access.SELL,
        "cancel": access.SELL,
    }
    if verb not in rights:
        raise Http404("There is no such step.")
    on = access.order(request.user, pk, rights[verb])
    words, by, now = request.POST.get("words", ""), person(request), timezone.now()
    try:
        if verb == "submit":
            ordering.submit(on, by=by, now=now)
        elif verb == "approve":
            seen, free = _amount(request.POST.get("seen", "")), bool(request.POST.get("free"))
            ordering.approve(on, seen=seen, free=free, by=by, now=now)
        elif verb == "disapprove":
            ordering.disapprove(on, by=by, now=now, words=words)
        elif verb == "sign":
            ordering.sign(on, signed_by=words, by=by, now=now)
        else:
            back = selling.cancel_order(on, by=by, now=now, why=words)
            messages.success(request, f"{counted(back, 'slot is', 'slots are')} free again.")
        messages.success(request, f"{on.number} is {on.get_status_display().lower()} now.")
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("sponsors:order", pk)


@require_POST
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link to the portal, and mail it if asked to."""
    on = access.order(request.user, pk, access.SELL)
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(said) for each in form.errors.values() for said in each))
        return redirect("sponsors:order", pk)
    given, by, now = form.cleaned_data, person(request), timezone.now()
    link = portal.invite(on, name=given["name"], email=given["email"], days=given["days"], by=by, now=now)
    if given["email"]:
        noticing.draft_link(link, portal.url(link), now=now)
        messages.success(request, f"A mail with the link for {link.name} is drafted: read it and send it.")
        return redirect("sponsors:notices")
    messages.success(request, f"The link for {link.name} stands below; copy it.")
    return redirect("sponsors:order", pk)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """A link no longer opens anything."""
    link = access.portal_link(request.user, pk)
    portal.revoke(link, by=person(request), now=timezone.now())
    messages.success(request, f"{link.name}’s link no longer opens anything.")
    return redirect("sponsors:order", link.order_id)


@require_http_methods(["GET", "POST"])
def exclusivity(request: HttpRequest, pk: int) -> HttpResponse:
    """Sell on an order that others stay out."""
    on = access.order(request.user, pk, access.SELL)
    form = ExclusivityForm(request.POST or None, buyer=on.advertiser)
    line = on.lines.last()
    if request.method == "POST" and form.is_valid():
        try:
            if line is None:
                line = ordering.add_line(on, by=person(request), now=timezone.now())
            dealing.sell_exclusivity(line, by=person(request), now=timezone.now(), **form.cleaned_data)
            messages.success(request, "Sold: they stay out.")
            return redirect("sponsors:order", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    values = {"order": on, "form": form, "section": "sponsors"}
    return render(request, "sponsors/exclusivity.html", values, status=422 if form.errors else 200)


def _shown(request: HttpRequest, shown: InsertionOrder, form: OrderForm) -> dict[str, Any]:
    insertions = list(
        Insertion.objects.filter(line__order=shown).whole().select_related("line__package", "make_good")
        .order_by("slot__issue__planned_for", "slot__placement__position", "pk")
    )  # fmt: skip
    now, contact = timezone.now(), shown.advertiser.contacts.first()
    price_list = pricing.PriceList(shown.publication, shown.currency)
    prices = pricing.net(insertions, known=price_list)
    live = [
        each for each in insertions if each.status not in (InsertionStatus.MOVED, InsertionStatus.CANCELLED)
    ]
    return {
        "order": shown,
        "stage": ordering.stage(shown, insertions),
        "form": form,
        "rows": [(each, prices[each.pk]) for each in insertions],
        "total": pricing.order_total(insertions, known=price_list),
        "unpriced": len(pricing.unpriced(live, known=price_list)),
        "booked": sum(each.status == InsertionStatus.BOOKED for each in insertions),
        "exclusivities": [each for line in shown.lines.all() for each in line.exclusivities.all()],
        "links": [(each, portal.url(each), each.holds(now)) for each in shown.portal_links.all()],
        "link_form": LinkForm(initial={"name": contact.name, "email": contact.email} if contact else None),
        **_bills(request, shown),
        "trail": list(
            access.trail(
                request.user,
                shown.trail.select_related("insertion__slot__issue", "insertion__slot__placement"),
            )[:50]
        ),
        "now": now,
        "section": "sponsors",
    }


def _amount(given: str) -> Decimal | None:
    """The price that a form sends back; None if it is none."""
    try:
        amount = Decimal(given)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _bills(request: HttpRequest, shown: InsertionOrder) -> dict[str, Any]:
    """The order's invoices and what can be billed, for those who may see them."""
    if not access.sees_books(request.user):
        return {"may_see_bills": False}
    rows = shown.invoices.prefetch_related("lines", "payments", "credit_notes")
    billable = billing.Work(shown, billing.billable(shown))
    stands = accounts.stands(rows, timezone.localdate())
    return {"may_see_bills": True, "invoices": stands, "billable": billable}
