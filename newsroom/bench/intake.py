"""How long a large file of subscribers takes to come in and go out again, and how much memory: ``manage.py bench_intake``.

Measured in a process of its own, so that the memory is that of a worker.
"""

import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils import timezone

from newsroom.audience import exporting, recipients
from newsroom.audience.importing import intakes
from newsroom.audience.importing.rows import Reading
from newsroom.audience.models import Consent, Intake, Subscription
from newsroom.bench import ground

__all__ = ["measure", "measure_here"]

_ROWS_A_CHUNK = 20_000
_TOWNS = ("Harbour Town", "Pier End", "Lock Hill", "Quay Side")


def measure(rows: int, *, server: str) -> dict[str, Any]:
    """Seconds, rows a second and peak memory (MB) of a rehearsal, an import, the same file again, and an export; in a database of
    its own on a PostgreSQL server, or in SQLite if ``server`` is empty."""
    with tempfile.TemporaryDirectory() as folder, ground.database(server) as url:
        environ = {**os.environ, "VAR": folder, "DATABASE_URL": url}
        ground.manage("migrate", "-v0", environ=environ)
        figures: dict[str, Any] = json.loads(
            ground.manage("bench_intake", "--here", f"--rows={rows}", environ=environ)
        )
    return figures


def measure_here(rows: int) -> dict[str, Any]:
    """The same in the database of this process, whose peak memory counts from its start."""
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
