"""One worker's way through a file of subscribers: batch by batch, each stored in the transaction that notes how far it came.

Whoever lost the claim meanwhile stores nothing; another worker goes on where the last batch ended.
"""

import csv
import datetime
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from newsroom.audience.importing.firsts import Firsts, firsts
from newsroom.audience.importing.rows import Reading, Row, reader_of
from newsroom.audience.importing.sorting import ROWS_A_BATCH, BadRow, Counts, Sorted, batches, sort_out
from newsroom.audience.importing.storing import Batch, store
from newsroom.audience.importing.tables import Record, Table, opened
from newsroom.audience.models import Intake, IntakeStatus
from newsroom.lib.errors import Conflict
from newsroom.lib.papers.sheets import harmless
from newsroom.lib.people import called

__all__ = ["Clock", "RefusedRows", "Run", "counts_of", "path_of"]

_HEADER = ["Line", "Why it was left out"]
Clock = Callable[[], datetime.datetime]


def counts_of(intake: Intake) -> Counts:
    """What became of the rows so far."""
    return Counts(**{each.name: intake.counts.get(each.name, 0) for each in fields(Counts)})


def path_of(intake: Intake, ending: str = "") -> Path:
    """Where the upload is kept, or what was made of it with another ending."""
    return Path(settings.VAR) / f"{intake.file}{ending}"


class Run:
    """One worker's way through a file."""

    def __init__(self, intake: Intake, clock: Clock, keep_going: Callable[[], bool]) -> None:
        self.intake, self.clock, self.keep_going = intake, clock, keep_going
        self.reading = Reading.from_json(intake.reading)
        self.reader = reader_of(self.reading, now=clock())
        self.counts = counts_of(intake)
        self.refused = RefusedRows(path_of(intake, ".refused.csv"), intake.counts.get("refused_bytes", 0))

    def read(self) -> bool:
        """Whether the end of the file was reached; if not, we were told to stop. Raises ``Conflict`` if the claim is lost."""
        with (
            opened(path_of(self.intake), self.reading.form) as table,
            firsts(path_of(self.intake, ".firsts")) as seen,
        ):
            self.head = table.head
            self._pass_over(table, seen)
            for records in batches(table):
                self._take(records, table.bytes_read, seen)
                if not self.keep_going():
                    return False
        return True

    @property
    def claim(self) -> dict[str, Any]:
        """What the row of the intake says as long as it is ours."""
        return {"worker": self.intake.worker, "read_rows": self.intake.read_rows}

    def _pass_over(self, table: Table, seen: Firsts) -> None:
        """What is in already is only read, to know the addresses."""
        left = self.intake.read_rows
        while left and (records := list(islice(table, min(left, ROWS_A_BATCH)))):
            sort_out(records, self.reader, seen)
            left -= len(records)
            self._note()

    def _take(self, records: Sequence[Record], bytes_read: int, seen: Firsts) -> None:
        found = sort_out(records, self.reader, seen)
        counts = Counts(**asdict(self.counts))
        with transaction.atomic():
            outcome = store(self._batch(found.rows), rehearsal=self.intake.rehearsal)
            counts.take(outcome)
            counts.duplicates += found.duplicates
            counts.invalid += len(found.bad) - found.duplicates
            found.stayed_away(outcome)
            lines = self.refused.lines(self._header(), found)
            self._note(
                counts=self.intake.counts
                | asdict(counts)
                | {"refused_bytes": self.refused.size + len(lines)},
                read_rows=self.intake.read_rows + len(records),
                read_bytes=bytes_read,
            )
            self.refused.write(lines)
        self.counts = counts

    def _batch(self, rows: Sequence[Row]) -> Batch:
        intake = self.intake
        source = f"import {intake.pk}: {intake.name}"[:60]
        evidence = f"{intake.name[:120]}, brought in by {called(intake.made_by)}"[:200]
        return Batch(
            mailing_list=intake.mailing_list,
            rows=rows,
            now=self.clock(),
            source=source,
            evidence=evidence,
            consent=self.reading.consent[:400],
            update=self.reading.update,
        )

    def _header(self) -> list[str]:
        return [*_HEADER, *self.head]

    def _note(self, **changes: Any) -> None:
        """Write down how far we are, if the file is still ours. Raises ``Conflict``."""
        changes["seen_at"] = self.clock()
        ours = Intake.objects.filter(pk=self.intake.pk, status=IntakeStatus.READING, **self.claim)
        if ours.update(**changes) != 1:
            raise Conflict("This file was cancelled, or is read by somebody else.")
        for name, value in changes.items():
            setattr(self.intake, name, value)


class RefusedRows:
    """The file of rows that were left out. What stands behind ``size`` was never committed and is written over."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size

    def lines(self, header: Sequence[str], found: Sorted) -> bytes:
        page = io.StringIO(newline="")
        writer = csv.writer(page, lineterminator="\r\n")
        if found.bad and not self.size:
            page.write("\ufeff")
            writer.writerow([harmless(cell) for cell in header])
        writer.writerows(_cells(bad) for bad in found.bad)
        return page.getvalue().encode("utf-8", "replace")

    def write(self, lines: bytes) -> None:
        if not lines:
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.truncate(self.size)
            file.seek(self.size)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        self.size += len(lines)


def _cells(bad: BadRow) -> list[str]:
    return [str(bad.line), bad.reason, *(harmless(cell[:1000]) for cell in bad.cells)]
