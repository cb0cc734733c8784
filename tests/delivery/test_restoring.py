"""A database that was restored from a backup while a send was under way: what was sent since is found again and decided on."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from issues.models import Issue
from newsroom.audience.models import Subscription
from newsroom.delivery.control import doubts, steering
from newsroom.delivery.models import (
    Chunk,
    ChunkState,
    Delivery,
    Home,
    Outcome,
    Policy,
    Send,
    SendEvent,
    SendStatus,
    Worker,
)
from newsroom.delivery.queue import chunks, counting, homes
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.queue.ledger import FORGOTTEN, TIME_TRAVEL, Ledger
from newsroom.delivery.sender import recovery, sending
from newsroom.lib.errors import Conflict, NotNow
from tests.delivery.hands import LATER, MINUTE, Hand, fresh, started, whole
from tests.delivery.relays import FakeRelay, fake_relay

pytestmark = pytest.mark.django_db
ROWS: list[type[Model]] = [Home, Worker, Chunk, Delivery, SendEvent]
"""In the order in which they can be written."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 2)


@pytest.fixture
def relay(settings: Any) -> Iterator[FakeRelay]:
    with fake_relay() as relay:
        settings.RELAY = replace(relay.relay, connections=1)
        yield relay


def backed_up() -> Callable[[], None]:
    """A backup of what is known of sends, and of the numbers that were given out; called, it puts everything back."""
    rows = {model: list(model._default_manager.all()) for model in ROWS}
    sends, issues = list(Send.objects.all()), list(Issue.objects.all())
    last = max((row.pk for row in rows[Chunk]), default=0)

    def restore() -> None:
        for model in reversed(ROWS):
            model._default_manager.all().delete()
        for model in ROWS:
            model._default_manager.bulk_create(rows[model])
        Send.objects.bulk_update(sends, ["status", "finished_at", "not_before", "waiting_for"])
        Issue.objects.bulk_update(issues, ["status", "delivered"])
        _count_on_from(last)

    return restore


def _count_on_from(last: int) -> None:
    """The next chunk has the next number, as in a database that never knew of later ones."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('delivery_chunk', 'id'), %s)", [last])
        else:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = 'delivery_chunk'", [last])


def run(send: Send, relay: FakeRelay, *, until: int = 1000) -> None:
    """Until so many messages were taken."""
    sending.run(send.pk, clock=lambda: LATER, keep_going=lambda: len(relay.taken) < until)


def addresses() -> list[str]:
    return list(Subscription.objects.order_by("pk").values_list("subscriber__email", flat=True))


def handed_over(hand: Hand) -> None:
    """Every message that it has in hand was taken."""
    for job in hand.jobs:
        for place in range(len(job.rows)):
            job.journal.mark(place, Mark.SENT)


def restored_in_the_middle(relay: FakeRelay) -> Send:
    """Ten readers in chunks of two. The first two got it before the backup; after it the others did, without the fifth, who was
    put off, and the last two. Then the backup was restored."""
    send, readers = started(10), addresses()
    first = Hand(send)
    first.claim(LATER)
    handed_over(first)
    first.leave(LATER)
    restore = backed_up()
    Chunk.objects.filter(pk=send.chunks.last().pk).update(not_before=LATER + MINUTE)
    relay.answers["DOT"] = lambda reader: b"451 later\r\n" if reader == readers[4] else b"250 OK\r\n"
    run(send, relay, until=4)
    run(send, relay)
    relay.answers.clear()
    restore()
    assert relay.recipients == [readers[2], readers[3], *readers[5:8]]
    return fresh(send)


def test_what_was_sent_since_the_backup_is_put_in_doubt_and_the_rest_goes_on(chris, relay):
    send, readers = restored_in_the_middle(relay), addresses()
    run(send, relay)
    assert (fresh(send).status, fresh(send).waiting_for) == (SendStatus.PAUSED, TIME_TRAVEL)
    page = f"/desk/issues/{send.issue_id}/sending/"
    assert "Put 6 readers in doubt" in chris.get(page).content.decode()
    said = chris.post(f"{page}forgotten/", {"readers": "6"}, follow=True).content.decode()
    assert "6 readers are in doubt now" in said
    assert "Put 6 readers in doubt" not in said
    whole(send)
    doubtful = [each.subscription_id for each in send.deliveries.filter(outcome=Outcome.IN_DOUBT)]
    assert doubts.mark_as_sent(send, doubtful[:2] + doubtful[3:], by=None, now=LATER) == 5
    assert doubts.send_again(send, [doubtful[2]], by=None, now=LATER) == 1
    steering.resume(send, by=None, now=LATER)
    run(send, relay)
    assert Counter(relay.recipients) == Counter(readers[2:])
    assert fresh(send).status == SendStatus.SENT
    assert counting.tally(send).sent == 10
    whole(send)


def test_a_number_that_was_given_out_after_the_backup_is_not_given_out_again(relay):
    send = restored_in_the_middle(relay)
    steering.pause(send, by=None, now=LATER)
    doubts.put_in_doubt(send, readers=6, by=None, now=LATER)
    reader = send.deliveries.filter(outcome=Outcome.IN_DOUBT).first()
    doubts.send_again(send, [reader.subscription_id], by=None, now=LATER)
    assert doubts.forgotten(send).chunks == ()


def test_it_is_refused_while_the_send_moves_or_if_the_number_is_another(relay):
    send = restored_in_the_middle(relay)
    with pytest.raises(NotNow, match="Only a paused send"):
        doubts.put_in_doubt(send, readers=6, by=None, now=LATER)
    steering.pause(send, by=None, now=LATER)
    with pytest.raises(Conflict, match="6 readers now"):
        doubts.put_in_doubt(send, readers=5, by=None, now=LATER)
    Chunk.objects.filter(pk=send.chunks.last().pk).update(state=ChunkState.CLAIMED)
    with pytest.raises(NotNow, match="messages in hand"):
        doubts.put_in_doubt(send, readers=6, by=None, now=LATER)
    assert not send.deliveries.filter(outcome=Outcome.IN_DOUBT).exists()


def test_where_another_machine_noticed_the_page_names_it(chris, relay):
    send = restored_in_the_middle(relay)
    run(send, relay)
    other = Home.objects.create(name="press-2", taken_in_at=LATER)
    Worker.objects.filter(pk=send.workers.last().pk).update(home=other, started_at=LATER + MINUTE)
    page = chris.get(f"/desk/issues/{send.issue_id}/sending/").content.decode()
    assert "list on the machine “press-2”" in page
    Chunk.objects.filter(state=ChunkState.WAITING).update(claims=5)  # nothing of it stands in our list
    page = chris.get(f"/desk/issues/{send.issue_id}/sending/").content.decode()
    assert "list on the machine “press-2”" in page
    assert "in doubt</button>" not in page


@pytest.mark.parametrize("policy", Policy)
def test_a_chunk_that_a_worker_held_when_the_backup_was_made_is_in_doubt(relay, policy):
    send = started(2, policy=policy)
    worker = Hand(send)
    worker.claim(LATER)
    restore = backed_up()
    handed_over(worker)
    worker.leave(LATER)
    restore()
    run(send, relay)
    assert relay.taken == []
    assert set(send.deliveries.values_list("outcome", "reply")) == {(Outcome.IN_DOUBT, FORGOTTEN)}


def test_a_journal_that_is_there_is_believed_though_a_chunk_of_that_number_was_closed_before():
    send = started(2)
    worker = Hand(send)
    worker.claim(LATER)
    worker.jobs[0].journal.mark(0, Mark.SENT)
    Ledger.of(send).add(worker.jobs[0].chunk)
    recovery.recover(homes.at_home(now=LATER), now=LATER)
    assert (counting.tally(send).sent, counting.tally(send).waiting, counting.tally(send).in_doubt) == (
        1,
        1,
        0,
    )


def test_what_was_closed_for_a_dead_worker_is_known_after_a_restore_too(relay):
    send = started(2)
    restore = backed_up()
    worker = Hand(send)
    worker.claim(LATER)
    handed_over(worker)
    recovery.recover(homes.at_home(now=LATER), now=LATER)
    assert counting.tally(send).sent == 2
    restore()
    run(send, relay)
    assert relay.taken == []
    assert fresh(send).status == SendStatus.PAUSED
