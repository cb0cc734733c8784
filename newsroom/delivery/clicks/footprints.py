"""Links followed and pixels fetched: what a printing's links lead to, and who was where.

A request only lays down a footprint, as a line on disk (``spools``). A program beside the web server (``recording``) has many of
them written at once: no reader waits for the database, and a burst costs few queries.
"""

import datetime
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b, sha256
from typing import NamedTuple, Self

from django.conf import settings
from django.db import transaction

from issues import clicks, openings
from issues.clicks import Seen
from issues.models import Click, Issue
from issues.openings import Fetched
from newsroom.audience import engagement
from newsroom.delivery.models import Delivery, Printing

__all__ = ["PIXEL", "Footprint", "Leads", "forget", "leads", "reader_of", "write"]

PIXEL = -1
"""In place of a link's number: the pixel."""
_KNOWN = 500
_JSON = json.JSONEncoder(separators=(",", ":"))
_METHOD, _AGENT = 8, 300
"""Characters that are kept. The longest line, all emoji in twelve bytes each, is below 4 KB."""


class Leads(NamedTuple):
    """What never changes about a printing: issue, send, and links as ``[url, uid of the block, mark]`` by number."""

    issue: int
    send: int
    links: list[list[str]]


_leads: dict[int, Leads] = {}


def leads(printing: int) -> Leads | None:
    """Where the links of a printing lead, read once and kept; None if there is no such printing."""
    found = _leads.get(printing)
    if found is None:
        row = Printing.objects.filter(pk=printing).values_list("send__issue_id", "send_id", "links").first()
        if row is None:
            return None
        if len(_leads) >= _KNOWN:
            _leads.clear()
        found = _leads[printing] = Leads(*row)
    return found


def forget() -> None:
    """Read printings anew: the database is another one."""
    _leads.clear()


class Footprint(NamedTuple):
    """A reader was here. ``link`` is a number of the printing's links or ``PIXEL``, ``at`` is in seconds since 1970."""

    printing: int
    subscription: int
    link: int
    at: float
    method: str
    agent: str

    def line(self) -> bytes:
        """As it stands in a spool: JSON in ASCII, below 4 KB, with the end of a line nowhere but at its end.

        Of method and agent only what a database takes: no NUL, no half of a surrogate pair, and not more than it keeps.
        """
        kept = self._replace(method=_plain(self.method, _METHOD), agent=_plain(self.agent, _AGENT))
        return f"{_JSON.encode(kept)}\n".encode()

    @classmethod
    def read(cls, line: bytes) -> Self:
        """What ``line`` wrote. Raises ``ValueError`` for anything else, such as half a line."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        kinds = list(cls.__annotations__.values())
        if not isinstance(found, list) or [type(each) for each in found] != kinds:
            raise ValueError("no footprint")
        return cls(*found)


def _plain(words: str, most: int) -> str:
    return words[:most].replace("\0", "").encode(errors="replace").decode()


def reader_of(issue: int, subscription: int) -> str:
    """A name for a reader within one issue. Without our secret nobody can tell whose it is, nor follow it to another issue."""
    number = issue.to_bytes(8, "big") + subscription.to_bytes(8, "big")
    return blake2b(number, digest_size=16, key=_key()).hexdigest()


@cache
def _key() -> bytes:
    return sha256(f"reader of an issue:{settings.SECRET_KEY}".encode()).digest()


@transaction.atomic
def write(footprints: Iterable[Footprint]) -> None:
    """Record clicks and openings, and who of their readers was no machine. All of it or nothing."""
    of_printing: dict[int, list[Footprint]] = defaultdict(list)
    for each in footprints:
        of_printing[each.printing].append(each)
    for printing, steps in of_printing.items():
        if found := leads(printing):
            _write(found, steps)


def _write(found: Leads, steps: Sequence[Footprint]) -> None:
    issue = Issue(pk=found.issue)  # only its number is asked for
    subscriptions = {each.subscription for each in steps}
    delivered = dict(
        Delivery.objects.filter(send_id=found.send, subscription_id__in=subscriptions).values_list(
            "subscription_id", "at"
        )
    )
    names = {each: reader_of(found.issue, each) for each in subscriptions}
    followed = [_seen(found, each, names, delivered) for each in steps if each.link != PIXEL]
    fetched = [_fetched(each, names, delivered) for each in steps if each.link == PIXEL]
    if followed:
        clicks.record(issue, followed)
        first, last = min(each.at for each in followed), max(each.at for each in followed)
        human = Click.objects.human().filter(
            issue=issue, reader__in={each.reader for each in followed}, at__gte=first, at__lte=last
        )
        people = set(human.values_list("reader", flat=True))
        engagement.followed([each for each, name in names.items() if name in people], at=last)
    if fetched:
        rows = openings.record(issue, fetched)
        people = {row.reader for row in rows if not row.verdict}
        last = max(row.at for row in rows)
        engagement.opened([each for each, name in names.items() if name in people], at=last)


_Names = dict[int, str]
_Times = dict[int, datetime.datetime]


def _seen(found: Leads, step: Footprint, names: _Names, delivered: _Times) -> Seen:
    url, block, mark = found.links[step.link]
    return Seen(
        url, names[step.subscription], _moment(step), mark, block, delivered.get(step.subscription), step.method,
        step.agent,
    )  # fmt: skip


def _fetched(step: Footprint, names: _Names, delivered: _Times) -> Fetched:
    return Fetched(
        names[step.subscription], _moment(step), delivered.get(step.subscription), step.method, step.agent
    )


def _moment(step: Footprint) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(step.at, datetime.UTC)
