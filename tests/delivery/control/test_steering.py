"""Holding a send, letting it go on, cancelling the rest."""

import pytest

from issues.models import Issue
from issues.models import Status as IssueStatus
from newsroom.delivery.control import steering
from newsroom.delivery.models import ChunkState, SendStatus, Worker
from newsroom.delivery.queue import counting
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.sender import sending
from newsroom.lib.errors import Conflict, NotNow
from tests.delivery.hands import LATER, MINUTE, Hand, fresh, said, settled, started, tick, whole
from tests.make import make_person

pytestmark = pytest.mark.django_db
SENT, FAILED = Mark.SENT, Mark.FAILED


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


def test_a_dead_worker_of_a_paused_send_lets_go_of_what_it_held(no_run):
    send = started(3)
    worker = Hand(send)
    worker.claim(LATER)
    steering.pause(send, by=None, now=LATER)
    tick(LATER + MINUTE)
    assert counting.tally(send).waiting == 3
    assert not send.chunks.filter(state=ChunkState.CLAIMED).exists()
    assert Worker.objects.get().ended_at
