"""Whatever people press and whatever breaks, in whatever order: nobody gets it twice, nobody is lost, the counts add up."""

import datetime
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from issues import workflow
from newsroom.delivery.control import correcting, doubts, stages, steering
from newsroom.delivery.models import Outcome, SendStatus
from newsroom.delivery.queue import chunks, counting, homes
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.sender import recovery, sending
from newsroom.lib.errors import Conflict, NotNow
from tests.delivery.hands import MINUTE, Hand, fresh, started, whole
from tests.make import NOW

pytestmark = pytest.mark.django_db
_folders = count()

STEPS = (
    "claim", "close", "take", "take", "fail", "put off", "doubt", "kill", "recover", "pause", "resume", "stop", "sweep",
    "mark as sent", "send again", "advance", "go on", "correct", "approve", "drop correction", "wrap up",
)  # fmt: skip


class Story:
    """A send with its workers, to which things happen. ``got`` counts how often each reader was handed a message of which the
    relay said that it took it, or did not say."""

    def __init__(self, readers: int, *, canary: bool) -> None:
        self.now = NOW + MINUTE
        self.send = started(readers, canary=canary)
        self.worker: Hand | None = None
        self.taken: Counter[int] = Counter()
        self.open: list[tuple[chunks.Job, int]] = []
        self.printed: dict[int, int] = {}

    def step(self, what: str) -> None:
        self.now += 3 * MINUTE
        self.send = fresh(self.send)
        try:
            with transaction.atomic():
                getattr(self, what.replace(" ", "_"))()
        except (NotNow, Conflict):
            pass
        whole(fresh(self.send))

    def claim(self) -> None:
        self.worker = self.worker or Hand(self.send)
        before = len(self.worker.jobs)
        self.worker.claim(self.now)
        for job in self.worker.jobs[before:]:
            assert self.send.status == SendStatus.SENDING
            assert job.printing == correcting.current(self.send).pk
            self.open += [(job, place) for place in range(len(job.rows))]

    def _mark(self, mark: Mark, *, taken: bool) -> None:
        if self.open:
            job, place = self.open.pop(0)
            job.journal.mark(place, mark)
            if taken:
                self.taken[job.rows[place][0]] += 1
                self.printed[job.rows[place][0]] = job.printing

    def take(self) -> None:
        self._mark(Mark.SENT, taken=True)

    def fail(self) -> None:
        self._mark(Mark.FAILED, taken=False)

    def put_off(self) -> None:
        self._mark(Mark.PUT_OFF, taken=False)

    def doubt(self) -> None:
        self._mark(Mark.HANDED_OVER, taken=True)

    def close(self) -> None:
        if self.worker:
            self.worker.leave(self.now)
            self.worker, self.open = None, []

    def kill(self) -> None:
        self.worker, self.open = None, []

    def recover(self) -> None:
        if self.worker is None:  # without its lock every worker here looks dead
            recovery.recover(homes.at_home(now=self.now), now=self.now)

    def pause(self) -> None:
        steering.pause(self.send, by=None, now=self.now)

    def resume(self) -> None:
        steering.resume(self.send, by=None, now=self.now)

    def stop(self) -> None:
        steering.stop(self.send, by=None, now=self.now, left=counting.tally(self.send).waiting)

    def sweep(self) -> None:
        if self.send.status == SendStatus.STOPPED:
            steering.sweep(self.send, now=self.now)

    def mark_as_sent(self) -> None:
        doubts.mark_as_sent(self.send, by=None, now=self.now)

    def send_again(self) -> None:
        """A person takes it upon them that these get it twice: it is not counted against us."""
        for reader in self.send.deliveries.filter(outcome=Outcome.IN_DOUBT).values_list(
            "subscription_id", flat=True
        ):
            self.taken[reader] -= 1
        doubts.send_again(self.send, by=None, now=self.now)

    def advance(self) -> None:
        stages.advance(self.send, now=self.now)

    def go_on(self) -> None:
        stages.go_on(self.send, by=None, now=self.now)

    def correct(self) -> None:
        correcting.begin(self.send, by=None, now=self.now)

    def approve(self) -> None:
        workflow.approve(self.send.issue, by=None, now=self.now)

    def drop_correction(self) -> None:
        workflow.drop_correction(self.send.issue, by=None, now=self.now)

    def wrap_up(self) -> None:
        sending._wrap_up(self.send, now=self.now)

    def to_the_end(self) -> None:
        """Somebody sees to it that everybody gets it who still should."""
        for step in ["recover", "sweep", "drop correction", "resume", *["go on"] * 4]:
            if step == "recover":
                self.close()
            self.step(step)
        for _ in range(60):
            self.now += datetime.timedelta(hours=3)
            self.claim_all()
        self.step("wrap up")

    def claim_all(self) -> None:
        self.send = fresh(self.send)
        self.claim()
        while self.open:
            self._mark(Mark.SENT, taken=True)
        self.close()


@pytest.fixture
def small_chunks(monkeypatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 3)


ONCE_THROUGH = ["claim", "take", "doubt", "kill", "pause", "recover", "correct", "approve", "resume", "claim", "take",
                "close", "send again", "stop", "sweep", "mark as sent"]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=30), readers=st.integers(1, 14), canary=st.booleans())
@example(steps=ONCE_THROUGH, readers=9, canary=True)
@example(steps=ONCE_THROUGH, readers=9, canary=False)
def test_whatever_is_pressed_nobody_gets_it_twice_and_nobody_is_lost(
    steps, readers, canary, settings, tmp_path: Path, small_chunks
):
    settings.VAR = tmp_path / str(next(_folders))
    with transaction.atomic():
        story = Story(readers, canary=canary)
        for step in steps:
            story.step(step)
        story.to_the_end()
        send, counts = fresh(story.send), counting.tally(story.send)
        assert max(story.taken.values(), default=0) <= 1
        assert (counts.waiting, counts.in_hand) == (0, 0)
        assert send.deliveries.count() + counts.dropped == readers
        assert send.status in (SendStatus.SENT, SendStatus.STOPPED)
        assert (send.status == SendStatus.STOPPED) == bool(counts.dropped) or "stop" in steps
        sent = send.deliveries.filter(outcome=Outcome.SENT).values_list("subscription_id", "printing_id")
        assert {reader: story.printed[reader] for reader, _ in sent} == dict(sent)
        assert send.issue.status == "sent"
        assert send.issue.delivered == counts.sent
        transaction.set_rollback(True)
