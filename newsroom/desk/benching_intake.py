"""How long a large file of subscribers takes to come in and go out again, and how much memory: ``manage.py bench_intake``.

Measured in a database of its own on the server that ``DATABASE_URL`` (or ``TEST_DATABASE_URL``) names, and in a process of
its own, so that the memory is that of a worker.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from newsroom.audience import exporting, intakes, recipients
from newsroom.audience.models import Consent, Intake, Subscription
from newsroom.audience.rows import Reading

__all__ = ["measure", "measure_here"]

_ROWS_A_CHUNK = 20_000
_TOWNS = ("Harbour Town", "Pier End", "Lock Hill", "Quay Side")


def measure(rows: int, *, database: str = "") -> dict[str, Any]:
    """Seconds, rows a second and peak memory (MB) of a rehearsal, an import, the same file again, and an export.

    A database is made for it on the server of the URL ``database``, of DATABASE_URL or TEST_DATABASE_URL; else SQLite.
    """
    url = database or os.environ.get("DATABASE_URL") or os.environ.get("TEST_DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "manage.py", "bench_intake", "--here", f"--rows={rows}"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "VAR": folder, "DATABASE_URL": url},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def measure_here(rows: int) -> dict[str, Any]:
    """The same in this process, whose peak memory counts from its start."""
    with _own_database():
        mailing_list = recipients.list_of("bench", name="Bench")
        intake = intakes.receive(mailing_list, _file(rows), name="bench.csv", by=None, now=timezone.now())
        before = _peak_mb()
        figures: dict[str, Any] = {"database": connection.vendor, "rows": rows, "bytes": intake.size}
        reading = replace(Reading.from_json(intake.reading), consent="Invented.")
        intakes.rehearse(intake, reading)
        figures["rehearsal"] = _timed(rows, lambda: _read(intake))
        intakes.take_in(intake)
        figures["import"] = _timed(rows, lambda: _read(intake))
        _check(rows)
        again = intakes.receive(mailing_list, _file(rows), name="again.csv", by=None, now=timezone.now())
        intakes.rehearse(again, reading)
        _read(again)
        intakes.take_in(again)
        figures["import again"] = _timed(rows, lambda: _read(again))
        figures["export"] = _timed(rows, _export)
        figures["memory before"] = before
        return figures


def _read(intake: Intake) -> None:
    if not intakes.claim(intake, now=timezone.now()):
        raise RuntimeError("Somebody else reads the file.")
    intakes.run(intake, clock=timezone.now)
    intake.refresh_from_db()
    if intake.status != "done":
        raise RuntimeError(f"The import {intake.status}: {intake.said}")


def _export() -> None:
    size = sum(map(len, exporting.csv_lines(Subscription.objects.all())))
    if not size:
        raise RuntimeError("Nothing was exported.")


def _check(rows: int) -> None:
    found = (Subscription.objects.filter(status="active").count(), Consent.objects.count())
    if found != (rows, rows):
        raise RuntimeError(f"{found} subscriptions and consents are not {rows}.")


def _timed(rows: int, work: Callable[[], None]) -> dict[str, float]:
    began, busy = time.perf_counter(), time.process_time()
    work()
    took = time.perf_counter() - began
    return {
        "seconds": round(took, 1),
        "rows a second": round(rows / took),
        "own processor seconds": round(time.process_time() - busy, 1),
        "peak MB": _peak_mb(),
    }


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _file(rows: int) -> Iterator[bytes]:
    """Invented people: address, two names, a day and an attribute; scattered, as real files are."""
    yield b"email,first name,last name,joined,town\n"
    for start in range(0, rows, _ROWS_A_CHUNK):
        numbers = range(start, min(start + _ROWS_A_CHUNK, rows))
        yield "".join(_line(number * 7919 % 10_000_019) for number in numbers).encode()


def _line(number: int) -> str:
    town = _TOWNS[number % 4]
    return f"reader.{number}@mail{number % 97}.example,Ann,Reader {number},2024-05-{number % 28 + 1:02} 08:30:00,{town}\n"


@contextmanager
def _own_database() -> Iterator[None]:
    """A database that is made for this and deleted after, on the same server, or in ``VAR``."""
    name = f"bench_intake_{os.getpid()}"
    where = Path(settings.VAR) / f"{name}.sqlite3" if connection.vendor == "sqlite" else name
    usual = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = str(where)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(str(usual), verbosity=0)
