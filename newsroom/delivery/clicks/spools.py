"""Lines on disk that one program appends and another reads: where footprints wait for the database.

A spool is a file in ``VAR/footprints``. The process that appends to it holds a lock on it, which the kernel lets go of however
that process ends: a spool that nobody holds is complete. Its lines outlive ``kill -9``; a loss of power may tear the last ones.
This module knows nothing of what a line says, nor of any database.
"""

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from django.conf import settings

from newsroom.lib import locks
from newsroom.lib.sparing import Sparing

__all__ = ["LONGEST", "Spool", "Written", "folder", "left", "spool", "unread"]

FULL = 4_000_000
"""Bytes after which a process goes on in a new spool, so that what is recorded can be deleted: some 35,000 clicks."""
LONGEST = 4096
"""Bytes of a line at most."""
PORTION = 16 * LONGEST
"""Bytes that are read at once: some 600 clicks."""

_log = logging.getLogger(__name__)
_log.addFilter(Sparing())


def folder() -> Path:
    """Where spools are; made when somebody asks for it first."""
    place = Path(settings.VAR) / "footprints"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def left() -> list[Path]:
    """All spools of this home, the oldest first: those of living processes, and what dead ones have left."""
    return sorted((Path(settings.VAR) / "footprints").glob("*.spool"))


class Spool:
    """Where this process appends. ``append`` may be called from any thread, takes some microseconds and never fails.

    The file is made by the first line: a server may fork after it has loaded us, and its children must not share one.
    ``when_begun`` is called then.
    """

    def __init__(self) -> None:
        self.when_begun: Callable[[], None] | None = None
        self._turn = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._torn = False

    def append(self, line: bytes) -> None:
        """One line of at most ``LONGEST`` bytes, with its end. If the disk does not take it, it is lost and the log says so."""
        try:
            with self._turn:
                self._append(line)
        except OSError as error:
            _log.warning("Clicks are lost, because %s cannot be written: %s", settings.VAR, error)

    def close(self) -> None:
        """Let go of the file. The next line makes a new one."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._size, self._torn = None, 0, False

    def _append(self, line: bytes) -> None:
        file = self._file
        if file is None or self._size >= FULL:
            file = self._begin()
        if self._torn:
            line = b"\n" + line  # or it would be taken for the rest of the one that is torn
        self._torn = True
        taken = os.write(file, line)
        self._size += taken
        if taken < len(line):
            raise OSError("a line is torn, as on a full disk")
        self._torn = False

    def _begin(self) -> int:
        made = _made()
        first = self._file is None
        self.close()
        self._file = made
        if first and self.when_begun:
            self.when_begun()
        return made

    def after_fork(self) -> None:
        """In a child: the file is its parent's, and another thread may have had its turn."""
        self._turn = threading.Lock()
        self.close()


def _made() -> int:
    """A new spool, open and held."""
    while True:
        path = folder() / f"{time.time():.0f}-{uuid.uuid4().hex}.spool"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        if locks.taken(file) and os.fstat(file).st_nlink:
            return file
        os.close(file)  # a reader came before the lock: it takes this one for left and empty, and removes it


spool = Spool()
"""That of this process."""
os.register_at_fork(after_in_child=spool.after_fork)


class Written:
    """A spool as its reader sees it."""

    def __init__(self, path: Path, file: int) -> None:
        self.path, self._file = path, file
        self.complete = locks.taken(file)  # asked before anything is read: what is read later is all there is
        self.size = os.fstat(file).st_size

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """Raises ``FileNotFoundError`` if another reader has removed it."""
        file = os.open(path, os.O_RDWR)  # network file systems lock nothing that is open for reading only
        try:
            yield cls(path, file)
        finally:
            os.close(file)

    def lines(self, start: int) -> list[bytes]:
        """Whole lines from a byte on, a portion at most; none if there is no whole one yet.

        What cannot become a line any more, as after a loss of power, is given as if it were one.
        """
        found = os.pread(self._file, PORTION, start)
        whole = found.rfind(b"\n") + 1
        if not whole and (self.complete or len(found) >= LONGEST):
            whole = len(found)
        return found[:whole].splitlines(keepends=True)

    def remove(self) -> None:
        """All of it is recorded. Returns when the disk knows that it is gone: a loss of power must not bring it back."""
        self.path.unlink(missing_ok=True)
        place = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def unread(path: Path, start: int) -> tuple[int, bytes]:
    """How many lines there are from a byte on, and the first of them; no locks, for whoever only wants to know."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(start)
        first = file.readline(LONGEST)
        rest = sum(found.count(b"\n") for found in iter(lambda: file.read(1 << 20), b""))
        return rest + bool(first), first
    return 0, b""
