"""Billing what ran: who owes what, to the cent, whoever does what at the same time."""

import contextlib
import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from issues.models.edition import Immutable
from newsroom.lib.errors import Conflict, NewsroomError, NotNow, Refused
from sponsors import billing, ordering
from sponsors.accounts import Standing, account, filtered, standing
from sponsors.models import (
    CreditNote,
    Fault,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    Invoice,
    LineKind,
    MakeGood,
    MakeGoodStatus,
    OrderStatus,
    Payment,
)
from tests.make import (
    NOW,
    TODAY,
    make_insertion,
    make_invoice,
    make_issue,
    make_person,
    make_run_order,
)
from tests.together import together

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
BY = {"by": None, "now": NOW}


def only(order: InsertionOrder) -> Insertion:
    return Insertion.objects.get(line__order=order)


def became(order: InsertionOrder, **fields: object) -> Insertion:
    """The order's insertion, as it became whatever way."""
    Insertion.objects.filter(line__order=order).update(**fields)
    return only(order)


def owed(insertion: Insertion, value: int = 1000, **fields: object) -> MakeGood:
    return MakeGood.objects.create(
        insertion=insertion, reason="Off position.", value=value, opened_at=NOW, **fields
    )


def pay(invoice: Invoice, amount: Decimal | int, reference: str = "", on: datetime.date = TODAY) -> Payment:
    return billing.pay(invoice, Decimal(amount), on, reference, **BY)


def credit(invoice: Invoice, amount: Decimal | int, **more: object) -> CreditNote:
    return billing.credit(invoice, Decimal(amount), "Broken link.", **BY, **more)


def fresh(invoice: Invoice) -> Invoice:
    return Invoice.objects.get(pk=invoice.pk)


def stands(invoice: Invoice, today: datetime.date = TODAY) -> Standing:
    return standing(fresh(invoice), today)


# What can be billed


def test_what_ran_can_be_billed():
    order = make_run_order(1000)
    assert billing.billable(order) == [only(order)]


def test_what_has_not_run_yet_cannot_be_billed():
    order = make_run_order(1000)
    became(order, status=InsertionStatus.BOOKED)
    assert billing.billable(order) == []


def test_what_was_missed_because_the_message_came_late_is_billed_all_the_same():
    order = make_run_order(1000)
    became(order, status=InsertionStatus.MISSED, fault=Fault.ADVERTISER)
    invoice = billing.draft(order, **BY)
    assert "did not come in time" in invoice.lines.get().words


def test_what_we_missed_is_not_billed():
    order = make_run_order(1000)
    became(order, status=InsertionStatus.MISSED, fault=Fault.PUBLISHER)
    assert billing.billable(order) == []


def test_what_we_missed_is_billed_once_it_is_made_good():
    order = make_run_order(1000)
    missed = became(order, status=InsertionStatus.MISSED, fault=Fault.PUBLISHER)
    instead = make_insertion(make_issue(order.publication, planned_for=TODAY + 9 * DAY))
    owed(missed, status=MakeGoodStatus.FULFILLED, replacement=instead)
    assert f"made good: {instead.slot}" in billing.draft(order, **BY).lines.get().words


@pytest.mark.parametrize("kind", [LineKind.ADDED_VALUE, LineKind.MAKE_GOOD])
def test_added_value_and_make_goods_are_on_no_invoice(kind):
    order = make_run_order(0, kind=kind)
    assert billing.billable(order) == []


def test_what_was_given_away_is_on_no_invoice():
    order = make_run_order(0, 700)
    assert [each.price for each in billing.billable(order)] == [700]


def test_what_ran_before_an_order_was_cancelled_is_billed():
    order = make_run_order(1000)
    InsertionOrder.objects.filter(pk=order.pk).update(status=OrderStatus.CANCELLED)
    assert billing.draft(order, **BY).lines.count() == 1


def test_the_work_list_sums_up_each_order():
    first, second = make_run_order(1000, "250.50"), make_run_order(70)
    assert {each.order: each.amount for each in billing.work()} == {first: Decimal("1250.50"), second: 70}


def test_the_work_list_shows_what_waits_for_an_approval():
    order = make_run_order(1000)
    order.refresh_from_db()
    ordering.reopen(order, **BY, why="One more.")
    assert [(each.order, each.agreed) for each in billing.work()] == [(order, False)]


def test_the_work_list_asks_once(django_assert_max_num_queries):
    for _ in range(3):
        make_run_order(1000, 2000)
    with django_assert_max_num_queries(1):
        assert [each.order.advertiser.name for each in billing.work()]


# Drafts


def test_a_draft_has_a_line_for_each_insertion_at_its_frozen_price():
    invoice = make_invoice(1000, "199.99", issued=False)
    assert [line.amount for line in invoice.lines.all()] == [1000, Decimal("199.99")]
    assert invoice.number is None


def test_a_line_says_where_and_when_it_ran():
    invoice = make_invoice(issued=False)
    assert invoice.lines.get().words == f"{invoice.order.publication}, Primary on Tue 4 Mar 2031"


@pytest.mark.parametrize("status", [OrderStatus.DRAFT, OrderStatus.PENDING_APPROVAL, OrderStatus.DISAPPROVED])
def test_an_order_that_nobody_approved_is_not_billed(status):
    order = make_run_order(1000)
    InsertionOrder.objects.filter(pk=order.pk).update(status=status)
    with pytest.raises(NotNow, match="billed once it is approved"):
        billing.draft(order, **BY)


def test_nothing_is_billed_twice():
    order = make_run_order(1000)
    billing.draft(order, **BY)
    with pytest.raises(Refused, match="on an invoice already"):
        billing.draft(order, **BY)


def test_what_runs_later_comes_on_the_next_invoice():
    order = make_run_order(1000, 2000)
    later = Insertion.objects.filter(line__order=order, price=2000)
    later.update(status=InsertionStatus.BOOKED)
    first = billing.draft(order, **BY)
    later.update(status=InsertionStatus.RAN)
    second = billing.draft(order, **BY)
    assert [account(each).invoiced for each in (first, second)] == [1000, 2000]


def test_what_was_on_a_void_draft_can_be_billed_anew():
    order = make_run_order(1000)
    first = billing.draft(order, **BY)
    billing.void(first, **BY)
    assert billing.draft(order, **BY).lines.get().amount == 1000
    assert first.lines.get().void


def test_an_issued_invoice_cannot_be_void():
    with pytest.raises(NotNow):
        billing.void(make_invoice(), **BY)


# Issuing


def test_numbers_have_no_gap():
    assert [make_invoice().number for _ in range(3)] == ["INV-2031-00001", "INV-2031-00002", "INV-2031-00003"]


def test_a_void_draft_takes_no_number():
    billing.void(make_invoice(issued=False), **BY)
    assert make_invoice().number == "INV-2031-00001"


def test_each_year_begins_anew_by_the_calendar_of_the_publication():
    make_invoice()
    midnight_passed = datetime.datetime(2031, 12, 31, 23, 30, tzinfo=datetime.UTC)
    invoice = billing.issue(make_invoice(issued=False), by=None, now=midnight_passed)
    assert invoice.number == "INV-2032-00001"


def test_the_number_after_the_99999th_is_longer():
    Invoice.objects.filter(pk=make_invoice().pk).update(number="INV-2031-99999")
    assert [make_invoice().number for _ in range(2)] == ["INV-2031-100000", "INV-2031-100001"]


def test_an_invoice_is_due_in_thirty_days():
    assert make_invoice().due_on == TODAY + 30 * DAY


@pytest.mark.parametrize("days", [-1, 366])
def test_it_is_due_within_a_year(days):
    with pytest.raises(Refused, match=f"not {days}"):
        billing.issue(make_invoice(issued=False), due_in_days=days, **BY)


def test_an_invoice_keeps_whom_it_was_written_to():
    order = make_run_order(1000)
    InsertionOrder.objects.filter(pk=order.pk).update(bill_to="Pier 9", po_number="PO 7")
    invoice = billing.issue(billing.draft(order, **BY), **BY)
    InsertionOrder.objects.filter(pk=order.pk).update(bill_to="Elsewhere", po_number="")
    assert (fresh(invoice).bill_to, fresh(invoice).po_number) == ("Pier 9", "PO 7")


def test_an_invoice_is_issued_once():
    invoice = make_invoice(issued=False)
    billing.issue(fresh(invoice), **BY)
    with pytest.raises(Conflict):
        billing.issue(invoice, **BY)


def test_what_was_written_is_neither_changed_nor_deleted():
    invoice = make_invoice()
    for row in (invoice, invoice.lines.get(), pay(invoice, 10), credit(invoice, 10)):
        with pytest.raises(Immutable):
            row.save()
        with pytest.raises(Immutable):
            row.delete()


# Payments


def test_a_payment_leaves_the_rest_open():
    invoice = make_invoice(1000)
    pay(invoice, Decimal("400.10"))
    assert account(fresh(invoice)).open == Decimal("599.90")


def test_more_than_is_open_is_refused_with_the_figure():
    invoice = make_invoice(1000)
    pay(invoice, 400)
    with pytest.raises(Refused, match=r"600\.00 USD of INV-2031-00001 is open; 600\.01 USD is more"):
        pay(invoice, Decimal("600.01"))


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "NaN", "Infinity"])
def test_an_amount_is_in_cents_and_more_than_nothing(amount):
    invoice = make_invoice()
    for verb in (pay, credit):
        with pytest.raises(Refused, match="whole cents"):
            verb(invoice, Decimal(amount))


def test_a_draft_is_not_paid():
    with pytest.raises(NotNow, match="is draft"):
        pay(make_invoice(issued=False), 10)


def test_money_cannot_have_come_in_tomorrow():
    with pytest.raises(Refused, match="has not come yet"):
        pay(make_invoice(), 10, on=TODAY + DAY)


def test_the_same_transfer_is_recorded_once():
    invoice = make_invoice()
    pay(invoice, 100, "SEPA 1")
    with pytest.raises(Refused, match="recorded already"):
        pay(invoice, 100, "SEPA 1")


def test_two_transfers_of_the_same_amount_are_two_payments():
    invoice = make_invoice()
    pay(invoice, 100)
    pay(invoice, 100)
    assert account(fresh(invoice)).paid == 200


# Credit notes


def test_a_credit_note_has_a_number_of_its_own():
    invoice = make_invoice()
    assert [credit(invoice, 10).number, credit(invoice, 10).number] == ["CN-2031-00001", "CN-2031-00002"]


def test_more_than_was_invoiced_is_never_credited():
    invoice = make_invoice(1000)
    credit(invoice, 300)
    with pytest.raises(Refused, match=r"At most 700\.00 USD.* 1,000\.00 USD was invoiced and 300\.00 USD"):
        credit(invoice, Decimal("700.01"))


def test_a_credit_says_what_for():
    with pytest.raises(Refused, match="Say what"):
        billing.credit(make_invoice(), Decimal(10), " ", **BY)


def test_what_was_paid_and_then_credited_goes_back():
    invoice = make_invoice(1000)
    pay(invoice, 1000)
    credit(invoice, 250)
    figures = account(fresh(invoice))
    assert (figures.open, figures.to_return) == (0, 250)


def test_crediting_a_make_good_settles_it():
    invoice = make_invoice(1000)
    make_good = owed(invoice.lines.get().insertion)
    note = credit(invoice, 1000, make_good=make_good)
    make_good.refresh_from_db()
    assert (make_good.status, make_good.settled_at, note.make_good) == (
        MakeGoodStatus.CREDITED,
        NOW,
        make_good,
    )


def test_a_make_good_is_credited_once():
    invoice = make_invoice(600, 600)
    make_good = owed(invoice.lines.all()[0].insertion, 600)
    credit(invoice, 600, make_good=make_good)
    with pytest.raises(NotNow):
        credit(invoice, 600, make_good=make_good)
    assert account(fresh(invoice)).credited == 600


def test_a_make_good_is_credited_whole():
    invoice = make_invoice(1000)
    with pytest.raises(Refused, match=r"1,000\.00 USD is owed .* no more and no less"):
        credit(invoice, 999, make_good=owed(invoice.lines.get().insertion))


def test_a_make_good_is_credited_on_the_invoice_that_billed_it():
    make_good = owed(make_invoice().lines.get().insertion)
    with pytest.raises(Refused, match="not billed there"):
        credit(make_invoice(), 1000, make_good=make_good)


def test_what_is_made_good_already_is_not_credited():
    invoice = make_invoice()
    make_good = owed(invoice.lines.get().insertion, status=MakeGoodStatus.FULFILLED)
    with pytest.raises(NotNow):
        credit(invoice, 1000, make_good=make_good)


def test_while_the_replacement_is_booked_nothing_is_credited():
    invoice = make_invoice()
    instead = make_insertion(make_issue(planned_for=TODAY + 9 * DAY))
    make_good = owed(invoice.lines.get().insertion, status=MakeGoodStatus.SCHEDULED, replacement=instead)
    with pytest.raises(NotNow, match="cancel that first"):
        credit(invoice, 1000, make_good=make_good)


def test_a_make_good_stays_owed_when_its_credit_is_refused():
    invoice = make_invoice(1000)
    make_good = owed(invoice.lines.get().insertion)
    credit(invoice, 1)
    with pytest.raises(Refused):
        credit(invoice, 1000, make_good=make_good)
    make_good.refresh_from_db()
    assert make_good.status == MakeGoodStatus.OPENED


def test_what_was_never_billed_is_credited_by_not_billing_it():
    order = make_run_order(1000)
    make_good = owed(only(order))
    billing.forgo(make_good, **BY)
    assert make_good.status == MakeGoodStatus.CREDITED
    assert billing.work() == []


def test_what_was_billed_needs_a_credit_note():
    make_good = owed(make_invoice().lines.get().insertion)
    with pytest.raises(NotNow, match="write a credit note"):
        billing.forgo(make_good, **BY)


# Standing


def test_an_invoice_stands_as_payments_credits_and_the_clock_say():
    late = TODAY + 31 * DAY
    drafted, void, issued, part, paid, credited = (make_invoice(1000, issued=n > 1) for n in range(6))
    billing.void(void, **BY)
    pay(part, 1)
    pay(paid, 900)
    credit(paid, 100)
    credit(credited, 1000)
    every = (drafted, void, issued, part, paid, credited)
    assert [stands(each) for each in every] == [
        Standing.DRAFT, Standing.VOID, Standing.ISSUED, Standing.PART_PAID, Standing.PAID, Standing.CREDITED
    ]  # fmt: skip
    assert [stands(each, late) for each in (issued, part, paid, credited)] == [
        Standing.OVERDUE, Standing.OVERDUE, Standing.PAID, Standing.CREDITED
    ]  # fmt: skip
    for today in (TODAY, late):
        for wanted in Standing:
            found = set(filtered(Invoice.objects.all(), wanted, today))
            assert found == {each for each in every if stands(each, today) == wanted}, wanted


def test_on_the_day_it_is_due_it_is_not_overdue():
    assert stands(make_invoice(), TODAY + 30 * DAY) == Standing.ISSUED


def test_cents_add_up():
    invoice = make_invoice("0.30")
    for _ in range(3):
        pay(invoice, Decimal("0.10"))
    assert stands(invoice) == Standing.PAID
    assert list(filtered(Invoice.objects.all(), Standing.PAID, TODAY)) == [invoice]


# Trail


def test_every_step_is_in_the_trail_with_its_figures():
    fiona = make_person("Finance", username="fiona")
    order = make_run_order(1000)
    invoice = billing.issue(billing.draft(order, by=fiona, now=NOW), by=fiona, now=NOW)
    billing.pay(invoice, Decimal(400), TODAY, "SEPA 1", by=fiona, now=NOW)
    billing.credit(invoice, Decimal(100), "Broken link.", by=fiona, now=NOW)
    said = [(event.who, event.what, event.note) for event in reversed(billing.steps(invoice))]
    name = f"Draft invoice {invoice.pk}"
    assert said == [
        ("fiona", "invoice drafted", f"{name}: 1 insertion, 1,000.00 USD."),
        ("fiona", "invoice issued", f"INV-2031-00001: {name} for 1,000.00 USD, due 3 Apr 2031."),
        ("fiona", "payment recorded", "INV-2031-00001: 400.00 USD on 4 Mar 2031 SEPA 1; 600.00 USD open."),
        ("fiona", "credit note written",
         "INV-2031-00001: CN-2031-00001, 100.00 USD: Broken link. 500.00 USD open."),
    ]  # fmt: skip


def test_steps_are_those_of_one_invoice():
    order = make_run_order(1000)
    billing.void(billing.draft(order, **BY), **BY)
    second = billing.draft(order, **BY)
    assert [event.what for event in billing.steps(second)] == ["invoice drafted"]


# At the same time


@pytest.mark.django_db(transaction=True)
def test_credits_at_once_never_exceed_the_invoice():
    invoice = make_invoice(1000)
    told = together(*[lambda: credit(fresh(invoice), 300)] * 6)
    assert sorted(type(each).__name__ for each in told) == ["CreditNote"] * 3 + ["Refused"] * 3, told
    assert account(fresh(invoice)).credited == 900


@pytest.mark.django_db(transaction=True)
def test_payments_at_once_never_exceed_what_is_open():
    invoice = make_invoice(1000)
    together(*[lambda: pay(fresh(invoice), 300)] * 6)
    assert account(fresh(invoice)).paid == 900


@pytest.mark.django_db(transaction=True)
def test_invoices_issued_at_once_are_numbered_without_a_gap():
    drafts = [make_invoice(issued=False) for _ in range(8)]
    told = together(*[lambda one=one: billing.issue(fresh(one), **BY) for one in drafts])
    assert sorted(str(each) for each in told) == [f"INV-2031-{n:05d}" for n in range(1, 9)]


@pytest.mark.django_db(transaction=True)
def test_one_invoice_issued_twice_at_once_takes_one_number():
    invoice = make_invoice(issued=False)
    told = together(*[lambda: billing.issue(fresh(invoice), **BY)] * 4)
    assert sum(isinstance(each, Invoice) for each in told) == 1, told
    assert make_invoice().number == "INV-2031-00002"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_bill_an_order_at_once_write_one_invoice():
    order = make_run_order(1000, 2000)
    told = together(*[lambda: billing.draft(order, **BY)] * 4)
    assert sorted(type(each).__name__ for each in told) == ["Invoice", "Refused", "Refused", "Refused"], told
    assert Invoice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_make_good_credited_twice_at_once_is_credited_once():
    invoice = make_invoice(1000, 1000)
    make_good = owed(invoice.lines.all()[0].insertion)
    together(*[lambda: credit(fresh(invoice), 1000, make_good=MakeGood.objects.get(pk=make_good.pk))] * 4)
    assert account(fresh(invoice)).credited == 1000


# Whatever happens


class Ledger(RuleBasedStateMachine):
    """Finance drafts, issues, voids, takes money and gives credit, in any order."""

    amounts = st.decimals("0.01", 1500, places=2)

    @initialize(prices=st.lists(st.decimals("0.01", 900, places=2), min_size=1, max_size=3))
    def begin(self, prices: list[Decimal]) -> None:
        self.order = make_run_order(*prices)
        self.worth = sum(prices)
        self.issued: list[str] = []

    @rule()
    def draft(self) -> None:
        self.attempt(lambda: billing.draft(self.order, **BY))

    @rule(turn=st.integers(0, 9))
    def issue(self, turn: int) -> None:
        self.attempt(lambda: billing.issue(self.one(turn), **BY))

    @rule(turn=st.integers(0, 9))
    def void(self, turn: int) -> None:
        self.attempt(lambda: billing.void(self.one(turn), **BY))

    @rule(turn=st.integers(0, 9), amount=amounts)
    def pay(self, turn: int, amount: Decimal) -> None:
        self.attempt(lambda: pay(self.one(turn), amount))

    @rule(turn=st.integers(0, 9), amount=amounts)
    def credit(self, turn: int, amount: Decimal) -> None:
        self.attempt(lambda: credit(self.one(turn), amount))

    @rule(turn=st.integers(0, 9))
    def pay_all(self, turn: int) -> None:
        self.attempt(lambda: pay(self.one(turn), account(self.one(turn)).open))

    @rule(turn=st.integers(0, 9))
    def credit_all(self, turn: int) -> None:
        self.attempt(lambda: credit(self.one(turn), account(self.one(turn)).creditable))

    def one(self, turn: int) -> Invoice:
        rows = list(Invoice.objects.filter(order=self.order).order_by("pk"))
        if not rows:
            raise Refused("There is no invoice yet.")
        return rows[turn % len(rows)]

    def attempt(self, verb) -> None:
        with contextlib.suppress(NewsroomError):
            verb()

    @invariant()
    def figures_hold(self) -> None:
        rows = list(Invoice.objects.filter(order=self.order))
        for invoice in rows:
            figures = account(invoice)
            assert figures.open >= 0
            assert 0 <= figures.credited <= figures.invoiced
            assert figures.paid <= figures.invoiced
            assert figures.invoiced - figures.paid - figures.credited == figures.open - figures.to_return
            assert invoice in filtered(Invoice.objects.all(), standing(invoice, TODAY), TODAY)
        assert sum(account(invoice).invoiced for invoice in rows) in (0, self.worth)

    @invariant()
    def numbers_have_no_gap(self) -> None:
        numbers = Invoice.objects.exclude(number=None).order_by("number").values_list("number", flat=True)
        assert list(numbers) == [f"INV-2031-{n:05d}" for n in range(1, len(numbers) + 1)]


class TestBooks(TestCase):
    def test_whatever_finance_does_no_more_is_credited_than_invoiced_and_nothing_open_is_negative(
        self,
    ) -> None:
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=25,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
