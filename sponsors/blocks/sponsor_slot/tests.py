"""What is particular to a sponsor slot."""

import pytest

from issues import readiness
from issues.rendering import render
from issues.snapshot import take
from sponsors import selling
from tests.make import make_block, make_issue

pytestmark = pytest.mark.django_db

WORDS = {"headline": "", "body": "<p>We lend to boats.</p>", "url": "", "approved": True}


def issue_with(*placements: str):
    issue = make_issue()
    for number, placement in enumerate(placements):
        make_block(issue, "sponsor_slot", placement=placement, position=5 + number)
    return issue


def blockers(issue) -> str:
    return " ".join(each.sentence for each in readiness.blockers(issue))


def test_the_label_belongs_to_the_block_and_stands_in_every_rendering():
    issue = issue_with("primary")
    selling.book(issue, "primary", advertiser="Brightwater Bank", words=WORDS)
    made = render(take(issue))
    assert "A MESSAGE FROM BRIGHTWATER BANK" in made.html
    assert "A MESSAGE FROM BRIGHTWATER BANK\n----" in made.text
    assert "A message from Brightwater Bank" in made.web


def test_one_creative_runs_twice():
    issue = issue_with("primary", "closing")
    one = selling.book(issue, "primary", advertiser="Brightwater Bank", words=WORDS)
    two = selling.book(issue, "closing", advertiser="Brightwater Bank", words=WORDS)
    assert one.creative == two.creative
    assert render(take(issue)).text.count("We lend to boats.") == 2


def test_a_sold_slot_cannot_vanish():
    issue = issue_with()
    selling.book(issue, "primary", advertiser="Brightwater Bank", words=WORDS)
    assert (
        "Brightwater Bank has booked “Primary, after the lead”, but the issue has no such block."
        in blockers(issue)
    )


def test_words_that_are_not_approved_stop_the_issue_and_do_not_run():
    issue = issue_with("primary")
    selling.book(issue, "primary", advertiser="Brightwater Bank", words={**WORDS, "approved": False})
    assert "has no approved words yet" in blockers(issue)
    assert "We lend" not in render(take(issue)).html


def test_an_unsold_slot_stops_nothing():
    assert blockers(issue_with("primary")) == ""


def test_two_blocks_for_one_place_stop_the_issue():
    assert "Two blocks stand for the same placement" in blockers(issue_with("primary", "primary"))
