"""Clicks on links of issues: recorded raw, and judged by rules that anybody can read. The only writer of clicks."""

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
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
AGENTS = (
    "bot",
    "crawl",
    "spider",
    "preview",
    "scan",
    "barracuda",
    "proofpoint",
    "mimecast",
    "python-",
    "curl/",
    "wget/",
    "go-http",
)
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
    link stands in; or empty."""

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
    """Write down clicks and judge all clicks of their readers anew: what comes later may tell what came before."""
    rows = Click.objects.bulk_create(
        Click(
            issue=issue, block=each.block[:36], mark=each.mark[:16], url=each.url[:2000], reader=each.reader[:40], at=each.at,
            delivered_at=each.delivered_at, method=each.method[:8], agent=each.agent[:300],
        )
        for each in seen
    )  # fmt: skip
    _judge_anew(issue, rows)
    return len(rows)


def _judge_anew(issue: Issue, rows: Sequence[Click]) -> None:
    """What came in may belong to a sweep with clicks of up to three seconds before and after it. Those are judged anew, and
    three more seconds on each side are read to judge them by; not the whole of what a reader has ever sent."""
    if not rows:
        return
    first, last = min(row.at for row in rows) - SWEEP, max(row.at for row in rows) + SWEEP
    near = issue.clicks.filter(
        reader__in={row.reader for row in rows}, at__gt=first - SWEEP, at__lt=last + SWEEP
    )
    of_reader, changed = defaultdict(list), defaultdict(list)
    for click in near.order_by("at", "pk"):
        of_reader[click.reader].append(click)
    for own in of_reader.values():
        for click, verdict in zip(own, judged(own), strict=True):
            if click.verdict != verdict and first < click.at < last:
                changed[verdict].append(click.pk)
    for verdict, clicks in changed.items():
        Click.objects.filter(pk__in=clicks).update(verdict=verdict)


def judged(clicks: Sequence[Click]) -> list[str]:
    """The rule that takes each click of one reader for a machine's, or nothing. ``clicks`` are in the order of time."""
    swept = _swept(clicks)
    return [_alone(click) or ("sweep" if place in swept else "") for place, click in enumerate(clicks)]


def _alone(click: Click) -> str:
    """What one click says about itself."""
    if click.method == "HEAD":
        return "head"
    if any(name in click.agent.lower() for name in AGENTS):
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
