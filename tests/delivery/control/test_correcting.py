"""A corrected copy for those who have not got the issue yet."""

import pytest

from issues import workflow
from issues.models import Circulation, Issue
from issues.models import Status as IssueStatus
from newsroom.delivery.control import correcting, steering
from newsroom.delivery.models import Delivery, Send
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.reporting import receipts
from newsroom.delivery.sender import sending
from newsroom.lib.errors import NotNow
from tests.delivery.hands import LATER, MINUTE, Hand, dated, fresh, said, settled, started
from tests.delivery.relays import fake_relay
from tests.make import describe, make_person

pytestmark = pytest.mark.django_db
SENT = Mark.SENT


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
    assert {dated(content) for _, content in relay.taken} == {LATER}
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
