"""Prices: from the card that holds on the day, to the cent, and frozen once approved."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.errors import Refused
from sponsors import dealing, ordering, pricing, selling
from sponsors.models import LineKind, Package, RateCard, RateCardItem
from sponsors.pricing import PriceList
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_publication,
    make_slot,
    sign_order,
    whole,
)

WEEK = datetime.timedelta(weeks=1)


@pytest.fixture
def issue(db):
    return make_issue(make_publication(rundown=[]))


def make_card(issue, price: str = "100", *, placement: str = "primary", **fields):
    card = RateCard.objects.create(
        publication=issue.publication, name="Rates", **{"valid_from": TODAY - WEEK, **fields}
    )
    add_item(card, issue, price, placement)
    return card


def add_item(card, issue, price: str, placement: str):
    RateCardItem.objects.create(card=card, placement=make_slot(issue, placement).placement, price=price)


def make_package(card, issue, price: str) -> Package:
    package = Package.objects.create(card=card, name="Top and closing", price=Decimal(price))
    package.placements.set([make_slot(issue, each).placement for each in ("primary", "closing")])
    return package


def price_on(issue, day=TODAY) -> Decimal:
    return PriceList(issue.publication).price(make_slot(issue).placement_id, day)


def asked(line, *slots) -> list[Decimal]:
    return pricing.prices(line, slots, known=PriceList(line.order.publication))


def both(issue):
    return [make_slot(issue, each) for each in ("primary", "closing")]


# rate cards


def test_a_card_holds_from_its_first_day_to_its_last(issue):
    make_card(issue, valid_from=TODAY, valid_to=TODAY + WEEK)
    day = datetime.timedelta(days=1)
    assert [price_on(issue, each) for each in (TODAY - day, TODAY, TODAY + WEEK, TODAY + WEEK + day)] == [
        0,
        100,
        100,
        0,
    ]


def test_of_cards_that_overlap_the_youngest_start_counts(issue):
    make_card(issue, "100", valid_from=TODAY - WEEK)
    make_card(issue, "120", valid_from=TODAY)
    assert (price_on(issue), price_on(issue, TODAY - WEEK)) == (120, 100)


def test_of_cards_that_start_on_one_day_the_one_made_last_counts(issue):
    for price in ("100", "120"):
        make_card(issue, price)
    assert price_on(issue) == 120


def test_a_special_card_that_leaves_a_placement_out_does_not_give_it_away(issue):
    make_card(issue, "100")
    make_card(issue, "50", placement="closing", valid_from=TODAY)
    assert price_on(issue) == 100


def test_what_no_card_names_costs_nothing(issue):
    assert asked(make_line(issue.publication), make_slot(issue)) == [0]


# discounts


def test_a_discount_is_taken_off_and_rounded_to_the_cent(issue):
    make_card(issue, "99.99")
    line = make_line(issue.publication, discount=Decimal("12.5"))
    assert asked(line, make_slot(issue)) == [Decimal("87.49")]


@pytest.mark.parametrize("discount", ["-1", "100.01"])
def test_a_discount_is_a_percentage(issue, discount):
    with pytest.raises(Refused, match="0 to 100 percent"):
        make_line(issue.publication, discount=Decimal(discount))


@pytest.mark.parametrize("kind", [LineKind.MAKE_GOOD, LineKind.ADDED_VALUE])
def test_make_goods_and_added_value_cost_nothing(issue, kind):
    make_card(issue)
    assert asked(make_line(issue.publication, kind=kind), make_slot(issue)) == [0]


# packages


def test_a_package_is_shared_out_by_list_price(issue):
    card = make_card(issue, "300")
    add_item(card, issue, "100", "closing")
    line = make_line(issue.publication, package=make_package(card, issue, "200"))
    assert asked(line, *both(issue)) == [150, 50]


def test_a_package_counts_for_each_issue_where_it_is_whole(issue):
    card, other = make_card(issue, "300"), make_issue(issue.publication)
    add_item(card, issue, "100", "closing")
    line = make_line(issue.publication, package=make_package(card, issue, "200"))
    assert asked(line, make_slot(other), *both(issue)) == [300, 150, 50]


def test_a_package_costs_nothing_less_once_its_card_has_ended(issue):
    card = make_card(issue, "300", valid_to=TODAY - datetime.timedelta(days=1))
    make_card(issue, "310", valid_from=TODAY)
    line = make_line(issue.publication, package=make_package(card, issue, "200"))
    assert asked(line, *both(issue)) == [310, 0]


def test_a_discount_on_a_package_is_taken_off_the_whole(issue):
    card = make_card(issue, "1")
    add_item(card, issue, "1", "closing")
    line = make_line(issue.publication, package=make_package(card, issue, "0.02"), discount=Decimal(50))
    assert sum(asked(line, *both(issue))) == Decimal("0.01")


CENTS = st.decimals(0, 10_000, places=2)


@given(CENTS, st.lists(CENTS, min_size=1, max_size=9))
def test_shares_add_up_to_the_cent_and_none_is_negative(total, weights):
    shares = pricing._shares(total, weights)
    assert sum(shares) == total
    assert all(share >= 0 and share == share.quantize(pricing.CENT) for share in shares)


# frozen


def test_a_price_is_open_until_the_order_is_approved(issue):
    card = make_card(issue)
    insertion = make_insertion(issue)
    card.items.update(price=120)
    assert insertion.price is None
    sign_order(insertion.line.order)
    assert whole(insertion).price == 120


def test_a_frozen_price_does_not_follow_the_rate_card(issue):
    card = make_card(issue)
    insertion = make_insertion(issue)
    sign_order(insertion.line.order)
    card.items.update(price=120)
    make_card(issue, "150", valid_from=TODAY)
    order = whole(insertion).line.order
    ordering.add_line(order, by=None, now=NOW)
    sign_order(order)
    assert whole(insertion).price == 100
    assert pricing.net([whole(insertion)], known=PriceList(issue.publication)) == {insertion.pk: 100}


def test_what_was_moved_or_cancelled_is_not_added_up(issue):
    make_card(issue)
    there = make_issue(issue.publication)
    insertion = make_insertion(issue)
    moved = selling.move(insertion, make_slot(there), by=None, now=NOW)
    cancelled = make_insertion(issue, "closing")
    selling.cancel(cancelled, by=None, now=NOW)
    rows = [whole(each) for each in (insertion, moved, cancelled)]
    assert pricing.order_total(rows, known=PriceList(issue.publication)) == 100


# currencies


def test_an_order_knows_prices_in_its_own_currency_only(issue):
    make_card(issue, "100", currency="EUR")
    make_card(issue, "70", placement="closing", currency="USD")
    line = make_line(issue.publication)
    slots = both(issue)
    assert pricing.prices(line, slots, known=PriceList(issue.publication, "USD")) == [0, 70]
    assert pricing.prices(line, slots, known=PriceList(issue.publication, "EUR")) == [100, 0]


def test_a_package_in_another_currency_is_none(issue):
    card = make_card(issue, "100", currency="EUR")
    add_item(card, issue, "50", "closing")
    line = make_line(issue.publication, package=make_package(card, issue, "120"))
    slots = both(issue)
    assert sum(pricing.prices(line, slots, known=PriceList(issue.publication, "EUR"))) == 120
    assert sum(pricing.prices(line, slots, known=PriceList(issue.publication, "USD"))) == 0


def test_a_quote_adds_up_each_currency_for_itself(issue):
    make_card(issue, "100", currency="EUR")
    make_card(issue, "70", placement="closing", currency="USD")
    quote = dealing.quote([*both(issue), make_slot(issue, "secondary")])
    assert quote.totals == {"EUR": 100, "USD": 70}
    assert [currency for _, _, currency in quote.prices] == ["EUR", "USD", ""]


def test_an_order_that_a_booking_opens_has_the_currency_of_its_slots(issue):
    make_card(issue, "100", currency="EUR")
    form = {
        "order": None, "advertiser": make_advertiser("Oakum"), "package": None, "discount": None,
        "max_per_issue": 1, "exclusive": None,
    }  # fmt: skip
    line = dealing.book([make_slot(issue)], form, by=None, now=NOW)
    assert line.order.currency == "EUR"
