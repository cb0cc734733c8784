"""Arranging what was sent, for tests of what comes back."""

import datetime
from typing import Any

from issues.models import Issue
from newsroom.audience.models import Subscription
from newsroom.delivery.models import Outcome, Printing, Send
from newsroom.delivery.queue import chunks
from newsroom.lib.links import ReaderToken
from tests.make import NOW, make_approved_issue, make_readers

LINKS = [
    ["https://boats.example/", "block-one", ""],
    ["https://cranes.example/?a=1&b=2#top", "block-one", ""],
    ["https://sponsor.example/", "block-two", "mark-of-sponsor"],
    *[[f"https://tides.example/{n}", "block-three", ""] for n in range(6)],
]


def make_printing(
    issue: Issue | None = None, *, links: list[list[str]] = LINKS, at: datetime.datetime = NOW
) -> Printing:
    """An edition as it went out at that time."""
    issue = issue or make_approved_issue()
    send = Send.objects.create(
        issue=issue, edition=issue.edition, scheduled_for=at, window_ends=at, started_at=at
    )
    return Printing.objects.create(send=send, edition=issue.edition, links=links, made_at=at)


def delivered(printing: Printing, *readers: Subscription, at: datetime.datetime = NOW) -> None:
    """They got it at that time."""
    rows = [(each.pk, int(Outcome.SENT), "") for each in readers]
    chunks.write_deliveries(printing.send_id, printing.pk, rows, now=at)


def make_mailed(count: int = 1, **printing: Any) -> tuple[Printing, list[Subscription]]:
    """A printing and so many readers who have got it."""
    made = make_printing(**printing)
    readers = make_readers(made.send.issue.publication, count)
    delivered(made, *readers)
    return made, readers


def token(printing: Printing, reader: Subscription) -> str:
    """What stands in the addresses of that reader's mail."""
    return ReaderToken(printing.pk, reader.pk).text


def tag(printing: Printing, reader: Subscription) -> str:
    """What stands in the return path of that reader's mail."""
    return ReaderToken(printing.pk, reader.pk).hex
