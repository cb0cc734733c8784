"""Reminders: each once for each due date, to those it is for, and never silently lost."""

import datetime
import smtplib

import pytest
from django.core import mail

from issues import workflow
from issues.models import Issue
from sponsors import deadlines, holding, noticing, portal, reminding, trafficking
from sponsors.models import ContactRole, Hold, Insertion, Reminder, VersionStatus
from tests.make import (
    MESSAGE,
    NOW,
    TODAY,
    approve_proof,
    make_advertiser,
    make_insertion,
    make_issue,
    make_person,
    make_publication,
    make_slot,
    whole,
)

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture
def issue() -> Issue:
    return make_issue(make_publication(rundown=[]), planned_for=TODAY + 28 * DAY)


@pytest.fixture
def insertion(issue) -> Insertion:
    oakum = make_advertiser("Oakum")
    for name, role in (
        ("Ann", ContactRole.CREATIVE),
        ("Ben", ContactRole.APPROVER),
        ("Cy", ContactRole.BILLING),
    ):
        oakum.contacts.create(name=name, email=f"{name.lower()}@oakum.example", role=role)
    return make_insertion(issue, advertiser=oakum)


def due(insertion: Insertion) -> deadlines.Deadlines:
    insertion = whole(insertion)
    return deadlines.of(insertion.slot.issue, insertion.slot.placement)


def remind(now: datetime.datetime) -> list[str]:
    """The subjects of what goes out then."""
    before = len(mail.outbox)
    reminding.send_due(now=now)
    return [each.subject for each in mail.outbox[before:]]


def reviewed(insertion: Insertion) -> None:
    version = trafficking.submit(whole(insertion), MESSAGE, who="Ann", by=None, now=NOW)
    trafficking.review(version, VersionStatus.REVIEWED, by=None, now=NOW)


# creatives


def test_a_missing_message_is_asked_for_a_week_two_days_and_a_day_before(insertion):
    by = due(insertion).creative_due
    moments = [
        by - 8 * DAY,
        by - 7 * DAY,
        by - 6 * DAY,
        by - 48 * HOUR,
        by - 24 * HOUR,
        by - HOUR,
        by,
        by + DAY,
    ]
    assert [len(remind(each)) for each in moments] == [0, 1, 0, 1, 1, 0, 0, 0]
    assert set(Reminder.objects.values_list("what", flat=True)) == {
        "message 168 h",
        "message 48 h",
        "message 24 h",
    }


def test_whoever_was_booked_late_is_asked_once_and_not_for_every_step_that_passed(insertion):
    assert len(remind(due(insertion).creative_due - HOUR)) == 1


def test_the_mail_goes_to_those_who_make_messages_and_says_until_when(insertion):
    by = due(insertion).creative_due
    remind(by - DAY)
    (sent,) = mail.outbox
    assert sent.to == ["ann@oakum.example"]
    assert f"{by:%A %-d %B, %H:%M}" in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


def test_the_mail_has_the_portal_link_that_holds_and_no_other(insertion):
    order = insertion.line.order
    old, new = (portal.invite(order, name="Ann", email="", by=None, now=NOW) for _ in range(2))
    portal.revoke(old, by=None, now=NOW)
    remind(due(insertion).creative_due - DAY)
    assert portal.url(new) in mail.outbox[0].body
    assert portal.url(old) not in mail.outbox[0].body


def test_without_a_link_the_mail_asks_for_an_answer(insertion):
    remind(due(insertion).creative_due - DAY)
    assert "Please answer this mail with it." in mail.outbox[0].body


def test_a_message_that_came_is_asked_for_no_more(insertion):
    trafficking.submit(whole(insertion), MESSAGE, who="Ann", by=None, now=NOW)
    assert remind(due(insertion).creative_due - DAY) == []


def test_changes_that_we_asked_for_are_asked_for_again(insertion):
    version = trafficking.submit(whole(insertion), MESSAGE, who="Ann", by=None, now=NOW)
    trafficking.review(version, VersionStatus.CHANGES_REQUESTED, by=None, now=NOW, note="Less blue.")
    assert len(remind(due(insertion).creative_due - DAY)) == 1


def test_a_moved_issue_reminds_again(insertion, issue):
    remind(due(insertion).creative_due - DAY)
    Issue.objects.filter(pk=issue.pk).update(planned_for=issue.planned_for + 7 * DAY)
    assert len(remind(due(insertion).creative_due - DAY)) == 1


def test_nobody_is_reminded_of_a_cancelled_issue(insertion, issue):
    workflow.cancel(issue, by=None, now=NOW)
    assert remind(due(insertion).creative_due - DAY) == []


def test_what_was_ruled_late_is_asked_for_no_more(insertion):
    Insertion.objects.update(late_since=NOW)
    assert remind(due(insertion).creative_due - DAY) == []


# approvals


def test_an_approval_is_asked_for_a_day_and_four_hours_before_from_those_who_approve(insertion):
    reviewed(insertion)
    by = due(insertion).proof_due
    assert [len(remind(by - hours * HOUR)) for hours in (25, 24, 5, 4, 1)] == [0, 1, 0, 1, 0]
    assert {tuple(each.to) for each in mail.outbox} == {("ben@oakum.example",)}


def test_an_approved_message_needs_no_reminder(insertion):
    reviewed(insertion)
    approve_proof(insertion)
    assert remind(due(insertion).proof_due - HOUR) == []


# holds


@pytest.fixture
def hold(issue) -> Hold:
    sam = make_person("Sales", username="sam")
    sam.email = "sam@harbour.example"
    sam.save()
    (made,) = holding.hold([make_slot(issue, "closing")], make_advertiser("Tar"), by=sam, now=NOW)
    return made


def test_the_owner_of_a_hold_is_told_a_day_and_four_hours_before_it_runs_out(hold):
    by = hold.expires_at
    assert [len(remind(by - hours * HOUR)) for hours in (25, 24, 20, 4, 1, 0)] == [0, 1, 0, 1, 0, 0]
    assert mail.outbox[0].to == ["sam@harbour.example"]
    assert f"/desk/sponsors/slots/{hold.slot_id}/" in mail.outbox[0].body


def test_a_challenge_shortens_the_hold_and_reminds_at_once(hold):
    holding.challenge(hold.slot, make_advertiser("Pitch"), by=None, now=NOW)
    assert len(remind(NOW + HOUR)) == 1
    assert "Another buyer wants it." in mail.outbox[0].body


def test_whoever_has_left_is_not_written_to(hold):
    hold.owner.is_active = False
    hold.owner.save()
    assert remind(hold.expires_at - HOUR) == []


# what goes wrong


def failing(error: Exception, monkeypatch) -> None:
    def send(self, *args, **options):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)


def test_while_the_relay_is_down_nothing_counts_as_sent_and_it_is_tried_again(insertion, monkeypatch):
    at = due(insertion).creative_due - DAY
    with monkeypatch.context() as down:
        failing(ConnectionRefusedError("down"), down)
        assert reminding.send_due(now=at) == 0
        assert not Reminder.objects.exists()
    assert len(remind(at + HOUR)) == 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(insertion, monkeypatch):
    at = due(insertion).creative_due - DAY
    with monkeypatch.context() as refusing:
        failing(smtplib.SMTPRecipientsRefused({"ann@oakum.example": (550, b"no")}), refusing)
        assert reminding.send_due(now=at) == 0
    assert remind(at + HOUR) == []


def test_one_that_fails_keeps_no_other_from_going(insertion, hold, monkeypatch):
    at = due(insertion).creative_due - DAY
    Hold.objects.update(expires_at=at + HOUR)
    send = mail.EmailMessage.send

    def first_fails(self, *args, **options):
        if self.to == ["ann@oakum.example"]:
            raise TimeoutError
        return send(self, *args, **options)

    monkeypatch.setattr(mail.EmailMessage, "send", first_fails)
    assert reminding.send_due(now=at) == 1


def test_with_nobody_to_write_to_nothing_counts_as_sent_until_there_is_somebody(insertion):
    insertion.advertiser.contacts.all().delete()
    at = due(insertion).creative_due - DAY
    assert remind(at) == []
    assert not Reminder.objects.exists()
    insertion.advertiser.contacts.create(name="Dee", email="dee@oakum.example")
    assert len(remind(at + HOUR)) == 1


def test_without_the_right_contact_all_of_them_are_asked(insertion):
    insertion.advertiser.contacts.exclude(role=ContactRole.BILLING).delete()
    remind(due(insertion).creative_due - DAY)
    assert mail.outbox[0].to == ["cy@oakum.example"]


def test_a_name_with_line_breaks_makes_no_header(insertion):
    type(insertion.slot.issue.publication).objects.update(name="Harbour\r\nBcc: evil@x.example")
    (subject,) = remind(due(insertion).creative_due - DAY)
    assert "\n" not in subject


def test_a_reminder_whose_process_died_before_the_relay_answered_goes_once_more(insertion, monkeypatch):
    at = due(insertion).creative_due - DAY
    with monkeypatch.context() as dying:
        failing(SystemExit(), dying)
        with pytest.raises(SystemExit):
            reminding.send_due(now=at)
    assert Reminder.objects.get().sent_at is None
    assert remind(at + noticing.CLAIM_HOLDS - HOUR / 60) == []
    assert len(remind(at + noticing.CLAIM_HOLDS)) == 1
    assert remind(at + HOUR) == []


def test_a_reminder_that_another_worker_has_in_hand_is_left_to_it(insertion):
    at = due(insertion).creative_due - DAY
    (each,) = reminding.due(now=at)
    Reminder.objects.create(what=each.what, insertion=insertion, due_at=each.due_at, claimed_at=at)
    assert remind(at) == []
