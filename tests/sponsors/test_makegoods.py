"""What we owe is offered, scheduled at no charge, waived; one for each original, whatever becomes of the replacement."""

import datetime
from decimal import Decimal

import pytest

from newsroom.lib.errors import NewsroomError, NotNow, Refused
from sponsors import billing, holding, makegoods, selling, trafficking
from sponsors.models import (
    AuditEvent,
    ExclusionLabel,
    Insertion,
    InsertionStatus,
    LineKind,
    MakeGood,
    MakeGoodStatus,
    OrderStatus,
    RateCard,
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
    whole,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
BY = {"by": None, "now": NOW}


@pytest.fixture
def publication():
    return make_publication(rundown=[])


@pytest.fixture
def insertion(publication) -> Insertion:
    """Approved and signed, at 400."""
    card = RateCard.objects.create(publication=publication, name="2031", valid_from=TODAY.replace(month=1))
    slot = make_slot(make_issue(publication))
    card.items.create(placement=slot.placement, price=400)
    line = make_line(publication, make_advertiser("Oakum"))
    (made,) = selling.book(line, [slot], **BY)
    return make_ready(made)


@pytest.fixture
def owed(insertion) -> MakeGood:
    Insertion.objects.filter(pk=insertion.pk).update(status=InsertionStatus.MISSED)
    return makegoods.open_for(whole(insertion), reason="It is not there.", now=NOW)


def later(publication, count: int, *, placement: str = "primary") -> list[Slot]:
    """Slots of the next days."""
    return [
        make_slot(make_issue(publication, planned_for=TODAY + n * DAY), placement)
        for n in range(1, count + 1)
    ]


def state(owed: MakeGood) -> tuple[str, Insertion | None]:
    owed.refresh_from_db()
    return owed.status, owed.replacement


# owed


def test_what_is_owed_is_the_frozen_price(owed, publication):
    publication.rate_cards.get().items.update(price=999)
    assert (owed.value, owed.status) == (Decimal(400), MakeGoodStatus.OPENED)


def test_there_is_one_for_each_original(owed):
    assert makegoods.open_for(owed.insertion, reason="Again", now=NOW) == owed
    assert MakeGood.objects.get().reason == "It is not there."


def test_nothing_is_owed_for_added_value(publication):
    made = make_insertion(make_issue(publication), line=make_line(publication, kind=LineKind.ADDED_VALUE))
    assert makegoods.open_for(made, reason="It is not there.", now=NOW) is None


# offered


def test_the_next_three_free_slots_of_the_same_placement_are_offered(owed, publication):
    slots = later(publication, 5)
    assert makegoods.offers(owed, now=NOW) == slots[:3]


def test_what_is_sold_held_blocked_or_closed_is_not_offered(owed, publication):
    soon = later(publication, 4)
    held, free = (make_slot(make_issue(publication, planned_for=TODAY + n * DAY)) for n in (20, 21))
    sold, blocked, closed, open_ = soon
    selling.book(make_line(publication), [sold], **BY)
    holding.hold([held], make_advertiser(), **BY)
    Slot.objects.filter(pk=blocked.pk).update(blocked_for="House")
    type(closed.issue).objects.filter(pk=closed.issue_id).update(status="cancelled")
    assert makegoods.offers(owed, now=NOW) == [open_, free]


def test_a_slot_beside_a_rival_of_the_same_label_is_not_offered(owed, publication):
    label, rival = ExclusionLabel.objects.create(name="Banks"), make_advertiser("Rival")
    owed.insertion.advertiser.labels.add(label)
    rival.labels.add(label)
    beside, free = later(publication, 2)
    make_insertion(beside.issue, "closing", advertiser=rival)
    assert makegoods.offers(owed, now=NOW) == [free]


def test_an_issue_in_which_the_advertiser_stands_already_as_often_as_agreed_is_not_offered(owed, publication):
    beside, free = later(publication, 2)
    make_insertion(beside.issue, "closing", advertiser=owed.insertion.advertiser)
    assert makegoods.offers(owed, now=NOW) == [free]


# scheduled


def test_it_is_booked_at_no_charge_with_the_words_and_the_approval_and_the_order_stays_signed(
    owed, publication
):
    (slot,) = later(publication, 1)
    made = whole(makegoods.schedule(owed, slot, **BY))
    assert (made.slot, made.price, made.line.kind) == (slot, 0, LineKind.MAKE_GOOD)
    assert made.version == owed.insertion.version
    assert trafficking.approved(made)
    assert made.line.order.status == OrderStatus.SIGNED
    assert made.token != owed.insertion.token
    assert state(owed) == (MakeGoodStatus.SCHEDULED, made)


def test_it_is_scheduled_once(owed, publication):
    first, second = later(publication, 2)
    makegoods.schedule(owed, first, **BY)
    with pytest.raises(NotNow):
        makegoods.schedule(owed, second, **BY)
    assert Insertion.objects.booked().count() == 1


def test_a_slot_that_was_sold_meanwhile_is_refused_and_it_stays_owed(owed, publication):
    (slot,) = later(publication, 1)
    make_insertion(slot.issue)
    with pytest.raises(Taken):
        makegoods.schedule(owed, slot, **BY)
    assert state(owed) == (MakeGoodStatus.OPENED, None)


def test_a_slot_of_another_publication_is_refused(owed):
    with pytest.raises(Refused):
        makegoods.schedule(owed, make_slot(make_issue(planned_for=TODAY + DAY)), **BY)


# given up


@pytest.fixture
def replacement(owed, publication) -> Insertion:
    return makegoods.schedule(owed, later(publication, 1)[0], **BY)


def test_a_replacement_that_moves_takes_what_it_makes_good_along(owed, replacement, publication):
    there = make_slot(make_issue(publication, planned_for=TODAY + 9 * DAY))
    moved = selling.move(replacement, there, **BY)
    assert state(owed) == (MakeGoodStatus.SCHEDULED, moved)
    makegoods.fulfil(moved, now=NOW)
    assert state(owed)[0] == MakeGoodStatus.FULFILLED


def test_a_replacement_that_is_cancelled_opens_it_again_and_somebody_is_named(owed, replacement):
    sam = make_person("Sales", username="sam")
    selling.cancel(replacement, by=sam, now=NOW)
    assert state(owed) == (MakeGoodStatus.OPENED, None)
    assert AuditEvent.objects.get(what="make-good owed again").who == "sam"


def test_a_cancelled_order_leaves_what_it_was_owed_open(owed, replacement):
    selling.cancel_order(replacement.line.order, **BY, why="They stop.")
    assert state(owed) == (MakeGoodStatus.OPENED, None)


def test_a_make_good_is_not_credited_while_its_replacement_stands(owed, replacement):
    with pytest.raises(NotNow, match="cancel that first"):
        billing.forgo(owed, **BY)


# waived


def test_the_advertiser_lets_it_go_by_name(owed):
    makegoods.waive(owed, who="Ann", **BY)
    assert state(owed)[0] == MakeGoodStatus.WAIVED
    assert AuditEvent.objects.get(what="make-good waived").note == "By Ann."


def test_nobody_waives_without_a_name_or_twice(owed):
    with pytest.raises(Refused):
        makegoods.waive(owed, who=" ", **BY)
    makegoods.waive(owed, who="Ann", **BY)
    with pytest.raises(NotNow):
        makegoods.waive(owed, who="Ann", **BY)


def test_what_is_waived_is_scheduled_no_more(owed, publication):
    makegoods.waive(owed, who="Ann", **BY)
    with pytest.raises(NewsroomError):
        makegoods.schedule(owed, later(publication, 1)[0], **BY)
