"""The recorder: a program beside the web server that writes into the database what footprints stand in spools.

A process of its own, because a thread would take turns with the requests. Each process of the web server looks once a second
whether somebody holds the lock of the recorder, and starts one if nobody does. It reads the spools of all processes of this home,
also of dead ones, and ends when there is none left.
"""

import datetime
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import DataError, Error, IntegrityError, connection, reset_queries, transaction

from newsroom.delivery.clicks import footprints, spools
from newsroom.delivery.clicks.footprints import Footprint
from newsroom.delivery.clicks.spools import Written
from newsroom.delivery.models import Bookmark
from newsroom.lib import locks
from newsroom.lib.errors import Conflict
from newsroom.lib.sparing import Sparing

__all__ = ["Backlog", "Recorder", "backlog", "hold", "keep_recording"]

EVERY = 0.2
"""Seconds between two looks at what is new."""
LOOK_AFTER = 1.0
"""Seconds between two looks whether a recorder runs, and between two tries while the database does not answer."""
LATE = datetime.timedelta(seconds=10)
"""Footprints that wait for longer are worth a word."""
POLITE = 10
"""The niceness of the recorder: where both want a core, requests get nine tenths of it."""
UNTAKEABLE = (DataError, IntegrityError, ValueError, LookupError, OverflowError)
"""What is said of a footprint that no database will ever take. Any other error of the database is one of the database, and
footprints wait until it is over."""

_log = logging.getLogger(__name__)
_log.addFilter(Sparing())


class Recorder:
    """Writes down what stands in the spools of this home."""

    def __init__(self) -> None:
        self._read_to: dict[str, int] = {}

    def run(self) -> None:
        """Until no spool is left: those of living processes always are. Without a database, only as long as one lives."""
        while found := spools.left():
            try:
                more = [self._look(path) for path in found]
                wait = 0 if any(more) else EVERY
            except (Error, OSError) as error:  # restarted, we should meet it again
                _log.warning("Clicks and opens wait until this is over: %s", error)
                self._start_anew()
                if not _somebody_lives():
                    return
                wait = LOOK_AFTER
            reset_queries()  # in debug mode they would be kept
            time.sleep(wait)

    def _start_anew(self) -> None:
        self._read_to.clear()
        connection.close()

    def _look(self, path: Path) -> bool:
        """Record a portion of a spool, and remove one that will not grow any more at its end. Whether there is more to read now.

        Raises an ``Error`` of the database that is not about a footprint.
        """
        name, over = path.stem, False
        with suppress(FileNotFoundError, Conflict), Written.opened(path) as spool:
            start = self._read_to_of(name) if spool.size else 0
            if start < spool.size and (lines := spool.lines(start)):
                self._record(name, start, lines)
                return self._read_to[name] < spool.size
            if over := spool.complete and start >= spool.size:
                spool.remove()
        if over:  # first the file: without its bookmark it would be read again
            self._read_to.pop(name, None)
            Bookmark.objects.filter(spool=name).delete()
        return False

    def _read_to_of(self, name: str) -> int:
        if name not in self._read_to:
            self._read_to[name] = Bookmark.objects.get_or_create(spool=name)[0].read_to
        return self._read_to[name]

    def _record(self, name: str, start: int, lines: Sequence[bytes]) -> None:
        """All of them in one transaction. If one is untakeable, each half on its own: it must not hold up the others."""
        end = start + sum(map(len, lines))
        try:
            with transaction.atomic():
                footprints.write(_read(lines))
                self._move(name, start, end)
        except UNTAKEABLE:
            if len(lines) == 1:
                _log.exception("A click could not be recorded and is dropped.")
                self._move(name, start, end)
            else:
                half = len(lines) // 2
                middle = start + sum(map(len, lines[:half]))
                self._record(name, start, lines[:half])
                self._record(name, middle, lines[half:])

    def _move(self, name: str, start: int, end: int) -> None:
        """Raises ``Conflict`` if the bookmark is elsewhere, as where locks on files are none and two recorders read."""
        if not Bookmark.objects.filter(spool=name, read_to=start).update(read_to=end):
            self._read_to.pop(name, None)
            raise Conflict(f"Spool {name} is being recorded by somebody else.")
        self._read_to[name] = end


def _read(lines: Sequence[bytes]) -> list[Footprint]:
    """Those that can be read. A line is torn by a full disk or a loss of power."""
    found = []
    for line in lines:
        try:
            found.append(Footprint.read(line))
        except ValueError:
            if line.strip():
                _log.warning("A torn line in a spool of footprints is skipped: %r", line[:80])
    return found


def _somebody_lives() -> bool:
    for path in spools.left():
        with suppress(FileNotFoundError), Written.opened(path) as spool:
            if not spool.complete:
                return True
    return False


def hold() -> int | None:
    """The lock of the recorder, as an open file; None while another program of this home has it."""
    return locks.hold(spools.folder() / "recorder.lock")


def keep_recording() -> None:
    """In a web server, from now on: a recorder runs while this process has a spool; and now, if another one has left any.

    The thread that sees to it is started by the first footprint, since a server may fork after it has loaded us.
    """
    spools.spool.when_begun = _look_after_it
    _begin()


def _look_after_it() -> None:
    try:
        threading.Thread(target=_keep_looking, name="recording", daemon=True).start()
    except RuntimeError as error:  # no thread can be started; that is no reason to lead no reader on
        _log.warning("Clicks wait until a server is started again: %s", error)


def _keep_looking() -> None:
    while True:
        _begin()
        time.sleep(LOOK_AFTER)


_begun: list[subprocess.Popen[bytes]] = []


def _begin() -> None:
    """Start a recorder if there are spools and none runs.

    It is given the lock as it is held, so that there is no moment for a second one.
    """
    _begun[:] = [each for each in _begun if each.poll() is None]
    try:
        if spools.left() and (lock := hold()) is not None:
            try:
                _begun.append(_started(lock))
            finally:
                os.close(lock)
    except OSError as error:
        _log.warning("The recorder of clicks could not be started: %s", error)


def _started(lock: int) -> subprocess.Popen[bytes]:
    started = subprocess.Popen(
        [_python(), settings.BASE_DIR / "manage.py", "record_clicks", "--lock", str(lock)],
        env={**os.environ, "DATABASE_POOL_SIZE": "0"},  # one connection is enough, and needs no threads
        stdin=subprocess.DEVNULL,
        pass_fds=[lock],
        process_group=0,  # whoever stops the server's group, as Ctrl-C does, lets it read to the end
    )
    os.setpriority(os.PRIO_PROCESS, started.pid, POLITE)
    return started


def _python() -> str:
    """A server with Python inside it, as uWSGI, calls itself the executable."""
    if "python" in Path(sys.executable).name:
        return sys.executable
    return str(Path(sys.prefix) / "bin" / "python")


class Backlog(NamedTuple):
    """Footprints of this home that wait to be recorded, and when the first of them was laid."""

    footprints: int
    since: datetime.datetime | None

    def late(self, *, now: datetime.datetime) -> bool:
        """Whether something is wrong: they wait longer than they should."""
        return self.since is not None and now - self.since > LATE


def backlog() -> Backlog:
    """What waits. It counts lines of files, so it is for pages of operators only."""
    read_to = dict(Bookmark.objects.values_list("spool", "read_to"))
    waiting = [spools.unread(path, read_to.get(path.stem, 0)) for path in spools.left()]
    laid = [_laid(first) for _, first in waiting if first]
    return Backlog(sum(count for count, _ in waiting), min(filter(None, laid), default=None))


def _laid(line: bytes) -> datetime.datetime | None:
    with suppress(ValueError, OverflowError):
        return datetime.datetime.fromtimestamp(Footprint.read(line).at, datetime.UTC)
    return None
