"""What the demo's past sends left behind: to whom each issue went, and what became of every message."""

import datetime
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from issues import workflow
from issues.models import Issue, Publication
from newsroom.audience import recipients
from newsroom.delivery.control import correcting
from newsroom.delivery.models import Chunk, ChunkState, Outcome, Send, SendEvent, SendStatus
from newsroom.delivery.queue import chunks, counting
from newsroom.delivery.queue.counting import Tally
from newsroom.lib.text import counted

APPROVED_BEFORE = datetime.timedelta(minutes=40)
SCHEDULED_BEFORE = datetime.timedelta(minutes=35)
WINDOW = datetime.timedelta(minutes=120)
A_CHUNK_TAKES = datetime.timedelta(seconds=2)
AT_ONCE = datetime.timedelta(seconds=1)
"""So long after the start of a send they leave who are left out of it at the last moment."""
REFUSALS = ("552 5.2.2 The mailbox is full", "554 5.7.1 Not taken here")
"""Of a kind by which nobody is suppressed: the same readers get the next issue."""
INTERRUPTED = "The worker was interrupted while it handed this message over."


@dataclass(frozen=True)
class Stay:
    """How long somebody was a reader; ``until`` is None for those who still are."""

    reader: int
    since: datetime.datetime
    until: datetime.datetime | None = None

    def planned(self, at: datetime.datetime) -> bool:
        """Whether a send that starts at this moment is for them."""
        return self.since <= at and (self.until is None or at < self.until)


def stays(publication: Publication, starts: Sequence[datetime.datetime], *, gone: int) -> list[Stay]:
    """All who ever read the publication. The first ``gone`` of them have left, each after one of the sends that began at
    ``starts``; every sixth of those only when the next send had just begun."""
    pick = random.Random(7)  # noqa: S311 - figures for a demo, not secrets
    listed = recipients.active(publication.slug).order_by("pk")
    found = []
    for number, (reader, since) in enumerate(listed.values_list("pk", "confirmed_at")):
        assert since is not None  # whoever was imported is active since then
        got = [at for at in starts if at >= since] if number < gone else []
        found.append(Stay(reader, since, _left(got, pick, late=number % 6 == 2)))
    return found


def _left(got: Sequence[datetime.datetime], pick: random.Random, *, late: bool) -> datetime.datetime | None:
    """When somebody left who could get the sends of these moments; None if there was none to leave by."""
    if not got:
        return None
    last = pick.randrange(len(got))
    if late and last + 1 < len(got):
        return got[last + 1] + AT_ONCE
    return got[last] + datetime.timedelta(minutes=pick.randrange(5, 600))


def send(issue: Issue, known: Sequence[Stay], *, by: User, at: datetime.datetime, doubtful: bool) -> None:
    """An approved issue went out at that moment, to whoever was there. ``doubtful`` leaves one message in doubt."""
    workflow.go_out(issue, now=at)
    assert issue.edition is not None  # the database says so of every issue that went out
    rows = _rows([each for each in known if each.planned(at)], issue, at, doubtful=doubtful)
    took = A_CHUNK_TAKES * max(1, -(-len(rows) // chunks.SIZE))
    sent = Send.objects.create(
        issue=issue, edition=issue.edition, status=SendStatus.SENT, planned=len(rows), scheduled_by=by,
        scheduled_for=at, window_ends=at + WINDOW, started_at=at, finished_at=at + took, stage_at=at,
    )  # fmt: skip
    _write(sent, rows, printing=correcting.print_first(sent, now=at).pk)
    counts = counting.tally(sent)
    SendEvent.objects.bulk_create(_events(sent, counts))
    workflow.finish(issue, now=at + took, delivered=counts.sent)


_Row = tuple[int, int, str]


def _rows(planned: Sequence[Stay], issue: Issue, at: datetime.datetime, *, doubtful: bool) -> list[_Row]:
    """Reader, outcome and reply. Nearly all have it; two at most were refused, and of those who left now each was spared."""
    pick = random.Random(issue.planned_for.toordinal())  # noqa: S311 - figures for a demo, not secrets
    staying = [each.reader for each in planned if each.until is None]
    unlucky = pick.sample(staying, min(len(staying), issue.planned_for.day % 3 + doubtful))
    fates = {each: (Outcome.FAILED, pick.choice(REFUSALS)) for each in unlucky}
    if doubtful and unlucky:
        fates[unlucky[0]] = (Outcome.IN_DOUBT, INTERRUPTED)
    for each in planned:
        if each.until and each.until <= at + AT_ONCE:
            fates[each.reader] = (Outcome.SKIPPED, "")
    taken = (Outcome.SENT, "")
    return [(each.reader, *fates.get(each.reader, taken)) for each in planned]


def _write(sent: Send, rows: Sequence[_Row], *, printing: int) -> None:
    """The chunks as workers leave them, and a row for each reader."""
    done, at = [], sent.scheduled_for
    for first in range(0, len(rows), chunks.SIZE):
        some, at = rows[first : first + chunks.SIZE], at + A_CHUNK_TAKES
        chunks.write_deliveries(sent.pk, printing, some, now=at)
        became = Counter(outcome for _, outcome, _ in some)
        done.append(
            Chunk(
                send=sent, ids=b"", size=len(some), state=ChunkState.DONE, claims=1, done_at=at,
                sent=became[Outcome.SENT], failed=became[Outcome.FAILED], skipped=became[Outcome.SKIPPED],
                in_doubt=became[Outcome.IN_DOUBT],
            )
        )  # fmt: skip
    Chunk.objects.bulk_create(done)


def _events(sent: Send, counts: Tally) -> Iterator[SendEvent]:
    """In the words of those who write them while a send runs."""
    start, end = sent.scheduled_for, sent.finished_at
    assert end is not None
    yield SendEvent(send=sent, at=start - SCHEDULED_BEFORE, by=sent.scheduled_by, what="scheduled")
    yield SendEvent(send=sent, at=start, what="started", note=f"To {counted(sent.planned, 'reader')}.")
    if counts.in_doubt:
        doubt = counted(counts.in_doubt, "message")
        words = f"A worker was killed. 0 messages of it known, {doubt} in doubt, 0 readers waiting again."
        yield SendEvent(send=sent, at=end - AT_ONCE, what="interrupted", note=words)
    yield SendEvent(send=sent, at=end, what="finished", note=counting.summary(counts))
