"""Creatives: versions that never change, approvals of the very rendering, and whose fault it is when they are late."""

import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from issues.models import Issue
from issues.models.edition import Immutable
from newsroom.lib.errors import Conflict, NotNow, Refused
from sponsors import deadlines, selling, showing, trafficking
from sponsors.models import (
    AdFormat,
    AuditEvent,
    CreativeVersion,
    Decision,
    Fault,
    Insertion,
    Proof,
    VersionStatus,
)
from tests.make import (
    MESSAGE,
    NOW,
    TODAY,
    approve_proof,
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
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture
def issue() -> Issue:
    return make_issue(make_publication(rundown=[]), planned_for=TODAY + 14 * DAY)


@pytest.fixture
def insertion(issue) -> Insertion:
    return whole(make_insertion(issue))


def submit(insertion: Insertion, *, now=NOW, **words) -> CreativeVersion:
    return trafficking.submit(whole(insertion), MESSAGE | words, who="Ann", by=None, now=now)


def review(version: CreativeVersion, decision: str = VersionStatus.REVIEWED, note: str = "") -> None:
    version.refresh_from_db()
    trafficking.review(version, decision, by=None, now=NOW, note=note)


def decide(insertion: Insertion, decision: str = Decision.APPROVED, words: str = "", seal: str = "") -> Proof:
    seal = seal or showing.seal(whole(insertion))
    return trafficking.decide(insertion, seal, decision, who="Ann", by=None, now=NOW, words=words)


def approved(insertion: Insertion) -> bool:
    return trafficking.approved(whole(insertion)) is not None


def due(insertion: Insertion) -> deadlines.Deadlines:
    return deadlines.of(insertion.slot.issue, insertion.slot.placement)


def rule_late(insertion: Insertion, now: datetime.datetime | None = None) -> CreativeVersion | None:
    return trafficking.rule_late(whole(insertion), by=None, now=now or due(insertion).proof_due)


# versions


def test_an_edit_is_a_new_version_that_waits_for_review(insertion):
    first = submit(insertion)
    review(first)
    second = submit(insertion, headline="Ships")
    assert (second.number, second.status, second.creative) == (2, VersionStatus.SUBMITTED, first.creative)
    first.refresh_from_db()
    assert first.headline == "Boats"


def test_the_same_words_are_no_new_version(insertion):
    first = submit(insertion)
    assert submit(insertion) == first
    assert submit(insertion, body="<p onclick='x()'>We lend to boats.</p>") == first


def test_the_words_of_a_version_never_change(insertion):
    version = submit(insertion)
    version.headline = "Ships"
    for options in ({}, {"update_fields": ["headline"]}):
        with pytest.raises(Immutable):
            version.save(**options)
    with pytest.raises(Immutable):
        version.delete()
    version.link_ok = True
    version.save(update_fields=["link_ok"])
    assert CreativeVersion.objects.get().headline == "Boats"


def test_hostile_html_is_cleaned(insertion):
    version = submit(insertion, body='<p>A<script>alert(1)</script><a href="javascript:x">b</a></p>')
    assert "script" not in version.body


def test_twins_share_a_version_and_others_do_not(issue):
    line = make_line(issue.publication, max_per_issue=2)
    twins = selling.book(line, [make_slot(issue, each) for each in ("primary", "closing")], by=None, now=NOW)
    elsewhere = make_insertion(make_issue(issue.publication), line=line)
    version = submit(twins[0])
    assert [whole(each).version for each in (*twins, elsewhere)] == [version, version, None]
    review(version)
    decide(twins[0])
    assert [approved(each) for each in twins] == [True, False]


def test_words_for_what_was_cancelled_meanwhile_are_not_taken(insertion):
    stale = whole(insertion)
    selling.cancel(insertion, by=None, now=NOW)
    with pytest.raises(NotNow, match="closed"):
        trafficking.submit(stale, MESSAGE, who="Ann", by=None, now=NOW)
    assert not CreativeVersion.objects.exists()


def test_the_creative_of_another_advertiser_is_not_used(issue, insertion):
    version = submit(make_insertion(issue, "closing"))
    with pytest.raises(Refused, match="another advertiser"):
        trafficking.use([insertion], version, by=None, now=NOW)


# review


@pytest.mark.parametrize("decision", [VersionStatus.CHANGES_REQUESTED, VersionStatus.REJECTED])
def test_a_refusal_says_why(insertion, decision):
    version = submit(insertion)
    with pytest.raises(Refused, match="what should change"):
        review(version, decision, note=" ")
    review(version, decision, note="Too loud.")
    version.refresh_from_db()
    assert (version.status, version.review_note) == (decision, "Too loud.")


def test_what_was_sent_back_is_mended_by_a_new_version_only(insertion):
    version = submit(insertion)
    review(version, VersionStatus.CHANGES_REQUESTED, note="Too loud.")
    with pytest.raises(NotNow):
        review(version)


def test_of_two_reviews_the_second_is_told(insertion):
    version = submit(insertion)
    stale = CreativeVersion.objects.get()
    review(version)
    with pytest.raises(Conflict):
        trafficking.review(stale, VersionStatus.REJECTED, by=None, now=NOW, note="No.")


def test_a_review_is_in_the_trail_of_each_insertion(insertion):
    review(submit(insertion))
    assert AuditEvent.objects.get(what="creative reviewed").insertion == insertion


# approval


def test_our_review_comes_before_the_sponsors(insertion):
    with pytest.raises(NotNow, match="no words were submitted"):
        trafficking.decide(insertion, "", Decision.APPROVED, who="Ann", by=None, now=NOW)
    submit(insertion)
    with pytest.raises(NotNow, match="review comes first"):
        decide(insertion)


def test_an_approval_is_of_the_very_rendering_that_was_seen(insertion):
    review(submit(insertion))
    with pytest.raises(Conflict, match="has changed since"):
        decide(insertion, seal="0" * 64)
    decide(insertion)
    assert approved(insertion)


def reword(insertion):
    submit(insertion, headline="Ships")


def relabel(insertion):
    AdFormat.objects.update(label_template="PAID FOR BY {ADVERTISER}")


def recue(insertion):
    AdFormat.objects.update(second_cue="Advertisement")


def rename(insertion):
    type(insertion.advertiser).objects.update(name="Brightwater & Sons")


@pytest.mark.parametrize("change", [reword, relabel, recue, rename])
def test_any_later_change_reopens_the_approval(insertion, change):
    make_ready(insertion)
    assert approved(insertion)
    change(insertion)
    assert not approved(insertion)


def test_a_sponsor_may_think_again(insertion):
    make_ready(insertion)
    with pytest.raises(Refused, match="what should change"):
        decide(insertion, Decision.CHANGES_REQUESTED)
    decide(insertion, Decision.CHANGES_REQUESTED, "Another picture.")
    assert not approved(insertion)
    decide(insertion)
    assert approved(insertion)


def test_an_unknown_decision_is_none(insertion):
    review(submit(insertion))
    with pytest.raises(Refused):
        decide(insertion, "maybe")
    assert not Proof.objects.exists()


def test_the_same_message_in_another_slot_is_the_same_rendering(issue, insertion):
    make_ready(insertion)
    seal = showing.seal(whole(insertion))
    moved = selling.move(whole(insertion), make_slot(issue, "closing"), by=None, now=NOW)
    assert showing.seal(whole(moved)) == seal


def test_once_the_issue_is_going_out_nothing_changes(issue, insertion):
    version = submit(insertion)
    Issue.objects.filter(pk=issue.pk).update(status="cancelled")
    seal = showing.seal(whole(insertion))
    for step in (
        lambda: submit(insertion, headline="Ships"),
        lambda: review(version),
        lambda: decide(insertion, seal=seal),
        lambda: rule_late(insertion),
    ):
        with pytest.raises(NotNow):
            step()


# late


def test_nothing_is_late_before_it_is_due(insertion):
    with pytest.raises(NotNow, match="not late yet"):
        rule_late(insertion, due(insertion).creative_due - datetime.timedelta(seconds=1))


def test_what_never_came_is_the_advertisers_fault(insertion):
    assert rule_late(insertion, due(insertion).creative_due) is None
    assert whole(insertion).fault == Fault.ADVERTISER


def test_what_waits_for_our_review_is_not_their_fault(insertion):
    submit(insertion)
    with pytest.raises(NotNow, match="our own review"):
        rule_late(insertion)


def test_what_came_after_it_was_due_is_late_though_it_waits_for_our_review(insertion):
    submit(insertion, now=due(insertion).creative_due + DAY)
    rule_late(insertion)
    assert whole(insertion).late_since


def test_who_delivered_in_time_has_until_the_proof_is_due_to_approve(insertion):
    review(submit(insertion))
    with pytest.raises(NotNow, match="have until"):
        rule_late(insertion, due(insertion).creative_due)
    rule_late(insertion, due(insertion).proof_due)


def test_what_is_approved_is_not_late(insertion):
    make_ready(insertion)
    with pytest.raises(NotNow, match="nothing has to stand in"):
        rule_late(insertion)


def test_what_is_late_is_ruled_once(insertion):
    rule_late(insertion)
    with pytest.raises(NotNow, match="already"):
        rule_late(insertion, due(insertion).send_at)
    assert whole(insertion).late_since == due(insertion).proof_due


def lateness(insertion: Insertion, now: datetime.datetime | None = None) -> str:
    """What is said of the advertiser once the issue has gone out, or at another moment."""
    return trafficking.lateness(whole(insertion), now=now or due(insertion).send_at)


def at(version: CreativeVersion, reviewed: datetime.datetime, decision: str = VersionStatus.REVIEWED) -> None:
    version.refresh_from_db()
    trafficking.review(version, decision, by=None, now=reviewed, note="Less blue.")


def test_what_never_came_is_late_from_the_deadline_on_though_nobody_ruled(insertion):
    assert lateness(insertion, due(insertion).creative_due - datetime.timedelta(seconds=1)) == ""
    assert lateness(insertion, due(insertion).creative_due).startswith("No message had come by")


def test_what_came_too_late_and_was_not_approved_is_late(insertion):
    at(submit(insertion, now=due(insertion).creative_due + HOUR), due(insertion).creative_due + 2 * HOUR)
    assert "it was due on" in lateness(insertion)


def test_what_came_in_time_and_waits_for_our_review_is_our_delay(insertion):
    submit(insertion)
    assert lateness(insertion) == ""


def test_a_review_after_they_should_have_approved_is_our_delay_whatever_it_says_and_whatever_they_send_then(
    insertion,
):
    late = due(insertion).proof_due + datetime.timedelta(minutes=1)
    at(submit(insertion), late, VersionStatus.CHANGES_REQUESTED)
    assert lateness(insertion) == ""
    submit(insertion, now=late + HOUR, headline="Ships")
    assert lateness(insertion) == ""
    with pytest.raises(NotNow, match="our own review"):
        rule_late(insertion, due(insertion).send_at)


def test_changes_that_we_asked_for_in_time_and_never_got_are_their_delay(insertion):
    at(submit(insertion), due(insertion).creative_due, VersionStatus.CHANGES_REQUESTED)
    assert lateness(insertion).endswith("could not run: Less blue.")


def test_who_replaces_their_own_message_after_the_deadline_before_we_answered_is_late(insertion):
    submit(insertion)
    submit(insertion, now=due(insertion).creative_due + HOUR, headline="Ships")
    assert "it was due on" in lateness(insertion)


def test_what_passed_our_review_and_was_never_approved_is_their_delay(insertion):
    at(submit(insertion), due(insertion).creative_due)
    assert lateness(insertion, due(insertion).proof_due - datetime.timedelta(seconds=1)) == ""
    assert lateness(insertion).startswith("They had not approved their message by")


def test_what_came_late_but_was_approved_is_ours_to_run(insertion):
    version = submit(insertion, now=due(insertion).creative_due + HOUR)
    at(version, due(insertion).proof_due)
    approve_proof(insertion, now=due(insertion).proof_due)
    assert lateness(insertion) == ""


def test_who_bought_after_the_deadline_had_none_to_keep(insertion):
    Insertion.objects.update(booked_at=due(insertion).creative_due + HOUR)
    assert lateness(insertion) == ""


def test_the_page_says_whose_fault_it_will_be_and_whose_it_was(insertion):
    client, address = Client(), reverse("sponsors:insertion", args=[insertion.pk])
    with time_machine.travel(due(insertion).creative_due, tick=False):
        client.force_login(make_person("Ad operations"))
        assert "If it does not run, that is the advertiser’s fault" in client.get(address).content.decode()
        Insertion.objects.update(status="missed", fault="advertiser")
        page = client.get(address).content.decode()
        assert "It did not run, through the advertiser’s fault. No message had come by" in page
        Insertion.objects.update(fault="publisher")
        assert "It did not run, through our fault." in client.get(address).content.decode()


def earlier(insertion: Insertion, **words) -> Insertion:
    """What the advertiser ran in another issue."""
    issue = make_issue(insertion.slot.issue.publication)
    return make_ready(make_insertion(issue, advertiser=insertion.advertiser), **words)


def test_the_last_approved_message_stands_in(insertion):
    ran = earlier(insertion)
    assert rule_late(insertion) == ran.version
    assert whole(insertion).stand_in == ran.version


def test_a_message_whose_offer_has_ended_does_not_stand_in(insertion):
    earlier(insertion, valid_until=TODAY + DAY)
    assert rule_late(insertion) is None


def test_a_message_of_which_the_sponsor_wanted_changes_does_not_stand_in(insertion):
    decide(earlier(insertion), Decision.CHANGES_REQUESTED, "Wrong rate.")
    assert rule_late(insertion) is None


def test_a_message_of_another_advertiser_does_not_stand_in(issue, insertion):
    make_ready(make_insertion(make_issue(issue.publication), advertiser=make_advertiser()))
    assert rule_late(insertion) is None


def test_a_creative_that_comes_after_the_ruling_takes_it_back(insertion):
    earlier(insertion)
    rule_late(insertion)
    submit(insertion, headline="Late, but here")
    row = whole(insertion)
    assert (row.late_since, row.stand_in, row.fault) == (None, None, Fault.NONE)


def test_a_ruling_is_withdrawn_once(insertion):
    rule_late(insertion)
    trafficking.withdraw_ruling(whole(insertion), by=None, now=NOW)
    with pytest.raises(NotNow, match="Nothing stands in"):
        trafficking.withdraw_ruling(whole(insertion), by=None, now=NOW)


def test_a_proof_names_who_decided(insertion):
    review(submit(insertion))
    approve_proof(insertion)
    assert (Proof.objects.get().who, AuditEvent.objects.get(what="proof approved").who) == ("Ann", "Ann")


# remarks


@pytest.mark.parametrize("words", ["", "  ", "x" * 2001])
def test_a_remark_has_words_and_not_too_many(insertion, words):
    with pytest.raises(Refused):
        trafficking.remark(insertion, words, who="Ann", by=None, now=NOW)
