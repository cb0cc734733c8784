"""Clicks on links of issues: recorded raw, and judged by rules that anybody can read. The only writer of clicks."""

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from issues.models import Click, Issue

__all__ = ["RULES", "Seen", "judged", "record"]

RULES = {
    "head": "asks for the head of the page only, as link checkers do",
    "agent": "says itself that it is a program",
    "filter": "says that it is a mail filter, which opens links before the reader does",
    "prefetch": "comes from a mail program that fetches everything by itself",
    "instant": "comes within two seconds of the delivery of the mail",
    "sweep": "follows five or more different links of the issue within three seconds",
}
"""Each rule that takes a click for a machine's, and what such a click does."""

AT_ONCE = datetime.timedelta(seconds=2)
SWEEP, SWEPT = datetime.timedelta(seconds=3), 5
AGENTS = re.compile(
    r"""
    (?<!\bcu)bots?(?![a-z])                                # Googlebot/2.1, AdsBot-Google; but not Cubot, who makes phones
    | (?:crawler|spider|scan|scanner|preview)(?![a-z])     # BingPreview/1.0b, Baiduspider, crawler4j; not Scandinavia
    | \b(?:barracuda|proofpoint|mimecast)\b
    | \b(?:python|curl|libcurl|wget|go-http)[-/]           # python-requests/2.32
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Words by which programs say what they are. A word must end there: phones and browsers have names that begin so."""
FILTERS = re.compile(
    r"\b(?:cloudmark|fireeye|forcepoint|fortinet|fortimail|ironport|mailguard|messagelabs|safelinks|sophos|symantec|zscaler"
    r"|trend ?micro|headlesschrome)\b",
    re.IGNORECASE,
)
PREFETCH = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself; every browser goes on."""


@dataclass(frozen=True)
class Seen:
    """A click as it came in. ``mark`` is the tracking token of a sponsor's insertion, ``block`` the uid of the block that the
    link stands in; or empty. ``reader`` is empty where nobody knows who it was."""

    url: str
    reader: str
    at: datetime.datetime
    mark: str = ""
    block: str = ""
    delivered_at: datetime.datetime | None = None
    method: str = "GET"
    agent: str = ""


@transaction.atomic
def record(issue: Issue, seen: Iterable[Seen]) -> int:
    """Write down clicks and judge those near them anew: what comes later may tell what came before. Returns how many."""
    rows = [
        Click(
            issue=issue, block=each.block[:36], mark=each.mark[:16], url=each.url[:2000], reader=each.reader[:40], at=each.at,
            delivered_at=each.delivered_at, method=each.method[:8], agent=each.agent[:300],
        )
        for each in seen
    ]  # fmt: skip
    if not rows:
        return 0
    first, last = min(row.at for row in rows) - SWEEP, max(row.at for row in rows) + SWEEP
    before = _near(issue, {row.reader for row in rows} - {""}, first, last)
    verdicts = {row.pk: row.verdict for row in before}
    for own in _by_reader([*before, *rows]):
        for row, verdict in zip(own, judged(own), strict=True):
            row.verdict = verdict
    Click.objects.bulk_create(rows)
    _correct(row for row in before if row.verdict != verdicts[row.pk] and first < row.at < last)
    return len(rows)


def _near(
    issue: Issue, readers: Collection[str], first: datetime.datetime, last: datetime.datetime
) -> list[Click]:
    """Clicks that these may form a sweep with, and three seconds more on each side to judge those by; not all that a reader has
    ever sent."""
    near = issue.clicks.filter(reader__in=readers, at__gt=first - SWEEP, at__lt=last + SWEEP)
    return list(near.order_by("at", "pk"))


def _correct(clicks: Iterable[Click]) -> None:
    """A statement for each verdict, however many clicks."""
    changed: dict[str, list[int]] = {}
    for each in clicks:
        changed.setdefault(each.verdict, []).append(each.pk)
    for verdict, numbers in changed.items():
        Click.objects.filter(pk__in=numbers).update(verdict=verdict)


def _by_reader(clicks: Sequence[Click]) -> list[list[Click]]:
    """The clicks of each reader in the order of time. One of nobody known may be anybody's: no other tells what it was."""
    named: dict[str, list[Click]] = {}
    for each in sorted(clicks, key=lambda each: each.at):
        if each.reader:
            named.setdefault(each.reader, []).append(each)
    return [*named.values(), *([each] for each in clicks if not each.reader)]


def judged(clicks: Sequence[Click]) -> list[str]:
    """The rule that takes each click of one reader for a machine's, or nothing. ``clicks`` are in the order of time."""
    swept = _swept(clicks)
    return [_alone(click) or ("sweep" if place in swept else "") for place, click in enumerate(clicks)]


def _alone(click: Click) -> str:
    """What one click says about itself."""
    if click.method == "HEAD":
        return "head"
    if AGENTS.search(click.agent):
        return "agent"
    if FILTERS.search(click.agent):
        return "filter"
    if click.agent.strip() == PREFETCH:
        return "prefetch"
    if click.delivered_at and click.at - click.delivered_at < AT_ONCE:
        return "instant"
    return ""


def _swept(clicks: Sequence[Click]) -> set[int]:
    """Places of the clicks in any window of three seconds with many different links in it.

    Two fingers move along the clicks once: whoever sends thousands must not make us count for hours.
    """
    swept: set[int] = set()
    links: Counter[str] = Counter()
    first = done = 0
    for last, click in enumerate(clicks):
        links[click.url] += 1
        while click.at - clicks[first].at >= SWEEP:
            gone = clicks[first].url
            links[gone] -= 1
            if not links[gone]:
                del links[gone]
            first += 1
        if len(links) >= SWEPT:
            swept.update(range(max(first, done), last + 1))
            done = last + 1
    return swept
