"""What ran and what was missed is read from the edition that was sent."""

import datetime
import hashlib

import pytest

from issues import workflow
from issues.models.edition import Immutable
from issues.snapshot import by_kind, standing
from sponsors import affidavits, gate, inventory, makegoods, reporting, selling, trafficking
from sponsors.models import (
    AuditEvent,
    Fault,
    Insertion,
    InsertionStatus,
    LineKind,
    MakeGood,
    MakeGoodStatus,
    RunRecord,
)
from tests.make import (
    MESSAGE,
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_line,
    make_publication,
    make_ready,
    make_slot,
    make_sponsored_issue,
    remove,
    send_out,
    sign_order,
    whole,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def publication():
    return make_publication(rundown=[])


@pytest.fixture
def issue(publication):
    return make_sponsored_issue(publication)


def overridden(insertion: Insertion) -> None:
    """Somebody lets the issue go out against whatever the gate says of the insertion."""
    issue = whole(insertion).slot.issue
    blocks = by_kind(standing(issue)).get(gate.KIND, [])
    for commitment in gate.commitments(gate.layout(issue, blocks)):
        for reason in commitment.reasons:
            gate.keep(whole(insertion), reason.sentence, reason="The press waits.", by=None, now=NOW)


def removed(insertion: Insertion):
    """Its block is taken out of the issue, and the gate overridden."""
    remove(whole(insertion).slot.issue, "sponsor_slot")
    overridden(insertion)
    return send_out(whole(insertion).slot.issue)


# ran


def test_what_stands_in_the_edition_ran_at_its_place_between_its_neighbours(issue):
    insertion = make_ready(make_insertion(issue, "closing"))
    send_out(issue)
    record = whole(insertion).run_record
    assert whole(insertion).status == InsertionStatus.RAN
    assert (record.place, record.places) == (6, 7)
    assert record.before == "Story 4"
    assert record.after
    assert record.sent_at == NOW


def test_the_first_block_has_nothing_before_it(issue):
    issue.publication.placements.update(rule="fixed", nth=1)
    issue.blocks.filter(data__placement="primary").update(position=0)
    issue.blocks.filter(kind="lead_story").update(position=1)
    insertion = make_ready(make_insertion(issue))
    send_out(issue)
    assert (whole(insertion).run_record.place, whole(insertion).run_record.before) == (1, "")


def test_the_record_holds_both_renderings_word_for_word_and_a_seal_over_them(issue):
    insertion = make_ready(make_insertion(issue))
    send_out(issue)
    record = whole(insertion).run_record
    assert record.html in issue.edition.web
    assert "We lend to boats." in record.text
    assert record.seal == hashlib.sha256(f"{record.html}\0{record.text}".encode()).hexdigest()


def test_a_record_never_changes(issue):
    insertion = make_ready(make_insertion(issue))
    send_out(issue)
    record = whole(insertion).run_record
    for change in (record.save, record.delete):
        with pytest.raises(Immutable):
            change()


def test_each_twin_has_a_record_of_its_own_place(issue):
    line = make_line(issue.publication, max_per_issue=2)
    twins = [make_insertion(issue, code, line=line) for code in ("primary", "closing")]
    make_ready(twins[0])
    send_out(issue)
    assert [whole(each).run_record.place for each in twins] == [2, 7]
    assert not MakeGood.objects.exists()


def test_two_who_share_a_place_are_both_on_position(issue):
    issue.publication.placements.filter(code="primary").update(capacity=2)
    first = make_ready(make_insertion(issue))
    issue.blocks.filter(kind="story").first().delete()
    blocks = issue.blocks.filter(kind="sponsor_slot", data__placement="closing")
    blocks.update(data={"placement": "primary"}, position=2)
    second = next(slot for slot in inventory.slots(issue) if slot.name == "Primary 2")
    (made,) = selling.book(make_line(issue.publication), [second], by=None, now=NOW)
    make_ready(made)
    send_out(issue)
    assert {whole(each).status for each in (first, made)} == {InsertionStatus.RAN}
    assert not MakeGood.objects.exists()


def test_slots_that_close_up_count_neither_for_the_gate_nor_for_the_record(publication):
    issue = make_sponsored_issue(publication, "primary", "secondary", "closing")
    line = make_line(publication, max_per_issue=2)
    twins = [make_insertion(issue, code, line=line) for code in ("primary", "closing")]
    make_ready(twins[0])
    publication.placements.update(apart=4)
    send_out(issue)
    assert not MakeGood.objects.exists()


def test_twice_changes_nothing(issue):
    insertion = make_ready(make_insertion(issue))
    send_out(issue)
    before = (RunRecord.objects.values().get(), AuditEvent.objects.count(), whole(insertion).ended_at)
    affidavits.record_all(now=NOW + DAY)
    affidavits.record(issue, now=NOW + DAY)
    assert (RunRecord.objects.values().get(), AuditEvent.objects.count(), whole(insertion).ended_at) == before


def test_an_issue_that_is_not_sent_yet_has_nothing_recorded(issue):
    insertion = make_ready(make_insertion(issue))
    assert affidavits.record_all(now=NOW) == 0
    assert whole(insertion).status == InsertionStatus.BOOKED


# a corrected copy


def corrected_on_the_way(issue, change, *, first: int, second: int):
    """It went out to so many readers, was changed by a correction, and went to so many others."""
    issue.refresh_from_db()
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)
    workflow.go_out(issue, now=NOW)
    before = issue.edition_id
    workflow.correct(issue, by=None, now=NOW)
    change()
    issue.refresh_from_db()
    workflow.approve(issue, by=None, now=NOW)
    copies = {before: first, issue.edition_id: second}
    workflow.finish(issue, now=NOW, delivered=first + second, copies=copies)
    affidavits.record_all(now=NOW)


def taken_out(insertion: Insertion):
    def change() -> None:
        remove(whole(insertion).slot.issue, "sponsor_slot")
        overridden(insertion)

    return change


def test_what_a_correction_took_out_ran_for_those_who_had_the_copy_before(issue):
    insertion = make_ready(make_insertion(issue))
    corrected_on_the_way(issue, taken_out(insertion), first=600, second=400)
    insertion = whole(insertion)
    assert (insertion.status, insertion.run_record.readers, insertion.run_record.edition.number) == (
        InsertionStatus.RAN, 600, 1,
    )  # fmt: skip
    assert (
        MakeGood.objects.get().reason == "It ran for 600 of 1,000 readers: the others have a copy without it."
    )
    assert [each.delivered for each in reporting.figures([insertion])] == [600]


def test_a_correction_before_anybody_got_it_leaves_what_it_took_out_missed(issue):
    insertion = make_ready(make_insertion(issue))
    corrected_on_the_way(issue, taken_out(insertion), first=0, second=1000)
    assert whole(insertion).status == InsertionStatus.MISSED


def test_a_correction_that_nobody_got_takes_nothing_out(issue):
    insertion = make_ready(make_insertion(issue))
    corrected_on_the_way(issue, taken_out(insertion), first=1000, second=0)
    assert (whole(insertion).status, whole(insertion).run_record.readers) == (InsertionStatus.RAN, None)
    assert not MakeGood.objects.exists()


def test_what_stands_in_both_copies_ran_for_everybody_and_the_record_is_of_the_greater(issue):
    insertion = make_ready(make_insertion(issue))
    corrected_on_the_way(issue, lambda: remove(issue, "sign_off"), first=600, second=400)
    record = whole(insertion).run_record
    assert (record.readers, record.edition.number) == (None, 1)
    assert not MakeGood.objects.exists()


# missed


def test_what_was_removed_through_an_override_was_missed_through_our_fault_and_one_make_good_is_owed(issue):
    insertion = make_ready(make_insertion(issue))
    removed(insertion)
    insertion = whole(insertion)
    assert (insertion.status, insertion.fault) == (InsertionStatus.MISSED, Fault.PUBLISHER)
    owed = MakeGood.objects.get()
    assert (owed.insertion, owed.reason) == (insertion, "It is not in the edition that was sent.")
    assert not RunRecord.objects.exists()


def test_missed_twice_recorded_is_owed_once(issue):
    insertion = make_ready(make_insertion(issue))
    removed(insertion)
    affidavits.record_all(now=NOW + DAY)
    makegoods.open_for(whole(insertion), reason="Again", now=NOW)
    assert MakeGood.objects.count() == 1


def late(issue) -> Insertion:
    insertion = make_insertion(issue)
    sign_order(insertion.line.order)
    trafficking.rule_late(whole(insertion), by=None, now=NOW)
    return insertion


def test_a_late_creative_without_a_stand_in_is_missed_through_the_advertisers_fault_and_nothing_is_owed(
    issue,
):
    insertion = late(issue)
    send_out(issue)
    insertion = whole(insertion)
    assert (insertion.status, insertion.fault) == (InsertionStatus.MISSED, Fault.ADVERTISER)
    assert not MakeGood.objects.exists()


def test_a_stand_in_for_a_late_creative_ran_and_the_fault_stays_the_advertisers(publication):
    advertiser = make_advertiser()
    make_ready(make_insertion(make_sponsored_issue(publication), advertiser=advertiser))
    issue = make_sponsored_issue(publication, planned_for=TODAY + DAY)
    insertion = make_insertion(issue, advertiser=advertiser)
    sign_order(insertion.line.order)
    trafficking.rule_late(whole(insertion), by=None, now=NOW + DAY)
    send_out(issue)
    insertion = whole(insertion)
    assert (insertion.status, insertion.fault) == (InsertionStatus.RAN, Fault.ADVERTISER)
    assert not MakeGood.objects.exists()


def test_a_message_that_never_came_is_missed_through_the_advertisers_fault_though_nobody_ruled(issue):
    insertion = make_insertion(issue, now=NOW - 28 * DAY)
    sign_order(insertion.line.order)
    overridden(insertion)
    send_out(issue)
    insertion = whole(insertion)
    assert (insertion.status, insertion.fault) == (InsertionStatus.MISSED, Fault.ADVERTISER)
    assert "No message had come by" in insertion.trail.get(what="missed").note
    assert not MakeGood.objects.exists()


def test_a_message_that_waited_for_our_review_is_missed_through_our_fault(issue):
    insertion = make_insertion(issue, now=NOW - 28 * DAY)
    sign_order(insertion.line.order)
    trafficking.submit(whole(insertion), MESSAGE, who="Ann", by=None, now=NOW - 27 * DAY)
    remove(issue, "sponsor_slot")
    overridden(insertion)
    send_out(issue)
    assert whole(insertion).fault == Fault.PUBLISHER
    assert MakeGood.objects.get().insertion == insertion


# one that fails


def test_an_issue_that_cannot_be_recorded_keeps_no_other_from_it_and_is_tried_again(
    publication, issue, monkeypatch, caplog
):
    later = make_sponsored_issue(publication, planned_for=TODAY + DAY)
    first, second = make_ready(make_insertion(issue)), make_ready(make_insertion(later))
    record = affidavits.record

    def fails_for_the_first(which, *, now):
        if which == issue:
            raise RuntimeError("no edition")
        record(which, now=now)

    with monkeypatch.context() as broken:
        broken.setattr(affidavits, "record", fails_for_the_first)
        for each in (issue, later):
            send_out(each)
        assert affidavits.record_all(now=NOW) == 0
    assert [whole(each).status for each in (first, second)] == [InsertionStatus.BOOKED, InsertionStatus.RAN]
    assert f"(issue {issue.pk}) could not be recorded" in caplog.text
    assert "no edition" in caplog.text
    assert affidavits.record_all(now=NOW) == 1
    assert whole(first).status == InsertionStatus.RAN


# off position


def moved_last(insertion: Insertion) -> None:
    """Its block stands at the end, and the gate is overridden."""
    whole(insertion).slot.issue.blocks.filter(data__placement="primary").update(position=18)
    overridden(insertion)


def test_what_ran_off_its_position_ran_and_is_owed(issue):
    insertion = make_ready(make_insertion(issue))
    moved_last(insertion)
    send_out(issue)
    assert whole(insertion).status == InsertionStatus.RAN
    assert MakeGood.objects.get().reason == "It ran off its position: It belongs after the lead."


def test_added_value_off_its_position_is_owed_nothing(issue):
    insertion = make_insertion(issue, line=make_line(issue.publication, kind=LineKind.ADDED_VALUE))
    make_ready(insertion)
    moved_last(insertion)
    send_out(issue)
    assert not MakeGood.objects.exists()


# make-goods that come to run


@pytest.fixture
def owed(issue) -> MakeGood:
    removed(make_ready(make_insertion(issue)))
    return MakeGood.objects.get()


@pytest.fixture
def replacement(owed, publication) -> Insertion:
    later = make_sponsored_issue(publication, planned_for=TODAY + DAY)
    made = makegoods.schedule(owed, make_slot(later), by=None, now=NOW)
    sign_order(made.line.order)
    return made


def state(owed: MakeGood) -> tuple[str, Insertion | None]:
    owed.refresh_from_db()
    return owed.status, owed.replacement


def test_a_replacement_that_ran_settles_what_was_owed(owed, replacement):
    send_out(replacement.slot.issue)
    assert state(owed) == (MakeGoodStatus.FULFILLED, replacement)
    assert owed.settled_at == NOW


def test_a_replacement_that_is_missed_opens_the_original_again_and_no_other(owed, replacement):
    removed(replacement)
    assert state(owed) == (MakeGoodStatus.OPENED, None)
    assert MakeGood.objects.count() == 1


def test_a_replacement_off_its_position_does_not_make_it_good(owed, replacement):
    moved_last(replacement)
    send_out(replacement.slot.issue)
    assert state(owed) == (MakeGoodStatus.OPENED, None)
