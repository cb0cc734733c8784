"""Holds: the clock decides whether they stand, and nobody keeps a slot for ever."""

import datetime

import pytest

from issues import workflow
from issues.models import Issue
from newsroom.lib.errors import NotNow, Refused
from sponsors import deadlines, holding, inventory, selling
from sponsors.models import Advertiser, AuditEvent, ExclusionLabel, Hold, HoldStatus, Slot
from sponsors.taken import Taken
from tests.make import (
    NOW,
    TODAY,
    describe,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_person,
    make_publication,
    make_slot,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
FAR = TODAY + 28 * DAY


@pytest.fixture
def issue() -> Issue:
    return make_issue(make_publication(rundown=[]), planned_for=FAR)


@pytest.fixture
def slot(issue) -> Slot:
    return make_slot(issue)


def hold(slot: Slot, advertiser: Advertiser | None = None, *, now=NOW, **options) -> Hold:
    (made,) = holding.hold([slot], advertiser or make_advertiser(), by=None, now=now, **options)
    return made


def challenge(slot: Slot, advertiser: Advertiser | None = None, *, now=NOW) -> Hold:
    return holding.challenge(slot, advertiser or make_advertiser(), by=None, now=now)


def again(held: Hold) -> Hold:
    return Hold.objects.get(pk=held.pk)


def book_by(slot: Slot) -> datetime.datetime:
    return deadlines.of(slot.issue, slot.placement).book_by


def standing(slot: Slot, now=NOW) -> list[Hold]:
    return list(Hold.objects.standing(now).filter(slot=slot))


# expiry


def test_a_hold_keeps_others_away_until_it_runs_out_to_the_second(slot):
    held = hold(slot, make_advertiser("Brightwater"))
    with pytest.raises(Taken, match="held by Somebody for Brightwater until Thu 6 Mar, 08:00"):
        hold(slot, now=held.expires_at - datetime.timedelta(seconds=1))
    assert hold(slot, now=held.expires_at).rank == 1


def test_a_hold_that_ran_out_is_gone_though_nobody_has_tidied(slot):
    held = hold(slot, lasts=HOUR)
    later = NOW + HOUR
    assert again(held).status == HoldStatus.ACTIVE
    assert standing(slot, later) == []
    assert inventory.free([slot], now=later) == [slot]
    with pytest.raises(NotNow, match="ran out on"):
        holding.extend(held, by=None, now=later)
    with pytest.raises(NotNow, match="ran out on"):
        holding.release(held, by=None, now=later)


def test_tidying_marks_what_ran_out_when_it_ran_out_and_nothing_else(slot, issue):
    gone, there = hold(slot, lasts=HOUR), hold(make_slot(issue, "closing"))
    assert holding.tidy(now=NOW + DAY) == 1
    assert (again(gone).status, again(gone).ended_at) == (HoldStatus.EXPIRED, NOW + HOUR)
    assert again(there).status == HoldStatus.ACTIVE
    assert holding.tidy(now=NOW + DAY) == 0


@pytest.mark.parametrize("lasts", [datetime.timedelta(0), -HOUR, 14 * DAY + datetime.timedelta(seconds=1)])
def test_a_hold_lasts_some_time_and_at_most_two_weeks(slot, lasts):
    with pytest.raises(Refused, match="14 days"):
        hold(slot, lasts=lasts)


def test_a_hold_never_outlasts_the_day_by_which_the_slot_must_be_booked(issue):
    slot = make_slot(make_issue(issue.publication, planned_for=TODAY + 10 * DAY))
    assert hold(slot, lasts=14 * DAY).expires_at == book_by(slot)


def test_after_that_day_nobody_holds(slot):
    with pytest.raises(Taken, match="too late to hold"):
        hold(slot, now=book_by(slot))


def test_whoever_holds_a_slot_does_not_hold_it_twice(slot):
    advertiser = make_advertiser("Brightwater")
    hold(slot, advertiser)
    with pytest.raises(Taken, match="held for Brightwater already"):
        hold(slot, advertiser, behind_others=True)


def test_the_house_holds_nothing(slot):
    house = make_advertiser(house=True)
    hold(slot)
    with pytest.raises(Refused, match="House promotions"):
        hold(slot, house, behind_others=True)
    with pytest.raises(Refused, match="House promotions"):
        challenge(slot, house)


# all or nothing


def test_many_slots_are_held_together(issue):
    slots = [make_slot(issue, each) for each in ("primary", "closing")]
    made = holding.hold(slots, make_advertiser(), by=make_person("Sales"), now=NOW)
    assert {each.slot for each in made} == set(slots)


def test_if_one_slot_is_gone_none_is_held_and_the_rest_is_named(issue):
    hold(make_slot(issue))
    slots = [make_slot(issue, each) for each in ("primary", "closing")]
    with pytest.raises(Taken) as taken:
        holding.hold(slots, make_advertiser(), by=None, now=NOW)
    assert taken.value.free == slots[1:]
    assert Hold.objects.count() == 1


def test_if_it_is_too_late_for_one_slot_none_is_held_and_only_what_can_be_held_is_offered(issue):
    near, nearer = (make_issue(issue.publication, planned_for=TODAY + n * DAY) for n in (2, 1))
    slots = [make_slot(issue), make_slot(near)]
    with pytest.raises(Taken, match="too late") as taken:
        holding.hold(slots, make_advertiser(), by=None, now=NOW)
    assert not Hold.objects.exists()
    assert taken.value.free == slots[:1]
    assert not {near, nearer} & {slot.issue for slot in taken.value.instead}


def test_no_slots_is_said_and_no_crash():
    with pytest.raises(Refused, match="at least one slot"):
        holding.hold([], make_advertiser(), by=None, now=NOW)


# options


def test_the_second_option_moves_up_when_the_first_is_released(slot):
    first, second = hold(slot), hold(slot, behind_others=True)
    holding.release(first, by=None, now=NOW)
    assert standing(slot) == [second]
    assert hold(slot, behind_others=True).rank == 3


def test_the_second_option_moves_up_when_the_first_runs_out(slot):
    hold(slot, lasts=HOUR)
    second = hold(slot, behind_others=True)
    with pytest.raises(Taken, match=str(second.advertiser)):
        hold(slot, now=NOW + HOUR)


def test_a_released_hold_is_not_released_again(slot):
    held = hold(slot)
    holding.release(held, by=None, now=NOW)
    with pytest.raises(NotNow, match="was released"):
        holding.release(held, by=None, now=NOW)


# extending


def test_a_hold_is_extended_once_by_two_days(slot):
    held = hold(slot)
    holding.extend(held, by=None, now=NOW + HOUR)
    assert again(held).expires_at == held.expires_at + 2 * DAY
    with pytest.raises(NotNow, match="extended once"):
        holding.extend(held, by=None, now=NOW + HOUR)


def test_an_extension_ends_where_the_slot_must_be_booked(slot):
    held = hold(slot, now=book_by(slot) - 3 * DAY)
    holding.extend(held, by=None, now=book_by(slot) - 3 * DAY)
    assert again(held).expires_at == book_by(slot)


def test_a_hold_that_lasts_as_long_as_it_can_is_not_extended(slot):
    held = hold(slot, now=book_by(slot) - DAY)
    with pytest.raises(NotNow, match="cannot be held any longer"):
        holding.extend(held, by=None, now=book_by(slot) - DAY)
    assert again(held).extended_at is None


def test_a_hold_in_a_closed_issue_is_not_extended(slot):
    held = hold(slot)
    workflow.cancel(slot.issue, by=None, now=NOW)
    with pytest.raises(NotNow, match="the issue is cancelled"):
        holding.extend(held, by=None, now=NOW)


# challenges


def test_a_challenge_leaves_a_day_and_gives_the_next_option(slot):
    held, other = hold(slot, lasts=7 * DAY), make_advertiser()
    challenge(slot, other)
    assert again(held).expires_at == NOW + DAY
    assert standing(slot, NOW + DAY)[0].advertiser == other


def test_a_challenge_never_lengthens_a_hold(slot):
    held = hold(slot, lasts=HOUR)
    challenge(slot)
    assert again(held).expires_at == NOW + HOUR


def test_a_challenged_hold_is_not_extended(slot):
    held = hold(slot)
    challenge(slot)
    with pytest.raises(NotNow, match="challenged"):
        holding.extend(held, by=None, now=NOW)


def test_a_hold_is_challenged_once(slot):
    hold(slot, make_advertiser("Brightwater"))
    challenge(slot)
    with pytest.raises(NotNow, match="challenged already; Brightwater has until Wed 5 Mar, 08:00"):
        challenge(slot, now=NOW + HOUR)


def test_nobody_challenges_themselves(slot):
    held = hold(slot)
    with pytest.raises(NotNow, match="first option itself"):
        challenge(slot, held.advertiser)


def test_there_is_nothing_to_challenge_where_nobody_holds(slot):
    hold(slot, lasts=HOUR)
    with pytest.raises(NotNow, match="Nobody holds"):
        challenge(slot, now=NOW + HOUR)


def test_who_has_an_option_already_challenges_with_it(slot):
    hold(slot)
    second = hold(slot, behind_others=True)
    challenge(slot, second.advertiser)
    assert len(standing(slot)) == 2


def test_who_stands_in_the_issue_already_may_challenge(issue):
    advertiser = make_advertiser()
    make_insertion(issue, "closing", advertiser=advertiser)
    slot = make_slot(issue)
    hold(slot)
    assert challenge(slot, advertiser).challenged_at == NOW


def test_a_slot_of_a_cancelled_issue_is_not_challenged(slot):
    hold(slot)
    workflow.cancel(slot.issue, by=None, now=NOW)
    with pytest.raises(NotNow, match="the issue is cancelled"):
        challenge(slot)
    assert Hold.objects.count() == 1


def test_a_challenged_holder_may_book(slot):
    held = hold(slot)
    challenge(slot)
    selling.book(make_line(slot.issue.publication, held.advertiser), [slot], by=None, now=NOW)
    assert [each.status for each in Hold.objects.order_by("rank")] == [
        HoldStatus.CONVERTED,
        HoldStatus.RELEASED,
    ]


# the issue moves


def moved(issue: Issue, days: int) -> None:
    describe(issue, planned_for=(FAR + days * DAY).isoformat())
    issue.refresh_from_db()


def test_an_issue_that_moves_nearer_cuts_its_holds_to_the_new_last_day(slot, issue):
    held = hold(slot, lasts=14 * DAY)
    moved(issue, -10)
    assert again(held).expires_at == book_by(make_slot(issue)) < held.expires_at
    assert AuditEvent.objects.filter(what="hold cut", issue=issue).count() == 1


def test_an_issue_that_moves_away_gives_nobody_more_time(slot, issue):
    held = hold(slot, lasts=2 * DAY)
    moved(issue, 10)
    assert again(held).expires_at == held.expires_at


def test_a_hold_whose_last_day_is_past_after_the_move_keeps_nobody_away(slot, issue):
    held = hold(slot, lasts=14 * DAY)
    moved(issue, -25)
    there = make_slot(issue)
    assert book_by(there) <= NOW
    assert standing(there) == []
    assert make_insertion(issue).slot == there
    assert again(held).status == HoldStatus.EXPIRED


def test_a_last_day_that_changes_without_the_issue_cuts_holds_too(slot, issue):
    held = hold(slot, lasts=14 * DAY)
    issue.publication.placements.update(book_days=18)
    holding.tidy(now=NOW)
    assert again(held).expires_at < held.expires_at


# who comes next is asked again


@pytest.fixture
def rivals() -> list[Advertiser]:
    label = ExclusionLabel.objects.create(name="Oil")
    made = [make_advertiser("Oakum"), make_advertiser("Tar")]
    label.advertisers.set(made)
    return made


def test_a_second_option_that_clashes_when_it_comes_first_ends_and_lets_the_next_one_in(slot, issue, rivals):
    first, second = hold(slot), hold(slot, rivals[0], behind_others=True)
    third = hold(slot, make_advertiser("Pine"), behind_others=True)
    hold(make_slot(issue, "closing"), rivals[1])
    holding.release(first, by=None, now=NOW)
    assert again(second).status == HoldStatus.RELEASED
    assert standing(slot) == [third]
    note = AuditEvent.objects.get(what="hold ended", advertiser=rivals[0]).note
    assert "Tar holds a slot in the issue" in note


def test_it_is_asked_too_when_the_first_option_runs_out_and_a_rival_books_elsewhere_in_the_issue(
    slot, issue, rivals
):
    hold(slot, lasts=HOUR)
    second = hold(slot, rivals[0], behind_others=True, lasts=2 * DAY)
    rival = hold(make_slot(issue, "closing"), rivals[1], lasts=DAY)
    line = make_line(issue.publication, rivals[1])
    assert selling.book(line, [rival.slot], by=None, now=NOW + HOUR)
    assert again(second).status == HoldStatus.RELEASED


def test_a_conflict_that_somebody_overrode_for_the_option_does_not_end_it(slot, issue, rivals):
    hold(make_slot(issue, "closing"), rivals[1])
    first = hold(slot)
    second = hold(slot, rivals[0], behind_others=True, overriding="Both agreed.")
    holding.release(first, by=None, now=NOW)
    assert standing(slot) == [second]


def test_while_somebody_stands_before_it_an_option_is_not_asked(slot, issue, rivals):
    hold(slot)
    second = hold(slot, rivals[0], behind_others=True)
    third = hold(slot, behind_others=True)
    hold(make_slot(issue, "closing"), rivals[1])
    holding.release(third, by=None, now=NOW)
    assert again(second).status == HoldStatus.ACTIVE
