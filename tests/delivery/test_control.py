"""Holding a send, cancelling the rest, deciding what is in doubt, opening by stages, correcting what waits."""

import datetime
import signal
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from issues import workflow
from issues.models import Circulation, Issue
from issues.models import Status as IssueStatus
from newsroom.audience import recipients
from newsroom.audience.models import Segment, Subscription
from newsroom.delivery import (
    correcting,
    counting,
    doubts,
    homes,
    receipts,
    scheduling,
    sending,
    stages,
    steering,
    tasks,
    tripwires,
)
from newsroom.delivery.journal import Mark
from newsroom.delivery.ledger import TIME_TRAVEL
from newsroom.delivery.models import (
    Chunk,
    ChunkState,
    Delivery,
    Home,
    Outcome,
    RateLimit,
    Return,
    ReturnKind,
    Send,
    SendStatus,
    Stage,
    Worker,
)
from newsroom.delivery.pacing import Paces
from newsroom.lib.errors import Conflict, NotNow, Refused
from tests.delivery.hands import LATER, MINUTE, Hand, fresh, settled, started, whole
from tests.delivery.relay import fake_relay
from tests.make import (
    NOW,
    describe,
    make_approved_issue,
    make_person,
    make_publication,
    make_reader,
    make_readers,
)

pytestmark = pytest.mark.django_db
SENT, FAILED, PUT_OFF, DOUBT = Mark.SENT, Mark.FAILED, Mark.PUT_OFF, Mark.HANDED_OVER


@pytest.fixture
def no_run(monkeypatch) -> None:
    """The tick looks after sends, and no worker takes any up."""
    monkeypatch.setattr(tasks.run_send, "delay", lambda send_id: None)


def tick(at: datetime.datetime) -> None:
    with time_machine.travel(at, tick=False):
        tasks.tick()


def said(send: Send, what: str) -> str:
    return send.events.filter(what=what).first().note


# Pausing, resuming, cancelling the rest


def test_pausing_and_resuming_twice_is_once():
    chief, send = make_person("Chief editors"), started()
    for _ in range(2):
        steering.pause(send, by=chief, now=LATER)
    for _ in range(2):
        steering.resume(send, by=chief, now=LATER)
    assert send.events.filter(what="paused", by=chief).count() == 1
    assert send.events.filter(what="resumed", by=chief).count() == 1


def test_what_is_over_is_neither_paused_nor_resumed():
    send = started(1)
    settled(send, SENT)
    sending._wrap_up(send, now=LATER)
    for verb in (steering.pause, steering.resume):
        with pytest.raises(NotNow):
            verb(fresh(send), by=None, now=LATER)
    assert fresh(send).status == SendStatus.SENT


def test_the_rest_is_cancelled_and_the_issue_is_sent_to_those_who_have_it():
    chief, send = make_person("Chief editors"), started(5)
    settled(send, SENT, SENT, FAILED)
    steering.pause(send, by=chief, now=LATER)
    steering.stop(send, by=chief, now=LATER, left=2)
    steering.stop(send, by=chief, now=LATER, left=2)
    counts = counting.tally(send)
    assert (counts.sent, counts.failed, counts.dropped, counts.waiting) == (2, 1, 2, 0)
    assert counting.summary(counts) == "2 sent, 1 failed, 0 skipped, 0 in doubt, 2 cancelled."
    assert (fresh(send).status, send.issue.status, send.issue.delivered) == ("stopped", IssueStatus.SENT, 2)
    assert said(send, "stopped") == "2 have it; 2 readers will not get it."
    assert send.events.filter(what="stopped", by=chief).count() == 1


def test_numbers_that_are_not_true_any_more_cancel_nothing():
    send = started(5)
    with pytest.raises(Conflict, match="5 readers would not get it now"):
        steering.stop(send, by=None, now=LATER, left=4)
    assert fresh(send).status == SendStatus.SENDING
    assert not send.chunks.filter(state=ChunkState.DROPPED).exists()


def test_what_a_worker_holds_at_the_stop_comes_back_and_is_dropped(no_run):
    send, now = started(4), LATER
    worker = Hand(send)
    worker.claim(now)
    worker.jobs[0].journal.mark(0, SENT)
    steering.stop(send, by=None, now=now)
    assert Issue.objects.get().status == IssueStatus.GOING_OUT
    worker.leave(now)
    tick(now)
    counts = counting.tally(send)
    assert (counts.sent, counts.dropped, counts.waiting) == (1, 3, 0)
    assert Issue.objects.get().delivered == 1
    whole(send)


# In doubt


def test_what_is_in_doubt_is_marked_as_sent_and_the_counts_follow():
    chief, send = make_person("Chief editors"), started(3)
    settled(send, SENT, DOUBT, DOUBT)
    sending._wrap_up(send, now=LATER)
    one = send.deliveries.filter(outcome=Outcome.IN_DOUBT).first().subscription_id
    assert doubts.mark_as_sent(send, [one], by=chief, now=LATER) == 1
    assert doubts.mark_as_sent(send, [one], by=chief, now=LATER) == 0
    assert (counting.tally(send).sent, counting.tally(send).in_doubt) == (2, 1)
    assert doubts.mark_as_sent(send, by=chief, now=LATER) == 1
    whole(send)
    assert Issue.objects.get().delivered == 3
    assert send.events.filter(what="marked as sent", by=chief).count() == 2


@pytest.mark.parametrize("stopped", [False, True])
def test_what_is_in_doubt_is_sent_again_though_the_send_was_over(settings, stopped):
    send = started(4)
    settled(send, SENT, DOUBT, *([] if stopped else [SENT, FAILED]))
    if stopped:
        steering.stop(send, by=None, now=LATER)
    else:
        sending._wrap_up(send, now=LATER)
    assert doubts.send_again(send, by=None, now=LATER) == 1
    whole(send)
    assert fresh(send).status == SendStatus.SENDING
    assert Issue.objects.get().status == IssueStatus.SENT
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        sending.run(send.pk, clock=lambda: LATER + MINUTE, keep_going=lambda: True)
    assert len(relay.taken) == 1
    assert fresh(send).status == (SendStatus.STOPPED if stopped else SendStatus.SENT)
    assert Issue.objects.get().delivered == counting.tally(send).sent
    whole(send)


# Tripwires


def failing(send: Send, *, sent: int, failed: int, at: datetime.datetime = LATER) -> None:
    Chunk.objects.create(
        send=send, ids=b"", size=sent + failed, state=ChunkState.DONE, sent=sent, failed=failed, done_at=at
    )


@pytest.mark.parametrize(
    ("sent", "failed", "held"),
    [
        (81, 19, False),
        (80, 20, True),
        (0, 20, True),
        (400, 60, False),
        (400, 110, True),
        (475, 25, False),
        (474, 26, True),
    ],
)
def test_too_many_failures_hold_a_send(no_run, sent, failed, held):
    send = started()
    failing(send, sent=sent, failed=failed)
    tick(LATER)
    assert (fresh(send).status == SendStatus.PAUSED) is held
    if held:
        assert f"{failed} of {sent + failed} messages failed" in fresh(send).waiting_for
        assert send.events.get(what="paused").by is None


def test_what_a_person_has_let_go_on_is_not_held_for_the_same_failures():
    send = started()
    failing(send, sent=0, failed=30)
    assert tripwires.check(send, now=LATER)
    steering.resume(fresh(send), by=None, now=LATER + MINUTE)
    assert not tripwires.check(send, now=LATER + MINUTE)
    failing(send, sent=0, failed=20, at=LATER + 2 * MINUTE)
    assert tripwires.check(send, now=LATER + 2 * MINUTE)


@pytest.mark.parametrize(("sent", "complaints", "held"), [(999, 9, False), (1000, 2, False), (1000, 3, True)])
def test_complaints_hold_a_send(sent, complaints, held):
    send = started()
    failing(send, sent=sent, failed=0)
    for number in range(complaints):
        Return.objects.create(send=send, kind=ReturnKind.COMPLAINT, by="mailbox", key=str(number), at=LATER)
    assert tripwires.check(send, now=LATER) is held
    if held:
        assert "3 readers have reported this issue as spam" in fresh(send).waiting_for


def test_a_worker_holds_the_send_by_itself(settings, monkeypatch):
    monkeypatch.setattr(sending, "HEARTBEAT", 0.0)
    monkeypatch.setattr(tripwires, "EARLY_FAILURES", 1)
    send = started(60)
    with fake_relay(rcpt=lambda line: b"550 you are listed\r\n") as relay:
        settings.RELAY = relay.relay
        sending.run(send.pk, clock=lambda: LATER, keep_going=lambda: True)
    assert fresh(send).status in (SendStatus.PAUSED, SendStatus.SENT)
    whole(send)


# Stages


def canary(readers: int = 120, seeds: int = 1) -> Send:
    publication = make_publication(canary=True)
    make_readers(publication, readers)
    own = [make_reader(publication, f"seed{number}@own.example") for number in range(seeds)]
    Subscription.objects.filter(pk__in=[each.pk for each in own]).update(seed=True)
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    return fresh(send)


def test_it_opens_by_stages_and_ends_with_everybody(settings):
    send = canary()
    clock = [NOW + MINUTE]
    reached = []
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        for _ in range(6):
            sending.run(send.pk, clock=lambda: clock[0], keep_going=lambda: True)
            reached.append(len(relay.taken))
            before = fresh(send)
            assert before.status == SendStatus.SENT or sending.free(now=clock[0]) == []
            stages.advance(before, now=clock[0] + MINUTE)
            assert fresh(send).stage == before.stage
            clock[0] += 6 * MINUTE
            stages.advance(before, now=clock[0])
    assert reached == [1, 3, 13, 121, 121, 121]
    assert relay.recipients[0] == "seed0@own.example"
    assert fresh(send).status == SendStatus.SENT
    assert [each.note for each in send.events.filter(what="next stage").order_by("pk")] == [
        "The first 1 %: 2 readers.", "The first 10 %: 10 readers.", "Everybody: 108 readers.",
    ]  # fmt: skip


def test_without_addresses_of_our_own_it_begins_with_the_first_hundredth():
    assert canary(seeds=0).stage == Stage.FEW
    assert started().stage == Stage.ALL


def test_a_segment_does_not_keep_it_from_our_own_addresses(monkeypatch):
    publication = make_publication(canary=True)
    readers = make_readers(publication, 3)
    own = make_reader(publication)
    Subscription.objects.filter(pk=own.pk).update(seed=True)
    segment = Segment.objects.create(mailing_list=own.mailing_list, name="One", made_at=NOW)
    monkeypatch.setattr(
        recipients, "chosen", lambda slug, _: recipients.active(slug).filter(pk=readers[0].pk)
    )
    send = scheduling.schedule(
        make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW, segment=segment
    )
    sending.start(send, now=NOW + MINUTE)
    assert send.planned == 2


@pytest.mark.parametrize("mark", [FAILED, DOUBT, PUT_OFF])
def test_a_stage_that_went_wrong_waits_for_a_person(no_run, mark):
    chief, send = make_person("Chief editors"), canary()
    settled(send, mark)
    at = LATER + 3 * MINUTE
    tick(at)
    tick(at + MINUTE)
    assert fresh(send).stage == Stage.SEEDS
    assert "waits for a person" in fresh(send).waiting_for
    assert send.events.filter(what="held").count() == 1
    stages.go_on(fresh(send), by=chief, now=at)
    assert (fresh(send).stage, fresh(send).waiting_for) == (Stage.FEW, "")
    assert send.events.get(what="next stage").by == chief


def test_two_who_go_on_at_once_open_one_stage():
    send = canary()
    other = fresh(send)
    stages.go_on(send, by=None, now=LATER)
    other.refresh_from_db = lambda **_: None  # it has looked before
    with pytest.raises(Conflict):
        stages.go_on(other, by=None, now=LATER)
    assert fresh(send).stage == Stage.FEW


def test_the_next_stage_opens_only_while_it_runs_and_while_there_is_one():
    send = canary()
    steering.pause(send, by=None, now=LATER)
    with pytest.raises(NotNow, match="Resume it first"):
        stages.go_on(send, by=None, now=LATER)
    with pytest.raises(NotNow, match="open already"):
        stages.go_on(started(), by=None, now=LATER)


def test_a_stage_that_nobody_opened_for_a_whole_window_is_not_opened_late(no_run):
    send = canary()
    settled(send, SENT)
    tick(LATER + datetime.timedelta(hours=3))
    assert (fresh(send).status, fresh(send).stage) == (SendStatus.PAUSED, Stage.SEEDS)


# A corrected copy


def paused(readers: int = 3) -> Send:
    send = started(readers)
    settled(send, SENT)
    steering.pause(send, by=None, now=LATER)
    return fresh(send)


def test_a_correction_goes_to_those_who_wait_and_it_is_known_who_got_which(settings):
    chief, send = make_person("Chief editors"), paused()
    first = send.deliveries.get()
    correcting.begin(send, by=chief, now=LATER)
    issue = Issue.objects.get()
    assert (issue.status, issue.editable, issue.final) == (IssueStatus.CORRECTING, True, None)
    describe(issue, subject="The crane that learnt", now=LATER)
    with pytest.raises(NotNow, match="open for correction"):
        steering.resume(send, by=chief, now=LATER)
    with pytest.raises(NotNow, match="open for correction"):
        steering.stop(send, by=chief, now=LATER)
    workflow.approve(Issue.objects.get(), by=chief, now=LATER)
    steering.resume(fresh(send), by=chief, now=LATER)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        sending.run(send.pk, clock=lambda: LATER + MINUTE, keep_going=lambda: True)
    assert len(relay.taken) == 2
    assert all(b"Subject: The crane that learnt" in content for _, content in relay.taken)
    assert Delivery.objects.get(subscription_id=first.subscription_id).printing.number == 1
    assert list(send.deliveries.exclude(pk=first.pk).values_list("printing__number", flat=True)) == [2, 2]
    assert said(send, "corrected") == "Printing 2 goes to 2 readers; 1 have an earlier one."
    assert Issue.objects.get().status == IssueStatus.SENT
    assert list(Circulation.objects.values_list("edition__number", "readers")) == [(1, 1), (2, 2)]
    assert {each.printing for each in receipts.find(send, "@")} == {1, 2}


def test_a_worker_that_slept_through_the_correction_takes_nothing_more():
    send = started(3)
    worker = Hand(send)
    steering.pause(send, by=None, now=LATER)
    correcting.begin(send, by=None, now=LATER)
    workflow.approve(fresh(send).issue, by=None, now=LATER)
    steering.resume(fresh(send), by=None, now=LATER)
    worker.claim(LATER)
    assert worker.jobs == []


def test_a_dropped_correction_leaves_the_edition_as_it_was():
    send = paused()
    edition = send.issue.edition
    correcting.begin(send, by=None, now=LATER)
    describe(Issue.objects.get(), title="Another", now=LATER)
    workflow.drop_correction(Issue.objects.get(), by=None, now=LATER)
    steering.resume(fresh(send), by=None, now=LATER)
    assert (fresh(send).issue.edition, send.printings.count()) == (edition, 1)


def test_only_a_paused_send_that_has_come_to_rest_is_corrected():
    send = started(3)
    with pytest.raises(NotNow, match="Pause the send first"):
        correcting.begin(send, by=None, now=LATER)
    worker = Hand(send)
    worker.claim(LATER)
    steering.pause(send, by=None, now=LATER)
    with pytest.raises(NotNow, match="in hand"):
        correcting.begin(send, by=None, now=LATER)
    for place in range(3):
        worker.jobs[0].journal.mark(place, SENT)
    worker.leave(LATER)
    with pytest.raises(NotNow, match="Nobody waits"):
        correcting.begin(send, by=None, now=LATER)
    assert Issue.objects.get().status == IssueStatus.GOING_OUT


def test_while_it_is_corrected_the_archive_shows_a_whole_edition_and_then_says_since_when(client):
    send = paused()
    correcting.begin(send, by=None, now=LATER)
    describe(Issue.objects.get(), title="The crane that learnt", now=LATER)
    address = f"/{send.issue.publication.slug}/{send.issue.slug}/"
    for path in (address, f"/{send.issue.publication.slug}/", f"/{send.issue.publication.slug}/feed/"):
        assert "A crane that learns" in client.get(path).content.decode()
        assert "The crane that learnt" not in client.get(path).content.decode()
    assert "Corrected" not in client.get(address).content.decode()
    workflow.approve(Issue.objects.get(), by=None, now=LATER)
    page = client.get(address).content.decode()
    assert "The crane that learnt" in page
    assert "Corrected <time" in page
    assert "March 4, 2031, 08:02 CET" in page


# Who got what


def test_one_reader_is_found_and_it_is_said_what_became_of_theirs():
    send = started(3)
    settled(send, SENT, FAILED)
    make_reader(send.issue.publication, "late@readers.example")
    make_reader(send.issue.publication, "ann@xn--bcher-kva.example")
    assert [each.address for each in receipts.find(send, "ann@Bücher.example")] == [
        "ann@xn--bcher-kva.example"
    ]
    outcomes = [each.outcome for each in receipts.find(send, "READERS.example")]
    assert sorted(outcomes) == [
        "Failed",
        "Not among the readers of this send",
        "Sent",
        "Waiting: not sent yet",
    ]
    assert receipts.find(send, "nobody@") == []


def test_the_table_has_everybody_even_whom_we_had_to_forget(monkeypatch):
    monkeypatch.setattr(receipts, "_AT_ONCE", 2)
    send = started(5)
    settled(send, SENT, SENT, FAILED, SENT, SENT)
    Subscription.objects.first().subscriber.delete()
    rows = list(receipts.rows(send))
    assert len(rows) == 5
    assert rows[0][:2] == ("(erased)", "Sent")
    assert len(list(receipts.rows(send, [Outcome.FAILED]))) == 1


# Limits, segments, policies


def test_a_changed_limit_is_obeyed_while_it_runs():
    paces = Paces({"": 10.0, "slow.example": 1.0}, clock=lambda: 0.0)
    paces.obey({"": 20.0, "new.example": 2.0})
    assert (paces.relay.limit, paces.relay.per_second) == (20.0, 20.0)
    assert paces.domains["slow.example"].per_second is None
    assert paces.domains["new.example"].per_second == 2.0
    paces.share(2)
    assert (paces.relay.limit, paces.domains["new.example"].limit) == (10.0, 1.0)
    paces.obey({"": 20.0, "new.example": 2.0})
    assert paces.relay.limit == 10.0


def test_a_segment_of_nobody_is_refused(monkeypatch):
    publication = make_publication()
    reader = make_reader(publication)
    segment = Segment.objects.create(mailing_list=reader.mailing_list, name="Nobody", made_at=NOW)
    monkeypatch.setattr(recipients, "chosen", lambda slug, _: recipients.active(slug).none())
    with pytest.raises(Refused, match="Nobody belongs to “Nobody” now"):
        scheduling.schedule(make_approved_issue(publication), LATER, by=None, now=NOW, segment=segment)


# Another machine, an older database


def a_stranger(settings, tmp_path) -> None:
    homes.at_home(now=NOW)
    settings.VAR = tmp_path / "elsewhere"


def test_a_stranger_says_so_on_every_page_of_the_desk_and_sends_nothing(
    settings, tmp_path, olga, edith, no_run
):
    send = started()
    a_stranger(settings, tmp_path)
    tick(LATER)
    assert fresh(send).waiting_for == homes.STRANGER
    assert "is a stranger to this database" in olga.get("/desk/").content.decode()
    assert "is a stranger to this database" not in edith.get("/desk/").content.decode()
    assert (
        "run <code>manage.py adopt</code>"
        in edith.get(f"/desk/issues/{send.issue_id}/sending/").content.decode()
    )


def test_the_command_that_sends_says_so_on_a_stranger(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    started()
    a_stranger(settings, tmp_path)
    with pytest.raises(CommandError, match="has not sent from this database before"):
        call_command("deliver", "--once")


def test_adopting_says_what_it_does_and_asks_while_a_send_is_under_way(settings, tmp_path):
    send = started(3)
    settled(send, SENT)
    a_stranger(settings, tmp_path)
    with pytest.raises(CommandError, match="1 send is under way"):
        call_command("adopt", stdout=StringIO())
    assert homes.stranger()
    out = StringIO()
    call_command("adopt", "--yes", stdout=out)
    assert "1 of 3 sent, 2 waiting" in out.getvalue()
    assert not homes.stranger()
    assert (fresh(send).status, Home.objects.count()) == (SendStatus.PAUSED, 2)
    again = StringIO()
    call_command("adopt", stdout=again)
    assert "at home here already" in again.getvalue()


def test_a_machine_that_has_sent_more_than_the_database_knows_holds_the_send(settings):
    send = started(3)
    settled(send, SENT, SENT, SENT)
    Delivery.objects.all().delete()
    done = Chunk.objects.get()
    whole_again = b"".join(
        pk.to_bytes(8, "little") for pk in Subscription.objects.values_list("pk", flat=True)
    )
    Chunk.objects.filter(pk=done.pk).update(
        state=ChunkState.WAITING, ids=whole_again, size=3, sent=0, claims=0, done_at=None
    )
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        sending.run(send.pk, clock=lambda: LATER, keep_going=lambda: True)
    assert relay.taken == []
    assert (fresh(send).status, fresh(send).waiting_for) == (SendStatus.PAUSED, TIME_TRAVEL)


def test_a_dead_worker_of_a_paused_send_lets_go_of_what_it_held(no_run):
    send = started(3)
    worker = Hand(send)
    worker.claim(LATER)
    steering.pause(send, by=None, now=LATER)
    tick(LATER + MINUTE)
    assert counting.tally(send).waiting == 3
    assert not send.chunks.filter(state=ChunkState.CLAIMED).exists()
    assert Worker.objects.get().ended_at


def test_limits_are_rows_that_read_well():
    assert str(RateLimit(domain="", per_second=2.5)) == "relay: 2.5 a second"
