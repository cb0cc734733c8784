"""What is particular to the greeting."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issues import drafting, saving
from issues.blocks import registry
from issues.blocks.base import Placed
from issues.blocks.greeting.block import Greeting, fill_today
from issues.rendering import render
from newsroom.lib.errors import Refused
from tests.issues.sample import block, snapshot
from tests.make import make_issue


def test_today_reads_as_one_sentence_everywhere():
    issue = snapshot(blocks=(block("greeting", today=["cranes", "gulls", "salt"]),))
    made = render(issue)
    assert "Today:</strong> cranes, gulls, and salt." in made.html
    assert "Today: cranes, gulls, and salt." in made.text


def test_items_with_commas_are_parted_by_semicolons():
    made = render(snapshot(blocks=(block("greeting", today=["cranes, old and new", "gulls"]),)))
    assert "Today: cranes, old and new; and gulls." in made.text


def test_without_a_preheader_the_inbox_shows_what_is_in_it():
    assert render(snapshot("greeting")).preheader.startswith("Why two ferry lines share one timetable")


# The list, filled from the headlines


def below(*headings: str) -> list[Placed]:
    kind = registry.kind("story")
    return [
        Placed(uuid.UUID(int=n), "story", kind.data(heading=each), n) for n, each in enumerate(headings, 1)
    ]


def filled(*today: str, headings: tuple[str, ...]) -> tuple[str, ...]:
    data, _ = fill_today(Greeting(today=today), below(*headings))
    return data.today


def test_headlines_become_the_list_in_their_order():
    assert filled(headings=("Cranes learn.", "", "Gulls of the U.S.", "Wait...", "cranes learn")) == (
        "Cranes learn",
        "Gulls of the U.S.",
        "Wait...",
    )


def test_blocks_of_any_kind_count_but_sponsors():
    blocks = [Placed(uuid.UUID(int=1), kind.kind, kind.sample) for kind in registry.kinds()]
    data, said = fill_today(Greeting(), blocks)
    assert data.today == (
        "Two ferry lines, one timetable",
        "A crane that learns",
        "On the quay this week",
        "Who owns the quay?",
        "Financial corner",
        "Around the harbour",
    )
    assert said == "6 lines added from the headlines below."


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (("a poem",), ("a poem", "One", "Two")),
        (("One", "a poem", "a song"), ("One", "a poem", "a song", "Two")),
        (("Two", "a poem", "One"), ("One", "Two", "a poem")),
        (("one", "a poem"), ("one", "a poem", "Two")),
        (("a poem", "a poem"), ("a poem", "a poem", "One", "Two")),
        (("Two", "a poem", "two."), ("One", "Two", "a poem")),
    ],
)
def test_what_was_written_by_hand_stays_where_it_stood(today, expected):
    assert filled(*today, headings=("One", "Two")) == expected


lines = st.lists(st.sampled_from(["One", "one.", "Two", "three", "a poem", "a song", "U.S."]), max_size=8)


@given(lines, lines)
def test_pressing_twice_changes_nothing_and_no_line_is_lost(today, headings):
    try:
        once = filled(*today, headings=tuple(headings))
    except Refused:
        return
    with pytest.raises(Refused):
        filled(*once, headings=tuple(headings))
    same = {line.removesuffix(".").casefold() for line in once}
    assert {line.removesuffix(".").casefold() for line in (*today, *headings)} - {"u.s"} == same - {
        "u.s",
        "u.s.",
    }


def test_without_headlines_it_says_so():
    with pytest.raises(Refused, match="None of the blocks below has a headline yet"):
        filled("a poem", headings=("", " "))


@pytest.mark.django_db
def test_only_blocks_below_it_count():
    issue = make_issue(blocks=("story", "greeting", "lead_story"))
    greeting = issue.blocks.get(kind="greeting")
    words, _ = drafting.aided(issue, saving.Changes(), greeting.uid, "today")
    assert words["today"].splitlines()[-1] == "Two ferry lines, one timetable"
    assert "A crane that learns" not in words["today"].splitlines()
