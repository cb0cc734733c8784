"""Orders: their statuses, revisions and numbers, and what is frozen when."""

from decimal import Decimal

import pytest

from newsroom.lib.errors import Conflict, NotNow, Refused
from sponsors import ordering, selling
from sponsors.models import (
    AuditEvent,
    Insertion,
    InsertionOrder,
    LineItem,
    LineKind,
    OrderRevision,
    OrderStatus,
    RateCard,
    RateCardItem,
)
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_person,
    make_publication,
    make_slot,
    sign_order,
    whole,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def insertion():
    issue = make_issue(make_publication(rundown=[]))
    card = RateCard.objects.create(publication=issue.publication, name="Rates", valid_from=TODAY)
    RateCardItem.objects.create(card=card, placement=make_slot(issue).placement, price=100)
    return whole(make_insertion(issue))


@pytest.fixture
def order(insertion) -> InsertionOrder:
    return insertion.line.order


def submit(order) -> None:
    ordering.submit(order, by=None, now=NOW)


def approve(order) -> OrderRevision:
    return ordering.approve(order, seen=ordering.price(order), by=make_person("Sales"), now=NOW, free=True)


def sign(order, signed_by: str = "Ann") -> None:
    ordering.sign(order, signed_by=signed_by, by=None, now=NOW)


# numbers


def test_numbers_count_up_within_a_year_and_begin_anew_in_the_next(insertion):
    publication = insertion.slot.issue.publication
    years = [NOW, NOW, NOW.replace(year=2032)]
    numbers = [
        ordering.open_order(make_advertiser(), publication, by=None, now=each).number for each in years
    ]
    assert numbers == ["IO-2031-00002", "IO-2031-00003", "IO-2032-00001"]


def test_the_number_of_a_cancelled_order_is_not_given_again(order):
    selling.cancel_order(order, by=None, now=NOW, why="No money.")
    assert make_line(order.publication).order.number == "IO-2031-00002"


def test_the_house_has_no_orders(order):
    with pytest.raises(Refused, match="House promotions"):
        ordering.open_order(make_advertiser(house=True), order.publication, by=None, now=NOW)


def test_an_order_has_the_currency_of_the_rate_card_and_the_person_who_opened_it(order):
    RateCard.objects.update(currency="DKK")
    sam = make_person("Sales")
    opened = ordering.open_order(make_advertiser("Oakum"), order.publication, by=sam, now=NOW)
    assert (opened.currency, opened.salesperson, opened.bill_to) == ("DKK", sam, "Oakum")


# from draft to signed


def test_an_order_without_insertions_is_not_submitted(order):
    with pytest.raises(Refused, match="book a slot first"):
        submit(make_line(order.publication).order)


def test_an_approval_freezes_prices_and_writes_down_what_the_order_says(order, insertion):
    submit(order)
    revision = approve(order)
    assert whole(insertion).price == 100
    (said,) = revision.terms
    assert (said["day"], said["placement"], said["net"]) == ("2031-03-04", "Primary", "100.00")
    assert "1 insertion, 100" in AuditEvent.objects.get(what="order approved").note


def test_an_order_is_sent_back_with_a_reason_and_submitted_again(order):
    submit(order)
    with pytest.raises(Refused, match="what should change"):
        ordering.disapprove(order, by=None, now=NOW, words=" ")
    ordering.disapprove(order, by=None, now=NOW, words="Too cheap.")
    submit(order)
    assert order.status == OrderStatus.PENDING_APPROVAL


def test_a_signature_has_a_name(order):
    submit(order)
    approve(order)
    with pytest.raises(Refused, match="who signed"):
        sign(order, "  ")
    sign(order)
    assert (order.status, order.signed_by, order.signed_at) == (OrderStatus.SIGNED, "Ann", NOW)


@pytest.mark.parametrize(
    ("status", "illegal"),
    [
        ("draft", (approve, sign)),
        ("pending_approval", (submit, sign)),
        ("approved", (submit, approve)),
        ("signed", (submit, approve, sign)),
        ("cancelled", (submit, approve, sign)),
    ],
)
def test_no_status_is_skipped_and_none_reached_twice(order, status, illegal):
    InsertionOrder.objects.update(status=status)
    order.refresh_from_db()
    for step in illegal:
        with pytest.raises(NotNow):
            step(order)


def test_of_two_who_approve_one_order_the_second_is_told(order):
    submit(order)
    stale = InsertionOrder.objects.get()
    approve(order)
    with pytest.raises(Conflict):
        approve(stale)
    assert OrderRevision.objects.count() == 1


# revisions


def test_another_booking_on_a_signed_order_is_its_next_revision(order, insertion):
    sign_order(order)
    order.refresh_from_db()
    make_insertion(
        insertion.slot.issue, "closing", line=LineItem.objects.create(order=order, max_per_issue=2)
    )
    assert (order.status, order.revision, order.signed_by) == (OrderStatus.DRAFT, 2, "")
    sign_order(order)
    assert [len(each.terms) for each in OrderRevision.objects.all()] == [1, 2]


def test_a_change_takes_an_order_back_from_approval(order, insertion):
    submit(order)
    selling.cancel(insertion, by=None, now=NOW)
    assert InsertionOrder.objects.get().status == OrderStatus.DISAPPROVED


def test_a_change_is_judged_by_the_order_as_it_is_not_by_the_copy_in_hand(order):
    stale = InsertionOrder.objects.get()
    sign_order(order)
    ordering.add_line(stale, by=None, now=NOW)
    now = InsertionOrder.objects.get()
    assert (now.status, now.revision) == (OrderStatus.DRAFT, 2)


def test_a_make_good_is_no_revision(order):
    sign_order(order)
    order.refresh_from_db()
    ordering.add_line(order, by=None, now=NOW, kind=LineKind.MAKE_GOOD)
    assert InsertionOrder.objects.get().status == OrderStatus.SIGNED


def test_a_cancelled_order_takes_no_lines(order):
    selling.cancel_order(order, by=None, now=NOW, why="No money.")
    with pytest.raises(NotNow, match="Open another"):
        ordering.add_line(order, by=None, now=NOW)


def test_a_draft_order_changes_without_a_revision(order):
    ordering.add_line(order, by=None, now=NOW)
    assert (order.status, order.revision) == (OrderStatus.DRAFT, 1)


def test_a_signed_order_is_active_once_something_ran_and_completed_when_nothing_is_left(order, insertion):
    sign_order(order)
    order.refresh_from_db()
    ran, booked = whole(insertion), whole(insertion)
    ran.status = "ran"
    assert [ordering.stage(order, each) for each in ([booked], [ran, booked], [ran])] == [
        "Signed",
        "Active",
        "Completed",
    ]


def test_who_did_what_stays_in_the_trail(order):
    submit(order)
    approve(order)
    sign(order)
    assert list(AuditEvent.objects.filter(order=order).order_by("pk").values_list("what", flat=True)) == [
        "order opened",
        "line added",
        "booked",
        "order submitted",
        "order approved",
        "order signed",
    ]


# what is approved is what was seen


def cheaper(order) -> None:
    RateCardItem.objects.update(price=80)


def test_a_price_that_has_changed_since_it_was_seen_is_not_approved_and_the_new_one_is_named(order):
    submit(order)
    seen = ordering.price(order)
    cheaper(order)
    with pytest.raises(Conflict, match=r"80\.00 USD now, and was 100\.00 USD"):
        ordering.approve(order, seen=seen, by=None, now=NOW)
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_APPROVAL
    assert not OrderRevision.objects.exists()
    ordering.approve(order, seen=ordering.price(order), by=None, now=NOW)
    assert order.status == OrderStatus.APPROVED


def test_nobody_approves_a_price_unseen(order):
    submit(order)
    with pytest.raises(Refused, match="Look at the price first"):
        ordering.approve(order, seen=None, by=None, now=NOW)


def test_what_no_rate_card_prices_is_approved_only_when_somebody_says_that_it_costs_nothing(order):
    RateCardItem.objects.all().delete()
    submit(order)
    with pytest.raises(Refused, match="No rate card in USD names a price for 1 insertion"):
        ordering.approve(order, seen=Decimal(0), by=None, now=NOW)
    ordering.approve(order, seen=Decimal(0), free=True, by=None, now=NOW)
    assert Insertion.objects.get().price == 0


def test_a_price_in_another_currency_is_none_for_the_order(order):
    RateCard.objects.update(currency="EUR")
    submit(order)
    assert ordering.price(order) == 0
    with pytest.raises(Refused, match="No rate card in USD"):
        ordering.approve(order, seen=Decimal(0), by=None, now=NOW)


def test_who_gives_everything_off_a_price_is_not_asked_again(order):
    order.lines.update(discount=100)
    submit(order)
    ordering.approve(order, seen=Decimal(0), by=None, now=NOW)
    assert order.status == OrderStatus.APPROVED
