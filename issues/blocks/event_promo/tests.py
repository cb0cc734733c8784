"""What is particular to an event."""

import datetime

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
