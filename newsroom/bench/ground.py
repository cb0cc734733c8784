"""What every measurement stands on: a newsroom of its own in an empty folder, servers of its own, and what a process has used."""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

__all__ = [
    "cpu_seconds",
    "database",
    "family",
    "free_port",
    "kernel_says",
    "machine",
    "manage",
    "postgres",
    "wait_for",
]

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """What it is measured on."""
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.+)", info.read_text()) if info.exists() else []
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores of {name}, Python {platform.python_version()}"


def manage(*words: str, environ: Mapping[str, str]) -> str:
    """What ``manage.py`` prints, in the newsroom that ``environ`` describes. Raises ``CalledProcessError``."""
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=settings.BASE_DIR, env=environ, check=True, text=True,
        stdout=subprocess.PIPE,
    ).stdout  # fmt: skip


def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until somebody listens there. Raises ``RuntimeError`` after twenty seconds."""
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=20).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The server did not start.")


def cpu_seconds(*pids: int) -> float:
    """User and system time of processes, so far."""
    return sum(map(_ticks, pids)) / TICKS_A_SECOND


def family(pid: int) -> list[int]:
    """A process, its children and theirs."""
    threads = Path(f"/proc/{pid}/task").glob("*")  # each has the children that it started
    children = b" ".join(kernel_says(pid, f"task/{each.name}/children") for each in threads).split()
    return [pid, *(each for child in children for each in family(int(child)))]


def kernel_says(pid: int, name: str) -> bytes:
    """The file of that name about a process; nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _ticks(pid: int) -> int:
    fields = kernel_says(pid, "stat").rpartition(b")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server: TEST_DATABASE_URL, else one that is started here; empty if there is none."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        yield ""
        return
    with _server(binaries[-1]) as url:
        yield url


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of an empty database on a server, as long as this lasts. Without a server it is empty too: SQLite in ``VAR``."""
    if not server:
        yield ""
        return
    psycopg = import_module("psycopg")  # who has no PostgreSQL need not have its driver
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _server(binaries: Path) -> Iterator[str]:
    """A private server that writes to disk as a real one does; started under another name where we are root."""
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder, port = Path(tempfile.mkdtemp(prefix="newsroom-bench-pg-")), free_port()
    if as_postgres:
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "log"

    def run(program: str, *words: str | Path) -> None:
        given = [*as_postgres, binaries / program, "-D", data, *words]
        subprocess.run(given, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c shared_buffers=512MB"
    )
    run("pg_ctl", "-w", "-l", log, "-o", options, "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-w", "-m", "fast", "stop")
        shutil.rmtree(folder)
