"""Writing an issue: its blocks, their order, and who came second."""

import datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from issues import composing, workflow
from issues.blocks import registry
from issues.importing import Draft, Found
from issues.models import Block, FundingRound, Issue
from newsroom.lib.errors import Conflict, NewsroomError, NotNow, Refused
from tests.make import NOW, TODAY, make_approved_issue, make_block, make_issue, make_publication

pytestmark = pytest.mark.django_db
LATER = NOW + datetime.timedelta(hours=1)


def kinds(issue: Issue) -> list[str]:
    return list(issue.blocks.standing().values_list("kind", flat=True))


def block_of(issue: Issue, kind: str) -> Block:
    return issue.blocks.get(kind=kind)


def story(body: str = "<p>Wind.</p>", heading: str = "Wind") -> Any:
    return registry.kind("story").data(heading=heading, body=body)


def draft(*found: Found, title: str = "A crane that learns") -> Draft:
    return Draft(title=title, blocks=found, left_out=())


def read_in(*found: Found, title: str = "A crane that learns") -> Issue:
    publication = make_publication(rundown=[])
    return composing.start_from_draft(
        publication, draft(*found, title=title), planned_for=TODAY, by=None, now=NOW
    )


def test_a_new_issue_has_the_empty_blocks_of_the_rundown():
    publication = make_publication(rundown=["greeting", "lead_story", "sign_off"])
    issue = composing.start(publication, title="", planned_for=TODAY, by=None, now=NOW)
    assert kinds(issue) == ["greeting", "lead_story", "sign_off"]
    assert block_of(issue, "lead_story").data == registry.kind("lead_story").dump(
        registry.kind("lead_story").data()
    )
    assert issue.events.get().what == "started"


@pytest.mark.parametrize(("at", "place"), [(None, 3), (0, 0), (1, 1), (99, 3), (-5, 0)])
def test_a_block_is_put_in_at_its_place(at, place):
    issue = make_issue()
    composing.add_block(issue, "quote", at=at, now=LATER)
    assert kinds(issue).index("quote") == place
    assert Issue.objects.get().changed_at == LATER


def test_a_copy_stands_after_its_original_and_lives_its_own_life():
    issue = make_issue(blocks=("greeting", "story", "sign_off"))
    original = block_of(issue, "story")
    copied = composing.copy_block(original, now=NOW)
    assert kinds(issue) == ["greeting", "story", "story", "sign_off"]
    composing.edit_block(copied, story("<p>Other.</p>"), rev=1, now=NOW)
    original.refresh_from_db()
    assert original.data["body"] != copied.data["body"]
    assert original.uid != copied.uid


@pytest.mark.parametrize(("to", "order"), [(0, "cab"), (1, "acb"), (9, "abc"), (-3, "cab")])
def test_a_block_moves_to_its_place(to, order):
    letters = {"greeting": "a", "lead_story": "b", "sign_off": "c"}
    issue = make_issue()
    composing.move_block(block_of(issue, "sign_off"), to=to, now=NOW)
    assert "".join(letters[kind] for kind in kinds(issue)) == order


def test_a_removed_block_is_put_back_where_it_stood():
    issue = make_issue()
    block = block_of(issue, "lead_story")
    composing.remove_block(block, now=NOW)
    assert kinds(issue) == ["greeting", "sign_off"]
    composing.put_back(block, now=NOW)
    assert kinds(issue) == ["greeting", "lead_story", "sign_off"]


def test_an_edit_of_what_somebody_else_edited_is_a_conflict_and_changes_nothing():
    issue = make_issue(blocks=("story",))
    mine, theirs = Block.objects.get(), Block.objects.get()
    composing.edit_block(theirs, story("<p>Theirs.</p>"), rev=1, now=NOW)
    with pytest.raises(Conflict):
        composing.edit_block(mine, story("<p>Mine.</p>"), rev=1, now=NOW)
    assert Block.objects.get().data["body"] == "<p>Theirs.</p>"
    composing.edit_block(mine, story("<p>Both.</p>"), rev=2, now=NOW)
    assert Block.objects.get(issue=issue).data["body"] == "<p>Both.</p>"


def test_a_removed_block_is_not_edited():
    block = make_issue(blocks=("story",)).blocks.get()
    composing.remove_block(block, now=NOW)
    with pytest.raises(Conflict):
        composing.edit_block(block, story(), rev=1, now=NOW)


def test_an_order_that_is_not_of_the_standing_blocks_is_a_conflict():
    issue = make_issue()
    uids = list(issue.blocks.standing().values_list("uid", flat=True))
    composing.remove_block(block_of(issue, "greeting"), now=NOW)
    with pytest.raises(Conflict):
        composing.order_blocks(issue, uids, now=NOW)
    with pytest.raises(Conflict):
        composing.order_blocks(issue, uids[1:2] * 2, now=NOW)


WRITING = {
    "add": lambda issue, block: composing.add_block(issue, "story", now=NOW),
    "copy": lambda issue, block: composing.copy_block(block, now=NOW),
    "edit": lambda issue, block: composing.edit_block(block, story(), rev=1, now=NOW),
    "move": lambda issue, block: composing.move_block(block, to=1, now=NOW),
    "remove": lambda issue, block: composing.remove_block(block, now=NOW),
    "put back": lambda issue, block: composing.put_back(block, now=NOW),
    "describe": lambda issue, block: composing.describe(issue, title="Other", now=NOW),
}


@pytest.mark.parametrize("write", WRITING)
def test_nobody_writes_on_an_approved_issue(write):
    issue = make_approved_issue(blocks=("story", "sign_off"))
    before = list(issue.blocks.values_list("uid", "data", "position", "removed_at").order_by("pk"))
    with pytest.raises(NotNow, match="This issue is approved; reopen it"):
        WRITING[write](issue, issue.blocks.first())
    assert list(issue.blocks.values_list("uid", "data", "position", "removed_at").order_by("pk")) == before


def test_an_issue_has_at_most_a_hundred_blocks():
    issue = make_issue(blocks=("story",))
    Block.objects.bulk_create(Block(issue=issue, kind="story", position=n) for n in range(1, 100))
    removed = issue.blocks.first()
    for write in ("add", "copy"):
        with pytest.raises(Refused, match="at most 100"), transaction.atomic():
            WRITING[write](issue, removed)
    composing.remove_block(removed, now=NOW)
    composing.add_block(issue, "story", now=NOW)
    with pytest.raises(Refused, match="at most 100"), transaction.atomic():
        composing.put_back(removed, now=NOW)
    assert issue.blocks.standing().count() == 100


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(Refused, match="sundial"):
        composing.add_block(make_issue(), "sundial", now=NOW)


def test_the_address_follows_the_title_until_the_first_approval():
    issue = make_issue(title="")
    assert issue.slug == f"{TODAY}"
    composing.describe(issue, title="Two ferries", now=NOW)
    assert Issue.objects.get().slug == "two-ferries"
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)
    workflow.reopen(issue, by=None, now=NOW)
    composing.describe(issue, title="Three ferries", now=NOW)
    assert Issue.objects.get().slug == "two-ferries"


def test_no_two_issues_of_a_publication_share_an_address():
    publication = make_publication(rundown=[])
    slugs = {make_issue(publication, title="Two ferries").slug for _ in range(3)}
    assert slugs == {"two-ferries", "two-ferries-2", "two-ferries-3"}
    assert make_issue(title="Two ferries").slug == "two-ferries"


@pytest.mark.parametrize("title", ["Feed", "page", "SUBSCRIBE!"])
def test_no_issue_takes_an_address_of_the_archive(title):
    assert make_issue(title=title).slug == f"{title.strip('!').lower()}-2"


@pytest.mark.parametrize("title", ["日本語", "!?", "  "])
def test_a_title_without_latin_letters_leaves_the_day(title):
    assert make_issue(title=title).slug == f"{TODAY}"


def test_the_longest_title_has_an_address_that_fits():
    publication = make_publication(rundown=[])
    first, second = (make_issue(publication, title="Ferries and " * 16) for _ in range(2))
    assert len(first.slug) <= 80
    assert len(second.slug) <= 80
    assert first.slug != second.slug


def test_saving_the_same_title_again_keeps_the_address():
    issue = make_issue(title="Two ferries")
    composing.describe(issue, title="Two ferries", now=NOW)
    assert Issue.objects.get().slug == "two-ferries"


def sponsored(name: str, placement: str = "primary") -> Found:
    found = {
        "sponsor": name,
        "headline": f"{name} sails",
        "body": f"<p>{name} lends.</p>",
        "url": f"https://{name}.example/",
    }
    return Found("sponsor_slot", {"placement": placement}, found)


def test_sponsors_of_a_draft_take_the_free_placements():
    issue = read_in(sponsored("ann"), sponsored("bob"), sponsored("cid"))
    booked = dict(issue.bookings.values_list("placement", "advertiser__name"))
    assert booked == {"primary": "ann", "secondary": "bob", "closing": "cid"}
    assert [block.data["placement"] for block in issue.blocks.standing()] == [
        "primary",
        "secondary",
        "closing",
    ]


def test_a_sponsor_without_a_free_placement_becomes_a_story_with_all_its_words():
    issue = read_in(*[sponsored(name) for name in ("ann", "bob", "cid", "dot")])
    block = block_of(issue, "story")
    kept = block.data["heading"] + block.data["body"]
    for words in ("dot", "dot sails", "dot lends.", "https://dot.example/"):
        assert words in kept, words


def test_data_that_its_kind_cannot_load_becomes_a_story_with_the_words_of_the_draft():
    odd = Found(
        "financial_corner", {"rounds": "Quayside raised $3M."}, {}, source="Quayside raised $3M & more."
    )
    assert "Quayside raised $3M &amp; more." in block_of(read_in(odd), "story").data["body"]


def test_a_draft_of_more_blocks_than_an_issue_holds_is_refused_and_nothing_is_saved():
    blocks = [Found("story", {"heading": f"{n}", "body": "<p>Wind.</p>"}) for n in range(101)]
    with pytest.raises(Refused, match="101 blocks"):
        read_in(*blocks)
    assert not Issue.objects.exists()


def test_facts_of_a_draft_can_be_queried_however_long_they_are():
    row = {
        "company": "Quayside " * 40,
        "amount": "9" * 30,
        "currency": "DOLLARS",
        "purpose": "to " * 200,
        "series": "A" * 90,
    }
    issue = read_in(
        Found("financial_corner", {"rounds": [row, {"company": "Saltworks", "amount": "9500000"}]})
    )
    long, usual = FundingRound.objects.filter(issue=issue)
    for name in ("company", "currency", "purpose", "series"):
        assert len(getattr(long, name)) <= FundingRound._meta.get_field(name).max_length
    assert long.amount is None
    assert (usual.company, usual.amount) == ("Saltworks", 9_500_000)


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "move", "copy", "remove", "put back", "order"]), st.integers(0, 9), st.integers(-2, 9)),
    max_size=14,
)  # fmt: skip


class OrderTest(TestCase):
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def test_positions_have_no_gap_and_no_block_is_lost(self, steps):
        issue = make_issue(blocks=("greeting", "story", "sign_off"))
        there = set(issue.blocks.values_list("uid", flat=True))
        for step, which, to in steps:
            row = list(issue.blocks.order_by("pk"))[which % len(there)]
            there |= take(step, issue, row, to)
            positions = list(issue.blocks.standing().values_list("position", flat=True))
            assert positions == list(range(len(positions))), step
            assert set(issue.blocks.values_list("uid", flat=True)) == there


def take(step: str, issue: Issue, row: Block, to: int) -> set[Any]:
    """One step; the new uids."""
    row.issue = issue
    if step == "add":
        return {composing.add_block(issue, "quote", at=to, now=NOW).uid}
    if step == "copy":
        return {composing.copy_block(row, now=NOW).uid}
    try:
        with transaction.atomic():
            if step == "move":
                composing.move_block(row, to=to, now=NOW)
            elif step == "order":
                composing.order_blocks(
                    issue, list(issue.blocks.standing().values_list("uid", flat=True))[::-1], now=NOW
                )
            else:
                WRITING[step](issue, row)
    except NewsroomError:
        assert step == "move", "only a removed block cannot move"
    return set()


def test_what_is_projected_follows_the_blocks():
    issue = make_issue(blocks=())
    block = make_block(issue, "financial_corner")
    composing.project(issue)
    assert FundingRound.objects.count() == 3
    composing.remove_block(block, now=NOW)
    assert not FundingRound.objects.exists()
    composing.put_back(block, now=NOW)
    assert FundingRound.objects.count() == 3
