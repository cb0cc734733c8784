"""Invoices: what can be billed, what is owed, and what was paid and credited; on paper and for the books."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from newsroom.lib.errors import NewsroomError
from newsroom.lib.papers.attachment import CSV, PDF, attachment
from newsroom.lib.people import person
from newsroom.lib.text import printable
from sponsors import access, accounts, billing, paperwork
from sponsors.accounts import Account, Standing, cash
from sponsors.forms import CreditForm, IssueForm, PaymentForm, PeriodForm
from sponsors.models import Advertiser, Invoice, InvoiceStatus

INVOICES_A_PAGE = 40
FINAL = "It is recorded for good: it can be neither changed nor deleted."


@dataclass(frozen=True)
class Question:
    """What is asked before something that cannot be undone: what it does, in figures, and the word for it."""

    url: str
    heading: str
    facts: tuple[tuple[str, str], ...]
    button: str


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Invoices, the newest first, by status, advertiser and words."""
    access.books(request.user)
    return _listing(request, PeriodForm.of_month(timezone.localdate()))


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """What ran and is on no invoice yet, by order."""
    access.books(request.user)
    found = billing.work()
    values = {
        "ready": [each for each in found if each.agreed],
        "waiting": [each for each in found if not each.agreed],
        "section": "sponsors",
    }
    return render(request, "sponsors/ready_to_bill.html", values)


@require_safe
def books(request: HttpRequest) -> HttpResponse:
    """The books of a period as CSV; a period that makes none keeps what was typed."""
    access.books(request.user)
    form = PeriodForm(request.GET)
    if not form.is_valid():
        return _listing(request, form)
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    return attachment(paperwork.books_csv(since, until), f"Books {since} to {until}.csv", CSV)


@require_safe
def invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """One invoice with its lines, payments, credit notes and steps."""
    return _page(request, access.invoice(request.user, pk))


@require_safe
def invoice_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The invoice on paper."""
    shown = access.invoice(request.user, pk)
    return attachment(paperwork.invoice_pdf(shown), f"{shown}.pdf", PDF)


@require_safe
def credit_note_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The credit note on paper."""
    shown = access.credit_note(request.user, pk)
    return attachment(paperwork.credit_note_pdf(shown), f"{shown}.pdf", PDF)


@require_safe
def order_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The insertion order on paper."""
    shown = access.order(request.user, pk, access.DEALS)
    name = f"{shown.number} revision {shown.revision}.pdf"
    return attachment(paperwork.order_pdf(shown, now=timezone.now()), name, PDF)


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an invoice for all that can be billed of an order."""
    on = access.order(request.user, pk, access.BILL)
    try:
        made = billing.draft(on, by=person(request), now=timezone.now())
    except NewsroomError as error:
        messages.error(request, str(error))
        return redirect("sponsors:order", pk)
    return redirect("sponsors:invoice", made.pk)


@require_POST
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a draft its number; the page has said for how much."""
    on = access.invoice_to_write(request.user, pk)
    form = IssueForm(request.POST)
    if form.is_valid():
        try:
            billing.issue(on, by=person(request), now=timezone.now(), **form.cleaned_data)
            messages.success(request, f"Issued as {on.number}, due {on.due_on:%-d %b %Y}.")
            return redirect("sponsors:invoice", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    return _page(request, on, issue_form=form)


@require_POST
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft aside; what was on it can be billed anew."""
    on = access.invoice_to_write(request.user, pk)
    try:
        billing.void(on, by=person(request), now=timezone.now())
        messages.success(request, f"Void. {on.order.number} can be billed anew.")
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("sponsors:invoice", pk)


@require_POST
def pay(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a payment, after asking once with all the figures."""
    on = access.invoice_to_write(request.user, pk)
    form = PaymentForm(request.POST, invoice=on, auto_id="pay_%s")
    if form.is_valid():
        given, left = form.cleaned_data, _seen(request)
        try:
            if left is None:
                return _ask(request, on, form, _before_payment(on, given))
            billing.pay(on, **given, left=left, by=person(request), now=timezone.now())
            messages.success(request, f"{cash(given['amount'], on.currency)} recorded.")
            return redirect("sponsors:invoice", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    return _page(request, on, pay_form=form)


@require_POST
def credit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a credit note, after asking once with all the figures."""
    on = access.invoice_to_write(request.user, pk)
    form = CreditForm(request.POST, invoice=on, auto_id="credit_%s")
    if form.is_valid():
        given, left = form.cleaned_data, _seen(request)
        try:
            if left is None:
                return _ask(request, on, form, _before_credit(on, given))
            note = billing.credit(on, **given, left=left, by=person(request), now=timezone.now())
            messages.success(request, f"{note.number} over {cash(note.amount, on.currency)} is written.")
            return redirect("sponsors:invoice", pk)
        except NewsroomError as error:
            form.add_error(None, str(error))
    return _page(request, on, credit_form=form)


def _listing(request: HttpRequest, period: PeriodForm) -> HttpResponse:
    wanted = request.GET
    rows = Invoice.objects.select_related("order__advertiser", "order__publication")
    rows = _matching(rows.prefetch_related("lines", "payments", "credit_notes"), wanted)
    page = Paginator(rows, INVOICES_A_PAGE).get_page(wanted.get("page"))
    values = {
        "page": page,
        "stands": accounts.stands(page, timezone.localdate()),
        "q": wanted.get("q", ""),
        "status": wanted.get("status", ""),
        "advertiser": wanted.get("advertiser", ""),
        "statuses": Standing.choices,
        "advertisers": Advertiser.objects.filter(orders__invoices__isnull=False).distinct(),
        "period": period,
        "ready": sum(each.agreed for each in billing.work()),
        "section": "sponsors",
    }
    return render(request, "sponsors/invoices.html", values, status=422 if period.errors else 200)


def _matching(rows: QuerySet[Invoice], wanted: QueryDict) -> QuerySet[Invoice]:
    status, advertiser, words = (
        printable(wanted.get(name, "")).strip() for name in ("status", "advertiser", "q")
    )
    if status in Standing.values:
        rows = accounts.filtered(rows, Standing(status), timezone.localdate())
    if advertiser.isdecimal():
        rows = rows.filter(order__advertiser=int(advertiser))
    if words:
        rows = rows.filter(
            Q(number__icontains=words)
            | Q(order__number__icontains=words)
            | Q(order__advertiser__name__icontains=words)
            | Q(order__po_number__icontains=words)
            | Q(po_number__icontains=words)
            | Q(credit_notes__number__iexact=words)
            | Q(payments__reference__icontains=words)
        ).distinct()
    return rows


def _page(request: HttpRequest, shown: Invoice, **forms: Any) -> HttpResponse:
    """The invoice with the form that was refused, or with new ones."""
    if forms:  # a refusal may mean that somebody else has just changed it
        shown = access.invoice(request.user, shown.pk)
    figures, wrong = accounts.account(shown), any(form.errors for form in forms.values())
    today = timezone.now().astimezone(shown.order.publication.zone).date()
    values: dict[str, Any] = {
        "invoice": shown,
        "order": shown.order,
        "standing": accounts.standing(shown, today),
        "account": figures,
        "lines": shown.lines.all(),
        "steps": billing.steps(shown),
        "issued": shown.status == InvoiceStatus.ISSUED,
        "issue_form": IssueForm(),
        "pay_form": PaymentForm(
            invoice=shown, auto_id="pay_%s", initial={"amount": figures.open, "received_on": today}
        ),
        "credit_form": CreditForm(invoice=shown, auto_id="credit_%s"),
        "section": "sponsors",
    }
    return render(request, "sponsors/invoice.html", values | forms, status=422 if wrong else 200)


def _ask(request: HttpRequest, on: Invoice, form: PaymentForm | CreditForm, asked: Question) -> HttpResponse:
    values = {
        "invoice": on,
        "form": form,
        "asked": asked,
        "left": accounts.account(on).left,
        "final": FINAL,
        "section": "sponsors",
    }
    return render(request, "sponsors/sure.html", values)


def _before_payment(on: Invoice, given: dict[str, Any]) -> Question:
    """Raises what ``billing.if_paid`` raises."""
    after, amount = billing.if_paid(on, given["amount"]), cash(given["amount"], on.currency)
    facts = (
        ("Received", f"{amount} on {given['received_on']:%-d %b %Y}"),
        ("Reference", given["reference"] or "none"),
        *_figures(accounts.account(on), after, on),
    )
    return Question("sponsors:pay_invoice", "Record this payment?", facts, f"Record {amount}")


def _before_credit(on: Invoice, given: dict[str, Any]) -> Question:
    """Raises what ``billing.if_credited`` raises."""
    owed = given.get("make_good")
    after, amount = billing.if_credited(on, given["amount"], owed), cash(given["amount"], on.currency)
    facts = (
        ("Taken off", amount),
        ("Because", given["reason"]),
        *((("Settles the make-good", str(owed.insertion.slot)),) if owed else ()),
        *_figures(accounts.account(on), after, on),
    )
    return Question("sponsors:credit_invoice", "Write this credit note?", facts, f"Credit {amount}")


def _figures(before: Account, after: Account, on: Invoice) -> tuple[tuple[str, str], ...]:
    of = cash(before.invoiced, on.currency)
    found = [("Open of " + of, f"{cash(before.open, on.currency)} now, {cash(after.open, on.currency)} then")]
    if after.to_return:
        found.append(("Goes back to the advertiser", cash(after.to_return, on.currency)))
    return tuple(found)


def _seen(request: HttpRequest) -> Decimal | None:
    """What was left on the invoice when the person was asked; None if nobody has asked yet."""
    try:
        return Decimal(request.POST["sure"])
    except (KeyError, InvalidOperation):
        return None
