"""What is particular to a byline."""

import pytest

from issues import readiness
from issues.rendering import render
from tests.issues.sample import block, snapshot
from tests.make import make_block, make_issue


def test_links_stand_in_brackets_parted_by_bars():
    byline = block(
        "byline",
        name="Ines Falk",
        email="ines@quay.example",
        links=[{"label": "mastodon", "url": "https://example.com/@ines"}],
    )
    text = render(snapshot(blocks=(byline,))).text
    assert "-- Ines Falk (ines@quay.example | mastodon [1])" in text


@pytest.mark.django_db
def test_a_label_without_an_address_is_pointed_out_but_stops_nothing():
    issue = make_issue()
    make_block(issue, "byline", links=[{"label": "twitter", "url": ""}], position=9)
    assert [each.severity for each in readiness.problems(issue) if "twitter" in each.sentence] == ["warning"]


@pytest.mark.django_db
def test_a_byline_without_a_name_stops_the_issue():
    issue = make_issue()
    make_block(issue, "byline", name="", position=9)
    assert "A byline names nobody." in [each.sentence for each in readiness.blockers(issue)]
