"""The pages of billing: who gets in, what is asked before it is done, and what leaves the house as a file."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from newsroom.desk import roles
from sponsors import billing, ordering, paperwork
from sponsors.accounts import account
from sponsors.models import (
    CreditNote,
    InsertionOrder,
    Invoice,
    InvoiceStatus,
    MakeGood,
    MakeGoodStatus,
    Payment,
)
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_invoice,
    make_issue,
    make_line,
    make_person,
    make_publication,
    make_run_order,
)

pytestmark = pytest.mark.django_db
BY = {"by": None, "now": NOW}
SEERS = {roles.SALES_MANAGER, roles.FINANCE}
BILLERS = {roles.FINANCE}
DESK = set(roles.ROLES)
PERIOD = {"since": "2031-03-01", "until": "2031-03-31"}


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(make_person(role))
    return client


@pytest.fixture
def fiona() -> Client:
    """Finance."""
    return signed_in(roles.FINANCE)


@pytest.fixture
def maria() -> Client:
    """Approves orders, and may see what is owed on them."""
    return signed_in(roles.SALES_MANAGER)


def url(name: str, *args: object) -> str:
    return reverse(f"sponsors:{name}", args=args)


def words(answer) -> str:
    return " ".join(answer.content.decode().split())


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def rows(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def payment(amount: object, **more: object) -> dict[str, object]:
    return {"amount": amount, "received_on": TODAY.isoformat(), "reference": "", **more}


def fresh(invoice: Invoice) -> Invoice:
    return Invoice.objects.get(pk=invoice.pk)


# Who gets in


@pytest.mark.parametrize("name", ["bill", "issue_invoice", "void_invoice", "pay_invoice", "credit_invoice"])
def test_nothing_is_changed_by_looking(fiona, name):
    assert fiona.get(url(name, 1)).status_code == 405


def test_a_refused_seller_changes_nothing(sam):
    invoice = make_invoice()
    sam.post(url("pay_invoice", invoice.pk), payment(10, sure="1000.00"))
    assert not Payment.objects.exists()


def test_invoices_are_in_the_tabs_of_those_who_may_see_them(maria, sam):
    tab = f'href="{url("invoices")}"'
    assert tab in words(maria.get(url("orders")))
    assert tab not in words(sam.get(url("orders")))


def test_sales_see_the_order_without_its_invoices(sam, maria):
    invoice = make_invoice()
    page = url("order", invoice.order_id)
    assert invoice.number in words(maria.get(page))
    sold = sam.get(page)
    assert sold.status_code == 200
    assert url("invoice", invoice.pk) not in words(sold)


def test_what_was_billed_is_not_in_the_trail_that_sales_and_editors_see(sam, edith, maria):
    invoice = make_invoice()
    page = url("order", invoice.order_id)
    for client, sees in ((sam, False), (edith, False), (maria, True)):
        assert ("invoice issued" in words(client.get(page))) == sees


def test_what_was_credited_is_not_in_the_trail_of_the_insertion_that_sales_see(sam, maria):
    invoice = make_invoice(1000)
    insertion = invoice.lines.get().insertion
    make_good = MakeGood.objects.create(insertion=insertion, reason="Off.", value=1000, opened_at=NOW)
    billing.credit(invoice, Decimal(1000), "Off.", **BY, make_good=make_good)
    page = url("insertion", insertion.pk)
    assert "CN-2031-00001" not in words(sam.get(page))
    assert "CN-2031-00001" in words(maria.get(page))


def test_what_was_billed_is_not_in_the_audit_trail_of_the_admin_for_sales(sam, fiona):
    make_invoice()
    page = reverse("admin:sponsors_auditevent_changelist")
    assert "order signed" in words(sam.get(page))
    assert "due 3 Apr 2031" not in words(sam.get(page))
    assert "due 3 Apr 2031" in words(fiona.get(page))


# Lists


def test_the_list_shows_what_is_open(fiona):
    invoice = make_invoice(1000)
    billing.pay(invoice, Decimal("0.50"), TODAY, **BY)
    shown = words(fiona.get(url("invoices")))
    assert invoice.number in shown
    assert "999.50" in shown
    assert "Part-paid" in shown


def test_the_list_asks_for_one_status(fiona):
    paid, issued = make_invoice(1000), make_invoice(1000)
    billing.pay(paid, Decimal(1000), TODAY, **BY)
    found = fiona.get(url("invoices"), {"status": "paid"}).context["stands"]
    assert [each.invoice for each in found] == [paid]
    assert issued not in [each.invoice for each in found]


def test_the_list_asks_for_one_advertiser(fiona):
    mine, _theirs = make_invoice(), make_invoice()
    found = fiona.get(url("invoices"), {"advertiser": mine.order.advertiser_id}).context["stands"]
    assert [each.invoice for each in found] == [mine]


@pytest.mark.parametrize("q", ["INV-2031-00002", "SEPA 77", "cn-2031-00001", "PO-9", "Rope & Sons"])
def test_the_list_is_searched(fiona, q):
    make_invoice()
    order = make_run_order(1000, advertiser=make_advertiser("Rope & Sons"))
    InsertionOrder.objects.filter(pk=order.pk).update(po_number="PO-9")
    order.refresh_from_db()
    invoice = billing.issue(billing.draft(order, **BY), **BY)
    billing.pay(invoice, Decimal(5), TODAY, "SEPA 77", **BY)
    billing.pay(invoice, Decimal(5), TODAY, "SEPA 778", **BY)
    billing.credit(invoice, Decimal(5), "Late.", **BY)
    found = fiona.get(url("invoices"), {"q": q}).context["stands"]
    assert [each.invoice for each in found] == [invoice]


@pytest.mark.parametrize("query", ["status=nothing", "advertiser=x", "advertiser=²", "page=x", "q=%00"])
def test_a_strange_question_is_answered(fiona, query):
    make_invoice()
    assert fiona.get(f"{url('invoices')}?{query}").status_code == 200


def test_the_list_costs_the_same_for_many(fiona, django_assert_max_num_queries):
    for _ in range(4):
        make_invoice()
    with django_assert_max_num_queries(16):
        fiona.get(url("invoices"))


def test_the_work_list_says_what_can_be_billed(fiona):
    order = make_run_order(1000, "250.50")
    shown = words(fiona.get(url("ready_to_bill")))
    assert "Draft an invoice: 2 insertions, 1,250.50 USD" in shown
    assert order.number in shown


def test_a_sales_manager_sees_the_work_list_without_its_buttons(maria):
    make_run_order(1000)
    shown = words(maria.get(url("ready_to_bill")))
    assert "1,000.00 USD" in shown
    assert "Draft an invoice" not in shown


def test_what_waits_for_its_order_is_listed_apart(fiona):
    order = make_run_order(1000)
    order.refresh_from_db()
    ordering.reopen(order, **BY, why="One more.")
    shown = fiona.get(url("ready_to_bill"))
    assert shown.context["ready"] == []
    assert f"{order.number}</a> {order.advertiser}, draft: 1 insertion, 1,000.00 USD" in words(shown)


# Drafting, issuing, voiding


def test_finance_drafts_an_invoice_from_the_order(fiona):
    order = make_run_order(1000, 500)
    assert "Draft an invoice: 2 insertions, 1,500.00 USD" in words(fiona.get(url("order", order.pk)))
    answer = fiona.post(url("bill", order.pk), follow=True)
    assert answer.context["invoice"] == Invoice.objects.get(order=order)


def test_an_order_with_nothing_to_bill_says_so(fiona):
    invoice = make_invoice()
    answer = fiona.post(url("bill", invoice.order_id), follow=True)
    assert said(answer) == [
        f"Nothing of {invoice.order.number} can be billed now: what ran is on an invoice already."
    ]


def test_before_issuing_the_page_says_for_how_much(fiona):
    invoice = make_invoice(1000, 500, issued=False)
    shown = words(fiona.get(url("invoice", invoice.pk)))
    assert "with 2 lines over 1,500.00 USD" in shown
    assert "Issue for 1,500.00 USD" in shown
    assert "its 2 lines over 1,500.00 USD can be billed anew" in shown


def test_finance_issues_a_draft(fiona):
    invoice = make_invoice(issued=False)
    answer = fiona.post(url("issue_invoice", invoice.pk), {"due_in_days": "14"}, follow=True)
    assert said(answer) == ["Issued as INV-2031-00001, due 18 Mar 2031."]


def test_a_wrong_number_of_days_is_kept_and_explained(fiona):
    invoice = make_invoice(issued=False)
    answer = fiona.post(url("issue_invoice", invoice.pk), {"due_in_days": "400"})
    assert answer.status_code == 422
    assert 'value="400"' in words(answer)
    assert "less than or equal to 365" in words(answer)
    assert fresh(invoice).status == InvoiceStatus.DRAFT


def test_an_invoice_that_is_issued_already_is_not_issued_again(fiona):
    invoice = make_invoice()
    answer = fiona.post(url("issue_invoice", invoice.pk), {"due_in_days": "30"})
    assert answer.status_code == 422
    assert fresh(invoice).number == "INV-2031-00001"


def test_finance_voids_a_draft(fiona):
    invoice = make_invoice(issued=False)
    fiona.post(url("void_invoice", invoice.pk))
    shown = words(fiona.get(url("invoice", invoice.pk)))
    assert "Void" in shown
    assert "Issue for" not in shown


def test_a_sales_manager_sees_an_invoice_without_its_forms(maria):
    shown = words(maria.get(url("invoice", make_invoice().pk)))
    assert "Record a payment" not in shown
    assert "credit note</summary>" not in shown


# Payments and credit notes


def test_a_payment_is_asked_about_with_its_figures_before_it_is_recorded(fiona):
    invoice = make_invoice(1000)
    answer = fiona.post(url("pay_invoice", invoice.pk), payment("400.50", reference="SEPA 1"))
    assert "1,000.00 USD now, 599.50 USD then" in words(answer)
    assert "Record 400.50 USD" in words(answer)
    assert not Payment.objects.exists()


def test_a_payment_that_was_asked_about_is_recorded(fiona):
    invoice = make_invoice(1000)
    asked = fiona.post(url("pay_invoice", invoice.pk), payment("400.50", reference="SEPA 1"))
    answer = fiona.post(
        url("pay_invoice", invoice.pk),
        payment("400.50", reference="SEPA 1", sure=asked.context["left"]),
        follow=True,
    )
    assert said(answer) == ["400.50 USD recorded."]
    assert Payment.objects.get().reference == "SEPA 1"


def test_a_button_that_is_pressed_twice_records_once(fiona):
    invoice = make_invoice(1000)
    for _ in range(2):
        answer = fiona.post(url("pay_invoice", invoice.pk), payment(100, sure="1000.00"))
    assert answer.status_code == 422
    assert "Look again, then decide" in words(answer)
    assert account(fresh(invoice)).paid == 100


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"amount": "1000.01"}, "1,000.00 USD of INV-2031-00001 is open; 1,000.01 USD is more than that."),
        ({"amount": "0"}, "An amount is more than 0"),
        ({"amount": "12,5x"}, "Enter a number."),
        ({"amount": "1.005"}, "no more than 2 decimal places"),
        ({"amount": "10", "received_on": "2031-03-05"}, "5 Mar 2031 has not come yet."),
        ({"amount": "10", "received_on": "0031-03-04"}, "4 Mar 31 is more than a year before the invoice."),
        ({"amount": "10", "received_on": "soon"}, "Enter a valid date."),
        ({"amount": "10", "reference": "x" * 81}, "at most 80 characters"),
    ],
)
def test_a_wrong_payment_is_kept_and_explained(fiona, typed, why):
    invoice = make_invoice(1000)
    answer = fiona.post(url("pay_invoice", invoice.pk), payment(1) | typed)
    assert answer.status_code == 422
    assert why in words(answer)
    assert all(f'value="{value}"' in words(answer) for value in typed.values())
    assert not Payment.objects.exists()


def test_what_a_reference_holds_is_never_markup(fiona):
    invoice = make_invoice(1000)
    answer = fiona.post(url("pay_invoice", invoice.pk), payment(1, reference="<script>alert(1)</script>"))
    assert "<script>alert" not in words(answer)


def test_a_credit_is_asked_about_with_its_figures_before_it_is_written(fiona):
    invoice = make_invoice(1000)
    billing.pay(invoice, Decimal(900), TODAY, **BY)
    answer = fiona.post(url("credit_invoice", invoice.pk), {"amount": "250", "reason": "Broken link."})
    assert "100.00 USD now, 0.00 USD then" in words(answer)
    assert "150.00 USD" in words(answer)
    assert not CreditNote.objects.exists()


def test_a_credit_that_was_asked_about_is_written(fiona):
    invoice = make_invoice(1000)
    given = {"amount": "250", "reason": "Broken link.", "sure": "1000.00"}
    answer = fiona.post(url("credit_invoice", invoice.pk), given, follow=True)
    assert said(answer) == ["CN-2031-00001 over 250.00 USD is written."]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"amount": "1000.01"}, "At most 1,000.00 USD can be credited"),
        ({"amount": "-3"}, "greater than or equal to 0"),
        ({"reason": " "}, "This field is required."),
    ],
)
def test_a_wrong_credit_is_kept_and_explained(fiona, typed, why):
    invoice = make_invoice(1000)
    given = {"amount": "77", "reason": "Broken link."} | typed
    answer = fiona.post(url("credit_invoice", invoice.pk), given)
    assert answer.status_code == 422
    assert why in words(answer)
    assert f'value="{given["amount"]}"' in words(answer)
    assert "<details open>" in words(answer)


def test_a_make_good_is_offered_and_credited(fiona):
    invoice = make_invoice(1000)
    make_good = MakeGood.objects.create(
        insertion=invoice.lines.get().insertion, reason="Off position.", value=1000, opened_at=NOW
    )
    assert "1000.00 for Primary on Tue 4 Mar 2031: Off position." in words(
        fiona.get(url("invoice", invoice.pk))
    )
    given = {"amount": "1000", "reason": "Off position.", "make_good": make_good.pk, "sure": "1000.00"}
    fiona.post(url("credit_invoice", invoice.pk), given)
    make_good.refresh_from_db()
    assert make_good.status == MakeGoodStatus.CREDITED


def test_a_make_good_of_another_invoice_is_not_offered(fiona):
    make_good = MakeGood.objects.create(
        insertion=make_invoice().lines.get().insertion, reason="Off.", value=1000, opened_at=NOW
    )
    given = {"amount": "1000", "reason": "Off.", "make_good": make_good.pk, "sure": "1000.00"}
    invoice = make_invoice(1000)
    fiona.post(url("credit_invoice", invoice.pk), given)
    make_good.refresh_from_db()
    assert make_good.status == MakeGoodStatus.OPENED


# Papers


def test_an_invoice_is_the_same_file_whenever_it_is_printed(maria):
    invoice = make_invoice(1000)
    first = maria.get(url("invoice_pdf", invoice.pk))
    billing.pay(invoice, Decimal(5), TODAY, **BY)
    with time_machine.travel(NOW + datetime.timedelta(days=9), tick=False):
        second = paperwork.invoice_pdf(fresh(invoice))
    assert first.content.startswith(b"%PDF-")
    assert first.content == second
    assert first["Content-Type"] == "application/pdf"
    assert "INV-2031-00001.pdf" in first["Content-Disposition"]


@pytest.fixture
def papers(monkeypatch) -> list:
    """The papers that were printed, before they became PDF."""
    printed: list = []
    really = paperwork.pdf_bytes
    monkeypatch.setattr(paperwork, "pdf_bytes", lambda paper: printed.append(paper) or really(paper))
    return printed


def test_a_draft_on_paper_says_that_it_is_one(maria, papers):
    maria.get(url("invoice_pdf", make_invoice(issued=False).pk))
    assert papers[0].title == "Invoice – DRAFT"
    assert papers[0].notes == ("This is no invoice: nothing is owed on it.",)


def test_an_invoice_on_paper_has_its_lines_and_whom_it_goes_to(maria, papers):
    order = make_run_order(1000, "0.50")
    InsertionOrder.objects.filter(pk=order.pk).update(bill_to="Rope\nPier 9", po_number="PO 7")
    invoice = billing.issue(billing.draft(order, **BY), **BY)
    maria.get(url("invoice_pdf", invoice.pk))
    facts = dict(papers[0].facts)
    assert (facts["To"], facts["Purchase order"], facts["Due"]) == ("Rope\nPier 9", "PO 7", "3 April 2031")
    assert [row[1] for row in papers[0].tables[0].rows] == ["1,000.00 USD", "0.50 USD"]
    assert papers[0].tables[0].total == ("Net total", "1,000.50 USD")


def test_a_credit_note_on_paper_names_its_invoice_and_its_reason(maria, papers):
    note = billing.credit(make_invoice(), Decimal("12.50"), "Broken link.", **BY)
    answer = maria.get(url("credit_note_pdf", note.pk))
    assert answer.content.startswith(b"%PDF-")
    assert papers[0].title == "Credit note CN-2031-00001"
    assert papers[0].tables[0].rows == [("Broken link.", "12.50 USD")]
    assert papers[0].tables[0].total == ("Taken off invoice INV-2031-00001", "12.50 USD")


def test_an_order_that_nobody_approved_is_a_draft_on_paper(sam, papers):
    insertion = make_insertion()
    sam.get(url("order_pdf", insertion.line.order_id))
    assert papers[0].title.endswith("– DRAFT")
    assert dict(papers[0].facts)["Approved by"] == "not approved yet"
    assert papers[0].tables[0].rows[0][4] == "0.00 est."


def test_an_order_on_paper_says_what_runs_where_and_who_agreed(sam, papers):
    order = make_run_order(1000, 500)
    InsertionOrder.objects.filter(pk=order.pk).update(terms="Net thirty.")
    answer = sam.get(url("order_pdf", order.pk))
    paper = papers[0]
    assert paper.title == f"Insertion order {order.number}"
    assert paper.tables[0].rows[0] == ("Tue 4 Mar 2031", "Primary", "after the lead", "Message", "1,000.00")
    assert paper.tables[0].total[-1] == "1,500.00 USD"
    facts = dict(paper.facts)
    assert facts[f"Signed for {order.advertiser} by"] == "Ann, 4 March 2031"
    assert facts["Revision"] == "1"
    assert paper.notes == ["Terms. Net thirty."]
    assert f"{order.number} revision 1.pdf" in answer["Content-Disposition"]


def test_what_was_cancelled_is_not_on_the_order(sam, papers):
    publication = make_publication(rundown=[])
    line = make_line(publication)
    kept, cancelled = (
        make_insertion(make_issue(publication, planned_for=TODAY + datetime.timedelta(days=n)), line=line)
        for n in range(2)
    )
    type(cancelled).objects.filter(pk=cancelled.pk).update(status="cancelled")
    sam.get(url("order_pdf", line.order_id))
    assert [row[0] for row in papers[0].tables[0].rows] == [f"{kept.slot.issue.planned_for:%a %-d %b %Y}"]


def test_the_order_page_leads_to_its_paper(sam):
    order = make_run_order(1000)
    assert url("order_pdf", order.pk) in words(sam.get(url("order", order.pk)))


# The books


def test_the_books_hold_lines_payments_and_credits(fiona):
    order = make_run_order(1000, 500)
    InsertionOrder.objects.filter(pk=order.pk).update(po_number="PO 7")
    invoice = billing.issue(billing.draft(order, **BY), **BY)
    billing.pay(invoice, Decimal(400), TODAY, "SEPA 1", **BY)
    billing.credit(invoice, Decimal(100), "Broken link.", **BY)
    header, *found = rows(fiona.get(url("books"), PERIOD))
    assert header[0] == "Date"
    assert [(row[0], row[1], row[2], row[6], row[8], row[9], row[10]) for row in found] == [
        ("2031-03-04", "Invoice", "INV-2031-00001", "PO 7", "1000.00", "USD", "due 2031-04-03"),
        ("2031-03-04", "Invoice", "INV-2031-00001", "PO 7", "500.00", "USD", "due 2031-04-03"),
        ("2031-03-04", "Credit note", "CN-2031-00001", "PO 7", "-100.00", "USD", ""),
        ("2031-03-04", "Payment", "INV-2031-00001", "PO 7", "-400.00", "USD", "SEPA 1"),
    ]


def test_the_books_of_an_invoice_add_up_to_what_is_open(fiona):
    invoice = make_invoice("1000.10", "0.20")
    billing.pay(invoice, Decimal("400.05"), TODAY, **BY)
    billing.credit(invoice, Decimal("100.01"), "Late.", **BY)
    _, *found = rows(fiona.get(url("books"), PERIOD))
    assert sum(Decimal(row[8]) for row in found) == account(fresh(invoice)).open


def test_drafts_are_not_in_the_books(fiona):
    make_invoice(issued=False)
    assert len(rows(fiona.get(url("books"), PERIOD))) == 1


@pytest.mark.parametrize(("day", "inside"), [("03", False), ("04", True), ("05", False)])
def test_the_books_are_of_a_period(fiona, day, inside):
    make_invoice()
    found = rows(fiona.get(url("books"), {"since": f"2031-03-{day}", "until": f"2031-03-{day}"}))
    assert (len(found) == 2) == inside


def test_a_day_of_the_books_is_a_day_of_the_newsletter(fiona):
    late = datetime.datetime(2031, 3, 31, 22, 30, tzinfo=datetime.UTC)  # half past midnight in Copenhagen
    billing.issue(make_invoice(issued=False), by=None, now=late)
    april = {"since": "2031-04-01", "until": "2031-04-01"}
    assert len(rows(fiona.get(url("books"), PERIOD))) == 1
    assert rows(fiona.get(url("books"), april))[1][0] == "2031-04-01"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")'])
def test_no_cell_of_the_books_is_a_formula(fiona, evil):
    order = make_run_order(1000, advertiser=make_advertiser(evil))
    InsertionOrder.objects.filter(pk=order.pk).update(po_number=evil)
    invoice = billing.issue(billing.draft(order, **BY), **BY)
    billing.pay(invoice, Decimal(1), TODAY, evil, **BY)
    billing.credit(invoice, Decimal(1), evil, **BY)
    _, *found = rows(fiona.get(url("books"), PERIOD))
    for row in found:
        money = row.pop(8)
        assert Decimal(money).is_finite()
        assert not [cell for cell in row if cell.lstrip()[:1] in {"=", "+", "-", "@"}], row


@pytest.mark.parametrize(
    ("period", "why"),
    [
        ({"since": "2031-03-31", "until": "2031-03-01"}, "before it begins on 31 Mar 2031"),
        ({"since": "yesterday", "until": "2031-03-01"}, "Enter a valid date."),
        ({"since": "", "until": "2031-03-01"}, "This field is required."),
    ],
)
def test_a_period_that_is_none_is_kept_and_explained(fiona, period, why):
    answer = fiona.get(url("books"), period)
    assert answer.status_code == 422
    assert why in words(answer)
    assert 'value="2031-03-01"' in words(answer)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_time_are_days_too(fiona, day):
    assert fiona.get(url("books"), {"since": day, "until": day}).status_code == 200


# The admin


@pytest.mark.parametrize("model", ["invoice", "payment", "creditnote"])
def test_the_admin_shows_the_books_and_changes_nothing(fiona, model):
    invoice = make_invoice()
    billing.pay(invoice, Decimal(1), TODAY, **BY)
    billing.credit(invoice, Decimal(1), "Late.", **BY)
    assert fiona.get(reverse(f"admin:sponsors_{model}_changelist"), {"q": "INV"}).status_code == 200
    assert fiona.get(reverse(f"admin:sponsors_{model}_add")).status_code == 403
