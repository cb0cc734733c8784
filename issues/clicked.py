"""Counting clicks of an issue: by block, by link, by sponsor's insertion. Reads only; ``issues.clicks`` writes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from issues.models import Click, Issue

__all__ = ["Clicked", "by_block", "by_link", "by_mark", "whole"]


@dataclass(frozen=True)
class Clicked:
    """``raw`` are all clicks, ``human`` those that no rule takes for a machine's, ``people`` how many different readers made
    these."""

    raw: int = 0
    human: int = 0
    people: int = 0


def whole(issue: Issue) -> Clicked:
    """The issue as a whole: somebody who follows five links is one of ``people``."""
    return Clicked(**issue.clicks.aggregate(**_COUNTS))


def by_block(issue: Issue) -> dict[str, Clicked]:
    """By uid of the block, most people first; "" for links that stand in none."""
    return _by("block", issue.clicks.all())


def by_link(issue: Issue) -> dict[tuple[str, str], Clicked]:
    """By block and address, most people first: the same address in two blocks is two links."""
    rows = (
        issue.clicks.order_by().values_list("block", "url").annotate(**_COUNTS).order_by(_MOST_PEOPLE, "url")
    )
    return {(block, url): Clicked(*counts) for block, url, *counts in rows}


def by_mark(marks: Iterable[str]) -> dict[str, Clicked]:
    """By tracking token of a sponsor's insertion; those without a click are left out."""
    return _by("mark", Click.objects.filter(mark__in=[mark for mark in marks if mark]))


_HUMAN = Q(verdict="")
_COUNTS = {
    "raw": Count("pk"),
    "human": Count("pk", filter=_HUMAN),
    "people": Count("reader", filter=_HUMAN, distinct=True),
}
_MOST_PEOPLE = _COUNTS["people"].desc()


def _by(column: str, clicks: QuerySet[Click]) -> dict[str, Clicked]:
    rows = clicks.order_by().values_list(column).annotate(**_COUNTS).order_by(_MOST_PEOPLE, column)
    return {value: Clicked(*counts) for value, *counts in rows}
