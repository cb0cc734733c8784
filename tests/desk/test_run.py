"""`manage.py run` as a person meets it: the whole stack, for real, in a data folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "SITE_URL", "ALLOWED_HOSTS", "MAIL_CATCHER_PORT"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Newsroom:
    """A `manage.py run` with data in a folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.log = folder / f"log-{time.monotonic_ns()}"
        environ = {name: value for name, value in os.environ.items() if name not in OURS}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run", *options],
                cwd=ROOT,
                env={**environ, "VAR": str(folder / "var")},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text()

    def wait_until_it_says(self, words: str, *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def end(self, stop_signal: signal.Signals = signal.SIGINT) -> float:
        """Stop it and return how many seconds that took."""
        start = time.monotonic()
        self.process.send_signal(stop_signal)
        self.process.wait(timeout=30)
        return time.monotonic() - start

    def family(self) -> set[int]:
        """The running process and all its descendants."""
        parents = {pid: parent for pid, parent, state in processes() if state != "Z"}
        family = {self.process.pid} & parents.keys()
        while found := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= found
        return family


def processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent and state of every process."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            yield int(stat.parent.name), int(parent), state


def alive(pids: set[int]) -> set[int]:
    return pids & {pid for pid, _parent, state in processes() if state != "Z"}


@pytest.fixture
def newsroom(tmp_path):
    started = []

    def start(*options: str) -> Newsroom:
        started.append(Newsroom(tmp_path, *options))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


def own_ports() -> tuple[str, ...]:
    return (f"--port={free_port()}", f"--smtp-port={free_port()}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_everything_starts_serves_refuses_a_second_and_stops(newsroom):
    ports = own_ports()
    running = newsroom(*ports, "--no-demo")
    running.wait_until_it_says("Ctrl-C stops everything.")
    port = int(ports[0].partition("=")[2])
    assert f"The newsroom is open: http://127.0.0.1:{port}/" in running.said()
    assert answer(f"http://127.0.0.1:{port}/") < 500
    family = running.family()
    assert len(family) == 7  # the supervisor, broker, mail catcher, web (two), worker, beat

    second = newsroom(*own_ports(), "--no-demo")
    assert second.process.wait(timeout=20) == 1
    assert "The newsroom is already running" in second.said()

    assert running.end() < 10
    assert running.process.returncode == 0
    assert running.said().endswith("Stopped.\n")
    assert not alive(family)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_a_kill_and_the_next_run_starts(newsroom):
    ports = own_ports()
    running = newsroom(*ports, "--no-demo")
    running.wait_until_it_says("Ctrl-C stops everything.")
    family = running.family()
    running.end(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(family):
        assert time.monotonic() < deadline, alive(family)
        time.sleep(0.05)
    again = newsroom(*ports, "--no-demo")
    again.wait_until_it_says("Ctrl-C stops everything.")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_can_be_stopped_while_it_sets_up(newsroom):
    running = newsroom(*own_ports(), "--no-demo")
    running.wait_until_it_says("Preparing the database")
    family = running.family()
    assert running.end(signal.SIGTERM) < 10
    assert running.process.returncode == 0
    assert "Traceback" not in running.said()
    assert not alive(family)


def test_a_port_in_use_is_named(newsroom):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = newsroom(f"--port={port}", f"--smtp-port={free_port()}", "--no-demo")
        assert refused.process.wait(timeout=20) == 1
        assert f"Port {port} on 127.0.0.1 is used by another program." in refused.said()
        refused = newsroom(f"--port={free_port()}", f"--smtp-port={port}", "--no-demo")
        assert refused.process.wait(timeout=20) == 1
        assert 'Choose another: make run ARGS="--smtp-port' in refused.said()


def answer(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
