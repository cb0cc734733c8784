"""When a send holds itself: too many failures, too many complaints."""

import datetime
import time
from dataclasses import replace

import pytest

from newsroom.delivery.control import steering, tripwires
from newsroom.delivery.models import Chunk, ChunkState, Return, ReturnKind, Send, SendStatus
from newsroom.delivery.queue import counting
from newsroom.delivery.sender import sending
from tests.delivery.hands import LATER, MINUTE, fresh, started, tick, whole
from tests.delivery.relays import fake_relay

pytestmark = pytest.mark.django_db


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

    def slowly_refused(_: str) -> bytes:
        time.sleep(0.02)  # so that the worker looks up before all are refused
        return b"550 you are listed\r\n"

    with fake_relay(rcpt=slowly_refused) as relay:
        settings.RELAY = replace(relay.relay, connections=1)
        sending.run(send.pk, clock=lambda: LATER, keep_going=lambda: True)
    assert fresh(send).status == SendStatus.PAUSED
    assert counting.tally(send).waiting > 0
    whole(send)
