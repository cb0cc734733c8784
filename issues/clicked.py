"""Counting clicks of issues: by block, by link, by sponsor's insertion, by section. Reads only; ``issues.clicks`` writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When

from issues.models import Click, Issue

__all__ = ["Clicked", "by_block", "by_issue", "by_link", "by_mark", "by_rule", "by_section", "whole"]


@dataclass(frozen=True)
class Clicked:
    """``raw`` are all clicks, ``human`` those that no rule takes for a machine's, ``people`` how many different readers made
    these, as far as we know who they are."""

    raw: int = 0
    human: int = 0
    people: int = 0

    @property
    def machines(self) -> int:
        """Clicks that a rule takes for a machine's."""
        return self.raw - self.human

    def __add__(self, other: "Clicked") -> "Clicked":
        """Of two issues: who clicked in both is two people."""
        return Clicked(self.raw + other.raw, self.human + other.human, self.people + other.people)


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


def by_issue(issues: Collection[Issue]) -> dict[int, Clicked]:
    """By number of the issue; those without a click are left out."""
    return _by("issue", Click.objects.filter(issue__in=issues))


def by_section(issues: Collection[Issue], sections: Mapping[str, Iterable[str]]) -> dict[str, Clicked]:
    """By section, each named with the uids of its blocks: somebody who clicks in two blocks of an issue's section is one of
    ``people``."""
    if not sections:
        return {}
    whens = [When(block__in=list(blocks), then=Value(name)) for name, blocks in sections.items()]
    inside = Click.objects.filter(issue__in=issues).annotate(
        section=Case(*whens, default=Value(""), output_field=CharField())
    )
    rows = inside.exclude(section="").order_by().values_list("issue", "section").annotate(**_COUNTS)
    found: dict[str, Clicked] = defaultdict(Clicked)
    for _, section, *counts in rows:
        found[section] += Clicked(*counts)
    return dict(found)


def by_rule(issue: Issue) -> dict[str, int]:
    """How many clicks each rule takes for a machine's, most first."""
    rows = issue.clicks.exclude(verdict="").order_by().values_list("verdict").annotate(clicks=Count("pk"))
    return dict(rows.order_by("-clicks", "verdict"))


_HUMAN = Q(verdict="")
_COUNTS = {
    "raw": Count("pk"),
    "human": Count("pk", filter=_HUMAN),
    "people": Count("reader", filter=_HUMAN & ~Q(reader=""), distinct=True),
}
_MOST_PEOPLE = _COUNTS["people"].desc()


def _by(column: str, clicks: QuerySet[Click]) -> dict[Any, Clicked]:
    rows = clicks.order_by().values_list(column).annotate(**_COUNTS).order_by(_MOST_PEOPLE, column)
    return {value: Clicked(*counts) for value, *counts in rows}
