"""Measuring the redirect behind the links of a mail, through the web server that we run."""

import datetime
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from issues.models import Edition, Issue, Publication
from newsroom.audience import recipients
from newsroom.audience.models import Status, Subscriber, Subscription
from newsroom.bench import ground
from newsroom.delivery.models import Outcome, Printing, Send
from newsroom.delivery.queue import chunks
from newsroom.desk import programs
from newsroom.lib import locks
from newsroom.lib.links import ReaderToken

__all__ = ["Followed", "Server", "another", "follow", "house", "measure", "server"]

CONNECTIONS = 8
READERS, LINKS = 3000, 33
WANTED = 1500
"""Requests a second that the figure asks for."""


@dataclass(frozen=True)
class Followed:
    """What following links came to: seconds of each answer, and how long all of it took."""

    latencies: Sequence[float]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        return 1000 * sorted(self.latencies)[int(len(self.latencies) * percent / 100)]


@dataclass(frozen=True)
class Server:
    """A running web server with one printing to click in: where it listens, its first reader, and whom to ask for its time."""

    port: int
    pid: int
    printing: int
    first_reader: int
    environ: dict[str, str]

    def address(self, turn: int) -> str:
        """The path of a click: readers and links in turn, so that no reader looks like a machine."""
        token = ReaderToken(self.printing, self.first_reader + turn % READERS).text
        return f"/c/{token}/{(turn * 7) % LINKS}"

    def cpu_seconds(self) -> tuple[float, float]:
        """User and system time so far: of the server and its workers, and of the recorder."""
        recorder = self.recorder()
        web = (pid for pid in ground.family(self.pid) if pid != recorder)
        return ground.cpu_seconds(*web), ground.cpu_seconds(recorder) if recorder else 0.0

    def recorder(self) -> int | None:
        """The number of the running recorder, if it was started by this server."""
        found = (
            pid for pid in ground.family(self.pid) if b"record_clicks" in ground.kernel_says(pid, "cmdline")
        )
        return next(found, None)

    def recorder_mb(self) -> float:
        """Memory of the recorder at its peak, what it shares with others included."""
        pid = self.recorder()
        peak = re.search(rb"VmHWM:\s+(\d+) kB", ground.kernel_says(pid, "status")) if pid else None
        return int(peak[1]) / 1024 if peak else 0.0

    def recorded(self) -> int:
        """How many clicks stand in the database."""
        return int(self.ask("from issues.models import Click; print(Click.objects.count())"))

    def ask(self, words: str) -> str:
        """What a few lines of Python say, run in its newsroom."""
        return ground.manage("shell", "-v0", "-c", words, environ=self.environ)


def measure(*, requests: int = 15_000) -> dict[str, Any]:
    """As fast as it goes, and at the wanted rate with the time each answer took. The server and its recorder have one core to
    themselves, if the machine has two."""
    with server() as running:
        follow(running, 2000)
        _until_recorded(running, 2000)
        before = running.cpu_seconds()
        fastest = follow(running, requests)
        _until_recorded(running, 2000 + requests)
        web, recorder = (after - so_far for after, so_far in zip(running.cpu_seconds(), before, strict=True))
        paced = follow(running, requests, per_second=WANTED)
        waited, recorded = _until_recorded(running, 2000 + 2 * requests)
        memory = running.recorder_mb()
    return {
        "redirects a second": round(fastest.per_second),
        "processor time a redirect, ms": round(1000 * web / requests, 3),
        "processor time of its row, ms": round(1000 * recorder / requests, 3),
        "at a second": round(paced.per_second),
        "p50, ms": round(paced.percentile_ms(50), 2),
        "p99, ms": round(paced.percentile_ms(99), 2),
        "clicks followed": 2000 + 2 * requests,
        "clicks recorded": recorded,
        "after, s": round(waited, 1),
        "memory of the recorder, MB": round(memory),
    }


def _until_recorded(running: Server, clicks: int) -> tuple[float, int]:
    """Seconds until all clicks stand in the database, as far as a look once a second tells; and how many do."""
    start = time.monotonic()
    while (recorded := running.recorded()) < clicks and time.monotonic() - start < 60:
        time.sleep(1)
    return time.monotonic() - start, recorded


@contextmanager
def server() -> Iterator[Server]:
    """A web server of a newsroom of its own."""
    with house() as made, another(made) as running:
        yield running


@contextmanager
def house(migrated: Path | None = None, **variables: str) -> Iterator[Server]:
    """A newsroom with a folder and a database of its own, in which no server runs yet; ``migrated`` is an SQLite file with our
    tables to begin with."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            **os.environ, "VAR": folder, "DATABASE_URL": "", "SECRET_KEY": settings.SECRET_KEY, **variables,
        }  # fmt: skip
        if migrated:
            shutil.copy(migrated, Path(folder) / "db.sqlite3")
        ground.manage("migrate", "-v0", environ=environ)
        made = ground.manage(
            "shell", "-v0", "-c", f"from {__name__} import invent; invent()", environ=environ
        )
        printing, reader = map(int, made.split())
        try:
            yield Server(0, 0, printing, reader, environ)
        finally:
            _wait_for_the_recorder(Path(folder))


@contextmanager
def another(first: Server) -> Iterator[Server]:
    """The web server as ``manage.py run`` starts it, in the newsroom of another one."""
    port = ground.free_port()
    process = subprocess.Popen(
        programs.web("127.0.0.1", port).argv, cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL,
        env={**first.environ, "SITE_URL": f"http://127.0.0.1:{port}"},
        preexec_fn=_on_one_core,  # noqa: PLW1509 - nothing else runs in this process
    )  # fmt: skip
    try:
        ground.wait_for(port)
        yield replace(first, port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait()


def invent() -> None:
    """An issue that was sent to ``READERS`` an hour ago; says the numbers of its printing and of its first reader."""
    now = timezone.now()
    publication = Publication.objects.create(name="Bench", slug="bench", sender_email="bench@bench.example")
    issue = Issue.objects.create(
        publication=publication, title="Bench", slug="bench", planned_for=now.date(), changed_at=now
    )
    edition = Edition.objects.create(issue=issue, number=1, subject="Bench", minutes=1, frozen_at=now)
    send = Send.objects.create(issue=issue, edition=edition, scheduled_for=now, window_ends=now)
    links = [
        [f"https://boats.example/{n}", f"block-{n // 3}", "mark" if n == 7 else ""] for n in range(LINKS)
    ]
    printing = Printing.objects.create(send=send, edition=edition, links=links, made_at=now)
    mailing_list = recipients.list_of("bench", name="Bench")
    people = Subscriber.objects.bulk_create(Subscriber(email=f"r{n}@readers.example") for n in range(READERS))
    readers = Subscription.objects.bulk_create(
        Subscription(
            subscriber=each, mailing_list=mailing_list, status=Status.ACTIVE, source="bench", asked_at=now
        )
        for each in people
    )
    sent = [(each.pk, int(Outcome.SENT), "") for each in readers]
    chunks.write_deliveries(send.pk, printing.pk, sent, now=now - datetime.timedelta(hours=1))
    sys.stdout.write(f"{printing.pk} {readers[0].pk}")


def _on_one_core() -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])


def follow(running: Server, requests: int, *, per_second: float = 0) -> Followed:
    """Follow so many links over kept connections: as fast as answers come, or so many a second whether they come or not.

    An answer's time runs from the moment its request was due. Raises ``RuntimeError`` for an answer that is no redirect.
    """
    lines = [_connected(running.port) for _ in range(4 * CONNECTIONS if per_second else CONNECTIONS)]
    selector, idle = selectors.DefaultSelector(), deque(lines)
    for each in lines:
        selector.register(each, selectors.EVENT_READ)
    asking = [_request(running.address(turn)) for turn in range(requests)]
    asked: dict[Any, float] = {}
    latencies: list[float] = []
    turns = _Turns(requests, per_second)
    while len(latencies) < requests:
        while idle and (due := turns.take()) is not None:
            line = idle.popleft()
            asked[line] = due
            line.sendall(asking[turns.taken - 1])
        for key, _ in selector.select(turns.wait() if idle else 1):
            latencies.append(_heard(key.fileobj) - asked.pop(key.fileobj))
            idle.append(key.fileobj)  # type: ignore[arg-type]
    seconds = time.perf_counter() - turns.start
    for each in lines:
        each.close()
    return Followed(latencies, seconds)


class _Turns:
    """When each request is due: as soon as a connection is idle, or so many a second. ``taken`` is how many have been sent."""

    def __init__(self, requests: int, per_second: float) -> None:
        self.requests, self.per_second = requests, per_second
        self.start, self.taken = time.perf_counter(), 0

    def take(self) -> float | None:
        """The moment at which the next request was due; None if none is."""
        now = time.perf_counter()
        due = self.start + self.taken / self.per_second if self.per_second else now
        if self.taken == self.requests or due > now:
            return None
        self.taken += 1
        return due

    def wait(self) -> float:
        """Seconds until the next request is due; a second if that is not known."""
        if not self.per_second or self.taken == self.requests:
            return 1
        return max(self.start + self.taken / self.per_second - time.perf_counter(), 0)


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {_BROWSER}\r\n\r\n".encode()


def _heard(line: Any) -> float:
    """The moment at which an answer came. Raises ``RuntimeError`` if it is no redirect."""
    said = line.recv(65536)
    if not said.startswith(b"HTTP/1.1 302"):
        raise RuntimeError(f"The redirect answered {said[:80]!r}.")
    return time.perf_counter()


_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def _connected(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _wait_for_the_recorder(var: Path) -> None:
    """It outlives the server for a moment, and its folder must not go before it."""
    lock = var / "footprints" / "recorder.lock"
    for _ in range(400):
        if not lock.exists():
            return
        with locks.holding(lock) as free:
            if free:
                return
        time.sleep(0.05)
    raise RuntimeError("The recorder does not end.")


if __name__ == "__main__":
    for name, figure in measure().items():
        sys.stdout.write(f"{name:<32}{figure}\n")
