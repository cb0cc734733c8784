"""The calendar: what is open, held, sold and closed, in few queries and a light page."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from issues.models import Publication
from newsroom.bench import pages
from sponsors import calendar, holding, inventory
from sponsors.models import RateCard, RateCardItem
from tests.make import NOW, TODAY, make_advertiser, make_insertion, make_issue, make_publication, make_slot

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def full_board() -> Publication:
    """Twelve weeks of eight placements with 400 bookings, as ``make bench`` measures them."""
    return pages.full_board(now=timezone.now())


@pytest.fixture
def publication() -> Publication:
    made = make_publication(rundown=[])
    inventory.stock(made)
    return made


def board(publication: Publication, *, now=NOW, since=TODAY) -> calendar.Board:
    return calendar.board(publication, inventory.placements(publication), since=since, weeks=2, now=now)


def cells(found: calendar.Board) -> list[tuple[str, str]]:
    return [(cell.state, cell.words) for day in found.days for cell in day.cells]


def test_twelve_weeks_with_400_bookings_take_12_queries_and_60_kilobytes(full_board):
    page = pages.calendar_page(full_board, times=1)
    assert page.queries <= 12
    assert page.gzipped <= 60 * 1024


def test_the_full_board_is_as_full_as_it_says(full_board, sam):
    shown = sam.get(reverse("sponsors:calendar"), {"publication": full_board.slug, "weeks": "12"})
    found = shown.context["board"]
    assert (found.sold, len(found.columns), len(found.weeks)) == (400, 8, 12)
    assert sum(day.held for day in found.days) == 40


def test_each_slot_says_how_it_stands(publication):
    issue = make_issue(publication, planned_for=TODAY + 10 * DAY)
    make_insertion(issue, advertiser=make_advertiser("Brightwater"))
    holding.hold([make_slot(issue, "secondary")], make_advertiser("Oakum"), by=None, now=NOW)
    inventory.block([make_slot(issue, "closing")], reason="Anniversary", by=None, now=NOW)
    assert cells(board(publication)) == [
        ("booked", "Brightwater"),
        ("held", "Oakum"),
        ("blocked", "Anniversary"),
    ]


def test_a_hold_that_ran_out_is_open_though_nobody_has_tidied(publication):
    issue = make_issue(publication, planned_for=TODAY + 10 * DAY)
    (held,) = holding.hold([make_slot(issue)], make_advertiser(), by=None, now=NOW)
    assert cells(board(publication, now=held.expires_at))[0] == ("open", "")


def test_what_can_no_longer_be_sold_was_not_sold(publication):
    make_issue(publication, planned_for=TODAY)
    assert {state for state, _ in cells(board(publication, now=NOW + DAY))} == {"unsold"}


def test_a_day_on_which_a_placement_is_not_sold_is_closed(publication):
    publication.placements.filter(code="primary").update(weekdays=[0])
    make_issue(publication, planned_for=TODAY)
    assert cells(board(publication))[0] == ("closed", "")


def test_what_is_closed_does_not_count_as_for_sale(publication):
    publication.placements.filter(code="primary").update(weekdays=[0])
    make_insertion(make_issue(publication, planned_for=TODAY), "closing")
    found = board(publication)
    assert (found.sold, found.for_sale, found.weeks[0].sell_through) == (1, 2, 50)


def test_the_price_of_a_column_is_what_a_booking_would_cost(publication):
    slot = make_slot(make_issue(publication))
    for name, price, since in (("Old", 100, TODAY - 30 * DAY), ("New", 120, TODAY - 20 * DAY)):
        card = RateCard.objects.create(publication=publication, name=name, valid_from=since)
        RateCardItem.objects.create(card=card, placement=slot.placement, price=price)
    assert [column.price for column in board(publication).columns] == ["120 USD", "", ""]
