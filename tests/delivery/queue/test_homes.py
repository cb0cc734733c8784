"""Another machine, or an older database: neither sends what may have been sent."""

import signal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from newsroom.audience.models import Subscription
from newsroom.delivery.models import Chunk, ChunkState, Delivery, Home, SendStatus
from newsroom.delivery.queue import homes
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.queue.ledger import TIME_TRAVEL
from newsroom.delivery.sender import sending
from tests.delivery.hands import LATER, fresh, settled, started, tick
from tests.delivery.relays import fake_relay
from tests.make import NOW

pytestmark = pytest.mark.django_db
SENT = Mark.SENT


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
