"""Selling: all or nothing, one insertion a slot, and whoever comes second is told who was first."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from issues import readiness, starting, workflow
from issues.importing import Draft, Found
from issues.models import Issue
from newsroom.lib.errors import Conflict, NotNow, Refused
from sponsors import holding, inventory, makegoods, ordering, selling, trafficking
from sponsors.conflicts import Clashes
from sponsors.models import (
    Advertiser,
    AuditEvent,
    Creative,
    ExclusionLabel,
    Hold,
    HoldStatus,
    Insertion,
    InsertionStatus,
    LineKind,
    OrderStatus,
    RateCard,
    RateCardItem,
    Slot,
)
from sponsors.taken import Taken
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_person,
    make_publication,
    make_ready,
    make_slot,
    sign_order,
    whole,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def issue() -> Issue:
    return make_issue(make_publication(rundown=[]), planned_for=TODAY + 28 * DAY)


@pytest.fixture
def there(issue) -> Slot:
    """A free slot two days later."""
    return make_slot(make_issue(issue.publication, planned_for=issue.planned_for + 2 * DAY))


def days(issue: Issue, count: int) -> list[Slot]:
    """The primary slot of the issue and of so many days after it."""
    later = [
        make_issue(issue.publication, planned_for=issue.planned_for + n * DAY) for n in range(1, count + 1)
    ]
    return [make_slot(each) for each in (issue, *later)]


def book(line, *slots: Slot, now=NOW, by=None) -> list[Insertion]:
    return selling.book(line, slots, by=by, now=now)


@pytest.fixture
def approve(monkeypatch):
    """Approve an issue past the gate, whatever it says: what matters here is the status."""
    monkeypatch.setattr(readiness, "blockers", lambda issue: [])

    def step(issue: Issue) -> None:
        issue.refresh_from_db()
        for verb in (workflow.submit, workflow.approve):
            verb(issue, by=None, now=NOW)

    return step


# booking


def test_many_days_are_booked_together_and_each_is_in_the_trail(issue):
    slots = days(issue, 4)
    made = book(make_line(issue.publication), *slots)
    assert [each.slot for each in made] == slots
    assert {each.token for each in made} == set(Insertion.objects.values_list("token", flat=True))
    assert AuditEvent.objects.filter(what="booked").count() == 5


def test_if_one_day_is_taken_nothing_is_booked_and_the_answer_says_who_what_else_and_what_instead(issue):
    slots, sam = days(issue, 3), make_person("Sales", username="sam")
    book(make_line(issue.publication, make_advertiser("Oakum")), slots[1], by=sam)
    with pytest.raises(Taken) as taken:
        book(make_line(issue.publication), *slots[:3], now=NOW + datetime.timedelta(seconds=20))
    assert "Primary on Wed 2 Apr 2031 was booked by sam for Oakum 20 seconds ago." in str(taken.value)
    assert taken.value.free == [slots[0], slots[2]]
    assert [str(each) for each in taken.value.instead] == [
        "Secondary on Wed 2 Apr 2031",
        "Closing on Wed 2 Apr 2031",
        "Primary on Fri 4 Apr 2031",
    ]
    assert Insertion.objects.count() == 1


def test_the_rest_may_be_taken_then(issue):
    slots = days(issue, 2)
    make_insertion(issue)
    line = make_line(issue.publication)
    with pytest.raises(Taken) as taken:
        book(line, *slots)
    assert len(book(line, *taken.value.free)) == 2


def test_alternatives_are_free_and_to_come(issue, there):
    make_issue(issue.publication, planned_for=TODAY - DAY).slots.all()
    holding.hold([there], make_advertiser(), by=None, now=NOW)
    inventory.block([make_slot(issue, "closing")], reason="House", by=None, now=NOW)
    assert inventory.alternatives(make_slot(issue), now=NOW) == [make_slot(issue, "secondary")]


def test_alternatives_are_found_behind_a_quarter_that_is_sold_out(issue):
    slots = days(issue, 40)
    book(make_line(issue.publication), *slots[:-1])
    for code in ("secondary", "closing"):
        make_insertion(issue, code)
    assert inventory.alternatives(slots[0], now=NOW) == [slots[-1]]


def test_the_own_hold_becomes_a_booking_and_options_of_others_end(issue):
    slot, advertiser = make_slot(issue), make_advertiser()
    holding.hold([slot], advertiser, by=None, now=NOW)
    holding.hold([slot], make_advertiser(), by=None, now=NOW, behind_others=True)
    book(make_line(issue.publication, advertiser), slot)
    assert list(Hold.objects.values_list("status", flat=True)) == [HoldStatus.CONVERTED, HoldStatus.RELEASED]
    assert AuditEvent.objects.filter(what="hold ended").count() == 1


def test_a_hold_of_somebody_else_keeps_the_slot(issue):
    slot, advertiser = make_slot(issue), make_advertiser()
    holding.hold([slot], make_advertiser("Oakum"), by=None, now=NOW)
    holding.hold([slot], advertiser, by=None, now=NOW, behind_others=True)
    with pytest.raises(Taken, match="held by Somebody for Oakum until"):
        book(make_line(issue.publication, advertiser), slot)


def test_a_hold_that_ran_out_keeps_nobody_and_is_marked_as_run_out(issue):
    slot = make_slot(issue)
    (held,) = holding.hold([slot], make_advertiser(), by=None, now=NOW)
    book(make_line(issue.publication), slot, now=held.expires_at)
    assert Hold.objects.get().status == HoldStatus.EXPIRED


def test_after_the_approval_nothing_is_sold_moved_or_given_back(issue, there, approve):
    insertion = make_insertion(issue)
    free = make_slot(issue, "closing")
    approve(issue)
    with pytest.raises(Taken, match="the issue is approved, and its slots are closed"):
        book(make_line(issue.publication), free)
    with pytest.raises(NotNow, match="reopen it"):
        selling.move(whole(insertion), there, by=None, now=NOW)
    with pytest.raises(NotNow, match="reopen it"):
        selling.cancel(whole(insertion), by=None, now=NOW)
    with pytest.raises(NotNow, match="reopen it"):
        selling.cancel_order(whole(insertion).line.order, by=None, now=NOW, why="No money.")
    assert whole(insertion).status == InsertionStatus.BOOKED


def test_nothing_is_sold_for_a_day_that_is_past(issue):
    with pytest.raises(Taken, match="is past"):
        book(make_line(issue.publication), make_slot(issue), now=NOW + 40 * DAY)


def test_a_placement_that_is_retired_is_not_sold_any_more(issue):
    slot = make_slot(issue)
    issue.publication.placements.update(retired_at=NOW)
    with pytest.raises(Taken, match="is not sold any more"):
        book(make_line(issue.publication), slot)
    assert inventory.free([Slot.objects.get(pk=slot.pk)], now=NOW) == []


def test_a_blocked_slot_says_why(issue):
    slot = make_slot(issue)
    inventory.block([slot], reason="Anniversary", by=None, now=NOW)
    with pytest.raises(Taken, match="not for sale: Anniversary"):
        book(make_line(issue.publication), slot)


def test_an_order_is_for_one_newsletter(issue):
    with pytest.raises(Refused, match="is for Harbour Notes"):
        book(make_line(make_publication()), make_slot(issue))


def test_a_cancelled_order_is_not_booked_on_even_with_an_old_copy_in_hand(issue):
    line = make_line(issue.publication)
    ordering_of = make_insertion(issue, line=line).line.order
    stale = whole(Insertion.objects.get()).line
    selling.cancel_order(ordering_of, by=None, now=NOW, why="No money.")
    with pytest.raises(NotNow, match="This order is cancelled"):
        book(stale, make_slot(issue))


def test_the_database_forbids_a_second_insertion_in_a_slot(issue):
    first = make_insertion(issue)
    with pytest.raises(IntegrityError), transaction.atomic():
        Insertion.objects.create(
            line=first.line, slot=first.slot, agreed_for=TODAY, booked_at=NOW, status=InsertionStatus.RAN
        )
    for status in (InsertionStatus.CANCELLED, InsertionStatus.MOVED):
        Insertion.objects.create(
            line=first.line, slot=first.slot, agreed_for=TODAY, booked_at=NOW, status=status
        )


# moving


def test_a_move_keeps_price_words_and_approval_and_knows_where_it_came_from(issue, there):
    card = RateCard.objects.create(publication=issue.publication, name="Rates", valid_from=TODAY)
    RateCardItem.objects.create(card=card, placement=there.placement, price=100)
    old = make_ready(make_insertion(issue))
    card.items.update(price=200)
    new = selling.move(old, there, by=None, now=NOW)
    assert (new.moved_from, new.price, new.version) == (old, 100, old.version)
    assert new.agreed_for == there.issue.planned_for
    assert new.token != old.token
    assert trafficking.approved(whole(new))
    assert whole(old).status == InsertionStatus.MOVED
    assert inventory.free([old.slot], now=NOW) == [old.slot]


def test_a_move_takes_the_price_that_was_frozen_meanwhile(issue, there):
    card = RateCard.objects.create(publication=issue.publication, name="Rates", valid_from=TODAY)
    RateCardItem.objects.create(card=card, placement=there.placement, price=100)
    in_hand = whole(make_insertion(issue))
    sign_order(in_hand.line.order)
    card.items.update(price=200)
    assert selling.move(in_hand, there, by=None, now=NOW).price == 100


def test_a_move_is_a_new_revision_of_the_order(issue, there):
    old = make_ready(make_insertion(issue))
    order = selling.move(old, there, by=None, now=NOW).line.order
    assert (order.status, order.revision) == (OrderStatus.DRAFT, 2)


def test_nothing_is_moved_onto_somebody_else_nor_where_it_stands_nor_to_another_newsletter(issue):
    insertion, other = make_insertion(issue), make_insertion(issue, "closing")
    with pytest.raises(Taken):
        selling.move(insertion, other.slot, by=None, now=NOW)
    with pytest.raises(Refused, match="stands there already"):
        selling.move(insertion, insertion.slot, by=None, now=NOW)
    with pytest.raises(Refused, match="within its publication"):
        selling.move(insertion, make_slot(make_issue()), by=None, now=NOW)


def test_out_of_a_cancelled_issue_an_insertion_may_move(issue, there):
    insertion = make_insertion(issue)
    workflow.cancel(issue, by=None, now=NOW)
    assert selling.move(whole(insertion), there, by=None, now=NOW).slot == there


def test_what_was_moved_is_not_moved_again_by_an_old_copy(issue, there):
    insertion = make_insertion(issue)
    stale = whole(insertion)
    selling.move(insertion, there, by=None, now=NOW)
    with pytest.raises(NotNow, match="was moved"):
        selling.move(stale, make_slot(issue, "closing"), by=None, now=NOW)


# cancelling


def test_a_cancelled_insertion_gives_the_slot_back_and_stays_in_the_books(issue):
    insertion = make_insertion(issue)
    selling.cancel(insertion, by=None, now=NOW, why="No money.")
    assert make_insertion(issue).slot == insertion.slot
    assert whole(insertion).ended_at == NOW
    assert "No money." in AuditEvent.objects.get(what="cancelled").note


def test_a_cancelled_order_says_how_many_slots_came_back(issue):
    line = make_line(issue.publication)
    made = book(line, *days(issue, 2))
    selling.cancel(made[0], by=None, now=NOW)
    assert selling.cancel_order(line.order, by=None, now=NOW, why="No money.") == 2
    assert not Insertion.objects.booked().exists()
    with pytest.raises(NotNow):
        selling.cancel_order(line.order, by=None, now=NOW, why="Again.")


def test_an_order_is_cancelled_for_a_reason(issue):
    with pytest.raises(Refused, match="Say why"):
        selling.cancel_order(make_insertion(issue).line.order, by=None, now=NOW, why=" ")


def test_if_one_issue_of_an_order_is_approved_nothing_of_it_is_cancelled(issue, approve):
    made = book(make_line(issue.publication), *days(issue, 2))
    approve(made[1].slot.issue)
    with pytest.raises(NotNow, match="reopen it"):
        selling.cancel_order(whole(made[0]).line.order, by=None, now=NOW, why="No money.")
    assert Insertion.objects.booked().count() == 3


# what drafts bring in


def sponsored(name: str, placement: str = "primary", body: str = "<p>Same words.</p>") -> Found:
    return Found("sponsor_slot", {"placement": placement}, {"sponsor": name, "body": body, "url": ""})


def start(*blocks: Found, publication=None) -> Issue:
    return starting.start_from_draft(
        publication or make_publication(rundown=[]),
        Draft(title="Two slots", blocks=blocks, left_out=()),
        planned_for=TODAY,
        by=None,
        now=NOW,
    )


def test_sponsors_of_one_company_in_one_draft_share_their_words_and_count_as_approved():
    issue = start(sponsored("ann", "primary"), sponsored("ann", "closing"))
    found = Insertion.objects.in_issue(issue.pk).whole()
    assert [each.slot.placement.code for each in found] == ["primary", "closing"]
    assert Creative.objects.count() == 1
    assert all(trafficking.approved(each) for each in found)
    assert AuditEvent.objects.filter(what="booked").count() == 2


def test_a_placement_that_is_taken_or_unknown_gives_way_to_the_first_that_is_free():
    issue = start(sponsored("ann"), sponsored("ben"), sponsored("cy", "footer"))
    found = Insertion.objects.in_issue(issue.pk).whole()
    assert [(each.slot.placement.code, each.advertiser.name) for each in found] == [
        ("primary", "ann"),
        ("secondary", "ben"),
        ("closing", "cy"),
    ]


def test_a_fourth_sponsor_finds_no_place(issue):
    for code in ("primary", "secondary", "closing"):
        make_insertion(issue, code)
    with pytest.raises(Refused, match="All placements"):
        selling.book_from_draft(issue, "primary", {"sponsor": "ann"}, now=NOW)


def test_a_label_in_capitals_is_spelled_as_in_the_words_whatever_stands_before():
    start(sponsored("BRIGHTWATER", body="<p>Grüße aus der Straße von Brightwater.</p>"))
    assert Advertiser.objects.get().name == "Brightwater"


def test_a_label_in_capitals_is_the_advertiser_that_we_know():
    known = make_advertiser("Brightwater")
    start(sponsored("BRIGHTWATER"))
    assert Insertion.objects.get().advertiser == known


def test_a_draft_does_not_take_a_slot_that_is_held(issue):
    holding.hold([make_slot(issue)], make_advertiser(), by=None, now=NOW)
    made = selling.book_from_draft(issue, "primary", {"sponsor": "ann"}, now=NOW)
    assert made.slot.placement.code == "secondary"


def test_what_a_draft_brought_in_costs_nothing_and_stands_on_one_order(issue):
    publication = issue.publication
    for _ in range(2):
        start(sponsored("ann"), publication=publication)
    assert {each.line.order.status for each in Insertion.objects.whole()} == {OrderStatus.SIGNED}
    assert {(each.price, each.line.kind) for each in Insertion.objects.whole()} == {(0, LineKind.ADDED_VALUE)}
    assert Insertion.objects.values("line").distinct().count() == 1


def test_a_sponsor_without_a_name_gets_it_later_with_words_and_approval():
    issue = start(sponsored(""))
    unnamed = whole(Insertion.objects.in_issue(issue.pk).get())
    assert unnamed.advertiser.name == selling.UNNAMED
    oakum = make_advertiser("Oakum")
    selling.hand_over(unnamed, oakum, by=make_person("Sales"), now=NOW)
    assert whole(unnamed).advertiser == whole(unnamed).version.creative.advertiser == oakum
    assert trafficking.approved(whole(unnamed))


def test_a_sponsor_with_a_name_keeps_it_whoever_has_an_old_copy_in_hand():
    start(sponsored(""))
    unnamed, stale = whole(Insertion.objects.get()), whole(Insertion.objects.get())
    selling.hand_over(unnamed, make_advertiser("Oakum"), by=None, now=NOW)
    with pytest.raises(NotNow, match="This slot is Oakum’s"):
        selling.hand_over(stale, make_advertiser("Rope"), by=None, now=NOW)


def test_a_name_that_clashes_is_not_given():
    label = ExclusionLabel.objects.create(name="Oil")
    one, other = make_advertiser("Oakum"), make_advertiser("Rope")
    for each in (one, other):
        each.labels.add(label)
    issue = start(sponsored(""))
    make_insertion(issue, "closing", advertiser=one)
    unnamed = whole(Insertion.objects.in_issue(issue.pk).get(slot__placement__code="primary"))
    with pytest.raises(Refused, match="shares the label"):
        selling.hand_over(unnamed, other, by=None, now=NOW)


# blocking


def test_only_what_is_open_is_blocked(issue):
    make_insertion(issue)
    slots = [make_slot(issue, each) for each in ("closing", "primary")]
    with pytest.raises(Conflict, match="Primary on Tue 1 Apr 2031 is sold, held or closed"):
        inventory.block(slots, reason="", by=None, now=NOW)
    assert not Slot.objects.exclude(blocked_for="").exists()
    inventory.block(slots[:1], reason="", by=None, now=NOW)
    inventory.unblock(slots[:1], by=None, now=NOW)
    assert make_insertion(issue, "closing")


@pytest.mark.parametrize("key", ["", "1", "1.2", "1.2.3.4", "a.b.c", "-1.2.3", "9999999999.1.1", "٣.1.1x"])
def test_a_key_that_names_no_slot_is_refused(key):
    with pytest.raises(Refused):
        inventory.at([key])


def test_a_price_is_not_known_before_an_approval(issue):
    assert make_insertion(issue).price is None
    assert ordering.stage(Insertion.objects.whole().get().line.order, []) == "Draft"


# Changing places


def test_two_insertions_change_places_with_all_that_belongs_to_them():
    publication = make_publication(rundown=[])
    first, second = (make_issue(publication, planned_for=TODAY + n * DAY) for n in (20, 21))
    one = make_ready(make_insertion(first, advertiser=make_advertiser("Oakum")))
    other = make_insertion(second, advertiser=make_advertiser("Tidewater"))
    here, there = selling.swap(one, other, by=None, now=NOW)
    assert (here.slot.issue, there.slot.issue) == (second, first)
    assert (here.moved_from, there.moved_from) == (one, other)
    assert here.version == one.version
    assert here.proofs.count() == one.proofs.count()
    assert not Insertion.objects.booked().filter(pk__in=[one.pk, other.pk]).exists()


def test_places_are_not_changed_where_one_of_them_would_clash():
    publication = make_publication(rundown=[])
    label = ExclusionLabel.objects.create(name="Clouds")
    cncf, intel = make_advertiser("CNCF"), make_advertiser("Intel")
    label.advertisers.set([cncf, intel])
    first, second = (make_issue(publication, planned_for=TODAY + n * DAY) for n in (20, 21))
    one = make_insertion(first, advertiser=cncf)
    make_insertion(second, "closing", advertiser=intel)
    other = make_insertion(second, advertiser=make_advertiser("Oakum"))
    with pytest.raises(Clashes, match="shares the label"):
        selling.swap(one, other, by=None, now=NOW)
    assert Insertion.objects.booked().count() == 3


def test_what_makes_good_follows_its_replacement_and_is_owed_again_when_that_is_cancelled():
    publication = make_publication(rundown=[])
    issue = make_issue(publication, planned_for=TODAY + 20 * DAY)
    missed = make_insertion(make_issue(publication), advertiser=make_advertiser("Oakum"))
    Insertion.objects.filter(pk=missed.pk).update(status="missed")
    owed = makegoods.open_for(whole(missed), reason="It did not run.", now=NOW)
    replacement = makegoods.schedule(owed, make_slot(issue), by=None, now=NOW)
    moved = selling.move(replacement, make_slot(issue, "closing"), by=None, now=NOW)
    owed.refresh_from_db()
    assert owed.replacement == moved
    selling.cancel(moved, by=None, now=NOW)
    owed.refresh_from_db()
    assert (owed.status, owed.replacement) == ("opened", None)
