"""Files of subscribers on their way in: uploaded, read as a rehearsal, read for good. The only writer of an intake's status;
how one is read stands in ``reading``.

The rows of intakes are the queue, and a worker claims one. A file that was interrupted anywhere is taken up by another worker
where it was left, so nobody is added twice and nobody is lost.
"""

import csv
import datetime
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import Q

from newsroom.audience.importing.reading import Clock, Run, counts_of, path_of
from newsroom.audience.importing.rows import Reading, proposed
from newsroom.audience.importing.tables import Form, form_of, sample
from newsroom.audience.models import INTAKE_MOVES, Intake, IntakeStatus, MailingList
from newsroom.lib.errors import Conflict, Refused
from newsroom.lib.people import Person
from newsroom.lib.states import move

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
MOST_COLUMNS = 1000
"""Each is a question on the page, and a form may have so many answers."""
KEPT_FOR = datetime.timedelta(days=30)
SILENT = datetime.timedelta(seconds=60)
"""A worker that was not heard for so long is taken for dead. A batch takes a second."""
_log = logging.getLogger(__name__)


def receive(
    mailing_list: MailingList, chunks: Iterable[bytes], *, name: str, by: Person, now: datetime.datetime
) -> Intake:
    """Keep an uploaded file and propose how to read it. Raises ``Refused`` for one that is too large or wide, empty or no
    text."""
    path = _folder() / f"{uuid.uuid4().hex}.csv"
    try:
        _keep(path, chunks)
        with path.open("rb") as file:
            form = form_of(file)
        head, rows = _sample(path, form, 5)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    reading = proposed(form, head, rows)
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
    return _sample(path_of(intake), form, rows)


def proposal(intake: Intake, form: Form) -> Reading:
    """The most likely way to read the file, if it is written in that form. Raises ``Refused`` if it was deleted."""
    head, rows = shown(intake, form)
    return proposed(form, head, rows)


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
        _read(Run(intake, clock, keep_going), clock)
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
    path = path_of(intake, ".refused.csv")
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


def _begin(intake: Intake, *, rehearsal: bool, **changes: Any) -> None:
    path_of(intake, ".refused.csv").unlink(missing_ok=True)
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


def _read(run: Run, clock: Clock) -> None:
    """Read as far as it goes. Whoever comes after one that was told to stop need not wait until that is taken for dead."""
    if run.read():
        done = {"finished_at": clock(), "read_bytes": run.intake.size}
        move(run.intake, IntakeStatus.DONE, moves=INTAKE_MOVES, provided=run.claim, **done)
    else:
        move(
            run.intake, IntakeStatus.WAITING, moves=INTAKE_MOVES, provided=run.claim, worker="", seen_at=None
        )


def _fail(intake: Intake, why: str, *, now: datetime.datetime) -> None:
    ours = Intake.objects.filter(pk=intake.pk, worker=intake.worker, status=IntakeStatus.READING)
    ours.update(status=IntakeStatus.FAILED, said=why[:400], finished_at=now)


def _delete_files(intake: Intake) -> None:
    for ending in ("", ".refused.csv", ".firsts"):
        path_of(intake, ending).unlink(missing_ok=True)


def _folder() -> Path:
    folder = settings.VAR / "intakes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(folder)


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
            head, first = sample(file, form, rows)
    except FileNotFoundError:
        raise Refused("The file is not there any more. Upload it again.") from None
    if (width := max(map(len, [head, *first]))) > MOST_COLUMNS:
        raise Refused(
            f"Read so, this file has {width:,} columns; at most {MOST_COLUMNS:,} can be asked about. Leave some out of it."
        )
    return head, first
