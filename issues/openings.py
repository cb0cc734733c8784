"""Openings of issues, as far as a pixel can tell: recorded raw, judged by the rules of clicks. The only writer of openings."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from issues.clicks import judged
from issues.models import Click, Issue, Opening

__all__ = ["Fetched", "record"]


@dataclass(frozen=True)
class Fetched:
    """The pixel was fetched for a reader."""

    reader: str
    at: datetime.datetime
    delivered_at: datetime.datetime | None = None
    method: str = "GET"
    agent: str = ""


def record(issue: Issue, fetched: Iterable[Fetched]) -> list[Opening]:
    """Write down openings, each with what it says about itself. Returns the rows in the order given."""
    return Opening.objects.bulk_create(
        Opening(
            issue=issue, reader=each.reader[:40], at=each.at, delivered_at=each.delivered_at,
            agent=each.agent[:300], verdict=_verdict(each),
        )
        for each in fetched
    )  # fmt: skip


def _verdict(fetched: Fetched) -> str:
    """As of a click that stands alone: with one pixel in a mail there is nothing to sweep."""
    alone = Click(
        url="", at=fetched.at, delivered_at=fetched.delivered_at, method=fetched.method, agent=fetched.agent
    )
    return judged([alone])[0]
