"""Measuring what docs/performance.md promises. Machines are noisy: read medians, compare in one run."""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

REQUESTS = 2000
CONNECTIONS = 4
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What a server did: requests a second, and its own processor time a request in ms."""

    per_second: float
    processor_ms: float


def median_ms(work: Callable[[], object], *, times: int = 60) -> float:
    """Median milliseconds of ``work``, after five runs to warm up."""
    for _ in range(5):
        work()
    return statistics.median(_ms(work) for _ in range(times))


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


@contextmanager
def archive() -> Iterator[tuple[int, int]]:
    """A web server with a month of the demo in a folder of its own: its port and process id."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        environ = {**os.environ, "VAR": folder, "DATABASE_URL": "", "SITE_URL": f"http://127.0.0.1:{port}"}
        for words in (["migrate", "-v0"], ["make_demo", "--days=30", "--readers=10"]):
            subprocess.run(
                [sys.executable, "manage.py", *words],
                cwd=settings.BASE_DIR,
                env=environ,
                check=True,
                capture_output=True,
            )
        server = subprocess.Popen(
            _gunicorn(port), cwd=settings.BASE_DIR, env=environ, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port)
            yield port, server.pid
        finally:
            server.terminate()
            server.wait()


def load(
    port: int, server: int, path: str, *, headers: dict[str, str] | None = None, expected: int = 200
) -> Load:
    """``REQUESTS`` requests over kept connections; every answer must have the expected status."""
    _ask(port, path, headers or {}, expected, 100)
    before, start = _cpu_seconds(server), time.perf_counter()
    share = REQUESTS // CONNECTIONS
    threads = [
        threading.Thread(target=_ask, args=(port, path, headers or {}, expected, share))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, used = time.perf_counter() - start, _cpu_seconds(server) - before
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


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            _ask(port, "/healthz", {}, 200, 1)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The web server did not start.")


def _cpu_seconds(server: int) -> float:
    """User and system time of the server and its workers, so far."""
    workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return sum(_ticks(pid) for pid in (str(server), *workers)) / TICKS_A_SECOND


def _ticks(pid: str) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
