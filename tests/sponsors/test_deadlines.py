"""Deadlines: counted back in business days, on a clock that is put forward and back."""

import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from issues.models import Issue, Publication
from sponsors import deadlines
from sponsors.deadlines import business_days_before
from sponsors.models import Placement

ZONE = ZoneInfo("Europe/Copenhagen")
TUESDAY = datetime.datetime(2031, 3, 4, 7, 0, tzinfo=ZONE)


def day(month: int, day: int) -> datetime.date:
    return datetime.date(2031, month, day)


def of(planned_for: datetime.date, time: datetime.time = datetime.time(7), **days: int):
    publication = Publication(name="Quay", time_zone=str(ZONE), usual_time=time)
    return deadlines.of(
        Issue(publication=publication, planned_for=planned_for), Placement(publication=publication, **days)
    )


def test_a_day_before_tuesday_is_monday_at_the_same_time():
    assert business_days_before(TUESDAY, 1) == TUESDAY.replace(day=3)


def test_the_weekend_does_not_count():
    assert business_days_before(TUESDAY, 2) == TUESDAY.replace(month=2, day=28)


def test_holidays_do_not_count():
    holidays = {day(3, 3), day(2, 28)}
    assert business_days_before(TUESDAY, 1, holidays) == TUESDAY.replace(month=2, day=27)


def test_no_days_before_is_the_very_moment_even_on_a_sunday():
    sunday = TUESDAY.replace(day=2)
    assert business_days_before(sunday, 0, {sunday.date()}) == sunday


def test_a_deadline_keeps_the_time_on_the_wall_when_the_clock_is_put_forward():
    after = datetime.datetime(2031, 3, 31, 7, 0, tzinfo=ZONE)  # the clock was put forward on the 30th
    before = business_days_before(after, 1)
    assert (before.isoformat(), after.utcoffset()) == (
        "2031-03-28T07:00:00+01:00",
        datetime.timedelta(hours=2),
    )


def test_a_deadline_in_the_hour_that_is_skipped_is_when_the_clock_shows_something_again():
    cairo = ZoneInfo("Africa/Cairo")  # puts its clock forward on a Friday at midnight
    monday = datetime.datetime(2025, 4, 28, 0, 30, tzinfo=cairo)
    assert business_days_before(monday, 1).isoformat() == "2025-04-25T01:30:00+03:00"


def test_an_issue_in_the_hour_that_is_skipped_goes_out_an_hour_later():
    assert of(day(3, 30), datetime.time(2, 30)).send_at.isoformat() == "2031-03-30T03:30:00+02:00"


def test_an_issue_in_the_hour_that_comes_twice_goes_out_the_first_time():
    assert of(day(10, 26), datetime.time(2, 30)).send_at.isoformat() == "2031-10-26T02:30:00+02:00"


def test_a_moved_issue_moves_its_deadlines():
    assert of(day(3, 11)).book_by - of(day(3, 4)).book_by == datetime.timedelta(days=7)


def test_a_creative_is_due_no_later_than_its_approval():
    due = of(day(3, 11), creative_days=1, proof_days=3)
    assert due.creative_due == due.proof_due == TUESDAY.replace(day=6)


def test_a_year_of_which_nobody_knows_the_clocks_has_deadlines_all_the_same():
    assert of(datetime.date(4000, 1, 5)).send_at.tzinfo is datetime.UTC


MOMENTS = st.datetimes(
    datetime.datetime(1990, 1, 1),  # noqa: DTZ001
    datetime.datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [ZoneInfo(each) for each in ("UTC", "Europe/Copenhagen", "America/New_York", "Africa/Cairo")]
    ),
)
HOLIDAYS = st.sets(st.dates(datetime.date(2031, 1, 1), datetime.date(2031, 3, 31)), max_size=40)


@given(MOMENTS, st.integers(1, 60))
def test_a_deadline_lies_on_a_business_day_before_and_really_exists(at, days):
    then = business_days_before(at, days)
    assert then.astimezone(datetime.UTC) < at.astimezone(datetime.UTC)
    assert then.weekday() < 5
    assert then.astimezone(datetime.UTC).astimezone(at.tzinfo).replace(tzinfo=None) == then.replace(
        tzinfo=None
    )


@given(HOLIDAYS, st.integers(0, 20))
def test_between_a_deadline_and_its_send_lie_just_so_many_business_days(holidays, days):
    at = datetime.datetime(2031, 4, 1, 7, 0, tzinfo=ZONE)
    then = business_days_before(at, days, holidays)
    between = [then.date() + datetime.timedelta(days=n) for n in range((at.date() - then.date()).days)]
    assert sum(each.weekday() < 5 and each not in holidays for each in between) == days


@given(st.dates(datetime.date(2031, 1, 1), datetime.date(2032, 1, 1)), st.integers(0, 9), st.integers(0, 9))
def test_creative_approval_and_send_come_in_this_order(planned_for, creative, proof):
    due = of(planned_for, creative_days=creative, proof_days=proof)
    assert due.creative_due <= due.proof_due <= due.send_at
