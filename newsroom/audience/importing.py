"""Subscribers from a file: the good rows in, the others listed with line and reason."""

import datetime
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from newsroom.audience.addresses import is_address
from newsroom.audience.models import MailingList, Status
from newsroom.audience.presets import Column, Role, propose, recognised
from newsroom.audience.rows import Reading, Row, everybody_in, reader_of
from newsroom.audience.storing import Batch, Outcome, store
from newsroom.audience.tables import Form, Record, Table, form_of
from newsroom.lib.errors import Refused
from newsroom.lib.text import counted

__all__ = ["BadRow", "Counts", "Report", "Sorted", "batches", "import_csv", "proposed", "sort_out"]

BYTES_AT_MOST = 10 * 1024 * 1024
ROWS_A_BATCH = 10_000
_NO_EMAIL = "The first line has no column called “email”. Name the columns in the first line, such as email,name,active."


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: ``line`` as in the file, counted from 1."""

    line: int
    cells: tuple[str, ...]
    reason: str

    @property
    def row(self) -> str:
        """What stood in it, shortened."""
        return ", ".join(filter(None, self.cells))[:200]


@dataclass
class Counts:
    """What became of a file, in numbers of rows. ``added`` includes those who are ``inactive``: they come in as gone."""

    added: int = 0
    inactive: int = 0
    updated: int = 0
    known: int = 0
    gone: int = 0
    suppressed: int = 0
    duplicates: int = 0
    invalid: int = 0

    def take(self, outcome: Outcome) -> None:
        """Count a batch that was stored."""
        self.added += outcome.added
        self.inactive += outcome.inactive
        self.updated += outcome.updated
        self.known += outcome.known
        self.gone += len(outcome.gone)
        self.suppressed += len(outcome.suppressed)


@dataclass
class Report(Counts):
    """The same, with the rows that were left out."""

    bad: list[BadRow] = field(default_factory=list)

    @property
    def stayed_away(self) -> int:
        return self.gone + self.suppressed

    def __str__(self) -> str:
        return (
            f"{counted(self.added, 'subscriber')} added ({self.inactive:,} of them inactive), "
            f"{self.known + self.updated:,} known already, "
            f"{self.stayed_away:,} had left and stay away, {counted(len(self.bad), 'bad row')}."
        )


@dataclass
class Sorted:
    """Some records, sorted out: rows to store, no two with one address, and those that cannot be."""

    rows: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    duplicates: int = 0
    cells: dict[int, list[str]] = field(default_factory=dict)

    def refuse(self, line: int, reason: str) -> None:
        self.bad.append(BadRow(line, tuple(self.cells[line]), reason))

    def stayed_away(self, outcome: Outcome) -> None:
        """Tell of those, too, whose people do not want to be written to, or cannot."""
        for row, status in outcome.gone:
            self.refuse(row.line, f"Stays away: {_WHY_GONE[status]}")
        for row in outcome.suppressed:
            self.refuse(row.line, "Stays away: this address is on the suppression list.")
        self.bad.sort(key=lambda bad: bad.line)


Firsts = Callable[[Sequence[tuple[str, int]]], dict[str, int]]
"""Notes addresses in small letters with their lines; tells the line in which each stood first, as far as it is another."""


def import_csv(
    mailing_list: MailingList, source: bytes, *, now: datetime.datetime, label: str = "CSV import"
) -> Report:
    """Add the rows of a small CSV file to a list, at once; nobody who left is brought back, nobody is unsubscribed.

    Columns are found by their heads. Raises ``Refused`` for a file that cannot be read as a whole: too large, not text,
    without an email column.
    """
    if len(source) > BYTES_AT_MOST:
        raise Refused(
            f"This file has {len(source) // 1024 // 1024} MB; at most {BYTES_AT_MOST // 1024 // 1024} MB are read at once."
        )
    form = form_of(io.BytesIO(source))
    table = Table(io.BytesIO(source), form)
    reading = proposed(form, table.head)
    if not form.head or Role.EMAIL not in {column.role for column in reading.columns}:
        raise Refused(_NO_EMAIL)
    report, seen = Report(), _Seen()
    read = reader_of(reading, now=now)
    with transaction.atomic():
        for records in batches(table):
            found = sort_out(records, read, seen)
            batch = Batch(mailing_list, found.rows, now, label[:60], label[:200], "")
            report.take(store(batch))
            report.bad += found.bad
            report.duplicates += found.duplicates
    report.invalid = len(report.bad) - report.duplicates
    return report


def proposed(form: Form, head: Sequence[str], first: Sequence[Sequence[str]] = ()) -> Reading:
    """The most likely way to read a file with these heads and these first rows."""
    preset = recognised(head)
    columns = propose(head or [""] * max(map(len, first), default=0), preset)
    if Role.EMAIL not in {column.role for column in columns}:
        columns = _with_addresses(columns, first)
    return Reading(form, tuple(columns), preset=preset, everybody=everybody_in(preset))


def _with_addresses(columns: Sequence[Column], first: Sequence[Sequence[str]]) -> list[Column]:
    """No head says which column has the address: it is the first in which most cells are one."""
    found = list(columns)
    for at in range(len(found)):
        cells = [row[at] for row in first if at < len(row) and row[at].strip()]
        if 2 * sum(map(is_address, cells)) > len(cells):
            found[at] = Column(Role.EMAIL)
            break
    return found


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records, so many at a time that a statement is worth its while and none is lost for long."""
    source = iter(records)
    while batch := list(itertools.islice(source, ROWS_A_BATCH)):
        yield batch


def sort_out(records: Sequence[Record], read: Callable[[int, list[str]], Row], firsts: Firsts) -> Sorted:
    """Rows from records; what cannot be read, and whose address stood in the file before, is told with its reason."""
    found = Sorted(cells={record.line: record.cells for record in records})
    rows: list[Row] = []
    for record in records:
        try:
            rows.append(read(record.line, record.cells))
        except Refused as error:
            found.refuse(record.line, str(error))
    earlier = firsts([(row.email.lower(), row.line) for row in rows])
    for row in rows:
        first = earlier.get(row.email.lower(), row.line)
        if first == row.line:
            found.rows.append(row)
        else:
            found.duplicates += 1
            found.refuse(row.line, f"The same address stands in line {first}.")
    found.bad.sort(key=lambda bad: bad.line)
    return found


_WHY_GONE = {
    str(Status.UNSUBSCRIBED): "this person has left the list.",
    str(Status.BOUNCED): "mail to this person came back.",
    str(Status.COMPLAINED): "this person has reported us as spam.",
}


class _Seen:
    """The first line of each address, in memory: for small files."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}

    def __call__(self, addresses: Sequence[tuple[str, int]]) -> dict[str, int]:
        return {small: self._lines.setdefault(small, line) for small, line in addresses}
