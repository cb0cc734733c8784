"""How an invoice stands: read from its lines, payments, credit notes and the clock. Nothing of this is stored."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, TextChoices, Value
from django.db.models.functions import Coalesce, Round

from sponsors.models import CreditNote, Invoice, InvoiceLine, InvoiceStatus, Payment
from sponsors.pricing import CENT

__all__ = ["Account", "Stand", "Standing", "account", "cash", "filtered", "standing", "stands"]


class Standing(TextChoices):
    """What a person asks of an invoice."""

    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Issued"
    PART_PAID = "part_paid", "Part-paid"
    PAID = "paid", "Paid"
    OVERDUE = "overdue", "Overdue"
    CREDITED = "credited", "Credited"
    VOID = "void", "Void"


@dataclass(frozen=True)
class Account:
    """What was invoiced, what came in and what was taken off."""

    invoiced: Decimal
    paid: Decimal
    credited: Decimal

    @property
    def open(self) -> Decimal:
        """What is still to come in; never negative."""
        return max(self.left, Decimal(0))

    @property
    def to_return(self) -> Decimal:
        """What came in for money that was credited afterwards."""
        return max(-self.left, Decimal(0))

    @property
    def creditable(self) -> Decimal:
        """What may still be credited: all that was invoiced, whether it was paid or not."""
        return self.invoiced - self.credited

    @property
    def left(self) -> Decimal:
        """What is open or, below nought, goes back: every payment and every credit changes it."""
        return self.invoiced - self.credited - self.paid

    def with_payment(self, amount: Decimal) -> "Account":
        return replace(self, paid=self.paid + amount)

    def with_credit(self, amount: Decimal) -> "Account":
        return replace(self, credited=self.credited + amount)


@dataclass(frozen=True)
class Stand:
    """An invoice with where it stands, for lists."""

    invoice: Invoice
    standing: Standing
    account: Account


def account(invoice: Invoice) -> Account:
    """The figures of one invoice; asks nothing where its rows were fetched before."""
    return Account(
        invoiced=_sum(line.amount for line in invoice.lines.all() if not line.void),
        paid=_sum(payment.amount for payment in invoice.payments.all()),
        credited=_sum(note.amount for note in invoice.credit_notes.all()),
    )


def standing(invoice: Invoice, today: datetime.date) -> Standing:
    """Where the invoice stands on that day. Overdue says more than part-paid, so it comes first."""
    if invoice.status != InvoiceStatus.ISSUED:
        return Standing(invoice.status)
    figures = account(invoice)
    if figures.creditable <= 0:
        return Standing.CREDITED
    if figures.open <= 0:
        return Standing.PAID
    if invoice.due_on is not None and invoice.due_on < today:
        return Standing.OVERDUE
    return Standing.PART_PAID if figures.paid else Standing.ISSUED


def stands(rows: Iterable[Invoice], today: datetime.date) -> list[Stand]:
    """The invoices of a list with where each stands; asks nothing where their rows were fetched before."""
    return [Stand(each, standing(each, today), account(each)) for each in rows]


def filtered(rows: QuerySet[Invoice], wanted: Standing, today: datetime.date) -> QuerySet[Invoice]:
    """Those of the rows that stand so: ``standing``, asked of the database."""
    if wanted in (Standing.DRAFT, Standing.VOID):
        return rows.filter(status=wanted)
    # Rounded, because SQLite adds up decimals as floats.
    figured = rows.filter(status=InvoiceStatus.ISSUED).annotate(
        in_account=_total(Payment),
        still_creditable=Round(_total(InvoiceLine) - _total(CreditNote), 2),
        still_open=Round(F("still_creditable") - F("in_account"), 2),
    )
    late = Q(due_on__lt=today)
    owed = Q(still_creditable__gt=0, still_open__gt=0)
    asked = {
        Standing.CREDITED: Q(still_creditable__lte=0),
        Standing.PAID: Q(still_creditable__gt=0, still_open__lte=0),
        Standing.OVERDUE: owed & late,
        Standing.PART_PAID: owed & ~late & Q(in_account__gt=0),
        Standing.ISSUED: owed & ~late & Q(in_account=0),
    }
    return figured.filter(asked[wanted])


def cash(amount: Decimal, currency: str) -> str:
    """“4,000.00 USD”."""
    return f"{amount:,.2f} {currency}"


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0)).quantize(CENT)


def _total(model: type[InvoiceLine] | type[Payment] | type[CreditNote]) -> Coalesce:
    kind: DecimalField[Any, Any] = DecimalField(max_digits=14, decimal_places=2)
    of_invoice = model.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    return Coalesce(
        Subquery(of_invoice.annotate(total=Sum("amount")).values("total")), Value(0), output_field=kind
    )
