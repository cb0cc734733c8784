"""Scheduling, watching and steering a send at the desk."""

import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from issues.models import Issue
from newsroom.audience.models import Subscription
from newsroom.delivery.control import scheduling
from newsroom.delivery.models import Delivery, Outcome, Send, SendStatus
from newsroom.delivery.sender import sending
from tests.delivery.relays import fake_relay
from tests.make import NOW, make_approved_issue, make_issue, make_publication, make_reader, make_readers

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
FIRST, SECOND = datetime.time(0, 30), datetime.time(1, 30)
"""02:30 in Copenhagen on the night of 26 October 2031, in UTC, the first and the second time."""


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def issue(db) -> Issue:
    publication = make_publication()
    make_readers(publication, 3)
    return make_approved_issue(publication)


def schedule(client: Client, issue: Issue, day: str, time: str, **more: str) -> Any:
    return client.post(f"/desk/issues/{issue.pk}/schedule/", {"day": day, "time": time, **more})


def plan(client: Client, issue: Issue, day: str, time: str, **more: str) -> str:
    response = client.get(f"/desk/issues/{issue.pk}/schedule/plan/", {"day": day, "time": time, **more})
    assert response.status_code == 200
    return response.content.decode()


def monitor(client: Client, issue: Issue, **extra: str) -> str:
    return client.get(f"/desk/issues/{issue.pk}/sending/", **extra).content.decode()


def steer(client: Client, issue: Issue, verb: str) -> str:
    return client.post(f"/desk/issues/{issue.pk}/sending/{verb}/", follow=True).content.decode()


def test_the_clock_of_the_publication_counts(chris, issue):
    response = schedule(chris, issue, "2031-07-01", "09:00")
    assert response.headers["Location"] == f"/desk/issues/{issue.pk}/sending/"
    send = Send.objects.get()
    assert send.scheduled_for == datetime.datetime(2031, 7, 1, 7, tzinfo=datetime.UTC)
    assert send.scheduled_by is not None


def test_the_page_proposes_the_planned_day_at_the_usual_hour(chris, issue):
    Issue.objects.update(planned_for=datetime.date(2031, 3, 10))
    said = chris.get(f"/desk/issues/{issue.pk}/schedule/").content.decode()
    assert 'value="2031-03-10"' in said
    assert 'value="09:00"' in said
    assert "Mon 10 Mar 2031, 09:00 CET (UTC+0100)" in said
    assert "08:00 UTC · in 6 days 1 h" in said
    assert "To 3 active subscribers" in said


def test_when_that_has_passed_the_page_proposes_ten_minutes_from_now(chris, issue):
    with time_machine.travel(NOW.replace(hour=12), tick=False):
        said = chris.get(f"/desk/issues/{issue.pk}/schedule/").content.decode()
    assert 'value="13:10"' in said


def test_a_time_in_a_gap_is_refused_and_the_page_says_which_time_there_is(chris, issue):
    response = schedule(chris, issue, "2031-03-30", "02:30")
    assert response.status_code == 422
    assert "Use 03:30 instead" in response.content.decode()
    assert "Use 03:30 instead" in plan(chris, issue, "2031-03-30", "02:30")
    assert not Send.objects.exists()


def test_a_time_in_a_fold_is_asked_back(chris, issue):
    for said in (
        schedule(chris, issue, "2031-10-26", "02:30").content.decode(),
        plan(chris, issue, "2031-10-26", "02:30"),
    ):
        assert "The clock shows 02:30 twice that night" in said
        assert "02:30 CEST (UTC+0200), the earlier" in said
        assert "02:30 CET (UTC+0100), the later" in said
    assert not Send.objects.exists()


@pytest.mark.parametrize(("fold", "utc"), [("0", FIRST), ("1", SECOND)])
def test_in_a_fold_the_chosen_one_counts(chris, issue, fold, utc):
    schedule(chris, issue, "2031-10-26", "02:30", fold=fold)
    assert Send.objects.get().scheduled_for.time() == utc
    assert f"{utc:%H:%M} UTC" in plan(chris, issue, "2031-10-26", "02:30", fold=fold)


def test_an_empty_choice_of_a_fold_is_no_choice(chris, issue):
    assert schedule(chris, issue, "2031-10-26", "02:30", fold="").status_code == 422
    assert schedule(chris, issue, "2031-10-27", "02:30", fold="").status_code == 302


def test_the_past_is_refused_with_the_reason(chris, issue):
    assert "This time has passed" in schedule(chris, issue, "2031-03-04", "07:59").content.decode()
    assert "This time has passed" in plan(chris, issue, "2031-03-04", "07:59")
    assert not Send.objects.exists()


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("", ""),
        ("soon", "09:00"),
        ("2031-02-30", "09:00"),
        ("2031-07-01", "25:00"),
        ("0001-01-01", "00:00"),
        ("9999-12-31", "23:59"),
    ],
)
def test_what_is_no_time_is_refused_and_no_crash(chris, issue, day, time):
    response = schedule(chris, issue, day, time)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    plan(chris, issue, day, time)
    assert not Send.objects.exists()


def test_without_approval_or_readers_the_reason_is_said(chris):
    draft = make_issue()
    assert "Have it approved first" in schedule(chris, draft, "2031-07-01", "09:00").content.decode()
    lonely = make_approved_issue()
    said = schedule(chris, lonely, "2031-07-01", "09:00").content.decode()
    assert "no active subscribers" in said
    assert not Send.objects.exists()


def test_scheduling_twice_is_refused_with_the_reason(chris, issue):
    schedule(chris, issue, "2031-07-01", "09:00")
    response = schedule(chris, issue, "2031-07-02", "09:00")
    assert (response.status_code, Send.objects.count()) == (422, 1)
    assert "scheduled already" in response.content.decode()


def test_the_monitor_says_when_it_goes_out_and_until_when(chris, issue):
    schedule(chris, issue, "2031-07-01", "09:00")
    said = monitor(chris, issue)
    assert "Tue 1 Jul 2031, 09:00 CEST" in said
    assert "to 3 readers" in said
    assert "until 09:00 UTC" in said


def test_the_monitor_shows_progress_and_fetches_itself_only_while_it_moves(chris, issue, settings):
    send = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    fragment = monitor(chris, issue, HTTP_HX_REQUEST="true")
    assert "0 of 3 readers" in fragment
    assert "every 2s" in fragment
    assert "<!doctype" not in fragment
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        sending.run(send.pk, clock=timezone.now, keep_going=lambda: True)
    done = monitor(chris, issue)
    assert "3 of 3 readers · 100 %" in done
    assert "every 2s" not in done


def test_the_monitor_names_who_is_in_doubt_and_who_failed(chris, issue):
    send = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    printing = send.printings.get()
    doubtful, failed = (
        Delivery.objects.create(
            send=send, subscription=reader, printing=printing, outcome=outcome, at=NOW, reply=reply
        )
        for reader, outcome, reply in zip(
            Subscription.objects.all(),
            (Outcome.IN_DOUBT, Outcome.FAILED),
            ("It broke.", "550 <b>no</b>"),
            strict=False,
        )
    )
    said = monitor(chris, issue)
    assert f"{doubtful.subscription.subscriber.email}: It broke." in said
    assert f"{failed.subscription.subscriber.email}: 550 &lt;b&gt;no&lt;/b&gt;" in said


def test_the_monitor_says_what_a_send_waits_for(chris, issue):
    scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    Send.objects.update(waiting_for="The mail server does not answer.")
    assert "The mail server does not answer." in monitor(chris, issue)


def test_a_send_is_taken_off_paused_and_resumed(chris, issue):
    send = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    steer(chris, issue, "unschedule")
    assert Send.objects.get(pk=send.pk).status == SendStatus.CANCELLED
    again = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    sending.start(again, now=NOW + MINUTE)
    for verb, status in (("pause", SendStatus.PAUSED), ("resume", SendStatus.SENDING)):
        steer(chris, issue, verb)
        assert Send.objects.get(pk=again.pk).status == status


def test_steering_where_it_cannot_go_says_so(chris, issue):
    scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    assert "it cannot become paused now" in steer(chris, issue, "pause")
    assert Send.objects.get().status == SendStatus.SCHEDULED


def test_an_unknown_verb_is_404(chris, issue):
    scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    assert chris.post(f"/desk/issues/{issue.pk}/sending/explode/").status_code == 404


def test_an_issue_that_was_never_scheduled_has_no_monitor(chris, issue):
    assert chris.get(f"/desk/issues/{issue.pk}/sending/").status_code == 404


def test_who_joined_is_counted_until_it_starts(chris, issue):
    schedule(chris, issue, "2031-07-01", "09:00")
    make_reader(issue.publication)
    assert "to 4 readers" in monitor(chris, issue)
