"""A new issue: from the rundown, from a draft, from an earlier issue; and its address."""

import datetime

import pytest

from issues import starting
from issues.blocks import registry
from issues.importing import Draft, Found
from issues.models import Block, FundingRound, Issue
from newsroom.lib.errors import Refused
from sponsors.models import Insertion
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_publication,
    remove,
    write,
)

pytestmark = pytest.mark.django_db


def kinds(issue: Issue) -> list[str]:
    return list(issue.blocks.standing().values_list("kind", flat=True))


def block_of(issue: Issue, kind: str) -> Block:
    return issue.blocks.get(kind=kind)


def draft(*found: Found, title: str = "A crane that learns") -> Draft:
    return Draft(title=title, blocks=found, left_out=())


def read_in(*found: Found, title: str = "A crane that learns") -> Issue:
    publication = make_publication(rundown=[])
    return starting.start_from_draft(
        publication, draft(*found, title=title), planned_for=TODAY, by=None, now=NOW
    )


def test_a_new_issue_has_the_empty_blocks_of_the_rundown():
    publication = make_publication(rundown=["greeting", "lead_story", "sign_off"])
    issue = starting.start(publication, title="", planned_for=TODAY, by=None, now=NOW)
    assert kinds(issue) == ["greeting", "lead_story", "sign_off"]
    assert block_of(issue, "lead_story").data == registry.kind("lead_story").dump(
        registry.kind("lead_story").data()
    )
    assert issue.events.get().what == "started"


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
    booked = dict(
        Insertion.objects.in_issue(issue.pk).values_list(
            "slot__placement__code", "line__order__advertiser__name"
        )
    )
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
    blocks = [Found("story", {"heading": f"{n}", "body": "<p>Wind.</p>"}) for n in range(251)]
    with pytest.raises(Refused, match="251 blocks"):
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


def copied(earlier: Issue) -> Issue:
    day = TODAY + datetime.timedelta(days=1)
    return starting.start_from_issue(earlier, title="Next", planned_for=day, by=None, now=NOW)


def test_a_copy_has_the_standing_words_of_the_earlier_issue_and_lives_its_own_life():
    earlier = make_issue(blocks=("greeting", "financial_corner", "sign_off"))
    remove(earlier, "greeting")
    copy = copied(earlier)
    assert kinds(copy) == ["financial_corner", "sign_off"]
    assert block_of(copy, "sign_off").data == block_of(earlier, "sign_off").data
    write(copy, "sign_off", body="<p>Another.</p>")
    assert "Another" not in str(block_of(earlier, "sign_off").data)
    assert FundingRound.objects.filter(issue=copy).count() == 3


def test_a_copy_takes_no_booking_along():
    earlier = make_issue(blocks=("sponsor_slot",))
    make_insertion(earlier, advertiser=make_advertiser("Brightwater"))
    copy = copied(earlier)
    assert [Insertion.objects.in_issue(each.pk).count() for each in (earlier, copy)] == [1, 0]
    assert copy.revisions.get().name == "Copied from “A crane that learns”"
