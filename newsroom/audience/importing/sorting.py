"""Batches of records sorted out: the good rows to be stored, the others listed with line and reason."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from newsroom.audience.importing.firsts import Firsts
from newsroom.audience.importing.rows import Row
from newsroom.audience.importing.storing import Outcome
from newsroom.audience.importing.tables import Record
from newsroom.audience.models import Status
from newsroom.lib.errors import Refused

__all__ = ["ROWS_A_BATCH", "BadRow", "Counts", "Sorted", "batches", "sort_out"]

ROWS_A_BATCH = 10_000


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: ``line`` as in the file, counted from 1."""

    line: int
    cells: tuple[str, ...]
    reason: str


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
