"""What is particular to an event."""

import datetime
import re
from zoneinfo import available_timezones

import pytest

from issues import readiness
from issues.blocks import registry
from issues.rendering import render
from issues.snapshot import take
from tests.issues.sample import block, snapshot
from tests.make import make_block, make_issue


@pytest.mark.django_db
def test_date_time_and_zone_are_shown_in_words():
    issue = make_issue(blocks=())
    make_block(issue, "event_promo", date="2031-09-27", time="10:00", zone="America/Los_Angeles")
    assert "Saturday, September 27, 2031, 10 a.m. PDT" in render(take(issue)).text


@pytest.mark.django_db
def test_an_event_before_the_day_of_issue_stops_it():
    issue = make_issue(blocks=(), planned_for=datetime.date(2031, 9, 28))
    make_block(issue, "event_promo", date="2031-09-27")
    assert "The event is on 27 September 2031, before this issue goes out." in [
        each.sentence for each in readiness.blockers(issue)
    ]


def test_a_zone_that_does_not_exist_is_refused_by_name():
    form = registry.kind("event_promo").form({"b-zone": "Moon/Tranquility"}, prefix="b")
    assert not form.is_valid()
    assert "Moon/Tranquility" in str(form.errors)


def test_without_an_address_the_call_to_action_is_words_not_a_dead_link():
    made = render(snapshot(blocks=(block("event_promo", cta_url="", cta_label="Save a seat"),)))
    assert "Save a seat." in made.html
    assert 'href=""' not in made.html


COPENHAGEN, NEW_YORK = "Europe/Copenhagen", "America/New_York"
NIGHTS = [
    ("2031-03-30", "02:30", COPENHAGEN, "02:30 does not exist that night", "the clock is put forward. Is 03:30 meant?"),
    ("2031-10-26", "02:30", COPENHAGEN, "02:30 occurs twice that night", "see 02:30 CEST; say so in the words if 02:30 CET"),
    ("2031-11-02", "01:00", NEW_YORK, "01:00 occurs twice that night", "see 01:00 EDT; say so in the words if 01:00 EST"),
    ("9999-12-31", "23:59", NEW_YORK, "Nobody knows the clocks of 9999", "look at the date again."),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("date", "time", "zone", "what", "meant"), NIGHTS)
def test_a_time_that_the_clock_skips_or_shows_twice_is_pointed_out(date, time, zone, what, meant):
    issue = make_issue(blocks=())
    make_block(issue, "event_promo", date=date, time=time, zone=zone)
    warnings = [each.sentence for each in readiness.problems(issue) if each.severity == "warning"]
    assert [each for each in warnings if each.startswith(what) and meant in each]
    assert render(take(issue)).text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("date", "time", "zone"),
    [
        ("2031-03-30", "03:00", "Europe/Copenhagen"),
        ("2031-10-26", "02:30", "UTC"),
        ("2031-10-26", "02:30", ""),
        ("2031-10-26", None, "Europe/Copenhagen"),
        (None, "02:30", "Europe/Copenhagen"),
    ],
)
def test_any_other_time_is_as_it_is(date, time, zone):
    issue = make_issue(blocks=())
    make_block(issue, "event_promo", date=date, time=time, zone=zone)
    assert not [each for each in readiness.problems(issue) if "clock" in each.sentence]


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        (" utc ", "UTC"),
        ("", ""),
    ],
)
def test_a_zone_is_read_however_it_is_spelled(written, zone):
    form = registry.kind("event_promo").form.saying({"zone": written}, prefix="b")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["zone"] == zone


def test_the_form_proposes_zones_that_there_are():
    shown = str(registry.kind("event_promo").form(prefix="b")["zone"])
    proposed = re.findall(r'<option value="([^"]+)">', shown)
    assert len(proposed) > 30
    assert not set(proposed) - available_timezones()
    listed = re.search(r'<datalist id="([^"]+)"', shown)
    assert listed
    assert f'list="{listed[1]}"' in shown
