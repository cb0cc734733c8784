"""Billing what ran: invoices drafted, issued, paid and credited. The only writer of invoices, payments and credit notes."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move
from newsroom.lib.text import counted
from sponsors import trail
from sponsors.accounts import Account, account, cash
from sponsors.models import (
    AuditEvent,
    CreditNote,
    Fault,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineKind,
    MakeGood,
    MakeGoodStatus,
    OrderStatus,
    Payment,
)
from sponsors.models.billing import INVOICE_MOVES
from sponsors.models.running import MAKE_GOOD_MOVES
from sponsors.pricing import CENT

__all__ = [
    "STEPS",
    "Work",
    "billable",
    "credit",
    "draft",
    "forgo",
    "if_credited",
    "if_paid",
    "issue",
    "pay",
    "steps",
    "void",
    "work",
]

AGREED = (OrderStatus.APPROVED, OrderStatus.SIGNED, OrderStatus.CANCELLED)
"""Orders whose prices somebody agreed to. What ran before an order was cancelled is paid; its price is frozen."""
INVOICES, CREDIT_NOTES = "INV", "CN"
STEPS = (
    "invoice drafted", "invoice issued", "draft invoice voided", "payment recorded", "credit note written",
)  # fmt: skip
"""How billing calls its steps in the trail: they are not for everybody who sees an order."""
TRIES = 50
DUE_IN_DAYS, LATEST_DUE = 30, 365
T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """What of one order is not billed yet."""

    order: InsertionOrder
    insertions: Sequence[Insertion]

    @property
    def agreed(self) -> bool:
        """Whether it can be billed now; else its order waits for approval."""
        return self.order.status in AGREED

    @property
    def amount(self) -> Decimal:
        return sum((each.price or Decimal(0) for each in self.insertions), Decimal(0))

    @property
    def words(self) -> str:
        """“4,000.00 USD”."""
        return cash(self.amount, self.order.currency)


def billable(order: InsertionOrder) -> list[Insertion]:
    """What of the order was earned, at a frozen price, and is on no invoice yet. Nothing while the order is not approved."""
    if order.status not in AGREED:
        return []
    return list(_earned().filter(line__order=order, price__gt=0))


def work() -> list[Work]:
    """All that was earned and not billed, by order; the longest waiting first."""
    by_order: dict[int, list[Insertion]] = {}
    for each in _earned():
        by_order.setdefault(each.line.order_id, []).append(each)
    return [Work(found[0].line.order, found) for found in by_order.values()]


@transaction.atomic
def draft(order: InsertionOrder, *, by: Person, now: datetime.datetime) -> Invoice:
    """A draft invoice for all that can be billed. Raises ``NotNow`` before the order is approved, ``Refused`` for nothing."""
    order = InsertionOrder.objects.select_for_update().get(pk=order.pk)
    if order.status not in AGREED:
        raise NotNow(
            f"{order.number} is {order.get_status_display().lower()}: it is billed once it is approved."
        )
    found = billable(order)
    if not found:
        raise Refused(f"Nothing of {order.number} can be billed now: what ran is on an invoice already.")
    invoice = Invoice.objects.create(order=order, currency=order.currency, drafted_at=now, by=by)
    try:
        with transaction.atomic():
            InvoiceLine.objects.bulk_create(_line(invoice, each) for each in found)
    except IntegrityError:
        raise Conflict("Somebody else billed some of this a moment ago. Look again.") from None
    total = cash(account(invoice).invoiced, invoice.currency)
    _note("invoice drafted", invoice, f"{counted(len(found), 'insertion')}, {total}.", by=by, now=now)
    return invoice


@transaction.atomic
def issue(invoice: Invoice, *, due_in_days: int = DUE_IN_DAYS, by: Person, now: datetime.datetime) -> Invoice:
    """Draft → issued: it gets the next number of the year, and what it says never changes again."""
    if not 0 <= due_in_days <= LATEST_DUE:
        raise Refused(f"An invoice is due within {LATEST_DUE} days, not {due_in_days}.")
    order, before = invoice.order, _name(invoice)
    day = now.astimezone(order.publication.zone).date()
    due_on = day + datetime.timedelta(days=due_in_days)

    def write(number: str) -> None:
        move(
            invoice, InvoiceStatus.ISSUED, moves=INVOICE_MOVES,
            number=number, issued_at=now, due_on=due_on,
            bill_to=order.bill_to or order.advertiser.name, po_number=order.po_number,
        )  # fmt: skip

    _numbered(Invoice.objects.all(), f"{INVOICES}-{day.year}-", write)
    total = cash(account(invoice).invoiced, invoice.currency)
    _note("invoice issued", invoice, f"{before} for {total}, due {due_on:%-d %b %Y}.", by=by, now=now)
    return invoice


@transaction.atomic
def void(invoice: Invoice, *, by: Person, now: datetime.datetime) -> None:
    """Draft → void: it stays to be seen, and what was on it can be billed anew."""
    move(invoice, InvoiceStatus.VOID, moves=INVOICE_MOVES)
    freed = invoice.lines.update(void=True)
    _note("draft invoice voided", invoice, f"{counted(freed, 'insertion')} to bill anew.", by=by, now=now)


@transaction.atomic
def pay(
    invoice: Invoice,
    amount: Decimal,
    received_on: datetime.date,
    reference: str = "",
    *,
    by: Person,
    now: datetime.datetime,
    left: Decimal | None = None,
) -> Payment:
    """Money came in. Raises ``Refused`` for more than is open, for a day to come, and for what is recorded already.

    ``left`` is what the person saw as left; if it is not that any more, they look again (``Conflict``).
    """
    invoice = _locked(invoice, left)
    after = if_paid(invoice, amount)
    if received_on > now.astimezone(invoice.order.publication.zone).date():
        raise Refused(f"{received_on:%-d %b %Y} has not come yet.")
    given = {"amount": amount, "received_on": received_on, "reference": reference.strip()[:80]}
    if given["reference"] and invoice.payments.filter(**given).exists():
        raise Refused(f"{cash(amount, invoice.currency)} with reference “{reference}” is recorded already.")
    payment = Payment.objects.create(invoice=invoice, by=by, at=now, **given)
    words = f"{cash(amount, invoice.currency)} on {received_on:%-d %b %Y} {reference}".strip()
    _note("payment recorded", invoice, f"{words}; {_still_open(after, invoice)}.", by=by, now=now)
    return payment


@transaction.atomic
def credit(
    invoice: Invoice,
    amount: Decimal,
    reason: str,
    *,
    by: Person,
    now: datetime.datetime,
    make_good: MakeGood | None = None,
    left: Decimal | None = None,
) -> CreditNote:
    """Take money off an invoice, with a number of its own; a make-good that it settles is credited with it.

    Raises ``Refused`` for more than was invoiced and not credited yet. ``left`` is as in ``pay``.
    """
    invoice = _locked(invoice, left)
    if not reason.strip():
        raise Refused("Say what the credit is for.")
    after = if_credited(invoice, amount, make_good)
    if make_good is not None:
        move(make_good, MakeGoodStatus.CREDITED, moves=MAKE_GOOD_MOVES, settled_at=now)
    day = now.astimezone(invoice.order.publication.zone).date()

    def write(number: str) -> CreditNote:
        return CreditNote.objects.create(
            invoice=invoice, number=number, amount=amount, reason=reason.strip()[:300],
            make_good=make_good, by=by, at=now,
        )  # fmt: skip

    note = _numbered(CreditNote.objects.all(), f"{CREDIT_NOTES}-{day.year}-", write)
    words = f"{note.number}, {cash(amount, invoice.currency)}: {note.reason} {_still_open(after, invoice)}."
    about = make_good.insertion if make_good else None
    _note("credit note written", invoice, words, by=by, now=now, insertion=about)
    return note


@transaction.atomic
def forgo(make_good: MakeGood, *, by: Person, now: datetime.datetime) -> None:
    """Credit what was never billed: it needs no credit note, and will not be billed. Raises ``NotNow`` if it was."""
    insertion = make_good.insertion
    InsertionOrder.objects.select_for_update().get(pk=insertion.line.order_id)
    billed = insertion.invoice_lines.filter(void=False).select_related("invoice__order").first()
    if billed:
        raise NotNow(f"{insertion} is on {billed.invoice}: write a credit note, or void the draft.")
    _only_without_replacement(make_good)
    move(make_good, MakeGoodStatus.CREDITED, moves=MAKE_GOOD_MOVES, settled_at=now)
    words = f"{cash(make_good.value, insertion.line.order.currency)} will not be billed."
    trail.note("make-good credited", by=by, now=now, words=words, insertion=insertion)


def if_paid(invoice: Invoice, amount: Decimal) -> Account:
    """The account as it would be. Raises ``NotNow`` unless it is issued, ``Refused`` for more than is open."""
    figures = _account_of_issued(invoice)
    if _cents(amount) > figures.open:
        raise Refused(
            f"{cash(figures.open, invoice.currency)} of {invoice} {'is' if figures.open else 'are'} open; "
            f"{cash(amount, invoice.currency)} is more than that."
        )
    return figures.with_payment(amount)


def if_credited(invoice: Invoice, amount: Decimal, make_good: MakeGood | None = None) -> Account:
    """The account as it would be. Raises ``NotNow`` unless it is issued, ``Refused`` for more than was invoiced."""
    figures = _account_of_issued(invoice)
    if make_good is not None:
        _refuse_unless_it_settles(make_good, invoice, amount)
    if _cents(amount) > figures.creditable:
        raise Refused(
            f"At most {cash(figures.creditable, invoice.currency)} can be credited: {cash(figures.invoiced, invoice.currency)} "
            f"was invoiced and {cash(figures.credited, invoice.currency)} of it credited already."
        )
    return figures.with_credit(amount)


def steps(invoice: Invoice) -> QuerySet[AuditEvent]:
    """What was done with the invoice, the newest first."""
    named = Q(note__startswith=f"{_draft_name(invoice)}: ")
    if invoice.number:
        named |= Q(note__startswith=f"{invoice.number}: ")
    return AuditEvent.objects.filter(named, order=invoice.order_id, what__in=STEPS)


def _earned() -> QuerySet[Insertion]:
    """Ran, or was missed through the advertiser's fault, or was made good; and is on no invoice, nor forgone.

    Added value and make-goods cost nothing and are on no invoice. A price that is not frozen yet counts as something.
    """
    missed = Q(status=InsertionStatus.MISSED)
    ours_but_made_good = missed & Q(make_good__status=MakeGoodStatus.FULFILLED)
    earned = Q(status=InsertionStatus.RAN) | missed & Q(fault=Fault.ADVERTISER) | ours_but_made_good
    billed = InvoiceLine.objects.filter(insertion=OuterRef("pk"), void=False)
    return (
        Insertion.objects.filter(earned, ~Exists(billed), line__kind=LineKind.SPONSORSHIP)
        .filter(Q(price__isnull=True) | Q(price__gt=0))
        .exclude(make_good__status=MakeGoodStatus.CREDITED)
        .whole()
        .select_related("line__order__publication", "make_good__replacement__slot__issue")
        .order_by("slot__issue__planned_for", "slot__placement__position", "pk")
    )


def _line(invoice: Invoice, insertion: Insertion) -> InvoiceLine:
    assert insertion.price is not None
    issue = insertion.slot.issue
    words = f"{issue.publication}, {insertion.slot}"
    if insertion.status == InsertionStatus.MISSED:
        made_good = getattr(insertion, "make_good", None)
        instead = made_good and made_good.replacement
        words += f", made good: {instead.slot}" if instead else ", reserved; the message did not come in time"
    return InvoiceLine(invoice=invoice, insertion=insertion, words=words[:200], amount=insertion.price)


def _locked(invoice: Invoice, left: Decimal | None) -> Invoice:
    """The invoice as it is now; who pays or credits it at the same time waits until we are through."""
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    if left is not None and left != account(invoice).left:
        raise Conflict(
            f"Somebody else recorded something for {invoice} a moment ago. Look again, then decide."
        )
    return invoice


def _account_of_issued(invoice: Invoice) -> Account:
    if invoice.status != InvoiceStatus.ISSUED:
        raise NotNow(f"This invoice is {invoice.get_status_display().lower()}: nothing is owed on it.")
    return account(invoice)


def _cents(amount: Decimal) -> Decimal:
    """An amount that somebody can pay: in cents, and more than nothing."""
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise Refused(f"An amount is more than 0 and in whole cents; {amount} is not.")
    return amount


def _refuse_unless_it_settles(make_good: MakeGood, invoice: Invoice, amount: Decimal) -> None:
    """The credit is the remedy for what we owe: all of it, on the invoice on which it was billed."""
    if not invoice.lines.filter(insertion=make_good.insertion_id).exists():
        raise Refused(
            f"{make_good.insertion} is not on {invoice}: what was not billed there cannot be credited there."
        )
    if amount != make_good.value:
        owed = cash(make_good.value, invoice.currency)
        raise Refused(f"{owed} is owed for {make_good.insertion}: credit that, no more and no less.")
    _only_without_replacement(make_good)


def _only_without_replacement(make_good: MakeGood) -> None:
    make_good.refresh_from_db()
    instead = make_good.replacement
    if instead and instead.status == InsertionStatus.BOOKED:
        raise NotNow(
            f"{instead.slot} is booked to make it good: cancel that first, or it is made good twice."
        )


def _numbered(rows: QuerySet[Invoice] | QuerySet[CreditNote], start: str, write: Callable[[str], T]) -> T:
    """Write something under the next number of the series. The number goes with the transaction, so no gap can arise.

    The database has the last word: whoever comes second waits for the first, finds the number taken and takes the next.
    """
    for _ in range(TRIES):
        last = rows.filter(number__startswith=start).order_by(Length("number").desc(), "-number").first()
        before = int(str(last.number).removeprefix(start)) if last else 0
        try:
            with transaction.atomic():
                return write(f"{start}{before + 1:05d}")
        except IntegrityError:
            continue
    raise Conflict("Many numbers are being given at once. Try again.")


def _draft_name(invoice: Invoice) -> str:
    return f"Draft invoice {invoice.pk}"


def _name(invoice: Invoice) -> str:
    return invoice.number or _draft_name(invoice)


def _still_open(after: Account, invoice: Invoice) -> str:
    if after.to_return:
        return f"{cash(after.to_return, invoice.currency)} goes back to the advertiser"
    return f"{cash(after.open, invoice.currency)} open"


def _note(
    what: str,
    invoice: Invoice,
    words: str,
    *,
    by: Person,
    now: datetime.datetime,
    insertion: Insertion | None = None,
) -> None:
    """In the trail of the order, with the invoice's name first: by it ``steps`` finds them."""
    assert what in STEPS
    words = f"{_name(invoice)}: {words}"
    trail.note(what, by=by, now=now, words=words, order=invoice.order, insertion=insertion)
