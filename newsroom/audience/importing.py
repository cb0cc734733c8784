"""Subscribers from a CSV file: the good rows in, the bad ones listed with line and reason."""

import csv
import datetime
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models.functions import Lower

from newsroom.audience.models import MailingList, Status, Subscriber, Subscription
from newsroom.audience.subscribing import normal_address
from newsroom.lib.errors import Refused
from newsroom.lib.text import counted

__all__ = ["Report", "import_csv"]

BYTES_AT_MOST = 10 * 1024 * 1024
YES = {"", "yes", "y", "1", "true", "active", "subscribed", "confirmed"}
NO = {"no", "n", "0", "false", "inactive", "unsubscribed", "cancelled", "cleaned", "bounced"}
EMAIL_COLUMNS = ("email", "email address", "e-mail", "mail", "subscriber_email")
NAME_COLUMNS = ("name", "full name", "first name")
STATUS_COLUMNS = ("active", "status", "subscribed")
EXTRA = "\0"
"""Key of the cells to the right of the last named column."""


@dataclass(frozen=True)
class BadRow:
    """A row that was left out: ``line`` as in the file, counted from 1."""

    line: int
    row: str
    reason: str


@dataclass
class Report:
    """What became of a file, in numbers of rows."""

    added: int = 0
    known: int = 0
    inactive: int = 0
    stayed_away: int = 0
    bad: list[BadRow] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{counted(self.added, 'subscriber')} added ({self.inactive:,} of them inactive), {self.known:,} known already, "
            f"{self.stayed_away:,} had left and stay away, {counted(len(self.bad), 'bad row')}."
        )


@dataclass(frozen=True)
class _Row:
    line: int
    email: str
    name: str
    active: bool


def import_csv(
    mailing_list: MailingList, source: bytes, *, now: datetime.datetime, label: str = "CSV import"
) -> Report:
    """Add the rows of a CSV file to a list; nobody who left is brought back, nobody is unsubscribed.

    Columns are found by their heads (email, name, active), comma, semicolon or tab between. Raises ``Refused`` for a file
    that cannot be read as a whole: too large, not text, without an email column.
    """
    report = Report()
    rows = _good_rows(_table(source), report)
    with transaction.atomic():
        _store(mailing_list, rows, report, now=now, label=label)
    return report


def _table(source: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by small-letter head."""
    lines = io.StringIO(_decoded(source), newline="").readlines() or [""]
    delimiter = _delimiter(lines[0])
    head = [cell.strip().lower() for cell in _first_record(lines[:1], delimiter)]
    if not set(head) & set(EMAIL_COLUMNS):
        raise Refused(
            "The first line has no column called “email”. Name the columns in the first line, such as email,name,active."
        )
    return _cells(lines, head, delimiter)


def _cells(lines: list[str], head: list[str], delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    for line, cells in _records(lines, delimiter):
        if any(cell.strip() for cell in cells):
            yield line, dict(zip(head, cells, strict=False)) | {EXTRA: delimiter.join(cells[len(head) :])}


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Number of its first line, and cells, of each record below the head.

    A quote that is never closed would swallow the lines below it, so where the quotes are odd one line is read alone.
    """
    at = 1
    while at < len(lines):
        begun = at
        reader = csv.reader((lines[n] for n in range(begun, len(lines))), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield at + 1, cells
                at = begun + reader.line_num
        except csv.Error:
            yield at + 1, _first_record(lines[at : at + 1], delimiter)
            at += 1


def _first_record(lines: list[str], delimiter: str) -> list[str]:
    """The cells of one line, however odd its quotes are."""
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return lines[0].split(delimiter)


def _decoded(source: bytes) -> str:
    if len(source) > BYTES_AT_MOST:
        raise Refused(
            f"This file has {len(source) // 1024 // 1024} MB; at most {BYTES_AT_MOST // 1024 // 1024} MB are read at once."
        )
    if not source.strip():
        raise Refused("This file is empty.")
    if b"\0" in source and not source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("This is not a text file. Export the list as CSV and try again.")
    for encoding in ("utf-16" if source[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        try:
            return source.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("The letters of this file cannot be read. Save it as UTF-8 and try again.")


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)


def _good_rows(table: Iterator[tuple[int, dict[str, str]]], report: Report) -> list[_Row]:
    """The rows with an address, each address once; the others are reported."""
    seen: dict[str, int] = {}
    rows = []
    for line, cells in table:
        try:
            row = _row(line, cells)
            if first := seen.get(row.email.lower()):
                raise Refused(f"The same address stands in line {first}.")
        except Refused as error:
            report.bad.append(BadRow(line, ", ".join(filter(None, cells.values()))[:200], str(error)))
        else:
            seen[row.email.lower()] = line
            rows.append(row)
    return rows


def _row(line: int, cells: Mapping[str, str]) -> _Row:
    given = _first(cells, EMAIL_COLUMNS)
    if not given:
        raise Refused("There is no email address in this row.")
    if cells.get(EXTRA, "").strip():
        raise Refused(
            "This row has more cells than the first line has names; is there a comma in one of them?"
        )
    status = _first(cells, STATUS_COLUMNS).lower()
    if status not in YES | NO:
        raise Refused(f"“{status[:40]}” is neither yes nor no.")
    name = " ".join(
        "".join(letter if letter.isprintable() else " " for letter in _first(cells, NAME_COLUMNS)).split()
    )
    return _Row(line, normal_address(given), name[:120], status in YES)


def _first(cells: Mapping[str, str], columns: tuple[str, ...]) -> str:
    return next((cells[column].strip() for column in columns if cells.get(column, "").strip()), "")


def _store(
    mailing_list: MailingList, rows: list[_Row], report: Report, *, now: datetime.datetime, label: str
) -> None:
    for start in range(0, len(rows), 500):
        _store_some(mailing_list, rows[start : start + 500], report, now=now, label=label)


def _store_some(
    mailing_list: MailingList, rows: list[_Row], report: Report, *, now: datetime.datetime, label: str
) -> None:
    """Five hundred rows at a time: few enough for one statement of any database."""
    people = _people(rows)
    known = dict(
        Subscription.objects.filter(mailing_list=mailing_list, subscriber__in=people.values()).values_list(
            "subscriber_id", "status"
        )
    )
    new = [row for row in rows if people[row.email.lower()].pk not in known]
    Subscription.objects.bulk_create(
        Subscription(
            subscriber=people[row.email.lower()],
            mailing_list=mailing_list,
            status=Status.ACTIVE if row.active else Status.UNSUBSCRIBED,
            source=label[:60],
            asked_at=now,
            confirmed_at=now if row.active else None,
            left_at=None if row.active else now,
            left_by="" if row.active else "import",
        )
        for row in new
    )
    report.added += len(new)
    report.inactive += sum(not row.active for row in new)
    report.stayed_away += sum(status == Status.UNSUBSCRIBED for status in known.values())
    report.known += sum(status != Status.UNSUBSCRIBED for status in known.values())


def _people(rows: list[_Row]) -> dict[str, Subscriber]:
    """The person of each row by small-letter address, made where missing."""
    wanted = {row.email.lower(): row for row in rows}
    known = Subscriber.objects.annotate(small=Lower("email")).filter(small__in=wanted)
    people: dict[str, Subscriber] = {each.email.lower(): each for each in known}
    missing = [
        Subscriber(email=row.email, name=row.name) for small, row in wanted.items() if small not in people
    ]
    people |= {each.email.lower(): each for each in Subscriber.objects.bulk_create(missing)}
    return people
