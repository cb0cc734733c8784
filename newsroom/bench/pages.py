"""Measuring pages: the sponsor calendar, and an issue in the archive through the web server that we run."""

import datetime
import gzip
import http.client
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.models import Issue, Publication
from newsroom.bench import ground
from newsroom.desk import roles
from sponsors import inventory
from sponsors.models import (
    AdFormat,
    Advertiser,
    Creative,
    CreativeVersion,
    Decision,
    Hold,
    Insertion,
    InsertionOrder,
    LineItem,
    OrderStatus,
    Placement,
    Proof,
    RateCard,
    RateCardItem,
    VersionStatus,
)

REQUESTS = 2000
CONNECTIONS = 4


@dataclass(frozen=True)
class Load:
    """What a server did: requests a second, and its own processor time a request in ms."""

    per_second: float
    processor_ms: float


def median_ms(work: Callable[[], object], *, times: int = 60, warm_up: int = 5) -> float:
    """Median milliseconds of ``work``, after some runs to warm up."""
    for _ in range(warm_up):
        work()
    return statistics.median(_ms(work) for _ in range(times))


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


@dataclass(frozen=True)
class Page:
    """What one page costs: queries, milliseconds of a hundred requests in order, bytes once gzipped."""

    queries: int
    ms: list[float]
    gzipped: int

    @property
    def median(self) -> float:
        return statistics.median(self.ms)

    @property
    def p95(self) -> float:
        return self.ms[int(len(self.ms) * 0.95)]


def calendar_page(publication: Publication, *, times: int = 100) -> Page:
    """The sponsor calendar of twelve weeks, as a sales person gets it: the whole request, from the session to the last byte."""
    client = signed_in(roles.SALES)

    def ask() -> bytes:
        answer = client.get(reverse("sponsors:calendar"), {"publication": publication.slug, "weeks": "12"})
        if answer.status_code != 200:
            raise RuntimeError(f"The calendar answered {answer.status_code}.")
        return answer.content

    page = ask()
    with CaptureQueriesContext(connection) as queries:
        ask()
    return Page(len(queries), sorted(_ms(ask) for _ in range(times)), len(gzip.compress(page, 6)))


def signed_in(role: str) -> Client:
    """Somebody of that role at the desk."""
    who = User.objects.create_user(f"bench {role}", is_staff=True)
    who.groups.add(Group.objects.get(name=role))
    client = Client(SERVER_NAME=urlsplit(settings.SITE_URL).hostname)
    client.force_login(who)
    return client


def full_board(*, now: datetime.datetime, bookings: int = 400) -> Publication:
    """A publication with twelve weeks of issues, eight placements, so many bookings in every state, and holds in the rest."""
    publication = Publication.objects.create(
        name="Bench board", slug="bench-board", sender_email="bench@bench.example"
    )
    placements = _placements(publication)
    card = RateCard.objects.create(publication=publication, name="Rates", valid_from=now.date())
    RateCardItem.objects.bulk_create(
        RateCardItem(card=card, placement=each, price=1200) for each in placements
    )
    monday = now.date() - datetime.timedelta(days=now.weekday())
    days = [monday + datetime.timedelta(days=n) for n in range(84)]
    Issue.objects.bulk_create(
        Issue(
            publication=publication,
            title=f"Issue of {day}",
            slug=f"issue-{day}",
            planned_for=day,
            changed_at=now,
        )
        for day in days
        if day.weekday() in publication.weekdays
    )
    issues = list(publication.issues.order_by("planned_for"))
    inventory.lay_out(issues)
    _sell(publication, bookings, now=now)
    return publication


def _placements(publication: Publication) -> list[Placement]:
    form, _ = AdFormat.objects.get_or_create(name="Message")
    return Placement.objects.bulk_create(
        Placement(publication=publication, code=f"place-{n}", name=f"Placement {n}", position=n, format=form)
        for n in range(1, 9)
    )


def _sell(publication: Publication, bookings: int, *, now: datetime.datetime) -> None:
    """Slots go to forty advertisers in turn; every fourth has no creative, of the others two thirds are approved."""
    advertisers = [Advertiser.objects.create(name=f"Brightwater & Sons {n}") for n in range(1, 41)]
    lines = [_line(publication, each, now=now) for each in advertisers]
    versions = [_version(each, now=now) for each in advertisers]
    slots = [slot for issue in publication.issues.all() for slot in issue.slots.select_related("issue")]
    turns = zip(slots[:bookings], itertools.cycle(zip(lines, versions, strict=True)), strict=False)
    sold = Insertion.objects.bulk_create(
        Insertion(
            line=line, slot=slot, version=version if n % 4 else None, agreed_for=slot.issue.planned_for,
            booked_at=now,
        )
        for n, (slot, (line, version)) in enumerate(turns)
    )  # fmt: skip
    Proof.objects.bulk_create(
        Proof(
            insertion=each, version=each.version, rendering="0" * 64, decision=Decision.APPROVED, who="Ann",
            at=now,
        )
        for n, each in enumerate(sold)
        if each.version and n % 3
    )  # fmt: skip
    until = now + datetime.timedelta(hours=30)
    Hold.objects.bulk_create(
        Hold(slot=slot, advertiser=advertisers[n % 40], rank=1, placed_at=now, expires_at=until)
        for n, slot in enumerate(slots[bookings : bookings + 40])
    )


def _line(publication: Publication, advertiser: Advertiser, *, now: datetime.datetime) -> LineItem:
    order = InsertionOrder.objects.create(
        number=f"BENCH-{advertiser.pk}", advertiser=advertiser, publication=publication, created_at=now,
        status=OrderStatus.DRAFT,
    )  # fmt: skip
    return LineItem.objects.create(order=order, max_per_issue=8)


def _version(advertiser: Advertiser, *, now: datetime.datetime) -> CreativeVersion:
    return CreativeVersion.objects.create(
        creative=Creative.objects.create(advertiser=advertiser), number=1, body="<p>Boats.</p>",
        status=VersionStatus.REVIEWED, submitted_at=now, submitted_by="Ann",
    )  # fmt: skip


@contextmanager
def archive() -> Iterator[tuple[int, int]]:
    """A web server with a month of the demo in a folder of its own: its port and process id."""
    port = ground.free_port()
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "VAR": folder, "DATABASE_URL": "", "SITE_URL": f"http://127.0.0.1:{port}"}
        ground.manage("migrate", "-v0", environ=environ)
        ground.manage("make_demo", "--days=30", "--readers=10", environ=environ)
        server = subprocess.Popen(
            _gunicorn(port), cwd=settings.BASE_DIR, env=environ, stderr=subprocess.DEVNULL
        )
        try:
            ground.wait_for(port)
            yield port, server.pid
        finally:
            server.terminate()
            server.wait()


def load(
    port: int, server: int, path: str, *, headers: dict[str, str] | None = None, expected: int = 200
) -> Load:
    """``REQUESTS`` requests over kept connections; every answer must have the expected status."""
    _ask(port, path, headers or {}, expected, 100)
    before, start = _used(server), time.perf_counter()
    share = REQUESTS // CONNECTIONS
    threads = [
        threading.Thread(target=_ask, args=(port, path, headers or {}, expected, share))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, used = time.perf_counter() - start, _used(server) - before
    return Load(REQUESTS / took, used / REQUESTS * 1000)


def etag(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    return connection.getresponse().headers["ETag"]


def newest_issue(port: int) -> str:
    """The path of the newest issue of the demo."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/the-quay/")
    page = connection.getresponse().read().decode()
    return page.partition('<h1><a href="')[2].partition('"')[0]


def _ask(port: int, path: str, headers: dict[str, str], expected: int, times: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(times):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{path} answered {answer.status}, not {expected}")
    connection.close()


def _gunicorn(port: int) -> list[str]:
    options = f"--bind 127.0.0.1:{port} --worker-class gthread --workers 1 --threads 8 --keep-alive 20 --log-level error"
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "newsroom.wsgi:application",
        *options.split(),
        "--no-control-socket",
    ]


def _used(server: int) -> float:
    """Processor seconds of the server and its workers."""
    return ground.cpu_seconds(*ground.family(server))
