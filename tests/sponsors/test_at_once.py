"""Two and twenty who want the same slot in the same moment: one gets it, and nobody waits for ever."""

import itertools
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction

from newsroom.lib.errors import Conflict, Refused
from sponsors import conflicts, dealing, holding, selling
from sponsors.models import (
    Category,
    ExclusionLabel,
    Hold,
    Insertion,
    InsertionOrder,
    LineItem,
    OrderStatus,
    Placement,
    Slot,
)
from sponsors.taken import Taken
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
)
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 200
FAR = TODAY.replace(month=5)


@pytest.fixture
def postgresql(postgres: str) -> Iterator[None]:
    """The test database is on PostgreSQL, with a connection for each of twenty threads."""
    if connection.vendor != "postgresql":
        pytest.skip("DATABASE_URL names no PostgreSQL")
    options = connections["default"].settings_dict["OPTIONS"]
    usual = options.get("pool")
    for pool in ({"min_size": 1, "max_size": 24, "timeout": 30}, usual):
        connection.close()
        connection.close_pool()
        if pool:
            options["pool"] = pool
        if pool is not usual:
            yield


@pytest.fixture
def issue():
    return make_issue(make_publication(rundown=[]), planned_for=FAR)


def make_lines(publication, count: int, **terms) -> list[LineItem]:
    return [make_line(publication, make_advertiser(f"Buyer {n}"), **terms) for n in range(count)]


def booking(line: LineItem, *slots: Slot) -> Callable[[], object]:
    return lambda: selling.book(line, slots, by=None, now=NOW)


def won(results: list[object]) -> list[Insertion]:
    return [insertion for each in results if isinstance(each, list) for insertion in each]


def one_wins(results: list[object], slot: Slot) -> None:
    """One got the slot, and the others were told who."""
    (winner,) = won(results)
    lost = [each for each in results if not isinstance(each, list)]
    assert len(lost) == len(results) - 1
    for each in lost:
        assert isinstance(each, Conflict), each
        assert f"for {winner.line.order.advertiser}" in str(each)
    assert Insertion.objects.filter(slot=slot).exclude(status="cancelled").get() == winner


def test_four_who_book_one_slot_get_one_booking_and_three_polite_answers(issue):
    lines, slot = make_lines(issue.publication, 4), make_slot(issue)
    for _ in range(10):
        results = together(*(booking(line, slot) for line in lines))
        one_wins(results, slot)
        assert "Free instead: Secondary on Sun 4 May 2031" in str(
            next(each for each in results if isinstance(each, Taken))
        )
        selling.cancel_order(won(results)[0].line.order, by=None, now=NOW, why="Again.")
        InsertionOrder.objects.update(status=OrderStatus.DRAFT)


def test_twenty_who_book_one_slot_two_hundred_times_over_get_one_booking_each_time(postgresql, issue):
    issues = [issue, *(make_issue(issue.publication, planned_for=FAR) for _ in range(ROUNDS // 3))]
    codes = ("primary", "secondary", "closing")
    slots = [make_slot(each, code) for each in issues for code in codes][:ROUNDS]
    lines = make_lines(issue.publication, 20, max_per_issue=3)
    start = threading.Barrier(len(lines))

    def attempt(line: LineItem, slot: Slot) -> object:
        start.wait(60)
        try:
            return booking(line, slot)()
        except Exception as error:  # noqa: BLE001
            return error

    rounds = together(*(lambda line=line: [attempt(line, slot) for slot in slots] for line in lines))
    for slot, results in zip(slots, zip(*rounds, strict=True), strict=True):
        one_wins(list(results), slot)
    assert Insertion.objects.booked().count() == ROUNDS


def test_bookings_of_the_same_days_in_opposite_order_never_wait_for_each_other(postgresql, issue):
    issues = [issue, *(make_issue(issue.publication, planned_for=FAR.replace(day=n)) for n in range(10, 16))]
    slots = [make_slot(each, code) for each in issues for code in ("primary", "closing")]
    lines = [make_line(issue.publication, max_per_issue=2) for _ in range(2)]
    for _ in range(25):
        results = together(booking(lines[0], *slots[:10]), booking(lines[1], *reversed(slots[4:])))
        made = won(results)
        assert len(made) == 10
        (lost,) = [each for each in results if not isinstance(each, list)]
        assert isinstance(lost, Taken)
        selling.cancel_order(made[0].line.order, by=None, now=NOW, why="Again.")
        InsertionOrder.objects.update(status=OrderStatus.DRAFT)


def test_two_competitors_in_two_slots_of_one_issue_do_not_slip_in_beside_each_other(issue):
    label, lines = ExclusionLabel.objects.create(name="Oil"), make_lines(issue.publication, 2)
    for line in lines:
        line.order.advertiser.labels.add(label)
    slots = [make_slot(issue, code) for code in ("primary", "closing")]
    for _ in range(10):
        results = together(*(booking(line, slot) for line, slot in zip(lines, slots, strict=True)))
        (winner,) = won(results)
        assert isinstance(next(each for each in results if not isinstance(each, list)), conflicts.Clashes)
        selling.cancel(winner, by=None, now=NOW)


def test_exclusivity_and_a_rival_who_books_in_the_same_moment_do_not_both_pass(issue):
    banks = Category.objects.create(name="Banks")
    mine = make_insertion(issue)
    rival = make_line(issue.publication, make_advertiser(category=banks))
    results = together(
        lambda: [dealing.sell_exclusivity(mine.line, category=banks, by=None, now=NOW)],
        booking(rival, make_slot(issue, "closing")),
    )
    assert sum(isinstance(each, list) for each in results) == 1
    assert sum(isinstance(each, Refused) for each in results) == 1


def test_of_those_who_hold_one_slot_in_the_same_moment_one_has_the_first_option(issue):
    slot, buyers = make_slot(issue), [make_advertiser() for _ in range(4)]
    results = together(
        *(lambda buyer=buyer: holding.hold([slot], buyer, by=None, now=NOW) for buyer in buyers)
    )
    assert sum(isinstance(each, list) for each in results) == 1
    assert sum(isinstance(each, Conflict) for each in results) == 3
    assert Hold.objects.standing(NOW).count() == 1


def test_an_order_that_is_cancelled_while_somebody_books_on_it_has_no_booking_left(issue):
    insertion = make_insertion(issue)
    line = LineItem.objects.select_related("order__advertiser").get(pk=insertion.line_id)
    order = InsertionOrder.objects.get(pk=line.order_id)
    results = together(
        booking(line, make_slot(make_issue(issue.publication, planned_for=FAR))),
        lambda: [selling.cancel_order(order, by=None, now=NOW, why="No money.")],
    )
    assert any(isinstance(each, list) for each in results)
    cancelled = InsertionOrder.objects.get(pk=order.pk).status == OrderStatus.CANCELLED
    assert not (cancelled and Insertion.objects.booked().exists())


def test_numbers_of_orders_opened_in_the_same_moment_are_unique(issue):
    buyers = [make_advertiser() for _ in range(4)]
    opened = together(*(lambda buyer=buyer: make_line(issue.publication, buyer) for buyer in buyers))
    assert len({line.order.number for line in opened if isinstance(line, LineItem)}) == 4


def test_one_who_moves_onto_a_slot_that_the_same_order_books_waits_for_nobody(postgresql, issue):
    """Slots are locked before orders, by everybody: else these two would wait for each other."""
    seller = make_person("Sales")
    insertion = make_insertion(issue)
    order = insertion.line.order
    terms = {"order": order, "advertiser": order.advertiser, "package": None, "discount": Decimal(0)}
    terms |= {"max_per_issue": 1, "exclusive": None}
    there = make_slot(make_issue(issue.publication, planned_for=FAR))
    for _ in range(10):
        sign_order(InsertionOrder.objects.get(pk=order.pk))
        stands = Insertion.objects.whole().get(slot=make_slot(issue), status="booked")
        fresh = {**terms, "order": InsertionOrder.objects.get(pk=order.pk)}
        results = together(
            lambda stands=stands: selling.move(stands, there, by=None, now=NOW),
            lambda fresh=fresh: dealing.book([there], fresh, by=seller, now=NOW),
        )
        lost = [each for each in results if isinstance(each, Exception)]
        assert all(isinstance(each, Conflict) for each in lost), results
        assert Insertion.objects.booked().filter(slot=there).count() == 1
        with transaction.atomic():
            for each in Insertion.objects.booked().whole():
                selling.cancel(each, by=None, now=NOW)
        make_insertion(issue, line=LineItem.objects.get(pk=insertion.line_id))


def test_editors_who_save_while_slots_are_booked_are_not_in_the_way(postgresql, issue):
    """A booking locks the issue without the key: rows that point to the issue can still be written."""
    placement = Placement.objects.get(pk=make_slot(issue).placement_id)
    ordinals = itertools.count(2)
    with transaction.atomic():
        selling.book(make_line(issue.publication), [make_slot(issue)], by=None, now=NOW)
        (made,) = together(
            lambda: Slot.objects.create(issue=issue, placement=placement, ordinal=next(ordinals))
        )
    assert isinstance(made, Slot)
