"""Every reader once, whatever breaks."""

import datetime
import errno
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import InterfaceError, OperationalError

from issues import workflow
from issues.models import Status as IssueStatus
from newsroom.audience import subscribing, suppressing
from newsroom.audience.models import Subscription
from newsroom.delivery.control import correcting, scheduling, steering
from newsroom.delivery.models import (
    Chunk,
    ChunkState,
    Delivery,
    Home,
    Outcome,
    Policy,
    RateLimit,
    Send,
    SendStatus,
    Worker,
)
from newsroom.delivery.queue import chunks, homes
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.queue.ledger import Ledger, TimeTravel
from newsroom.delivery.returns import consequences
from newsroom.delivery.sender import letterbox, sending
from newsroom.lib.errors import NotNow
from tests.delivery.relays import Answer, dead_relay, fake_relay
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
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {Outcome.SENT}
    assert 1 <= relay.connections <= 5
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


@pytest.mark.parametrize("readers", [0, 1, 100, 1_234, 50_000])
def test_a_short_list_is_cut_small_and_a_long_one_large_and_nobody_is_left_out(readers):
    send = started(1)
    send.chunks.all().delete()
    assert chunks.plan(send, range(1, readers + 1)) == readers
    made = list(send.chunks.order_by("pk"))
    assert [each for chunk in made for each in chunks.ids_of(chunk)] == list(range(1, readers + 1))
    before = 0
    for chunk in made:
        assert chunk.size == min(max(before // 10, chunks.SMALLEST), chunks.SIZE, readers - before)
        before += chunk.size


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
    send = started(readers=9)
    with fake_relay() as relay:
        settings.RELAY = replace(relay.relay, connections=2)
        tally = run(send, keep_going=lambda: len(relay.taken) < 2)
        assert (tally.sent, tally.in_doubt) == (len(relay.taken), 0)
        assert tally.waiting == 9 - tally.sent > 0
        assert send.status == SendStatus.SENDING
        tally = run(send, clock=lambda: NOW + 3 * MINUTE)
    assert tally.sent == 9
    assert len(set(relay.recipients)) == len(relay.taken) == 9


@contextmanager
def killed(
    send: Send, marks: Mapping[int, Mark], *, boot: str = "", home: Home | None = None
) -> Iterator[Chunk]:
    """What a worker leaves that was killed with a chunk in hand: ``marks`` by place in its journal."""
    now = NOW + MINUTE
    here = home or homes.at_home(now=now)
    with homes.at_work(send, here, now=now) as worker:
        job = chunks.claim(send, worker, correcting.current(send).pk, done=Ledger.of(send), now=now)
        for place, mark in marks.items():
            job.journal.mark(place, mark)
        if boot:
            Worker.objects.update(boot=boot)
    yield job.chunk


def readers_of(send: Send) -> list[str]:
    return list(Subscription.objects.order_by("pk").values_list("subscriber__email", flat=True))


@pytest.mark.parametrize(("policy", "again"), [(Policy.HOLD, 2), (Policy.RESEND, 3)])
def test_a_killed_worker_leaves_in_doubt_only_what_was_handed_over(settings, policy, again):
    send = started(readers=5)
    Send.objects.update(policy=policy)
    with killed(send, {0: Mark.SENT, 1: Mark.HANDED_OVER, 2: Mark.FAILED}), fake_relay() as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert len(relay.recipients) == again
    assert (readers_of(send)[1] in relay.recipients) == (policy == Policy.RESEND)
    assert readers_of(send)[0] not in relay.recipients
    in_doubt = 1 if policy == Policy.HOLD else 0
    assert tally == sending.Tally(planned=5, sent=1 + again, failed=1, in_doubt=in_doubt)
    assert send.status == SendStatus.SENT
    assert f"{in_doubt} message" in send.events.get(what="interrupted").note
    assert not list((homes.folder() / "journals").iterdir())
    assert not list((homes.folder() / "workers").iterdir())


def test_after_a_loss_of_power_the_whole_chunk_is_in_doubt_and_it_is_said(settings):
    send = started(readers=4)
    with killed(send, {0: Mark.SENT}, boot="an earlier one"), fake_relay() as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert relay.taken == []
    assert tally == sending.Tally(planned=4, in_doubt=4)
    assert "4 messages in doubt" in send.events.get(what="interrupted").note
    assert "went down" in send.deliveries.first().reply


def test_a_worker_of_another_machine_is_waited_for_and_then_given_up(settings):
    send = started(readers=2)
    other = Home.objects.create(name="elsewhere", taken_in_at=NOW)
    with killed(send, {}, home=other), fake_relay() as relay:
        settings.RELAY = relay.relay
        assert run(send, clock=lambda: NOW + 5 * MINUTE).waiting == 2
        assert run(send, clock=lambda: NOW + 20 * MINUTE).in_doubt == 2
    assert relay.taken == []


def test_a_worker_that_lives_keeps_its_chunk(settings):
    send = started(readers=2)
    now = NOW + MINUTE
    with homes.at_work(send, homes.at_home(now=now), now=now) as worker, fake_relay() as relay:
        settings.RELAY = relay.relay
        assert chunks.claim(send, worker, correcting.current(send).pk, done=Ledger.of(send), now=now)
        assert run(send).waiting == 2
    assert relay.taken == []


def test_a_copy_of_the_database_on_another_machine_sends_nothing(settings, tmp_path):
    send = started()
    settings.VAR = tmp_path / "another machine"
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        with pytest.raises(homes.Stranger):
            run(send)
        homes.adopt(now=NOW)
        run(send)
    assert len(relay.taken) == 3


def test_a_restored_backup_sends_nothing_again(settings):
    """The database of before the send, on the machine that has sent it."""
    send = started()
    before = Chunk.objects.get()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        run(send)
        Delivery.objects.all().delete()
        before.save()
        Send.objects.update(status=SendStatus.SENDING, finished_at=None)
        tally = run(send)
    assert len(relay.taken) == 3
    assert tally.waiting == 3
    assert "restored from a backup" in send.waiting_for


def test_a_restored_backup_of_before_the_start_does_not_start_it_again():
    publication = make_publication()
    make_readers(publication, 2)
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    Ledger.begin(send)
    with pytest.raises(TimeTravel):
        sending.start(send, now=NOW + MINUTE)
    assert not Chunk.objects.exists()


def test_who_has_it_already_does_not_get_it_whatever_a_chunk_says(settings):
    send = started(readers=2)
    first = Subscription.objects.order_by("pk").first()
    Delivery.objects.create(
        send=send, subscription=first, printing=send.printings.get(), outcome=Outcome.SENT, at=NOW
    )
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        run(send)
    assert first.subscriber.email not in relay.recipients
    assert len(relay.taken) == 1


@pytest.mark.parametrize("work", ["claim", "close"])
def test_a_database_that_is_away_for_a_while_loses_and_doubles_nothing(settings, monkeypatch, work):
    monkeypatch.setattr(letterbox, "DATABASE_BACK_AFTER", 0.05)
    monkeypatch.setattr(letterbox.connection, "close", lambda: None)
    usual, failures = getattr(chunks, work), iter([OperationalError, InterfaceError])

    def away(*given, **more):
        for failure in failures:
            raise failure("the server closed the connection")
        return usual(*given, **more)

    send = started(readers=5)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        monkeypatch.setattr(chunks, work, away)
        assert run(send) == sending.Tally(planned=5, sent=5)
    assert len(set(relay.recipients)) == len(relay.taken) == 5


def test_a_chunk_whose_claim_was_never_answered_is_not_lost(settings):
    """The database took the claim and was gone before it could say so: the worker ended without knowing of it."""
    send = started(readers=3)
    with killed(send, {}):
        Worker.objects.update(ended_at=NOW)
        for each in (homes.folder() / "journals").iterdir():
            each.unlink()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        assert run(send) == sending.Tally(planned=3, sent=3)


def test_a_full_disk_stops_before_anything_is_sent(settings, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    send = started()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        with monkeypatch.context() as patched:
            patched.setattr("newsroom.delivery.queue.journal.os.write", full)
            assert run(send).waiting == 3
        assert "No space left on device" in send.waiting_for
        assert Chunk.objects.get().state == ChunkState.WAITING
        assert relay.taken == []
        run(send, clock=lambda: NOW + 3 * MINUTE)
    assert len(relay.taken) == 3


def hangs_up_at(turn: int, heard: list[str]) -> Answer:
    """A relay that agrees to everything, but once hangs up instead."""

    def answer(words: str) -> bytes | None:
        heard.append(words)
        return None if len(heard) == turn else b"250 OK\r\n"

    return answer


def test_a_connection_lost_after_the_dot_is_in_doubt_and_is_never_repeated(settings):
    send = started(readers=3)
    dots: list[str] = []
    with fake_relay(dot=hangs_up_at(2, dots)) as relay:
        settings.RELAY = relay.relay
        assert run(send).in_doubt == 1
        tally = run(send, clock=lambda: NOW + 5 * MINUTE)  # whose envelope was under way then was put off
    assert tally == sending.Tally(planned=3, sent=2, in_doubt=1)
    assert len(dots) == len(set(dots)) == 3


def test_a_connection_lost_before_the_message_puts_it_off(settings):
    send = started(readers=3)
    with fake_relay(rcpt=hangs_up_at(1, [])) as relay:
        settings.RELAY = relay.relay
        tally = run(send)
        assert (tally.sent, tally.in_doubt, tally.deferred) == (2, 0, 1)
        assert "1 message put off" in send.waiting_for
        tally = run(send, clock=lambda: NOW + 5 * MINUTE)
    assert tally.sent == 3
    assert len(relay.taken) == 3
    assert send.waiting_for == ""


def test_a_relay_that_is_down_loses_nobody(settings):
    send = started()
    settings.RELAY = dead_relay()
    assert run(send).waiting == 3
    assert "does not answer" in send.waiting_for
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        assert run(send, clock=lambda: NOW + 5 * MINUTE).sent == 3


def test_once_the_relay_takes_messages_again_nobody_is_told_that_it_does_not_answer(settings, monkeypatch):
    send = started()
    settings.RELAY = dead_relay()
    run(send)
    monkeypatch.setattr(sending, "HEARTBEAT", 0)
    seen = []

    def look() -> bool:
        seen.append(Send.objects.get().waiting_for)
        return True

    def slowly(_recipient: str) -> bytes:
        time.sleep(0.4)
        return b"250 OK\r\n"

    with fake_relay(dot=slowly) as relay:
        settings.RELAY = replace(relay.relay, connections=1)
        run(send, clock=lambda: NOW + 5 * MINUTE, keep_going=look)
    assert "does not answer" in seen[0]
    assert seen[-1] == ""


def test_an_issue_without_a_way_to_leave_is_paused_and_says_so_and_goes_to_nobody(settings, monkeypatch):
    send = started()
    monkeypatch.setattr("newsroom.delivery.wire.letter.slots.UNSUBSCRIBE", "%%NOWHERE%%")
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        assert run(send).waiting == 3
    assert relay.taken == []
    assert (send.status, send.workers.count()) == (SendStatus.PAUSED, 0)
    assert "has no link to unsubscribe" in send.waiting_for


def test_a_refused_reader_fails_and_the_others_get_it(settings):
    send = started(readers=3)
    refused = readers_of(send)[0]
    with fake_relay(rcpt=lambda line: b"550 no such user\r\n" if refused in line else b"250 OK\r\n") as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert (tally.sent, tally.failed) == (2, 1)
    assert send.deliveries.get(outcome=Outcome.FAILED).reply == "550 no such user"


def test_whom_a_server_says_not_to_have_is_never_written_to_again(settings):
    send = started(readers=3)
    gone, blocked, _ = readers_of(send)

    def rcpt(line: str) -> bytes:
        if gone in line:
            return b"550 5.1.1 no such user\r\n"
        return b"550 5.7.1 blocked\r\n" if blocked in line else b"250 OK\r\n"

    with fake_relay(rcpt=rcpt) as relay:
        settings.RELAY = relay.relay
        assert run(send).failed == 2
    assert consequences.suppress_refused(now=NOW + 3 * MINUTE) == 1
    assert consequences.suppress_refused(now=NOW + 3 * MINUTE) == 0
    assert dict(Subscription.objects.values_list("subscriber__email", "status"))[gone] == "bounced"
    assert suppressing.find(gone)
    assert not suppressing.find(blocked)
    Subscription.objects.filter(subscriber__email=gone).update(status="active", confirmed_at=NOW + 5 * MINUTE)
    assert consequences.suppress_refused(now=NOW + 6 * MINUTE) == 0


def test_a_deferred_reader_is_tried_again_later_and_then_given_up(settings):
    send = started(readers=1)
    with fake_relay(rcpt=lambda line: b"451 try later\r\n") as relay:
        settings.RELAY = relay.relay
        for attempt in range(1, chunks.ATTEMPTS):
            tally = run(send, clock=lambda n=attempt: NOW + 4**n * 60 * MINUTE)
            assert tally.waiting == 1, attempt
            assert send.status == SendStatus.SENDING
        tally = run(send, clock=lambda: NOW + 99_000 * MINUTE)
    assert tally.failed == 1
    assert send.status == SendStatus.SENT


def test_it_waits_until_a_deferred_message_is_ripe(settings):
    send = started(readers=1)
    with fake_relay(rcpt=lambda line: b"451 try later\r\n") as relay:
        settings.RELAY = relay.relay
        run(send)
    assert sending.free(now=NOW + 3 * MINUTE) == []
    assert sending.free(now=NOW + 5 * MINUTE) == [send]


def test_a_relay_that_takes_nothing_from_us_fails_no_reader(settings):
    send = started(readers=3)
    with fake_relay(mail=lambda line: b"550 5.7.1 who are you\r\n") as relay:
        settings.RELAY = relay.relay
        tally = run(send)
    assert (tally.failed, tally.waiting) == (0, 3)
    assert "who are you" in send.waiting_for


def test_pausing_stops_and_resuming_goes_on(settings):
    send = started(readers=6)

    def pause_after_one() -> bool:
        fresh = Send.objects.get(pk=send.pk)
        if relay.taken and fresh.status == SendStatus.SENDING:
            steering.pause(fresh, by=None, now=NOW + 2 * MINUTE)
            time.sleep(1.2 * sending.HEARTBEAT)  # a worker looks that often
        return True

    with fake_relay() as relay:
        settings.RELAY = replace(relay.relay, connections=1)
        tally = run(send, keep_going=pause_after_one)
        assert 1 <= tally.sent < 6
        assert tally.in_doubt == 0
        assert send.status == SendStatus.PAUSED
        steering.resume(send, by=None, now=NOW + 3 * MINUTE)
        assert run(send).sent == 6
    assert len(set(relay.recipients)) == len(relay.taken) == 6


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
    unlucky = readers_of(send)[0]
    with fake_relay(rcpt=lambda line: None if unlucky in line else b"250 OK\r\n") as relay:
        settings.RELAY = relay.relay
        tally = run(send)
        assert (tally.sent, tally.waiting) == (2, 1)
        for attempt in range(1, chunks.ATTEMPTS + 1):
            tally = run(send, clock=lambda n=attempt: NOW + 4**n * 60 * MINUTE)
    assert (tally.sent, tally.failed) == (2, 1)
    assert "hung up" in send.deliveries.get(outcome=Outcome.FAILED).reply


def test_who_waits_for_the_pace_of_their_domain_is_put_aside_until_their_turn(settings, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 50)
    monkeypatch.setattr(chunks, "SMALLEST", 50)
    monkeypatch.setattr(letterbox, "PUT_ASIDE_AFTER", 0.2)
    send = started(300)
    (domain,) = {each.rpartition("@")[2] for each in readers_of(send)}
    RateLimit.objects.create(domain=domain, per_second=150)
    began = time.monotonic()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        while send.status == SendStatus.SENDING:
            run(send, clock=lambda: NOW + datetime.timedelta(seconds=time.monotonic() - began))
            assert time.monotonic() - began < 60
    assert sorted(recipient for recipient, _ in relay.taken) == sorted(readers_of(send))
    assert time.monotonic() - began > 1.5
    assert send.chunks.count() < 40
