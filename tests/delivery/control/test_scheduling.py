"""When an issue goes out: refusals, waiting, missing, and the scheduler's tick."""

import datetime
from dataclasses import replace

import pytest

from issues import workflow
from issues.models import Issue
from newsroom.audience import recipients, subscribing
from newsroom.audience.consents import Evidence
from newsroom.audience.models import Segment, Subscription
from newsroom.audience.models import Status as SubscriptionStatus
from newsroom.celery import app
from newsroom.delivery.control import scheduling, steering
from newsroom.delivery.models import Send, SendStatus
from newsroom.delivery.queue import chunks
from newsroom.delivery.sender import sending
from newsroom.lib.errors import Conflict, NotNow, Refused
from tests.delivery.hands import LATER, MINUTE, fresh, said, tick
from tests.delivery.relays import dead_relay, fake_relay
from tests.make import (
    NOW,
    make_approved_issue,
    make_issue,
    make_person,
    make_publication,
    make_reader,
    make_readers,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tasks_at_once():
    """What a task hands on is done at once, as if a worker were waiting for it."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def approved(readers: int = 2) -> Issue:
    publication = make_publication()
    make_readers(publication, readers)
    return make_approved_issue(publication)


def scheduled(readers: int = 2, *, after: datetime.timedelta = MINUTE) -> Send:
    return scheduling.schedule(approved(readers), NOW + after, by=None, now=NOW)


# Scheduling


def test_an_approved_issue_is_scheduled_in_its_edition():
    chief = make_person("Chief editors")
    issue = approved()
    send = scheduling.schedule(issue, NOW + MINUTE, by=chief, now=NOW)
    assert (send.edition, send.status, send.scheduled_for) == (
        issue.edition,
        SendStatus.SCHEDULED,
        NOW + MINUTE,
    )
    assert send.window_ends == NOW + MINUTE + datetime.timedelta(minutes=issue.publication.window_minutes)
    assert (send.events.get().what, send.events.get().by) == ("scheduled", chief)


@pytest.mark.parametrize("ago", [datetime.timedelta(0), MINUTE, datetime.timedelta(days=400)])
def test_a_time_that_has_passed_is_refused(ago):
    with pytest.raises(Refused, match="This time has passed"):
        scheduling.schedule(approved(), NOW - ago, by=None, now=NOW)
    assert not Send.objects.exists()


@pytest.mark.parametrize("steps", [[], [workflow.submit], [workflow.cancel]])
def test_an_issue_without_approval_is_refused(steps):
    publication = make_publication()
    make_reader(publication)
    issue = make_issue(publication)
    for step in steps:
        step(issue, by=None, now=NOW)
    with pytest.raises(NotNow, match="Have it approved first"):
        scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    assert not Send.objects.exists()


@pytest.mark.parametrize("status", [None, SubscriptionStatus.PENDING, SubscriptionStatus.UNSUBSCRIBED])
def test_an_issue_that_nobody_would_get_is_refused(status):
    publication = make_publication()
    if status:
        make_reader(publication, status=status)
    make_reader(make_publication())
    with pytest.raises(Refused, match="no active subscribers"):
        scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)


def test_a_segment_of_nobody_is_refused(monkeypatch):
    publication = make_publication()
    reader = make_reader(publication)
    segment = Segment.objects.create(mailing_list=reader.mailing_list, name="Nobody", made_at=NOW)
    monkeypatch.setattr(recipients, "chosen", lambda slug, _: recipients.active(slug).none())
    with pytest.raises(Refused, match="Nobody belongs to “Nobody” now"):
        scheduling.schedule(make_approved_issue(publication), LATER, by=None, now=NOW, segment=segment)


def test_scheduling_twice_is_refused():
    send = scheduled()
    with pytest.raises(Conflict, match="scheduled already"):
        scheduling.schedule(send.issue, NOW + 2 * MINUTE, by=None, now=NOW)
    assert Send.objects.get() == send


def test_what_was_taken_off_can_be_scheduled_anew():
    send = scheduled()
    scheduling.unschedule(send, by=None, now=NOW)
    assert fresh(send).status == SendStatus.CANCELLED
    again = scheduling.schedule(send.issue, NOW + 2 * MINUTE, by=None, now=NOW)
    assert again.status == SendStatus.SCHEDULED
    assert Issue.objects.get().status == "approved"


def test_what_has_started_cannot_be_taken_off():
    send = scheduled()
    sending.start(send, now=NOW + MINUTE)
    with pytest.raises(NotNow):
        scheduling.unschedule(send, by=None, now=NOW + MINUTE)


def test_an_issue_that_was_reopened_and_approved_anew_can_be_scheduled_at_once():
    old = scheduled()
    for step in (workflow.reopen, workflow.submit, workflow.approve):
        step(old.issue, by=None, now=NOW)
    new = scheduling.schedule(old.issue, NOW + MINUTE, by=None, now=NOW)
    assert fresh(old).status == SendStatus.CANCELLED
    assert new.edition != old.edition


# The tick


def test_nothing_goes_out_before_its_time(settings):
    send = scheduled()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + MINUTE - datetime.timedelta(seconds=1))
    assert fresh(send).status == SendStatus.SCHEDULED
    assert relay.connections == 0


def test_what_is_due_goes_out_to_everybody(settings):
    send = scheduled(readers=3)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + MINUTE)
    assert fresh(send).status == SendStatus.SENT
    assert len(set(relay.recipients)) == len(relay.taken) == 3
    assert Issue.objects.get().published_at == NOW + MINUTE


def test_a_second_tick_sends_nothing_more(settings):
    scheduled()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + MINUTE)
        tick(NOW + 2 * MINUTE)
    assert len(relay.taken) == 2


def test_who_joined_before_the_start_gets_it_and_who_joined_after_does_not(settings):
    send = scheduled(readers=1)
    early = make_reader(send.issue.publication)
    sending.start(send, now=NOW + MINUTE)
    make_reader(send.issue.publication)
    planned = [each for chunk in send.chunks.all() for each in chunks.ids_of(chunk)]
    assert len(planned) == 2
    assert early.pk in planned


def test_while_the_relay_is_down_it_waits_says_why_and_goes_out_when_it_returns(settings):
    send = scheduled()
    settings.RELAY = dead_relay()
    tick(NOW + 2 * MINUTE)
    assert fresh(send).status == SendStatus.SCHEDULED
    assert "does not answer" in fresh(send).waiting_for
    assert Issue.objects.get().status == "approved"
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + 100 * MINUTE)
    assert fresh(send).status == SendStatus.SENT
    assert fresh(send).waiting_for == ""
    assert len(relay.taken) == 2


def test_a_relay_that_does_not_know_us_is_not_asked_again_for_a_minute(settings):
    send, asked = scheduled(), []

    def refuse(line: str) -> bytes:
        asked.append(line)
        return b"535 5.7.8 no\r\n"

    with fake_relay(ehlo=lambda _: b"250-test\r\n250 AUTH PLAIN\r\n", auth=refuse) as relay:
        settings.RELAY = replace(relay.relay, username="u", password="p")
        for seconds in (0, 3, 30, 59):
            tick(NOW + 2 * MINUTE + datetime.timedelta(seconds=seconds))
        assert len(asked) == 1
        tick(NOW + 3 * MINUTE)
    assert len(asked) == 2
    assert "user name and password" in fresh(send).waiting_for


def test_if_everybody_has_left_it_does_not_go_out_and_says_so(settings):
    send = scheduled(readers=1)
    reader = Subscription.objects.get()
    subscribing.leave(reader, by="reader", evidence=Evidence(source="test"), now=NOW)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + 2 * MINUTE)
        assert fresh(send).waiting_for == sending.NOBODY
        assert Issue.objects.get().status == "approved"
        tick(send.window_ends + MINUTE)
    assert fresh(send).status == SendStatus.MISSED
    assert sending.NOBODY in said(send, "missed")


def test_past_its_window_it_is_missed_and_never_goes_out_by_itself(settings):
    send = scheduled()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(send.window_ends + datetime.timedelta(seconds=1))
        tick(send.window_ends + MINUTE)
    assert fresh(send).status == SendStatus.MISSED
    assert relay.taken == []
    event = send.events.get(what="missed")
    assert event.note == "120 minutes late. Nothing was running to send it."
    assert Issue.objects.get().status == "approved"


def test_what_missed_its_window_says_what_it_waited_for(settings):
    send = scheduled()
    settings.RELAY = dead_relay()
    tick(NOW + 2 * MINUTE)
    tick(send.window_ends + MINUTE)
    assert "does not answer" in send.events.get(what="missed").note


def test_a_person_may_schedule_anew_what_was_missed(settings):
    send = scheduled()
    tick(send.window_ends + MINUTE)
    later = send.window_ends + 2 * MINUTE
    again = scheduling.schedule(Issue.objects.get(), later, by=None, now=later - MINUTE)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(later)
    assert fresh(again).status == SendStatus.SENT
    assert len(relay.taken) == 2


def test_on_the_last_second_of_its_window_it_still_goes_out(settings):
    send = scheduled()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(send.window_ends)
    assert fresh(send).status == SendStatus.SENT


def test_a_reopened_issue_is_taken_off_the_schedule_by_the_next_tick(settings):
    send = scheduled()
    workflow.reopen(send.issue, by=None, now=NOW)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + MINUTE)
    assert fresh(send).status == SendStatus.CANCELLED
    assert send.events.get(what="cancelled").note == "The issue was reopened."
    assert relay.taken == []


def test_a_send_that_a_worker_left_behind_is_taken_up_again(settings):
    send = scheduled()
    sending.start(send, now=NOW + MINUTE)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + 2 * MINUTE)
    assert fresh(send).status == SendStatus.SENT
    assert len(relay.taken) == 2


def test_a_send_that_stood_still_for_a_window_waits_for_a_person(settings):
    send = scheduled()
    sending.start(send, now=NOW + MINUTE)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + 200 * MINUTE)
        assert fresh(send).status == SendStatus.PAUSED
        assert "resume it if it should still go out" in fresh(send).waiting_for
        assert relay.taken == []
        steering.resume(fresh(send), by=None, now=NOW + 300 * MINUTE)
        tick(NOW + 301 * MINUTE)
    assert fresh(send).status == SendStatus.SENT
    assert len(relay.taken) == 2


def test_the_tick_says_that_the_scheduler_is_alive():
    assert scheduling.last_beat() is None
    tick(NOW)
    tick(NOW + MINUTE)
    assert scheduling.last_beat() == NOW + MINUTE


def test_one_send_in_trouble_does_not_hold_up_the_others(settings):
    late = scheduled()
    soon = scheduled(after=130 * MINUTE)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tick(NOW + 131 * MINUTE)
    assert fresh(late).status == SendStatus.MISSED
    assert fresh(soon).status == SendStatus.SENT
    assert len(relay.taken) == 2
