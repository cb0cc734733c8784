"""Links followed and pixels fetched: what a printing's links lead to, and who was where.

A request only lays down a footprint, a few words in memory. A thread of the web server writes what has gathered, five times a
second: no reader waits for the database, a burst costs few queries, and a killed server has lost a second of clicks at most.
While the database does not answer, footprints wait for it.
"""

import atexit
import datetime
import logging
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b, sha256
from typing import NamedTuple

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection, transaction

from issues import clicks, openings
from issues.clicks import Seen
from issues.models import Click, Issue
from issues.openings import Fetched
from newsroom.audience import engagement
from newsroom.delivery.models import Delivery, Printing

__all__ = ["PIXEL", "Basket", "Footprint", "Leads", "basket", "forget", "leads", "reader_of", "write"]

EVERY = 0.2
"""Seconds between two writings. Small portions: while one is written, requests get every other turn."""
AT_ONCE = 500
"""Footprints in one transaction."""
MOST = 200_000
"""Footprints kept while the database does not answer, some 100 MB; then the oldest go."""
PATIENCE = 0.0001
"""Seconds that a request waits for its turn while footprints are written; with Python's own 5 ms one in a hundred took 20 ms."""
PIXEL = -1
"""In place of a link's number: the pixel."""
_KNOWN = 500

_log = logging.getLogger(__name__)


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


class Basket:
    """Where footprints wait to be written. ``add`` may be called from any thread and takes a microsecond."""

    def __init__(self) -> None:
        self._kept: deque[Footprint] = deque(maxlen=MOST)
        self._writing = threading.Lock()
        self._by_itself = False
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, step: Footprint) -> None:
        self._kept.append(step)
        if self._by_itself and self._thread is None:
            self._start()

    def write_by_itself(self) -> None:
        """From now on: five times a second, and once more when the program ends.

        The thread is started by the first footprint, since a server may fork after it has loaded us.
        """
        self._by_itself = True
        sys.setswitchinterval(PATIENCE)
        atexit.register(self.empty)

    def empty(self) -> None:
        """Write what is there; if the database does not answer, keep it and say so."""
        with self._writing:
            while self._kept:
                some = [self._kept.popleft() for _ in range(min(len(self._kept), AT_ONCE))]
                try:
                    self._write(some)
                except (OperationalError, InterfaceError) as error:
                    self._put_back(some)
                    connection.close()
                    _log.warning("%d clicks and opens wait for the database: %s", len(self), error)
                    return

    def _start(self) -> None:
        with self._writing:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_writing, name="footprints", daemon=True)
                self._thread.start()

    def _keep_writing(self) -> None:
        while True:
            time.sleep(EVERY)
            if self._kept:
                self.empty()

    def _write(self, some: Sequence[Footprint]) -> None:
        """A footprint that the database will never take must not hold up the others."""
        try:
            write(some)
        except (OperationalError, InterfaceError):
            raise
        except Error:
            if len(some) == 1:
                _log.exception("A click could not be recorded and is dropped.")
                return
            for each in some:
                self._write([each])

    def _put_back(self, some: Sequence[Footprint]) -> None:
        room = max(MOST - len(self._kept), 0)
        self._kept.extendleft(reversed(some[len(some) - min(room, len(some)) :]))


basket = Basket()
