"""Who sits at an issue, and who holds which block."""

import datetime
import uuid

import pytest

from issues import seats
from issues.models import Issue, Seat
from tests.make import NOW, make_issue, make_person

pytestmark = pytest.mark.django_db
MINE, THEIRS = uuid.UUID(int=1), uuid.UUID(int=2)
STORY, QUOTE = uuid.UUID(int=7), uuid.UUID(int=8)
ONE = datetime.timedelta(seconds=1)


@pytest.fixture
def issue() -> Issue:
    return make_issue()


@pytest.fixture
def sit(issue):
    """``sit(client, block, after=seconds)`` by somebody who is always the same for one client."""
    people = {MINE: make_person("Editors"), THEIRS: make_person("Chief editors")}

    def take(client, block=None, *, after=0, **more) -> Seat:
        now = NOW + after * ONE
        return seats.sit(issue, client, by=people[client], state="editing", block_uid=block, now=now, **more)

    return take


def held(issue, client, *, after=0):
    return set(seats.held_by_others(issue, client, now=NOW + after * ONE))


def test_a_block_is_held_for_the_tab_that_was_first(issue, sit):
    assert sit(MINE, STORY).block_uid == STORY
    assert sit(THEIRS, STORY).block_uid is None
    assert (held(issue, MINE), held(issue, THEIRS)) == (set(), {STORY})


def test_another_block_is_free(issue, sit):
    sit(MINE, STORY)
    assert sit(THEIRS, QUOTE).block_uid == QUOTE


def test_whoever_goes_on_to_another_block_lets_go(issue, sit):
    sit(MINE, STORY)
    sit(MINE, QUOTE, after=1)
    assert held(issue, THEIRS, after=1) == {QUOTE}


def test_a_tab_that_is_not_heard_of_holds_nothing(issue, sit):
    sit(MINE, STORY)
    assert held(issue, THEIRS, after=44) == {STORY}
    assert held(issue, THEIRS, after=46) == set()
    assert sit(THEIRS, STORY, after=46).block_uid == STORY


def test_holding_on_does_not_make_it_newer(issue, sit):
    sit(MINE, STORY)
    assert sit(MINE, STORY, after=20).since == NOW


def test_taking_over_makes_the_other_let_go(issue, sit):
    sit(MINE, STORY)
    assert sit(THEIRS, STORY, take_over=True).block_uid == STORY
    assert held(issue, MINE) == {STORY}
    assert sit(MINE, STORY, after=1).block_uid is None


def test_a_closed_tab_is_gone_at_once(issue, sit):
    sit(MINE, STORY)
    seats.leave(issue, MINE, now=NOW)
    assert held(issue, THEIRS) == set()
    assert not issue.seats.live(NOW).exists()


def test_seats_of_yesterday_are_cleared_away(issue, sit):
    sit(MINE)
    sit(THEIRS, after=2 * 24 * 3600)
    assert [seat.client for seat in issue.seats.all()] == [THEIRS]


def test_a_save_that_is_repeated_is_told_the_same_and_not_done_twice(issue):
    edith, done = make_person("Editors"), []

    def act() -> dict[str, int]:
        done.append(1)
        return {"count": len(done)}

    told = [seats.tell_once(issue, MINE, seq, act, by=edith, now=NOW) for seq in (1, 1, 2, 2)]
    assert [each["count"] for each in told] == [1, 1, 2, 2]


def test_what_is_not_done_may_be_tried_again(issue):
    edith = make_person("Editors")

    def fail() -> dict[str, int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        seats.tell_once(issue, MINE, 1, fail, by=edith, now=NOW)
    assert seats.tell_once(issue, MINE, 1, lambda: {"count": 1}, by=edith, now=NOW) == {"count": 1}
