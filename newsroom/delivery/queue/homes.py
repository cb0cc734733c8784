"""Where we may send from, and which workers live.

A home is a folder ``VAR``. Its file ``sending/home`` and a row of ``Home`` name each other; without that nothing is sent, so a
copy of the database on another machine stays silent until somebody takes it in. Each worker holds a lock on a file of its own:
the kernel lets go of it however the worker ends, and a lost connection to the database does not.
"""

import datetime
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import transaction

from newsroom.delivery.models import Home, Send, Worker
from newsroom.lib import locks
from newsroom.lib.errors import NotNow

__all__ = [
    "STRANGER",
    "Stranger",
    "adopt",
    "at_home",
    "at_work",
    "boot",
    "folder",
    "forget",
    "is_dead",
    "is_ours",
    "stranger",
]


class Stranger(NotNow):
    """The database belongs to another machine."""


STRANGER = (
    "This machine has not sent from this database before. If it is a copy, or a backup that was restored, readers may have "
    "the mail already. If it is not, run “manage.py adopt” here."
)


def folder() -> Path:
    """``VAR/sending``, where this home keeps what the database must not be alone in knowing."""
    place = Path(settings.VAR) / "sending"
    for each in (place, place / "workers", place / "journals", place / "done"):
        each.mkdir(parents=True, exist_ok=True)
    return place


def at_home(*, now: datetime.datetime) -> Home:
    """This home. The first machine that asks a new database is taken in by itself. Raises ``Stranger`` for any other."""
    known = _written()
    if known is not None and (home := Home.objects.filter(pk=known).first()):
        return home
    with transaction.atomic():
        if not Home.objects.exists():
            return adopt(now=now)
    raise Stranger(STRANGER)


def is_ours(home: Home) -> bool:
    """Whether this is the home where we are."""
    return home.pk == _written()


def stranger() -> str:
    """The name of this machine, if nothing may be sent from here; empty if it is a home, or will be one when it first sends."""
    known = _written()
    if (known and Home.objects.filter(pk=known).exists()) or not Home.objects.exists():
        return ""
    return socket.gethostname()[:120]


@transaction.atomic
def adopt(*, now: datetime.datetime) -> Home:
    """Take this machine in: from now on it may send."""
    known = _written() or uuid.uuid4()
    home, _ = Home.objects.get_or_create(
        pk=known, defaults={"name": socket.gethostname()[:120], "taken_in_at": now}
    )
    (folder() / "home").write_text(str(known))
    return home


def _written() -> uuid.UUID | None:
    try:
        return uuid.UUID((folder() / "home").read_text().strip())
    except (FileNotFoundError, ValueError):
        return None


def boot() -> str:
    """Tells one boot of this machine from the next: nothing forces a journal to disk, so it proves something only within one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"since {(time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)) // 600:.0f}"


@contextmanager
def at_work(send: Send, home: Home, *, now: datetime.datetime) -> Iterator[Worker]:
    """A worker on a send, alive as long as this lasts."""
    worker = Worker(send=send, home=home, boot=boot(), pid=os.getpid(), started_at=now, seen_at=now)
    with _lock(worker.pk) as mine:
        assert mine
        worker.save(force_insert=True)
        yield worker


def is_dead(worker: Worker) -> AbstractContextManager[bool]:
    """Whether a worker of this home is dead; while this lasts nobody else finds so too."""
    return _lock(worker.pk)


def forget(worker: Worker) -> None:
    """Nobody asks for this worker any more."""
    _lock_file(worker.pk).unlink(missing_ok=True)


def _lock(worker: uuid.UUID) -> AbstractContextManager[bool]:
    return locks.holding(_lock_file(worker))


def _lock_file(worker: uuid.UUID) -> Path:
    return folder() / "workers" / f"{worker}.lock"
