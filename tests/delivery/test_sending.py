"""Every reader once, whatever breaks."""

import datetime

import pytest

from issues import workflow
from issues.models import Status as IssueStatus
from newsroom.audience import subscribing
from newsroom.delivery import scheduling, sending
from newsroom.delivery.models import Delivery, DeliveryStatus, Send, SendStatus
from newsroom.lib.errors import NotNow
from tests.delivery.relay import dead_relay, fake_relay
from tests.make import NOW, make_approved_issue, make_publication, make_reader, make_readers

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


def started(readers: int = 3) -> Send:
    publication = make_publication()
    make_readers(publication, readers)
    issue = make_approved_issue(publication)
    send = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    return send


def run(send: Send, *, clock=lambda: NOW + 2 * MINUTE, keep_going=lambda: True) -> sending.Tally:
    sending.run(send.pk, clock=clock, keep_going=keep_going)
    send.refresh_from_db()
    return sending.tally(send)


def test_it_sends_to_every_reader_once(settings):
    send = started(readers=5)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert tally == sending.Tally(planned=5, sent=5)
    assert sorted(relay.recipients) == sorted(
        Delivery.objects.values_list("subscription__subscriber__email", flat=True)
    )
    assert relay.connections == 1
    assert send.status == SendStatus.SENT
    send.issue.refresh_from_db()
    assert send.issue.status == IssueStatus.SENT


def test_a_second_run_sends_nothing(settings):
    send = started()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        run(send)
        run(send)
    assert len(relay.taken) == 3


def test_two_workers_share_nothing(settings):
    send = started(readers=2)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        during = []

        def second_worker() -> bool:
            if not during:
                during.append(1)
                sending.run(send.pk, clock=lambda: NOW + 2 * MINUTE, keep_going=lambda: True)
            return True

        run(send, keep_going=second_worker)
    assert len(relay.taken) == 2


def test_it_honours_who_left_after_the_start(settings):
    publication = make_publication()
    leaver, stayer = (
        make_reader(publication, "leaver@readers.example"),
        make_reader(publication, "stayer@readers.example"),
    )
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    subscribing.leave(leaver, by="page", now=NOW + MINUTE)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert relay.recipients == [stayer.subscriber.email]
    assert tally.skipped == 1


def test_a_stop_in_the_middle_leaves_the_rest_waiting_and_nothing_in_doubt(settings):
    send = started(readers=4)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        tally = run(send, keep_going=lambda: len(relay.taken) < 2)
        assert tally == sending.Tally(planned=4, sent=2, waiting=2)
        assert send.status == SendStatus.SENDING
        tally = run(send, clock=lambda: NOW + 3 * MINUTE)
    assert tally.sent == 4
    assert len(set(relay.recipients)) == 4


def test_a_killed_worker_leaves_one_message_in_doubt_and_the_rest_is_sent(settings):
    send = started(readers=4)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        run(send, keep_going=lambda: len(relay.taken) < 1)
        victim = send.deliveries.filter(status=DeliveryStatus.WAITING).first()
        victim_worker = "dead"
        Delivery.objects.filter(pk=victim.pk).update(status=DeliveryStatus.HANDING_OVER, worker=victim_worker)
        Send.objects.filter(pk=send.pk).update(worker=victim_worker, leased_until=NOW + 2 * MINUTE)
        assert run(send, clock=lambda: NOW + 2 * MINUTE) == sending.Tally(
            planned=4, sent=1, waiting=2, handing_over=1
        )
        tally = run(send, clock=lambda: NOW + 3 * MINUTE)
    assert tally == sending.Tally(planned=4, sent=3, in_doubt=1)
    assert len(relay.taken) == len(set(relay.recipients)) == 3
    assert send.status == SendStatus.SENT
    assert send.events.filter(what="interrupted", note__startswith="1 message in doubt").exists()


def test_a_connection_lost_after_the_dot_is_in_doubt_and_is_never_repeated(settings):
    send = started(readers=3)
    dots = []

    def second_breaks(recipient: str) -> bytes | None:
        dots.append(recipient)
        return None if len(dots) == 2 else b"250 OK\r\n"

    with fake_relay(dot=second_breaks) as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert tally == sending.Tally(planned=3, sent=2, in_doubt=1)
    assert len(dots) == len(set(dots)) == 3
    assert relay.connections == 2


def test_a_connection_lost_before_the_message_waits_and_goes_on(settings):
    send = started(readers=3)
    asked = []

    def first_breaks(line: str) -> bytes | None:
        asked.append(line)
        return None if len(asked) == 1 else b"250 OK\r\n"

    with fake_relay(rcpt=first_breaks) as relay:
        settings.RELAY = relay.relay
        tally = run(send)
        assert tally.waiting == 3
        assert "does not answer" in send.waiting_for
        tally = run(send, clock=lambda: NOW + 3 * MINUTE)
    assert tally.sent == 3
    assert send.waiting_for == ""


def test_a_relay_that_is_down_loses_nobody(settings):
    send = started()
    settings.RELAY = dead_relay()
    assert run(send).waiting == 3
    assert "does not answer" in send.waiting_for
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        assert run(send, clock=lambda: NOW + 5 * MINUTE).sent == 3


def test_a_refused_reader_fails_and_the_others_get_it(settings):
    send = started(readers=3)
    refused = send.deliveries.first().subscription.subscriber.email
    with fake_relay(rcpt=lambda line: b"550 no such user\r\n" if refused in line else b"250 OK\r\n") as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert (tally.sent, tally.failed) == (2, 1)
    assert send.deliveries.get(status=DeliveryStatus.FAILED).reply == "550 no such user"


def test_a_deferred_reader_is_tried_again_later_and_then_given_up(settings):
    send = started(readers=1)
    with fake_relay(rcpt=lambda line: b"451 try later\r\n") as relay:
        settings.RELAY = relay.relay
        for attempt in range(1, sending.ATTEMPTS):
            tally = run(send, clock=lambda n=attempt: NOW + n * 60 * MINUTE)
            assert tally.waiting == 1, attempt
            assert send.status == SendStatus.SENDING
        tally = run(send, clock=lambda: NOW + 500 * MINUTE)
    assert tally.failed == 1
    assert send.status == SendStatus.SENT


def test_it_waits_until_a_deferred_message_is_ripe(settings):
    send = started(readers=1)
    with fake_relay(rcpt=lambda line: b"451 try later\r\n") as relay:
        settings.RELAY = relay.relay
        run(send)
    assert sending.orphaned(now=NOW + 2 * MINUTE + datetime.timedelta(seconds=10)) == []
    assert sending.orphaned(now=NOW + 3 * MINUTE) == [send]


def test_pausing_stops_and_resuming_goes_on(settings):
    send = started(readers=4)
    moment = [NOW + 2 * MINUTE]

    def clock():
        moment[0] += 2 * sending.RENEWED_AFTER
        return moment[0]

    with fake_relay() as relay:
        settings.RELAY = relay.relay

        def pause_after_two() -> bool:
            if len(relay.taken) == 2:
                fresh = Send.objects.get(pk=send.pk)
                if fresh.status == SendStatus.SENDING:
                    sending.pause(fresh, by=None, now=clock())
            return True

        assert run(send, clock=clock, keep_going=pause_after_two).sent == 2
        assert send.status == SendStatus.PAUSED
        sending.resume(send, by=None, now=clock())
        assert run(send, clock=clock).sent == 4
    assert len(set(relay.recipients)) == 4


def test_an_issue_reopened_at_the_last_moment_does_not_go_out():
    publication = make_publication()
    make_reader(publication)
    issue = make_approved_issue(publication)
    send = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW)
    workflow.reopen(issue, by=None, now=NOW)
    with pytest.raises(NotNow):
        sending.start(send, now=NOW + MINUTE)
    assert not Delivery.objects.exists()
    assert scheduling.due(now=NOW + MINUTE) == []
    scheduling.drop_disarmed(now=NOW + MINUTE)
    send.refresh_from_db()
    assert send.status == SendStatus.CANCELLED


def test_an_interrupted_send_does_not_go_on_late_by_itself(settings):
    send = started()
    assert not sending.stale(send, now=NOW + MINUTE * 100)
    assert sending.stale(send, now=NOW + MINUTE * 130)


def test_a_relay_that_hangs_up_on_one_reader_does_not_hold_up_the_others(settings):
    send = started(readers=3)
    unlucky = send.deliveries.order_by("pk").first().subscription.subscriber.email
    with fake_relay(rcpt=lambda line: None if unlucky in line else b"250 OK\r\n") as relay:
        settings.RELAY = relay.relay
        assert run(send).sent == 0
        tally = run(send, clock=lambda: NOW + 2 * MINUTE + 2 * sending.TRY_AGAIN)
    assert (tally.sent, tally.waiting) == (2, 1)
