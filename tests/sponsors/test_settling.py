"""An issue moves or is cancelled: every insertion in it is settled at once, and each advertiser gets a mail."""

import datetime

import pytest
import time_machine
from django.urls import reverse

from issues import readiness, workflow
from issues.models import Issue
from issues.rendering import render
from issues.snapshot import take
from newsroom.lib.errors import Refused
from sponsors import calendar, deadlines, inventory, makegoods, settling
from sponsors.conflicts import Clashes
from sponsors.models import (
    ExclusionLabel,
    Fault,
    Insertion,
    InsertionStatus,
    Invoice,
    LineKind,
    MakeGood,
    MakeGoodStatus,
    Notice,
    OrderStatus,
    Override,
)
from sponsors.settling import Choice
from sponsors.taken import Taken
from tests.make import (
    NOW,
    TODAY,
    describe,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_publication,
    make_ready,
    make_slot,
    make_sponsored_issue,
    send_out,
    sign_order,
    whole,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
FOLLOW, MAKE_GOOD, CREDIT = Choice("follow"), Choice("make_good"), Choice("credit")
DAY_ONE = TODAY + 28 * DAY


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def publication():
    return make_publication(rundown=[])


@pytest.fixture
def issue(publication) -> Issue:
    return make_sponsored_issue(publication, planned_for=DAY_ONE)


@pytest.fixture
def oakum(issue) -> Insertion:
    return make_ready(make_insertion(issue, advertiser=make_advertiser("Oakum")))


@pytest.fixture
def tar(issue) -> Insertion:
    return make_ready(make_insertion(issue, "closing", advertiser=make_advertiser("Tar")))


def moved(issue: Issue, days: int = 1) -> Issue:
    describe(issue, planned_for=(DAY_ONE + days * DAY).isoformat())
    issue.refresh_from_db()
    return issue


def cancelled(issue: Issue) -> Issue:
    issue.refresh_from_db()
    workflow.cancel(issue, by=None, now=NOW)
    return issue


def settle(issue: Issue, choices: dict[Insertion, Choice], **options) -> int:
    chosen = {each.pk: choice for each, choice in choices.items()}
    return settling.settle(issue, chosen, by=None, now=NOW, **options)


def free_slot(publication, days: int = 7):
    return make_slot(make_issue(publication, planned_for=DAY_ONE + days * DAY))


# what waits


def test_an_issue_on_its_day_has_nothing_to_settle(issue, oakum):
    assert settling.unsettled(issue) == []


def test_whatever_is_booked_in_a_moved_or_cancelled_issue_waits(issue, oakum, tar):
    assert settling.unsettled(moved(issue)) == [oakum, tar]
    assert settling.unsettled(cancelled(issue)) == [oakum, tar]


def test_an_issue_moved_back_has_nothing_to_settle(issue, oakum):
    moved(issue)
    assert settling.unsettled(moved(issue, 0)) == []


# follow


def test_who_follows_agrees_to_the_new_day_on_a_new_revision_of_the_order(issue, oakum):
    settle(moved(issue), {oakum: FOLLOW})
    oakum = whole(oakum)
    assert oakum.agreed_for == DAY_ONE + DAY
    assert (oakum.line.order.status, oakum.line.order.revision) == (OrderStatus.DRAFT, 2)
    assert settling.unsettled(issue) == []


def test_deadlines_move_with_the_issue(issue, oakum):
    before = deadlines.of(issue, oakum.slot.placement)
    moved(issue, 7)
    after = deadlines.of(issue, oakum.slot.placement)
    assert after.creative_due - before.creative_due == 7 * DAY
    assert after.proof_due - before.proof_due == 7 * DAY


def test_added_value_follows_without_a_new_revision(issue):
    insertion = make_insertion(issue, line=make_line(issue.publication, kind=LineKind.ADDED_VALUE))
    sign_order(insertion.line.order)
    settle(moved(issue), {insertion: FOLLOW})
    assert whole(insertion).line.order.status == OrderStatus.SIGNED


def test_nobody_follows_an_issue_that_will_not_appear(issue, oakum):
    with pytest.raises(Refused, match="will not appear; Oakum cannot follow"):
        settle(cancelled(issue), {oakum: FOLLOW})


@pytest.fixture
def rivals(issue, oakum, tar):
    """Since they were booked, somebody found that they must not stand together."""
    label = ExclusionLabel.objects.create(name="Ropes")
    for each in (oakum, tar):
        each.advertiser.labels.add(label)


def test_conflicts_are_asked_again_on_the_new_day(issue, oakum, tar, rivals):
    with pytest.raises(Clashes):
        settle(moved(issue), {oakum: FOLLOW, tar: FOLLOW})
    assert whole(oakum).agreed_for == DAY_ONE


def test_a_reason_overrides_them_and_is_written_down(issue, oakum, tar, rivals):
    settle(moved(issue), {oakum: FOLLOW, tar: FOLLOW}, overriding="Both know.")
    assert set(Override.objects.values_list("reason", flat=True)) == {"Both know."}
    assert whole(oakum).agreed_for == whole(tar).agreed_for == DAY_ONE + DAY


# move


def test_who_moves_takes_words_price_and_approval_along(issue, oakum, publication):
    there = free_slot(publication)
    settle(moved(issue), {oakum: Choice("move", there)})
    made = Insertion.objects.whole().get(moved_from=oakum)
    assert (made.slot, made.version, made.price) == (there, oakum.version, oakum.price)
    assert whole(oakum).status == InsertionStatus.MOVED


def test_out_of_a_cancelled_issue_one_can_move(issue, oakum, publication):
    settle(cancelled(issue), {oakum: Choice("move", free_slot(publication))})
    assert Insertion.objects.booked().get().moved_from == oakum


def test_nobody_moves_without_a_slot(issue, oakum):
    with pytest.raises(Refused, match="Choose where Oakum moves"):
        settle(moved(issue), {oakum: Choice("move")})


# make good, credit


def test_make_good_counts_as_missed_through_our_fault_and_is_owed(issue, oakum):
    settle(cancelled(issue), {oakum: MAKE_GOOD})
    oakum = whole(oakum)
    assert (oakum.status, oakum.fault) == (InsertionStatus.MISSED, Fault.PUBLISHER)
    assert oakum.make_good.status == MakeGoodStatus.OPENED


def test_credit_settles_what_was_never_billed(issue, oakum):
    settle(cancelled(issue), {oakum: CREDIT})
    assert whole(oakum).make_good.status == MakeGoodStatus.CREDITED
    assert "You will not be billed for it." in Notice.objects.get().body


def test_what_is_settled_as_missed_does_not_run_in_the_moved_issue(issue, oakum, tar):
    settle(moved(issue), {oakum: CREDIT, tar: FOLLOW})
    html = render(take(issue)).html
    assert "MESSAGE FROM OAKUM" not in html
    assert "MESSAGE FROM TAR" in html


@pytest.mark.parametrize("choice", [MAKE_GOOD, CREDIT])
def test_the_slot_of_what_is_settled_as_missed_is_for_sale_again(issue, oakum, choice):
    issue = moved(issue)
    slot = make_slot(issue)
    assert slot not in inventory.free([slot], now=NOW)
    settle(issue, {oakum: choice})
    assert inventory.free([slot], now=NOW) == [slot]
    pine = make_ready(make_insertion(issue, advertiser=make_advertiser("Pine")))
    assert pine.slot == oakum.slot
    assert "MESSAGE FROM PINE" in render(take(issue)).html
    assert [each.title for each in readiness.commitments(issue)] == ["Pine, Primary"]
    with pytest.raises(Taken):
        make_insertion(issue, advertiser=make_advertiser("Elm"))


def test_a_slot_settled_as_missed_is_open_in_the_calendar_until_it_is_sold_again(issue, oakum):
    settle(moved(issue), {oakum: CREDIT})
    assert state_in_calendar(issue) == "open"
    make_insertion(issue, advertiser=make_advertiser("Pine"))
    assert state_in_calendar(issue) == "booked"


def test_both_who_had_the_slot_are_recorded_when_the_issue_goes_out(issue, oakum):
    settle(moved(issue), {oakum: CREDIT})
    pine = make_ready(make_insertion(issue, advertiser=make_advertiser("Pine")))
    with time_machine.travel(NOW + 29 * DAY, tick=False):
        send_out(issue, at=NOW + 29 * DAY)
    assert [whole(each).status for each in (oakum, pine)] == [InsertionStatus.MISSED, InsertionStatus.RAN]
    assert state_in_calendar(issue) == "ran"


def state_in_calendar(issue: Issue) -> str:
    issue.refresh_from_db()
    placements = list(issue.publication.placements.all())
    shown = calendar.board(issue.publication, placements, since=issue.planned_for, weeks=1, now=NOW)
    return next(day.cells[0].state for day in shown.days if day.issue == issue)


def test_added_value_that_does_not_run_promises_nothing(issue):
    insertion = make_insertion(issue, line=make_line(issue.publication, kind=LineKind.ADDED_VALUE))
    settle(cancelled(issue), {insertion: MAKE_GOOD})
    assert not MakeGood.objects.exists()
    assert "Nothing was asked for it." in Notice.objects.get().body
    assert "make it good" not in Notice.objects.get().body


def test_a_replacement_settled_in_money_asks_whether_the_original_was_billed(publication, oakum, issue):
    Insertion.objects.filter(pk=oakum.pk).update(status=InsertionStatus.MISSED)
    owed = makegoods.open_for(whole(oakum), reason="Gone", now=NOW)
    later = make_issue(publication, planned_for=DAY_ONE + 7 * DAY)
    replacement = makegoods.schedule(owed, make_slot(later), by=None, now=NOW)
    invoice = Invoice.objects.create(order=oakum.line.order, currency="USD", drafted_at=NOW)
    invoice.lines.create(insertion=oakum, words="Oakum", amount=0)
    settle(cancelled(later), {replacement: CREDIT})
    owed.refresh_from_db()
    assert owed.status == MakeGoodStatus.OPENED
    assert "You get a credit note for it." in Notice.objects.get().body


# all or nothing


def test_each_needs_a_choice(issue, oakum, tar):
    with pytest.raises(Refused, match="Decide about Tar, Closing, too"):
        settle(moved(issue), {oakum: FOLLOW})
    assert whole(oakum).agreed_for == DAY_ONE
    assert not Notice.objects.exists()


def test_if_one_cannot_be_carried_out_nothing_is(issue, oakum, tar, publication):
    there = free_slot(publication)
    with pytest.raises(Taken):
        settle(moved(issue), {oakum: Choice("move", there), tar: Choice("move", there)})
    assert {whole(each).status for each in (oakum, tar)} == {InsertionStatus.BOOKED}
    assert whole(oakum).line.order.status == OrderStatus.SIGNED
    assert not Notice.objects.exists()


def test_an_unknown_choice_is_refused(issue, oakum):
    with pytest.raises(Refused, match="follow, move, make good or credit"):
        settle(moved(issue), {oakum: Choice("burn")})


def test_settled_twice_changes_nothing(issue, oakum):
    assert settle(moved(issue), {oakum: FOLLOW}) == 1
    assert settle(issue, {oakum: CREDIT}) == 0
    assert whole(oakum).status == InsertionStatus.BOOKED


# notices


def test_each_order_gets_one_notice_that_names_the_day_that_was_agreed(issue, oakum, tar):
    oakum.advertiser.contacts.create(name="Ann", email="ann@oakum.example")
    assert settle(moved(issue), {oakum: FOLLOW, tar: MAKE_GOOD}) == 2
    to_oakum, to_tar = Notice.objects.order_by("pk")
    assert "Tuesday 1 April 2031" in to_oakum.subject
    assert "Tuesday 1 April 2031" in to_tar.subject
    assert to_oakum.to == "ann@oakum.example"
    assert "Dear Ann" in to_oakum.body
    assert "appears on Wednesday 2 April 2031 instead of Tuesday 1 April 2031" in to_oakum.body
    assert "Oakum" not in to_tar.body
    assert {each.sent_at for each in (to_oakum, to_tar)} == {None}


# the screen


def page(issue: Issue) -> str:
    return reverse("sponsors:settle", args=[issue.pk])


def test_the_screen_settles_with_one_press(sam, issue, oakum):
    moved(issue)
    answer = sam.post(page(issue), {f"what-{oakum.pk}": "follow"}, follow=True)
    assert "1 notice drafted" in answer.content.decode()
    assert whole(oakum).agreed_for == DAY_ONE + DAY


def test_the_screen_offers_no_new_day_where_there_is_none(sam, issue, oakum):
    shown = sam.get(page(cancelled(issue))).content.decode()
    assert 'value="follow"' not in shown
    assert 'value="move"' in shown


def test_a_refusal_keeps_what_was_chosen(sam, issue, oakum, tar):
    moved(issue)
    answer = sam.post(page(issue), {f"what-{oakum.pk}": "credit"})
    assert answer.status_code == 409
    assert "Decide about Tar, Closing, too." in answer.content.decode()
    assert 'value="credit" required checked' in answer.content.decode()


@pytest.mark.parametrize("slot", ["", "0.0.0", "x", "99999999999999999999.1.1", "1.2"])
def test_a_slot_that_is_none_is_a_sentence(sam, issue, oakum, slot):
    moved(issue)
    answer = sam.post(page(issue), {f"what-{oakum.pk}": "move", f"slot-{oakum.pk}": slot})
    assert answer.status_code == 409
    assert whole(oakum).status == InsertionStatus.BOOKED


def test_sales_cannot_override_conflicts_and_a_manager_can(sam, maria, issue, oakum, tar, rivals):
    moved(issue)
    given = {f"what-{each.pk}": "follow" for each in (oakum, tar)}
    shown = sam.post(page(issue), given).content.decode()
    assert "Nothing was settled." in shown
    assert 'name="overriding"' not in shown
    assert sam.post(page(issue), given | {"overriding": "I say so"}).status_code == 403
    assert 'name="overriding"' in maria.post(page(issue), given).content.decode()
    assert maria.post(page(issue), given | {"overriding": "Both know."}).status_code == 302


def test_editors_do_not_settle(edith, issue, oakum):
    assert edith.get(page(issue)).status_code == 403
