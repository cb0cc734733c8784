"""What is particular to a sponsor slot."""

import pytest

from issues import readiness
from issues.blocks import registry
from issues.rendering import render
from issues.snapshot import by_kind, standing, take
from newsroom.lib.errors import NotNow
from sponsors import gate, inventory, ordering, trafficking
from sponsors.models import Fallback, Rule, VersionStatus
from tests.make import (
    MESSAGE,
    NOW,
    TODAY,
    make_advertiser,
    make_block,
    make_insertion,
    make_issue,
    make_line,
    make_ready,
    make_slot,
    sign_order,
    whole,
)

pytestmark = pytest.mark.django_db


def issue_with(*placements: str):
    """Lead, four stories and a sign-off, with sponsor blocks where their rules want them."""
    issue = make_issue(blocks=("lead_story",))
    for position in range(1, 5):
        make_block(issue, "story", position=position * 2)
    make_block(issue, "sign_off", position=20)
    where = {"primary": 1, "closing": 19}
    for placement in placements:
        make_block(issue, "sponsor_slot", placement=placement, position=where.get(placement, 5))
    inventory.stock(issue.publication)
    return issue


def brightwater():
    return make_advertiser("Brightwater Bank")


def blockers(issue) -> str:
    return " ".join(each.sentence for each in readiness.blockers(issue))


def test_the_label_and_the_second_cue_belong_to_the_format_and_stand_in_every_rendering():
    issue = issue_with("primary")
    make_ready(make_insertion(issue, advertiser=brightwater()))
    made = render(take(issue))
    assert "A MESSAGE FROM BRIGHTWATER BANK" in made.html
    assert "A MESSAGE FROM BRIGHTWATER BANK (Sponsored)\n----" in made.text
    assert "A MESSAGE FROM BRIGHTWATER BANK" in made.web
    assert made.html.count(">Sponsored<") == made.web.count(">Sponsored<") == 1


def test_every_link_is_marked_as_paid_for_and_names_the_insertion():
    issue = issue_with("primary")
    body = '<p>We lend. <a href="https://boats.example/?a=1&amp;utm_source=own">Ask</a>.</p>'
    insertion = make_ready(make_insertion(issue, advertiser=brightwater()), body=body)
    made = render(take(issue))
    assert made.web.count('rel="sponsored"') == made.web.count(insertion.token) == 2
    assert "a=1&amp;utm_source=own&amp;utm_medium=newsletter" in made.web
    assert f"utm_content=primary-{insertion.token}" in made.text


def test_one_creative_runs_twice_with_a_token_each():
    issue = issue_with("primary", "closing")
    line = make_line(issue.publication, brightwater(), max_per_issue=2)
    first = make_insertion(issue, line=line)
    second = make_insertion(issue, "closing", line=line)
    make_ready(first)
    assert whole(first).version == whole(second).version
    made = render(take(issue))
    assert made.text.count("We lend to boats.") == 2
    assert first.token != second.token
    assert {piece.runs for piece in made.pieces if piece.runs} == {first.token, second.token}
    assert blockers(issue) == ""


def test_a_sold_slot_cannot_vanish():
    issue = issue_with()
    make_ready(make_insertion(issue, advertiser=brightwater()))
    assert "Brightwater Bank, Primary: sold, but the issue has no block for “Primary”." in blockers(issue)


def test_words_that_have_not_passed_our_review_stop_the_issue_and_do_not_run():
    issue = issue_with("primary")
    insertion = make_insertion(issue, advertiser=brightwater())
    trafficking.submit(whole(insertion), MESSAGE, who="Ann", by=None, now=NOW)
    assert "its creative waits for our review" in blockers(issue)
    assert "We lend" not in render(take(issue)).html


def test_an_unsold_slot_stops_nothing_unless_the_placement_says_so():
    issue = issue_with("primary")
    assert blockers(issue) == ""
    issue.publication.placements.update(fallback=Fallback.REFUSE)
    assert "“Primary” is not sold" in blockers(issue)


def test_an_unsold_slot_falls_to_the_most_important_promotion_of_the_house_that_is_still_valid():
    issue = issue_with("primary")
    for name, priority, until in (
        ("Old", 9, TODAY.replace(year=2030)),
        ("Club", 5, None),
        ("Podcast", 1, None),
    ):
        house = make_advertiser(f"Harbour {name}", house=True)
        creative = house.creatives.create(priority=priority)
        creative.versions.create(
            number=1,
            body=f"<p>Join the {name}.</p>",
            valid_until=until,
            status=VersionStatus.REVIEWED,
            submitted_at=NOW,
        )
    text = render(take(issue)).text
    assert "Join the Club." in text
    assert "MESSAGE FROM" not in text
    issue.publication.placements.update(fallback=Fallback.COLLAPSE)
    assert "Join the" not in render(take(issue)).text


def gathered(issue) -> None:
    """What the preview asks at every key, for the issue as it stands."""
    kind = registry.kind("sponsor_slot")
    kind.gather(issue, by_kind(standing(issue))["sponsor_slot"])


def test_an_issue_without_sponsors_is_read_in_one_query(django_assert_num_queries):
    issue = issue_with()
    with django_assert_num_queries(1):
        gate.layout(issue, [])


def test_what_is_sold_is_read_in_two_queries_however_much_it_is(django_assert_num_queries):
    issue = issue_with("primary", "secondary", "closing")
    for placement in ("primary", "secondary", "closing"):
        make_ready(make_insertion(issue, placement))
    with django_assert_num_queries(1 + 2):  # the blocks themselves are one
        gathered(issue)


def test_a_slot_that_no_promotion_is_left_to_fill_is_not_counted():
    issue = issue_with("primary", "closing")
    issue.publication.placements.filter(code="closing").update(rule=Rule.FIXED, nth=4)
    issue.blocks.filter(data__placement="closing").update(position=2)
    insertion = make_ready(make_insertion(issue, "closing"))
    assert "It belongs" in " ".join(gate_says(insertion.slot.issue))
    house = make_advertiser("Harbour Club", house=True)
    house.creatives.create().versions.create(
        number=1, body="<p>Join.</p>", status=VersionStatus.REVIEWED, submitted_at=NOW
    )
    assert gate_says(insertion.slot.issue) == []


def test_two_blocks_for_one_place_stop_the_issue():
    assert "Two blocks stand for the same placement" in blockers(issue_with("primary", "primary"))


def test_a_placement_with_room_for_two_has_two_blocks():
    issue = issue_with("secondary", "secondary")
    issue.publication.placements.filter(code="secondary").update(capacity=2)
    assert blockers(issue) == ""
    slots = [slot for slot in inventory.slots(issue) if slot.placement.code == "secondary"]
    assert [slot.name for slot in slots] == ["Secondary 1", "Secondary 2"]


# What the gate says


def gate_says(issue) -> list[str]:
    return [reason.sentence for each in readiness.commitments(issue) for reason in each.open_reasons]


@pytest.fixture
def ready():
    """A sold slot with nothing against it."""
    issue = issue_with("primary")
    return make_ready(make_insertion(issue, advertiser=brightwater()))


def test_the_gate_lists_every_sold_insertion(ready):
    listed = readiness.commitments(ready.slot.issue)
    assert [(each.title, each.reasons) for each in listed] == [("Brightwater Bank, Primary", ())]


def test_an_order_that_is_not_approved_stops_the_issue(ready):
    ordering.reopen(ready.line.order, by=None, now=NOW, why="More.")
    assert "is draft, not approved" in gate_says(ready.slot.issue)[0]
    sign_order(ready.line.order)
    assert gate_says(ready.slot.issue) == []


def test_any_change_after_approval_asks_the_sponsor_again(ready):
    form = ready.slot.placement.format
    form.second_cue = "Paid"
    form.save()
    assert gate_says(ready.slot.issue) == ["it has changed since Ann approved it."]


def test_new_words_start_again_with_our_review(ready):
    trafficking.submit(ready, MESSAGE | {"headline": "Ships"}, who="Ann", by=None, now=NOW)
    assert gate_says(ready.slot.issue) == ["its creative waits for our review."]


def test_an_offer_that_ends_before_the_issue_stops_it():
    issue = issue_with("primary")
    make_ready(make_insertion(issue, advertiser=brightwater()), valid_until=TODAY.replace(day=3))
    assert gate_says(issue) == ["its offer ends on Mon 3 Mar 2031, before the issue of Tue 4 Mar 2031."]


def test_a_message_off_its_position_says_where_it_belongs_and_how_to_get_there(ready):
    issue = ready.slot.issue
    issue.blocks.filter(kind="sponsor_slot").update(position=7)
    (problem,) = readiness.blockers(issue)
    assert problem.sentence == "Brightwater Bank, Primary: It belongs after the lead."
    assert problem.mend.to == 1


def test_twins_that_stand_too_near_say_so():
    issue = make_issue(blocks=("lead_story", "sponsor_slot", "story", "sponsor_slot", "sign_off"))
    issue.blocks.filter(position=3).update(data={"placement": "closing"})
    line = make_line(issue.publication, brightwater(), max_per_issue=2)
    make_insertion(issue, "closing", line=line)
    make_ready(make_insertion(issue, line=line))
    assert "1 block from the same sponsor’s other message; at least 4" in gate_says(issue)[0]


def test_an_issue_that_moved_waits_until_somebody_settles_what_that_means(ready):
    issue = ready.slot.issue
    issue.planned_for = TODAY.replace(day=5)
    issue.save()
    assert "it was agreed for Tue 4 Mar, and the issue has moved to Wed 5 Mar" in gate_says(issue)[0]


def test_an_override_names_who_and_why_and_holds_for_that_very_reason(ready, chris):
    issue = ready.slot.issue
    trafficking.submit(ready, MESSAGE | {"headline": "Ships"}, who="Ann", by=None, now=NOW)
    (said,) = gate_says(issue)
    gate.keep(whole(ready), said, reason="Agreed by phone.", by=None, now=NOW)
    assert gate_says(issue) == []
    (warned,) = [each for each in readiness.problems(issue) if "Agreed by phone" in each.sentence]
    assert warned.severity == "warning"
    assert "Ships" in render(take(issue)).text
    trafficking.review(whole(ready).version, VersionStatus.REJECTED, by=None, now=NOW, note="No.")
    assert gate_says(issue) == ["its creative was sent back: No."]


def test_a_late_creative_is_the_advertisers_fault_and_something_stands_in():
    issue = issue_with("primary")
    earlier = make_issue(issue.publication, planned_for=TODAY.replace(day=3), blocks=("lead_story",))
    sponsor = brightwater()
    ran = make_insertion(earlier, advertiser=sponsor, now=NOW.replace(day=3))
    make_ready(ran, body="<p>Last week’s words.</p>")
    insertion = make_insertion(issue, line=make_line(issue.publication, sponsor))
    sign_order(insertion.line.order)
    assert gate_says(issue) == ["no creative has come yet."]
    with pytest.raises(NotNow, match="not late yet"):
        trafficking.rule_late(whole(insertion), by=None, now=NOW.replace(month=2))
    trafficking.rule_late(whole(insertion), by=None, now=NOW)
    assert whole(insertion).fault == "advertiser"
    assert gate_says(issue) == []
    assert "Last week’s words." in render(take(issue)).text


def test_a_late_creative_without_a_stand_in_gives_way_to_the_house():
    issue = issue_with("primary")
    insertion = make_insertion(issue, advertiser=brightwater())
    sign_order(insertion.line.order)
    assert trafficking.rule_late(whole(insertion), by=None, now=NOW) is None
    assert gate_says(issue) == []
    assert "MESSAGE FROM" not in render(take(issue)).text


def test_nobody_is_late_while_our_own_review_is_what_is_missing():
    insertion = make_insertion(issue_with("primary"), advertiser=brightwater())
    trafficking.submit(whole(insertion), MESSAGE, who="Ann", by=None, now=NOW.replace(month=2))
    with pytest.raises(NotNow, match="our own review"):
        trafficking.rule_late(whole(insertion), by=None, now=NOW)


def test_the_slot_is_found_whatever_the_day(ready):
    assert make_slot(ready.slot.issue).pk == ready.slot.pk


def test_the_card_begins_with_the_name_by_which_the_outline_knows_the_block(edith):
    issue = issue_with("primary")
    make_insertion(issue, advertiser=make_advertiser("Oakum"))
    shown = edith.get(f"/desk/issues/{issue.pk}/").content.decode()
    card = shown.split("data-card", 1)[1].split(">", 1)[1]
    assert card.lstrip().startswith("<p><strong>Oakum</strong></p>")
