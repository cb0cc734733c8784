"""Position rules: whether a block stands where its rule wants it, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sponsors.models import Rule
from sponsors.positions import Standing, mended, stops

LEAD, STORY, QUOTE, SIGN_OFF = map(Standing, ("lead_story", "story", "quote", "sign_off"))


def sponsor(rule: str = Rule.ANYWHERE, **terms) -> Standing:
    return Standing("sponsor_slot", rule=rule, **terms)


def said(*blocks: Standing) -> list[str]:
    return [stop.sentence for stop in stops(blocks)]


@pytest.mark.parametrize(
    "blocks",
    [
        (LEAD, sponsor(Rule.AFTER_LEAD), STORY),
        (STORY, sponsor(Rule.AFTER_LEAD), STORY),  # the first story leads where no block is called so
        (LEAD, STORY, sponsor(Rule.AFTER_STORY, nth=2), STORY),
        (LEAD, sponsor(Rule.AFTER_STORY, nth=9), QUOTE),  # after the last there is
        (LEAD, sponsor(Rule.BEFORE_SIGN_OFF), SIGN_OFF),
        (LEAD, sponsor(Rule.BEFORE_SIGN_OFF)),  # without a sign-off: last
        (sponsor(Rule.FIXED, nth=1), LEAD),
        (LEAD, sponsor(Rule.FIXED, nth=9)),
        (QUOTE, sponsor(Rule.AFTER_LEAD)),  # there is no lead to be after
        (sponsor(), LEAD),
    ],
)
def test_a_block_where_its_rule_wants_it_is_no_stop(blocks):
    assert said(*blocks) == []


def test_a_block_off_its_place_says_where_it_belongs_and_how_to_get_there():
    (stop,) = stops([LEAD, STORY, sponsor(Rule.AFTER_STORY, nth=1)])
    assert (stop.position, stop.sentence, stop.to) == (2, "It belongs after the 1st story.", 1)


def test_the_rule_gives_way_by_the_drift_and_no_further():
    assert said(LEAD, STORY, sponsor(Rule.AFTER_LEAD, drift=1)) == []
    assert said(LEAD, STORY, STORY, sponsor(Rule.AFTER_LEAD, drift=1)) == [
        "It belongs after the lead, give or take 1."
    ]


@pytest.mark.parametrize("rule", [Rule.AFTER_LEAD, Rule.BEFORE_SIGN_OFF, Rule.FIXED])
def test_two_slots_that_want_one_place_share_it(rule):
    first, second = sponsor(rule, nth=2, family="a"), sponsor(rule, nth=2, family="b")
    assert said(LEAD, first, second, SIGN_OFF) == []


def test_messages_of_one_sponsor_keep_their_distance():
    first, second = (sponsor(family="a", apart=2) for _ in range(2))
    assert (
        said(first, STORY, second)
        == ["It stands 1 block from the same sponsor’s other message; at least 2 belong between them."] * 2
    )
    assert said(first, STORY, STORY, second) == []
    assert "right beside" in said(first, second)[0]


def test_messages_of_two_sponsors_need_no_distance():
    assert said(sponsor(family="a", apart=4), sponsor(family="b", apart=4)) == []


def test_where_nothing_mends_it_nothing_is_proposed():
    blocks = [LEAD, sponsor(Rule.AFTER_LEAD, family="a", apart=9), sponsor(family="a")]
    assert [stop.to for stop in stops(blocks)] == [None]


KINDS = st.sampled_from([LEAD, STORY, QUOTE, SIGN_OFF])
SPONSORS = st.builds(
    sponsor,
    st.sampled_from(Rule.values),
    nth=st.integers(1, 4),
    drift=st.integers(0, 2),
    family=st.sampled_from(["", "a", "b"]),
    apart=st.integers(0, 4),
)
ISSUES = st.lists(KINDS | SPONSORS, min_size=1, max_size=12)


def moved(blocks: list[Standing], position: int, to: int) -> list[Standing]:
    rest = [*blocks[:position], *blocks[position + 1 :]]
    return [*rest[:to], blocks[position], *rest[to:]]


@given(ISSUES, st.data())
def test_mending_a_block_leaves_no_stop_for_it_and_mending_again_moves_nothing(blocks, data):
    position = data.draw(st.integers(0, len(blocks) - 1))
    to = mended(blocks, position)
    if to is not None:
        after = moved(blocks, position, to)
        assert [stop for stop in stops(after) if stop.position == to] == []
        assert mended(after, to) == to


@given(ISSUES)
def test_a_stop_that_cannot_be_mended_is_broken_wherever_the_block_stands(blocks):
    for stop in stops(blocks):
        if stop.to is None:
            for to in range(len(blocks)):
                after = moved(blocks, stop.position, to)
                assert [each for each in stops(after) if each.position == to]


@given(st.lists(KINDS, max_size=10), st.sampled_from(Rule.values), st.integers(1, 4), st.data())
def test_a_block_without_a_twin_can_always_be_mended(blocks, rule, nth, data):
    place = data.draw(st.integers(0, len(blocks)))
    assert mended([*blocks[:place], sponsor(rule, nth=nth), *blocks[place:]], place) is not None
