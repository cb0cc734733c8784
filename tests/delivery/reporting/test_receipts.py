"""Who got what: one reader looked up, and the table of all."""

import pytest

from newsroom.audience.models import Subscription
from newsroom.delivery.models import Outcome
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.reporting import receipts
from tests.delivery.hands import settled, started
from tests.make import make_reader

pytestmark = pytest.mark.django_db
SENT, FAILED = Mark.SENT, Mark.FAILED


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
