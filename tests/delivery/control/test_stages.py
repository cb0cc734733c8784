"""A canary: a send that opens by stages."""

import datetime

import pytest

from newsroom.audience import recipients
from newsroom.audience.models import Segment, Subscription
from newsroom.delivery.control import scheduling, stages, steering
from newsroom.delivery.models import Send, SendStatus, Stage
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.sender import sending
from newsroom.lib.errors import Conflict, NotNow
from tests.delivery.hands import LATER, MINUTE, dated, fresh, settled, started, tick
from tests.delivery.relays import fake_relay
from tests.make import NOW, make_approved_issue, make_person, make_publication, make_reader, make_readers

pytestmark = pytest.mark.django_db
SENT, FAILED, PUT_OFF, DOUBT = Mark.SENT, Mark.FAILED, Mark.PUT_OFF, Mark.HANDED_OVER


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
    assert [dated(relay.taken[last - 1][1]) for last in reached[:4]] == [
        NOW + MINUTE + 6 * MINUTE * stage for stage in range(4)
    ]
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
