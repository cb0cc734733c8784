"""Clicks counted: all of them, those of people, and how many people, wherever a link stands."""

import datetime

import pytest

from issues import clicked, clicks
from issues.clicked import Clicked
from issues.clicks import Seen
from tests.make import NOW, make_issue

pytestmark = pytest.mark.django_db

ONE, TWO = "https://boats.example/1", "https://boats.example/2"


@pytest.fixture
def issue():
    made = make_issue()
    later = datetime.timedelta(minutes=1)
    said = [
        ("ann", ONE, "lead", "", "GET"), ("ann", ONE, "lead", "", "GET"), ("ben", ONE, "lead", "", "GET"),
        ("ben", ONE, "story", "", "GET"), ("ben", TWO, "story", "sponsor", "GET"), ("scan", TWO, "story", "sponsor", "HEAD"),
    ]  # fmt: skip
    clicks.record(
        made,
        [
            Seen(url, reader, NOW + n * later, mark, block, method=method)
            for n, (reader, url, block, mark, method) in enumerate(said)
        ],
    )
    return made


def test_an_issue_as_a_whole(issue):
    assert clicked.whole(issue) == Clicked(raw=6, human=5, people=2)
    assert clicked.whole(make_issue()) == Clicked()


def test_by_block(issue):
    assert clicked.by_block(issue) == {"lead": Clicked(3, 3, 2), "story": Clicked(3, 2, 1)}
    assert list(clicked.by_block(issue)) == ["lead", "story"]


def test_the_same_address_in_two_blocks_is_two_links(issue):
    assert clicked.by_link(issue) == {
        ("lead", ONE): Clicked(3, 3, 2), ("story", ONE): Clicked(1, 1, 1), ("story", TWO): Clicked(2, 1, 1),
    }  # fmt: skip


def test_by_insertion(issue):
    assert clicked.by_mark(["sponsor", "other", ""]) == {"sponsor": Clicked(2, 1, 1)}


def test_by_section_somebody_in_two_blocks_is_one_reader(issue):
    assert clicked.by_section([issue], {"all": ["lead", "story"], "none": ["other"]}) == {
        "all": Clicked(6, 5, 2)
    }
    assert clicked.by_section([issue], {}) == {}


def test_by_issue_and_by_rule(issue):
    assert clicked.by_issue([issue, make_issue()]) == {issue.pk: Clicked(6, 5, 2)}
    assert clicked.by_rule(issue) == {"head": 1}


def test_clicks_of_nobody_known_are_not_those_of_a_person():
    made = make_issue()
    clicks.record(made, [Seen(ONE, "", NOW), Seen(ONE, "", NOW)])
    assert clicked.whole(made) == Clicked(raw=2, human=2, people=0)
