"""From the cells of a row to a reader, or to the sentence that says why not."""

import datetime
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Self

from newsroom.audience.addresses import is_address, normal_address
from newsroom.audience.importing.presets import (
    NOT_CONFIRMED,
    ONLY_ONE,
    OTHER,
    PRESETS,
    Column,
    Role,
    propose,
    recognised,
    words_of,
)
from newsroom.audience.importing.tables import ENCODINGS, Form
from newsroom.audience.models import Status
from newsroom.lib.errors import Refused

__all__ = ["Reading", "Row", "address", "proposed", "reader_of"]

MOST_ATTRIBUTES, LONGEST_NAME, LONGEST_VALUE = 40, 120, 200
_USUAL_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!-)(?:[a-z-]{2,63}|xn--[a-z0-9]{1,59})(?<!-))",
    re.ASCII | re.IGNORECASE,
).fullmatch
_FIRST_YEAR = 1990
_MOMENT_OF_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ?([+-]\d{4})(?: \S+)?").fullmatch
"""As programs in Go print it, and so listmonk: “2024-05-01 12:00:00.123456 +0200 CEST”."""


class Row(NamedTuple):
    """A reader as the file has them. ``joined`` is None where it does not say; ``attributes`` are words by name."""

    line: int
    email: str
    name: str
    status: str
    joined: datetime.datetime | None
    attributes: dict[str, str]


@dataclass(frozen=True)
class Reading:
    """How a person said that a file is to be read. ``everybody`` is the status of all if no column has it; ``update`` lets
    names and attributes of the file replace those we have; ``consent`` says where the people agreed."""

    form: Form
    columns: tuple[Column, ...]
    preset: str = ""
    everybody: str = str(Status.ACTIVE)
    update: bool = False
    consent: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        columns = tuple(Column(*pair) for pair in data["columns"])
        return cls(**{**data, "form": Form(**data["form"]), "columns": columns})

    def as_json(self) -> dict[str, Any]:
        columns = [[column.role, column.name] for column in self.columns]
        return {**vars(self), "form": asdict(self.form), "columns": columns}

    def checked(self) -> Self:
        """The same without doubt. Raises ``Refused`` for columns that cannot be."""
        roles = [column.role for column in self.columns]
        for role, called in ONLY_ONE.items():
            if roles.count(role) > 1:
                raise Refused(f"Two columns are said to be the {called}. Leave one of them out.")
        if Role.EMAIL not in roles:
            raise Refused("Say which column has the email address.")
        if self.everybody not in Status.values:
            raise Refused("Say what everybody in this file is.")
        named = [column.name.strip() for column in self.columns if column.role == Role.ATTRIBUTE]
        if "" in named:
            raise Refused("Give each attribute a name.")
        if len({name.lower() for name in named}) < len(named):
            raise Refused("Two attributes have the same name.")
        return replace(self, columns=tuple(_trimmed(column) for column in self.columns))


def proposed(form: Form, head: Sequence[str], first: Sequence[Sequence[str]] = ()) -> Reading:
    """The most likely way to read a file with these heads and these first rows."""
    preset = recognised(head)
    columns = propose(head or [""] * max(map(len, first), default=0), preset)
    if Role.EMAIL not in {column.role for column in columns}:
        columns = _with_addresses(columns, first)
    everybody = str(PRESETS.get(preset, OTHER).everybody)
    return Reading(form, tuple(columns), preset=preset, everybody=everybody)


def _with_addresses(columns: Sequence[Column], first: Sequence[Sequence[str]]) -> list[Column]:
    """No head says which column has the address: it is the first in which most cells are one."""
    found = list(columns)
    for at in range(len(found)):
        cells = [row[at] for row in first if at < len(row) and row[at].strip()]
        if 2 * sum(map(is_address, cells)) > len(cells):
            found[at] = Column(Role.EMAIL)
            break
    return found


def reader_of(reading: Reading, *, now: datetime.datetime) -> Callable[[int, list[str]], Row]:
    """A function from line number and cells to the row; it raises ``Refused`` with the reason for the person."""
    return _Reader(reading, now).row


class _Reader:
    """Knows where in a row everything stands, so that no row has to look for it."""

    def __init__(self, reading: Reading, now: datetime.datetime) -> None:
        self.reading, self.now = reading, now
        self.words = words_of(reading.preset)
        columns = list(enumerate(reading.columns))
        self.width = len(columns)
        self.attributes = [(at, column.name) for at, column in columns if column.role == Role.ATTRIBUTE]
        self.bundles = [at for at, column in columns if column.role == Role.ATTRIBUTES]
        place = {column.role: at for at, column in columns if column.role in ONLY_ONE}
        self.email_at = place[Role.EMAIL]
        self.names_at = [place[role] for role in (Role.NAME, Role.FIRST, Role.LAST) if role in place]
        self.status_at, self.joined_at = place.get(Role.STATUS), place.get(Role.JOINED)

    def row(self, line: int, cells: list[str]) -> Row:
        if len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
            raise Refused(
                "This row has more cells than the first line has names; is there a comma in one of them?"
            )
        if len(cells) < self.width:
            cells = cells + [""] * (self.width - len(cells))
        return Row(
            line,
            self._email(cells[self.email_at]),
            self._name(cells),
            self._status(cells),
            self._joined(cells),
            self._attributes(cells) if self.attributes or self.bundles else {},
        )

    def _email(self, given: str) -> str:
        given = given.strip()
        if not given:
            raise Refused("There is no email address in this row.")
        if "\ufffd" in given:
            raise Refused(
                f"A letter of the address cannot be read as {ENCODINGS[self.reading.form.encoding]}."
            )
        return address(given)

    def _name(self, cells: Sequence[str]) -> str:
        return " ".join(filter(None, (words(cells[at]) for at in self.names_at)))[:LONGEST_NAME].rstrip()

    def _status(self, cells: Sequence[str]) -> str:
        if self.status_at is None:
            return self.reading.everybody
        given = cells[self.status_at].strip()
        status = self.words.get(given.lower())
        if status is None:
            raise Refused(f"“{words(given)[:40]}” is neither yes nor no.")
        if status == NOT_CONFIRMED:
            raise Refused(
                f"“{given[:40]}”: this person has not confirmed that they want it. Let them ask here."
            )
        return self.reading.everybody if not given else status

    def _joined(self, cells: Sequence[str]) -> datetime.datetime | None:
        given = cells[self.joined_at].strip() if self.joined_at is not None else ""
        return moment(given, now=self.now) if given else None

    def _attributes(self, cells: Sequence[str]) -> dict[str, str]:
        found = {}
        for at in self.bundles:
            found.update(_bundle(cells[at]))
        for at, name in self.attributes:
            if value := words(cells[at]):
                found[name] = value[:LONGEST_VALUE]
        if len(found) > MOST_ATTRIBUTES:
            raise Refused(f"This row has {len(found)} attributes; at most {MOST_ATTRIBUTES} are kept.")
        return found


def address(given: str) -> str:
    """The address as it is stored, as ``normal_address`` has it; the usual ones are seen at a glance. Raises ``Refused``."""
    usual = _USUAL_ADDRESS(given)
    if usual is None or len(given) > 254:
        return normal_address(given)
    at = usual.start(1)
    return given[:at] + given[at:].lower()


def words(given: str) -> str:
    """The cell on one line, without control characters and needless space."""
    if not given.isprintable():
        given = "".join(letter if letter.isprintable() else " " for letter in given)
    return " ".join(given.split())


def moment(given: str, *, now: datetime.datetime) -> datetime.datetime:
    """A date, with or without a time; UTC if it does not say. Raises ``Refused``."""
    try:
        found = datetime.datetime.fromisoformat(given)
    except ValueError:
        found = _written(given)
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.UTC)
    try:
        found = found.astimezone(datetime.UTC)
    except OverflowError:
        raise _no_date(given) from None
    if found.year < _FIRST_YEAR or found > now + datetime.timedelta(days=1):
        raise Refused(f"Nobody can have joined on “{given[:40]}”.")
    return found


def _written(given: str) -> datetime.datetime:
    """Dates that people write and programs print. 03/04/2024 is two days; nobody can tell which."""
    if zoned := _MOMENT_OF_GO(given):
        return _date(given, partial(datetime.datetime.fromisoformat, zoned[1] + zoned[2]))
    if slashed := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ T].*)?", given):
        first, second, year = map(int, slashed.groups())
        if first <= 12 and second <= 12 and first != second and "." not in given:
            raise Refused(
                f"“{given[:40]}” can be two days. Write it as {year}-{first:02}-{second:02}, year first."
            )
        day, month = (second, first) if second > 12 else (first, second)
        return _date(given, partial(datetime.datetime, year, month, day))
    for pattern in ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d %H:%M:%S %Z", "%Y/%m/%d"):
        try:
            return datetime.datetime.strptime(given, pattern).replace(tzinfo=datetime.UTC)
        except ValueError:
            continue
    raise _no_date(given)


def _date(given: str, make: Callable[[], datetime.datetime]) -> datetime.datetime:
    try:
        return make()
    except ValueError:
        raise _no_date(given) from None


def _no_date(given: str) -> Refused:
    return Refused(f"“{words(given)[:40]}” is no date. Write it as 2024-05-31.")


def _bundle(given: str) -> dict[str, str]:
    """Attributes in one cell, as JSON: what is nested stays JSON."""
    if not given.strip():
        return {}
    try:
        data = json.loads(given)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Refused("The attributes of this row are not JSON.")
    found = {words(name)[:80]: words(_plain(value))[:LONGEST_VALUE] for name, value in data.items()}
    return {name: value for name, value in found.items() if name and value}


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)


def _trimmed(column: Column) -> Column:
    return Column(column.role, words(column.name)[:80] if column.role == Role.ATTRIBUTE else "")
