"""A whole newsroom for a test: `manage.py run` with data and ports of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "SITE_URL", "ALLOWED_HOSTS", "MAIL_CATCHER_PORT"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Newsroom:
    """A `manage.py run` with data in a folder of its own."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.folder = folder
        self.log = folder / f"log-{time.monotonic_ns()}"
        environ = {name: value for name, value in os.environ.items() if name not in OURS}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run", *options],
                cwd=ROOT,
                env={**environ, "VAR": str(folder / "var"), **variables},
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


def own_ports() -> tuple[str, ...]:
    return (f"--port={free_port()}", f"--smtp-port={free_port()}")
