"""Against a real mail transfer agent: what it takes, refuses and puts off."""

import pytest

from newsroom.delivery.control import scheduling
from newsroom.delivery.models import ChunkState, Outcome
from newsroom.delivery.sender import sending
from newsroom.lib.relay import Relay
from tests.delivery.sender.test_sending import MINUTE
from tests.make import NOW, make_approved_issue, make_publication, make_reader

pytestmark = pytest.mark.django_db


def test_postfix_takes_the_issue_and_its_refusals_are_recorded(postfix, settings):
    settings.RELAY = Relay(postfix.host, postfix.port)
    publication = make_publication()
    for address in (
        "ada@readers.example",
        "zoë.name@readers.example",
        "nobody@rejected.example",
        "later@deferred.example",
    ):
        make_reader(publication, address.replace("ë", "e"), name="Zoë" if "ë" in address else "")
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)

    sending.run(send.pk, clock=lambda: NOW + MINUTE, keep_going=lambda: True)

    assert sending.tally(send) == sending.Tally(planned=4, sent=2, failed=1, deferred=1)
    failed = send.deliveries.get(outcome=Outcome.FAILED)
    assert failed.subscription.subscriber.email == "nobody@rejected.example"
    assert failed.reply.startswith("550 5.1.1")
    assert send.chunks.get(state=ChunkState.WAITING).not_before > NOW + MINUTE
