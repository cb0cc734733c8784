"""What a clock on the wall says, where the clock is put forward and back."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom.lib import wallclock
from newsroom.lib.errors import Refused

ZONES = ["Europe/Copenhagen", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Apia", "Africa/Casablanca", "Asia/Tehran", "America/Santiago", "UTC"]  # fmt: skip


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def time(text: str) -> datetime.time:
    return datetime.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "on", "at", "instead"),
    [
        ("Europe/Copenhagen", "2031-03-30", "02:00", "03:00"),
        ("Europe/Copenhagen", "2031-03-30", "02:30", "03:30"),
        ("America/New_York", "2031-03-09", "02:59", "03:59"),
        ("Australia/Lord_Howe", "2031-10-05", "02:15", "02:45"),  # half an hour
        ("America/Santiago", "2031-09-07", "00:30", "01:30"),  # at midnight
        ("Pacific/Apia", "2011-12-30", "12:00", "12:00"),  # a day that never was
    ],
)
def test_a_time_in_a_gap_is_refused_with_the_time_that_comes_instead(zone, on, at, instead):
    with pytest.raises(wallclock.Gap, match=f"Use {instead} instead") as gap:
        wallclock.moment(day(on), time(at), ZoneInfo(zone))
    assert f"{gap.value.instead:%H:%M}" == instead


@pytest.mark.parametrize(
    ("zone", "on", "at", "apart"),
    [
        ("Europe/Copenhagen", "2031-10-26", "02:30", 60),
        ("America/New_York", "2031-11-02", "01:00", 60),
        ("Australia/Lord_Howe", "2031-04-06", "01:45", 30),
    ],
)
def test_a_time_in_a_fold_is_asked_back_with_both_moments(zone, on, at, apart):
    with pytest.raises(wallclock.Fold) as fold:
        wallclock.moment(day(on), time(at), ZoneInfo(zone))
    first, second = (moment.astimezone(datetime.UTC) for moment in fold.value.choices)
    assert second - first == datetime.timedelta(minutes=apart)
    for which, wanted in enumerate((first, second)):
        chosen = wallclock.moment(day(on), time(at), ZoneInfo(zone), fold=which)
        assert chosen.astimezone(datetime.UTC) == wanted


@pytest.mark.parametrize(
    ("at", "clear"), [("01:59", True), ("02:00", False), ("02:59", False), ("03:00", True)]
)
def test_the_fold_begins_and_ends_on_the_minute(at, clear):
    try:
        wallclock.moment(day("2031-10-26"), time(at), ZoneInfo("Europe/Copenhagen"))
    except wallclock.Fold:
        assert not clear
    else:
        assert clear


@pytest.mark.parametrize("fold", [None, 0, 1])
def test_choosing_changes_nothing_where_there_is_no_choice(fold):
    moment = wallclock.moment(day("2031-06-01"), time("09:00"), ZoneInfo("Europe/Copenhagen"), fold=fold)
    assert moment.astimezone(datetime.UTC) == datetime.datetime(2031, 6, 1, 7, tzinfo=datetime.UTC)


@pytest.mark.parametrize("on", ["0001-01-01", "1969-12-31", "3000-01-01", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_a_year_out_of_reach_is_refused_and_no_crash(on, zone):
    with pytest.raises(Refused, match="between 1970 and 2999"):
        wallclock.moment(day(on), time("23:59"), ZoneInfo(zone))


@settings(max_examples=400)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    on=st.dates(day("1970-01-01"), day("2999-12-31")),
    at=st.times(),
    fold=st.sampled_from([0, 1]),
)
def test_a_moment_shows_the_very_time_that_was_asked_for(zone, on, at, fold):
    try:
        moment = wallclock.moment(on, at, zone, fold=fold)
    except wallclock.Gap as gap:
        assert gap.instead.replace(tzinfo=None) > datetime.datetime.combine(on, at)  # noqa: PT017
    else:
        shown = moment.astimezone(datetime.UTC).astimezone(zone)
        assert shown.replace(tzinfo=None) == datetime.datetime.combine(on, at)


moments = st.integers(365 * 86_400, 70 * 365 * 86_400).map(
    lambda n: datetime.datetime.fromtimestamp(n, datetime.UTC)
)


@settings(max_examples=300)
@given(zone=st.sampled_from(ZONES).map(ZoneInfo), moment=moments)
def test_every_moment_can_be_reached_by_what_the_clock_shows_then(zone, moment):
    there = moment.astimezone(zone)
    chosen = wallclock.moment(there.date(), there.time(), zone, fold=there.fold)
    assert chosen.astimezone(datetime.UTC) == moment
