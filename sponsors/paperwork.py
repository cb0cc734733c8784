"""What is printed: insertion orders, invoices and credit notes as PDF, and the rows for the books.

An issued invoice and a credit note are made of what never changes again, so their papers are the same whenever they are printed.
"""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from newsroom.lib.papers.pdf import Paper, Table, pdf_bytes
from newsroom.lib.papers.sheets import csv_bytes
from newsroom.lib.people import called
from newsroom.lib.text import listed
from sponsors import pricing
from sponsors.accounts import cash
from sponsors.models import (
    CreditNote,
    Exclusivity,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    OrderStatus,
    Payment,
)

__all__ = ["Entry", "books", "books_csv", "credit_note_pdf", "invoice_pdf", "order_pdf"]

GONE = (InsertionStatus.MOVED, InsertionStatus.CANCELLED)
NOT_AGREED = {
    OrderStatus.DRAFT: "DRAFT",
    OrderStatus.PENDING_APPROVAL: "DRAFT, waiting for approval",
    OrderStatus.DISAPPROVED: "DRAFT, sent back",
    OrderStatus.CANCELLED: "CANCELLED",
}
BOOKS_HEADER = (
    "Date", "Entry", "Number", "Invoice", "Advertiser", "Order", "PO", "Words", "Net", "Currency", "Reference",
)  # fmt: skip
A_DAY = datetime.timedelta(days=1)
FIRST, LAST = datetime.date(1970, 1, 1), datetime.date(9000, 1, 1)


@dataclass(frozen=True)
class Entry:
    """One row of the books. ``net`` has the sign by which the entries of an invoice add up to what is open."""

    on: datetime.date
    kind: str
    number: str
    invoice: Invoice
    words: str
    net: Decimal
    reference: str = ""

    def cells(self) -> tuple[object, ...]:
        order = self.invoice.order
        return (
            self.on, self.kind, self.number, self.invoice.number, order.advertiser.name, order.number,
            self.invoice.po_number, self.words, self.net, self.invoice.currency, self.reference,
        )  # fmt: skip


def order_pdf(order: InsertionOrder, *, now: datetime.datetime) -> bytes:
    """The insertion order as it stands: what runs when and where, at which price, on which terms, agreed by whom."""
    found = _standing_insertions(order)
    known = pricing.PriceList(order.publication, order.currency)
    prices = pricing.net(found, known=known)
    table = Table(
        heading="Insertions",
        header=("Day", "Placement", "Position", "Format", "Net"),
        rows=[_order_row(each, prices[each.pk]) for each in found],
        numeric=frozenset({4}),
        total=("Net total", "", "", "", cash(sum(prices.values(), Decimal(0)), order.currency)),
    )
    state = NOT_AGREED.get(OrderStatus(order.status), "")
    paper = Paper(
        title=f"Insertion order {order.number}" + (f" – {state}" if state else ""),
        subtitle=f"{order.advertiser} in {order.publication}",
        facts=_order_facts(order),
        tables=[table],
        notes=list(_order_notes(order, agreed=not state)),
        footer=f"{order.number}, revision {order.revision} · {order.publication}",
        made_at=now,
    )
    return pdf_bytes(paper)


def invoice_pdf(invoice: Invoice) -> bytes:
    """The invoice as it was issued; a draft says that it is one. Payments and credits are not on it."""
    order, total = invoice.order, sum((line.amount for line in invoice.lines.all()), Decimal(0))
    table = Table(
        header=("What", "Net"),
        rows=[(line.words, cash(line.amount, invoice.currency)) for line in invoice.lines.all()],
        numeric=frozenset({1}),
        total=("Net total", cash(total, invoice.currency)),
    )
    paper = Paper(
        title=_invoice_title(invoice),
        subtitle=f"{order.advertiser} in {order.publication}",
        facts=_invoice_facts(invoice),
        tables=[table],
        notes=_invoice_notes(invoice),
        footer=f"{invoice} · {order.publication}",
        made_at=invoice.issued_at or invoice.drafted_at,
    )
    return pdf_bytes(paper)


def credit_note_pdf(note: CreditNote) -> bytes:
    """The credit note: how much is taken off which invoice, and why."""
    invoice = note.invoice
    table = Table(
        header=("What", "Net"),
        rows=[(note.reason, cash(note.amount, invoice.currency))],
        numeric=frozenset({1}),
        total=(f"Taken off invoice {invoice.number}", cash(note.amount, invoice.currency)),
    )
    facts = [
        ("From", _sender(invoice.order)),
        ("To", invoice.bill_to),
        ("Date", _day(_on_the_day(note.at, invoice))),
        ("Invoice", f"{invoice.number} of {_day(_issued_on(invoice))}"),
        ("Order", invoice.order.number),
        ("Purchase order", invoice.po_number or "–"),
    ]
    paper = Paper(
        title=f"Credit note {note.number}",
        subtitle=f"{invoice.order.advertiser} in {invoice.order.publication}",
        facts=facts,
        tables=[table],
        footer=f"{note.number} · {invoice.order.publication}",
        made_at=note.at,
    )
    return pdf_bytes(paper)


def books(since: datetime.date, until: datetime.date) -> list[Entry]:
    """Every line of an issued invoice, payment and credit note between two days, the earliest first."""
    # Days are those of each newsletter's zone: the database is asked for a day more on both sides.
    begin = datetime.datetime.combine(max(since, FIRST), datetime.time.min, datetime.UTC) - A_DAY
    end = datetime.datetime.combine(min(until, LAST), datetime.time.max, datetime.UTC) + A_DAY
    parts = ("invoice__order__advertiser", "invoice__order__publication")
    lines = InvoiceLine.objects.filter(invoice__status=InvoiceStatus.ISSUED, void=False)
    entries = [
        *map(_line_entry, lines.filter(invoice__issued_at__range=(begin, end)).select_related(*parts)),
        *map(
            _payment_entry, Payment.objects.filter(received_on__range=(since, until)).select_related(*parts)
        ),
        *map(_credit_entry, CreditNote.objects.filter(at__range=(begin, end)).select_related(*parts)),
    ]
    within = [each for each in entries if since <= each.on <= until]
    return sorted(within, key=lambda each: (each.on, each.invoice.number or "", -each.net))


def books_csv(since: datetime.date, until: datetime.date) -> bytes:
    """The books between two days as CSV."""
    return csv_bytes(BOOKS_HEADER, (each.cells() for each in books(since, until)))


def _line_entry(line: InvoiceLine) -> Entry:
    invoice = line.invoice
    return Entry(
        _issued_on(invoice), "Invoice", invoice.number or "", invoice, line.words, line.amount,
        f"due {invoice.due_on}",
    )  # fmt: skip


def _payment_entry(payment: Payment) -> Entry:
    number = payment.invoice.number or ""
    return Entry(
        payment.received_on, "Payment", number, payment.invoice, f"Payment for {number}", -payment.amount,
        payment.reference,
    )  # fmt: skip


def _credit_entry(note: CreditNote) -> Entry:
    return Entry(
        _on_the_day(note.at, note.invoice), "Credit note", note.number, note.invoice, note.reason,
        -note.amount,
    )  # fmt: skip


def _standing_insertions(order: InsertionOrder) -> list[Insertion]:
    rows = Insertion.objects.filter(line__order=order).exclude(status__in=GONE).whole()
    return list(
        rows.select_related("line__package").order_by(
            "slot__issue__planned_for", "slot__placement__position", "pk"
        )
    )


def _order_row(insertion: Insertion, price: Decimal) -> tuple[str, ...]:
    slot, line = insertion.slot, insertion.line
    free = "" if line.kind == "sponsorship" else f" ({line.get_kind_display().lower()})"
    return (
        f"{insertion.agreed_for:%a %-d %b %Y}",
        f"{slot.name}{free}",
        slot.placement.position_rule,
        str(slot.placement.format),
        f"{price:,.2f}" + (" est." if insertion.price is None else ""),
    )


def _order_facts(order: InsertionOrder) -> list[tuple[str, str]]:
    zone = order.publication.zone
    approved = f"{called(order.approved_by)}, {_moment(order.approved_at, zone)}" if order.approved_at else ""
    signed = f"{order.signed_by}, {_moment(order.signed_at, zone)}" if order.signed_at else ""
    return [
        ("Publisher", _sender(order)),
        ("Billed to", order.bill_to or order.advertiser.name),
        ("Revision", str(order.revision)),
        ("Agency", order.agency or "–"),
        ("Purchase order", order.po_number or "–"),
        ("Sold by", called(order.salesperson) if order.salesperson else "–"),
        ("Approved by", approved or "not approved yet"),
        (f"Signed for {order.advertiser} by", signed.removeprefix(", ") or "not signed yet"),
        ("Currency", order.currency),
    ]


def _order_notes(order: InsertionOrder, *, agreed: bool) -> Iterator[str]:
    if not agreed and order.status != OrderStatus.CANCELLED:
        yield "DRAFT: this order is not approved. Prices marked “est.” are those of today’s rate card and may change until then."
    if order.status == OrderStatus.CANCELLED:
        yield "CANCELLED: nothing more runs on this order; what ran is paid."
    for each in Exclusivity.objects.filter(line__order=order).select_related("category"):
        yield _exclusive(each)
    if order.terms:
        yield f"Terms. {order.terms}"


def _exclusive(sold: Exclusivity) -> str:
    out = (
        f"others in “{sold.category}”" if sold.category else listed([str(each) for each in sold.rivals.all()])
    )
    when = f", {sold.starts:%-d %b %Y} to {sold.ends:%-d %b %Y}" if sold.starts and sold.ends else ""
    return f"Exclusive: {out or 'named rivals'} stay out, {sold.get_scope_display().lower()}{when}."


def _invoice_title(invoice: Invoice) -> str:
    if invoice.status == InvoiceStatus.ISSUED:
        return f"Invoice {invoice.number}"
    return "Invoice – DRAFT" if invoice.status == InvoiceStatus.DRAFT else "Invoice – VOID"


def _invoice_facts(invoice: Invoice) -> list[tuple[str, str]]:
    order, issued = invoice.order, invoice.status == InvoiceStatus.ISSUED
    bill_to = invoice.bill_to if issued else order.bill_to or order.advertiser.name
    return [
        ("From", _sender(order)),
        ("To", bill_to),
        ("Date", _day(_issued_on(invoice)) if issued else "not issued"),
        ("Due", _day(invoice.due_on) if invoice.due_on else "–"),
        ("Order", order.number),
        ("Purchase order", (invoice.po_number if issued else order.po_number) or "–"),
    ]


def _invoice_notes(invoice: Invoice) -> Sequence[str]:
    if invoice.status == InvoiceStatus.ISSUED:
        return (f"Please name {invoice.number} when you pay.", "All prices are net.")
    return ("This is no invoice: nothing is owed on it.",)


def _sender(order: InsertionOrder) -> str:
    return f"{order.publication}\n{order.publication.postal_address}".strip()


def _issued_on(invoice: Invoice) -> datetime.date:
    assert invoice.issued_at is not None
    return _on_the_day(invoice.issued_at, invoice)


def _on_the_day(at: datetime.datetime, invoice: Invoice) -> datetime.date:
    """The day on which it was there, where the newsletter is at home."""
    return at.astimezone(invoice.order.publication.zone).date()


def _moment(at: datetime.datetime | None, zone: datetime.tzinfo) -> str:
    return _day(at.astimezone(zone).date()) if at else ""


def _day(day: datetime.date) -> str:
    return f"{day:%-d %B %Y}"
