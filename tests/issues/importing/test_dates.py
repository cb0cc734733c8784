"""Dates and times as newsletters write them."""

import datetime

import pytest

from issues.importing.dates import is_stamp, read_date, read_time

ON = datetime.date(2022, 9, 12)  # a Monday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Sept. 27 at 10 a.m. PT", "2022-09-27"),
        ("Tuesday, October 4 at 2:30 p.m. ET", "2022-10-04"),
        ("12 Oct 2022, 18:00 CEST", "2022-10-12"),
        ("the 3rd of March", "2023-03-03"),
        ("September 12", "2022-09-12"),
        ("Feb 29", "2024-02-29"),
        ("October 24 – 28, 2022", "2022-10-24"),
        ("2022-10-05 14:00 UTC", "2022-10-05"),
        ("Dec 1st", "2022-12-01"),
        ("this Friday at noon", "2022-09-16"),
        ("Monday at 5 pm", "2022-09-12"),
        ("tomorrow at 9 am", "2022-09-13"),
    ],
)
def test_a_day_without_a_year_is_the_next_one(text: str, day: str) -> None:
    assert read_date(text, on=ON) == datetime.date.fromisoformat(day)


@pytest.mark.parametrize(
    "text", ["you may come at 10", "Feb 30, 2022", "soon", "the sun sat on the sea", "2022-13-45"]
)
def test_no_day(text: str) -> None:
    assert read_date(text, on=ON) is None


@pytest.mark.parametrize(
    ("text", "time", "zone"),
    [
        ("Sept. 27 at 10 a.m. PT", "10:00", "America/Los_Angeles"),
        ("2:30 p.m. ET", "14:30", "America/New_York"),
        ("12 Oct 2022, 18:00 CEST", "18:00", "Europe/Berlin"),
        ("noon", "12:00", ""),
        ("midnight UTC", "00:00", "UTC"),
        ("12 a.m. GMT", "00:00", "UTC"),
        ("6–7 p.m. CET", "18:00", "Europe/Berlin"),
        ("from 9 a.m. to 5 p.m. Pacific", "09:00", "America/Los_Angeles"),
    ],
)
def test_times_with_their_zone(text: str, time: str, zone: str) -> None:
    assert read_time(text) == (datetime.time.fromisoformat(time), zone)


@pytest.mark.parametrize(
    "line",
    [
        "17 hours ago",
        "November 14, 2022",
        "date 2022-09-12",
        "Mon, Sep 12, 2022",
        "12/09/2022",
        "Updated: May 15, 2022 — 10:38 pm",
    ],
)
def test_lines_that_only_say_when(line: str) -> None:
    assert is_stamp(line)


@pytest.mark.parametrize("line", ["May", "Join us May 3", "2022", "In May 2022 it rained", "March on"])
def test_lines_that_say_more(line: str) -> None:
    assert not is_stamp(line)
