"""Files of subscribers on their way in: uploaded, read as a rehearsal, read for good. The only writer of an intake's status.

The rows of intakes are the queue. A worker claims one, and every batch is stored in the transaction that notes how far the worker
came; whoever lost the claim meanwhile stores nothing. So a file that was interrupted anywhere is taken up by another worker where
it was left, nobody is added twice and nobody is lost.
"""

import csv
import datetime
import io
import logging
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import Q

from newsroom.audience.firsts import Firsts, firsts
from newsroom.audience.importing import (
    ROWS_A_BATCH,
    BadRow,
    Counts,
    Sorted,
    batches,
    proposed,
    sort_out,
)
from newsroom.audience.models import Intake, IntakeStatus, MailingList
from newsroom.audience.rows import Reading, Row, reader_of
from newsroom.audience.storing import Batch, store
from newsroom.audience.tables import Form, Record, Table, form_of, opened, sample
from newsroom.lib.errors import Conflict, Refused
from newsroom.lib.papers.sheets import harmless
from newsroom.lib.people import Person, called
from newsroom.lib.states import Moves, move

__all__ = [
    "KEPT_FOR",
    "Progress",
    "cancel",
    "claim",
    "counts_of",
    "discard",
    "may_be_told",
    "orphaned",
    "progress",
    "proposal",
    "receive",
    "refusals",
    "refused_file",
    "rehearse",
    "run",
    "shown",
    "take_in",
    "tidy",
    "try_again",
]

BYTES_AT_MOST = 2 * 1024**3
KEPT_FOR = datetime.timedelta(days=30)
SILENT = datetime.timedelta(seconds=60)
"""A worker that was not heard for so long is taken for dead. A batch takes a second."""
_HEADER = ["Line", "Why it was left out"]
INTAKE_MOVES: Moves = {
    IntakeStatus.UPLOADED: frozenset({IntakeStatus.WAITING}),
    IntakeStatus.WAITING: frozenset({IntakeStatus.CANCELLED}),
    IntakeStatus.READING: frozenset(
        {IntakeStatus.DONE, IntakeStatus.FAILED, IntakeStatus.CANCELLED, IntakeStatus.WAITING}
    ),
    IntakeStatus.DONE: frozenset({IntakeStatus.WAITING}),
    IntakeStatus.FAILED: frozenset({IntakeStatus.WAITING}),
    IntakeStatus.CANCELLED: frozenset({IntakeStatus.WAITING}),
}
Clock = Callable[[], datetime.datetime]
_log = logging.getLogger(__name__)


def receive(
    mailing_list: MailingList, chunks: Iterable[bytes], *, name: str, by: Person, now: datetime.datetime
) -> Intake:
    """Keep an uploaded file and propose how to read it. Raises ``Refused`` for one that is too large, empty or no text."""
    path = _folder() / f"{uuid.uuid4().hex}.csv"
    try:
        _keep(path, chunks)
        with path.open("rb") as file:
            form = form_of(file)
        head, rows = _sample(path, form, 5)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    reading = proposed(form, head, width=max(map(len, rows), default=0))
    return Intake.objects.create(
        mailing_list=mailing_list,
        name=Path(name).name[:200] or "subscribers.csv",
        file=str(path.relative_to(settings.VAR)),
        size=path.stat().st_size,
        reading=reading.as_json(),
        made_at=now,
        made_by=by,
    )


def shown(intake: Intake, form: Form, rows: int = 5) -> tuple[list[str], list[list[str]]]:
    """Head and first rows of the file, read in that form. Raises ``Refused`` if it was deleted."""
    return _sample(_path(intake), form, rows)


def proposal(intake: Intake, form: Form) -> Reading:
    """The most likely way to read the file, if it is written in that form. Raises ``Refused`` if it was deleted."""
    head, rows = shown(intake, form)
    return proposed(form, head, width=max(map(len, rows), default=0))


def may_be_told(intake: Intake) -> bool:
    """Whether somebody may still say how the file is read: nothing of it is in yet."""
    idle = intake.status in (
        IntakeStatus.UPLOADED,
        IntakeStatus.DONE,
        IntakeStatus.FAILED,
        IntakeStatus.CANCELLED,
    )
    return idle and bool(intake.file) and (intake.rehearsal or intake.status == IntakeStatus.UPLOADED)


def rehearse(intake: Intake, reading: Reading) -> None:
    """Have the file read so, without writing anything to the list. Raises ``Refused``, ``NotNow`` or ``Conflict``."""
    if not may_be_told(intake):
        raise Refused("Part of this file is in already. Upload it again to read it in another way.")
    if not reading.consent.strip():
        raise Refused("Say where these people agreed to get this newsletter.")
    _begin(intake, rehearsal=True, reading=reading.checked().as_json())


def take_in(intake: Intake) -> None:
    """Have the file read for good, as it was rehearsed. Raises ``Refused``, ``NotNow`` or ``Conflict``."""
    if not (intake.rehearsal and intake.status == IntakeStatus.DONE and intake.file):
        raise Refused("Rehearse it first: then you see what would happen.")
    _begin(intake, rehearsal=False)


def try_again(intake: Intake) -> None:
    """Go on after a failure or a cancellation, from where it stopped. Raises ``Refused``, ``NotNow`` or ``Conflict``."""
    if intake.status not in (IntakeStatus.FAILED, IntakeStatus.CANCELLED) or not intake.file:
        raise Refused("Only what stopped can go on.")
    move(intake, IntakeStatus.WAITING, moves=INTAKE_MOVES, said="", worker="", seen_at=None)


def cancel(intake: Intake, *, now: datetime.datetime) -> None:
    """Stop before the next batch; what is in stays in. Raises ``NotNow`` or ``Conflict``."""
    move(intake, IntakeStatus.CANCELLED, moves=INTAKE_MOVES, finished_at=now)


def discard(intake: Intake) -> None:
    """Delete the upload, while nothing of it is in. Raises ``Refused``."""
    if not may_be_told(intake):
        raise Refused("This file cannot be deleted now; it is deleted by itself after 30 days.")
    _delete_files(intake)
    intake.delete()


def orphaned(*, now: datetime.datetime) -> Iterator[Intake]:
    """What nobody reads, though it is waiting to be read. One file is read at a time, so that mail keeps going out."""
    silent = Q(seen_at=None) | Q(seen_at__lt=now - SILENT)
    if Intake.objects.filter(status=IntakeStatus.READING).exclude(silent).exists():
        return
    waiting = Q(status=IntakeStatus.WAITING) | Q(silent, status=IntakeStatus.READING)
    yield from Intake.objects.filter(waiting).order_by("made_at")


def claim(intake: Intake, *, now: datetime.datetime) -> bool:
    """Take the file; False if another worker was faster. The intake in hand follows."""
    worker = uuid.uuid4().hex
    as_seen = Intake.objects.filter(
        pk=intake.pk, status=intake.status, worker=intake.worker, seen_at=intake.seen_at
    )
    counts = intake.counts | {"from_rows": intake.read_rows, "from_bytes": intake.read_bytes}
    taken = as_seen.update(
        status=IntakeStatus.READING, worker=worker, seen_at=now, started_at=now, counts=counts
    )
    if taken:
        intake.refresh_from_db()
    return taken == 1


def run(intake: Intake, *, clock: Clock, keep_going: Callable[[], bool] = lambda: True) -> None:
    """Read a claimed file to its end, until told to stop, or until the claim is lost. Failures are said in the intake.

    Raises ``OperationalError`` or ``InterfaceError`` when the database is away; another worker goes on when it is back.
    """
    try:
        _Run(intake, clock, keep_going).read()
    except Conflict:
        return  # cancelled, or taken over by another worker
    except Refused as error:
        _fail(intake, str(error), now=clock())
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        _log.exception("intake %s", intake.pk)
        why = str(error).partition("\n")[0]
        _fail(intake, f"The database refused the rows after row {intake.read_rows:,}: {why}", now=clock())
    except OSError as error:
        _fail(intake, f"The disk refused: {error.strerror or error}.", now=clock())


def counts_of(intake: Intake) -> Counts:
    """What became of the rows so far."""
    return Counts(**{each.name: intake.counts.get(each.name, 0) for each in fields(Counts)})


@dataclass(frozen=True)
class Progress:
    """How far a file is: per cent, rows a second, and seconds to go; None while nobody can tell."""

    percent: int
    rate: float | None
    seconds_left: float | None


def progress(intake: Intake, *, now: datetime.datetime) -> Progress:
    percent = (
        100 if intake.status == IntakeStatus.DONE else min(99, 100 * intake.read_bytes // max(intake.size, 1))
    )
    began, since = intake.started_at, intake.counts
    seconds = (now - began).total_seconds() if began else 0
    rows = intake.read_rows - since.get("from_rows", 0)
    size = intake.read_bytes - since.get("from_bytes", 0)
    if intake.status != IntakeStatus.READING or seconds < 1 or rows <= 0 or size <= 0:
        return Progress(percent, None, None)
    return Progress(percent, rows / seconds, (intake.size - intake.read_bytes) * seconds / size)


def refused_file(intake: Intake) -> Path | None:
    """The CSV of rows that were left out; None if there is none."""
    path = _path(intake, ".refused.csv")
    return path if intake.file and path.exists() and intake.counts.get("refused_bytes") else None


def refusals(intake: Intake, most: int) -> list[list[str]]:
    """The first rows that were left out: line, reason, cells."""
    path = refused_file(intake)
    if path is None:
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(islice(csv.reader(file), 1, most + 1))


def tidy(*, now: datetime.datetime) -> int:
    """Delete files that were uploaded long ago, with what was refused of them; how many. The counts stay."""
    old = Intake.objects.filter(made_at__lt=now - KEPT_FOR).exclude(file="")
    resting = old.exclude(status__in=[IntakeStatus.WAITING, IntakeStatus.READING])
    for intake in resting:
        _delete_files(intake)
        Intake.objects.filter(pk=intake.pk).update(file="")
    return len(resting)


class _Run:
    """One worker's way through a file."""

    def __init__(self, intake: Intake, clock: Clock, keep_going: Callable[[], bool]) -> None:
        self.intake, self.clock, self.keep_going = intake, clock, keep_going
        self.reading = Reading.from_json(intake.reading)
        self.reader = reader_of(self.reading, now=clock())
        self.counts = counts_of(intake)
        self.refused = _Refused(_path(intake, ".refused.csv"), intake.counts.get("refused_bytes", 0))

    def read(self) -> None:
        with (
            opened(_path(self.intake), self.reading.form) as table,
            firsts(_path(self.intake, ".firsts")) as seen,
        ):
            self.head = table.head
            self._pass_over(table, seen)
            for records in batches(table):
                self._take(records, table.bytes_read, seen)
                if not self.keep_going():
                    return self._leave()
        move(
            self.intake,
            IntakeStatus.DONE,
            moves=INTAKE_MOVES,
            provided=self._mine(),
            finished_at=self.clock(),
            read_bytes=self.intake.size,
        )
        return None

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
            intake.mailing_list,
            rows,
            self.clock(),
            source,
            evidence,
            self.reading.consent[:400],
            self.reading.update,
        )

    def _header(self) -> list[str]:
        return [*_HEADER, *self.head]

    def _mine(self) -> dict[str, Any]:
        return {"worker": self.intake.worker, "read_rows": self.intake.read_rows}

    def _note(self, **changes: Any) -> None:
        """Write down how far we are, if the file is still ours. Raises ``Conflict``."""
        changes["seen_at"] = self.clock()
        ours = Intake.objects.filter(pk=self.intake.pk, status=IntakeStatus.READING, **self._mine())
        if ours.update(**changes) != 1:
            raise Conflict("This file was cancelled, or is read by somebody else.")
        for name, value in changes.items():
            setattr(self.intake, name, value)

    def _leave(self) -> None:
        """We are told to stop: whoever comes next need not wait until we are taken for dead."""
        move(
            self.intake,
            IntakeStatus.WAITING,
            moves=INTAKE_MOVES,
            provided=self._mine(),
            worker="",
            seen_at=None,
        )


class _Refused:
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


def _begin(intake: Intake, *, rehearsal: bool, **changes: Any) -> None:
    _path(intake, ".refused.csv").unlink(missing_ok=True)
    move(
        intake,
        IntakeStatus.WAITING,
        moves=INTAKE_MOVES,
        provided={"rehearsal": intake.rehearsal},
        rehearsal=rehearsal,
        counts={},
        read_bytes=0,
        read_rows=0,
        said="",
        worker="",
        seen_at=None,
        started_at=None,
        finished_at=None,
        **changes,
    )


def _fail(intake: Intake, why: str, *, now: datetime.datetime) -> None:
    ours = Intake.objects.filter(pk=intake.pk, worker=intake.worker, status=IntakeStatus.READING)
    ours.update(status=IntakeStatus.FAILED, said=why[:400], finished_at=now)


def _delete_files(intake: Intake) -> None:
    for ending in ("", ".refused.csv", ".firsts"):
        _path(intake, ending).unlink(missing_ok=True)


def _folder() -> Path:
    folder = settings.VAR / "intakes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(folder)


def _path(intake: Intake, ending: str = "") -> Path:
    return Path(settings.VAR) / f"{intake.file}{ending}"


def _keep(path: Path, chunks: Iterable[bytes]) -> None:
    size = 0
    with path.open("xb") as file:
        path.chmod(0o600)
        for chunk in chunks:
            size += len(chunk)
            if size > BYTES_AT_MOST:
                raise Refused(f"This file is larger than {BYTES_AT_MOST // 1024**3} GB. Cut it into several.")
            file.write(chunk)


def _sample(path: Path, form: Form, rows: int) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open("rb") as file:
            return sample(file, form, rows)
    except FileNotFoundError:
        raise Refused("The file is not there any more. Upload it again.") from None
