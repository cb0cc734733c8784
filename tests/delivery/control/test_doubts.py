"""Messages in doubt: marked as sent, or sent again, with counts that stay right."""

import pytest

from issues.models import Issue
from issues.models import Status as IssueStatus
from newsroom.delivery.control import doubts, steering
from newsroom.delivery.models import Outcome, SendStatus
from newsroom.delivery.queue import counting
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.sender import sending
from tests.delivery.hands import LATER, MINUTE, fresh, settled, started, whole
from tests.delivery.relays import fake_relay
from tests.make import make_person

pytestmark = pytest.mark.django_db
SENT, FAILED, DOUBT = Mark.SENT, Mark.FAILED, Mark.HANDED_OVER


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
