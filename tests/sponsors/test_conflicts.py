"""Conflicts: labels, exclusivity and repeats, whoever comes second."""

import datetime

import pytest

from issues.models import Issue
from newsroom.lib.errors import Refused
from sponsors import conflicts, dealing, holding, selling
from sponsors.conflicts import Clashes
from sponsors.models import (
    Advertiser,
    AuditEvent,
    Category,
    ExclusionLabel,
    Exclusivity,
    Insertion,
    Override,
    Scope,
)
from tests.make import (
    NOW,
    TODAY,
    describe,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_publication,
    make_slot,
)

pytestmark = pytest.mark.django_db
FAR = TODAY + datetime.timedelta(days=28)


@pytest.fixture
def issue() -> Issue:
    return make_issue(make_publication(rundown=[]), planned_for=FAR)


@pytest.fixture
def oil() -> ExclusionLabel:
    return ExclusionLabel.objects.create(name="Oil")


def labelled(name: str, *labels: ExclusionLabel) -> Advertiser:
    advertiser = make_advertiser(name)
    advertiser.labels.set(labels)
    return advertiser


def book(issue: Issue, placement: str, advertiser: Advertiser, *, overriding: str = "", **terms) -> Insertion:
    line = make_line(issue.publication, advertiser, **terms)
    (made,) = selling.book(line, [make_slot(issue, placement)], by=None, now=NOW, overriding=overriding)
    return made


def hold(issue: Issue, placement: str, advertiser: Advertiser, **options):
    return holding.hold([make_slot(issue, placement)], advertiser, by=None, now=NOW, **options)


def booked_in(issue: Issue) -> list[Insertion]:
    return list(Insertion.objects.booked().in_issue(issue.pk).whole())


def sell_exclusivity(insertion: Insertion, **scope) -> Exclusivity:
    return dealing.sell_exclusivity(insertion.line, by=None, now=NOW, **scope)


# labels


def test_two_advertisers_of_one_label_never_stand_in_one_issue(issue, oil):
    book(issue, "primary", labelled("Brightwater", oil))
    with pytest.raises(Clashes, match=r"Brightwater is booked in .* shares the label “Oil” with Oakum"):
        book(issue, "closing", labelled("Oakum", oil))


def test_two_advertisers_of_one_label_stand_in_two_issues(issue, oil):
    book(issue, "primary", labelled("Brightwater", oil))
    book(make_issue(issue.publication), "primary", labelled("Oakum", oil))


def test_one_advertiser_never_clashes_with_itself(issue, oil):
    advertiser = labelled("Brightwater", oil)
    book(issue, "primary", advertiser)
    assert book(issue, "closing", advertiser, max_per_issue=2)


def test_whoever_holds_a_slot_counts_as_being_there(issue, oil):
    hold(issue, "primary", labelled("Brightwater", oil))
    with pytest.raises(Clashes, match="Brightwater holds a slot in"):
        book(issue, "closing", labelled("Oakum", oil))


def test_a_hold_that_ran_out_shuts_nobody_out(issue, oil):
    hold(issue, "primary", labelled("Brightwater", oil), lasts=datetime.timedelta(hours=1))
    line = make_line(issue.publication, labelled("Oakum", oil))
    later = NOW + datetime.timedelta(hours=1)
    assert selling.book(line, [make_slot(issue, "closing")], by=None, now=later)


def test_a_second_option_shuts_nobody_out(issue, oil):
    hold(issue, "primary", make_advertiser())
    hold(issue, "primary", labelled("Brightwater", oil), behind_others=True)
    assert book(issue, "closing", labelled("Oakum", oil))


def test_a_competitor_may_wait_behind_the_first_option_on_the_very_slot(issue, oil):
    hold(issue, "primary", labelled("Brightwater", oil))
    (second,) = hold(issue, "primary", labelled("Oakum", oil), behind_others=True)
    assert second.rank == 2


def test_house_promotions_stand_beside_everybody(issue, oil):
    book(issue, "primary", labelled("Brightwater", oil))
    house = labelled("The Quay", oil)
    house.house = True
    assert conflicts.clashes([issue], house, now=NOW) == []


def test_a_move_is_checked_where_it_goes(issue, oil):
    there = make_issue(issue.publication, planned_for=FAR)
    book(there, "closing", labelled("Brightwater", oil))
    insertion = book(issue, "primary", labelled("Oakum", oil))
    with pytest.raises(Clashes):
        selling.move(insertion, make_slot(there), by=None, now=NOW)


def test_what_is_moved_away_is_no_neighbour_of_itself(issue):
    insertion = book(issue, "primary", make_advertiser())
    assert selling.move(insertion, make_slot(issue, "closing"), by=None, now=NOW)


def test_a_label_that_comes_later_is_found_among_those_who_stand_there(issue, oil):
    one, other = make_advertiser("Brightwater"), make_advertiser("Oakum")
    book(issue, "primary", one)
    book(issue, "closing", other)
    assert conflicts.between(issue, booked_in(issue)) == []
    for each in (one, other):
        each.labels.add(oil)
    assert conflicts.between(issue, booked_in(issue))


# exclusivity


@pytest.fixture
def banks() -> Category:
    return Category.objects.create(name="Banks")


def test_a_category_that_was_sold_stays_out_of_the_issue(issue, banks):
    first = book(issue, "primary", make_advertiser("Brightwater", category=banks))
    sell_exclusivity(first, category=banks)
    with pytest.raises(Clashes, match="Brightwater has bought that Oakum stays out"):
        book(issue, "closing", make_advertiser("Oakum", category=banks))
    assert book(issue, "closing", make_advertiser("Rope"))


def test_a_category_that_was_sold_in_one_issue_stands_in_another(issue, banks):
    sell_exclusivity(book(issue, "primary", make_advertiser()), category=banks)
    assert book(make_issue(issue.publication), "primary", make_advertiser(category=banks))


def test_a_rival_by_name_stays_out(issue):
    rival = make_advertiser("Oakum")
    sell_exclusivity(book(issue, "primary", make_advertiser("Brightwater")), rivals=[rival])
    with pytest.raises(Clashes, match="Oakum stays out"):
        hold(issue, "closing", rival)


@pytest.mark.parametrize(("days", "out"), [(-1, False), (0, True), (7, True), (8, False)])
def test_exclusivity_between_two_days_covers_both_and_no_more(issue, days, out):
    rival = make_advertiser()
    dates = {"scope": Scope.DATES, "starts": FAR, "ends": FAR + datetime.timedelta(days=7)}
    sell_exclusivity(book(issue, "primary", make_advertiser()), rivals=[rival], **dates)
    other = make_issue(issue.publication, planned_for=FAR + datetime.timedelta(days=days))
    assert bool(conflicts.clashes([other], rival, now=NOW)) is out


def test_exclusivity_in_one_newsletter_does_not_reach_another(issue, banks):
    dates = {"scope": Scope.DATES, "starts": FAR, "ends": FAR}
    sell_exclusivity(book(issue, "primary", make_advertiser()), category=banks, **dates)
    assert book(make_issue(planned_for=FAR), "primary", make_advertiser(category=banks))


def test_exclusivity_is_not_sold_over_the_head_of_a_rival_and_names_them(issue, banks):
    book(issue, "closing", make_advertiser("Oakum", category=banks))
    first = book(issue, "primary", make_advertiser())
    with pytest.raises(Refused, match="Settle these first: Oakum in Closing on Tue 1 Apr 2031"):
        sell_exclusivity(first, category=banks)
    assert not Exclusivity.objects.exists()


def test_a_line_with_exclusivity_is_not_booked_beside_a_rival(issue, banks):
    first = book(issue, "primary", make_advertiser())
    sell_exclusivity(first, category=banks)
    other = make_issue(issue.publication)
    book(other, "closing", make_advertiser("Oakum", category=banks))
    with pytest.raises(Clashes, match=r"Oakum is booked in .* which this line wants without them"):
        selling.book(first.line, [make_slot(other)], by=None, now=NOW)


def test_exclusivity_ends_with_its_order(issue, banks):
    first = book(issue, "primary", make_advertiser())
    sell_exclusivity(first, category=banks, scope=Scope.DATES, starts=FAR, ends=FAR)
    selling.cancel_order(first.line.order, by=None, now=NOW, why="No money.")
    assert book(issue, "primary", make_advertiser(category=banks))


def test_an_issue_that_moves_into_the_days_of_an_exclusivity_is_found_to_clash(issue, banks):
    dates = {"scope": Scope.DATES, "starts": FAR, "ends": FAR}
    sell_exclusivity(book(issue, "primary", make_advertiser()), category=banks, **dates)
    other = make_issue(issue.publication, planned_for=FAR + datetime.timedelta(days=1))
    book(other, "primary", make_advertiser(category=banks))
    describe(other, planned_for=FAR.isoformat())
    other.refresh_from_db()
    assert [clash.issue_id for clash in conflicts.between(other, booked_in(other))] == [other.pk]


# repeats


def test_an_advertiser_stands_once_in_an_issue_unless_the_line_says_more(issue):
    advertiser = make_advertiser("Brightwater")
    book(issue, "primary", advertiser)
    with pytest.raises(Clashes, match=r"Brightwater may stand at most once .* this would be 2"):
        book(issue, "closing", advertiser)
    line = make_line(issue.publication, advertiser, max_per_issue=2)
    rest = [make_slot(issue, each) for each in ("secondary", "closing")]
    with pytest.raises(Clashes, match="at most twice"):
        selling.book(line, rest, by=None, now=NOW)


# overrides


def test_an_override_stands_in_a_row_with_rule_reason_and_person(issue, oil):
    book(issue, "primary", labelled("Brightwater", oil))
    made = book(issue, "closing", labelled("Oakum", oil), overriding="Both agreed.")
    row = Override.objects.get()
    assert (row.insertion, row.reason) == (made, "Both agreed.")
    assert "shares the label “Oil”" in row.sentence
    assert AuditEvent.objects.filter(what="conflict overridden", insertion=made).count() == 1


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_override_without_a_reason_is_none(issue, oil, reason):
    book(issue, "primary", labelled("Brightwater", oil))
    with pytest.raises(Clashes):
        book(issue, "closing", labelled("Oakum", oil), overriding=reason)
    assert not Override.objects.exists()


def test_an_override_where_nothing_stands_against_it_leaves_no_row(issue):
    book(issue, "primary", make_advertiser(), overriding="To be safe.")
    assert not Override.objects.exists()


def test_a_hold_against_a_rule_is_in_the_trail(issue, oil):
    book(issue, "primary", labelled("Brightwater", oil))
    hold(issue, "closing", labelled("Oakum", oil), overriding="Both agreed.")
    assert "Both agreed." in AuditEvent.objects.get(what="conflict overridden").note


# What clashes among those who are booked


def test_of_two_who_clash_only_the_later_one_is_asked_about():
    issue, label = make_issue(), ExclusionLabel.objects.create(name="Clouds")
    first, second = make_advertiser("Oak"), make_advertiser("Oak & Co")
    for placement, advertiser in (("primary", first), ("closing", second)):
        make_insertion(issue, placement, advertiser=advertiser)
    label.advertisers.set([first, second])
    (clash,) = conflicts.between(issue, booked_in(issue))
    assert clash.advertiser_id == second.pk


def test_a_hold_is_nobody_in_an_issue_that_goes_out():
    issue, label = (
        make_issue(planned_for=TODAY + datetime.timedelta(days=30)),
        ExclusionLabel.objects.create(name="Clouds"),
    )
    first, second = make_advertiser("Oak"), make_advertiser("Elm")
    make_insertion(issue, advertiser=first)
    holding.hold([make_slot(issue, "closing")], second, by=None, now=NOW)
    label.advertisers.set([first, second])
    assert conflicts.between(issue, booked_in(issue)) == []
