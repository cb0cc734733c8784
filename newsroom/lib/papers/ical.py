"""Calendars that other programs subscribe to (RFC 5545)."""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.encoding import iri_to_uri

_PRODUCT = "-//newsroom//Editorial calendar//EN"
_OCTETS_A_LINE = 75
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_ESCAPES = {"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"}
_SPECIAL = re.compile(r"[\\;,\n]")


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that fills a day, or begins at a moment and may end at another."""

    uid: str
    """The same in every copy of the calendar, and no other happening's in the world."""
    title: str
    day: datetime.date | None = None
    starts: datetime.datetime | None = None
    ends: datetime.datetime | None = None
    note: str = ""
    url: str = ""
    changed_at: datetime.datetime

    def __post_init__(self) -> None:
        if (self.day is None) == (self.starts is None):
            raise ValueError("A happening has either a day or a moment at which it starts.")
        for moment in (self.starts, self.ends, self.changed_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("A moment needs its zone.")


def ical_bytes(name: str, happenings: Iterable[Happening]) -> bytes:
    """The calendar as a file or a subscription."""
    return b"".join(_folded(line) for line in _calendar(name, happenings))


def escaped(text: str) -> str:
    """The text as a value of type TEXT."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], readable(text))


def readable(text: str) -> str:
    """The text with one kind of line end, and without what a calendar may not hold."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _calendar(name: str, happenings: Iterable[Happening]) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{_PRODUCT}"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"NAME:{escaped(name)}"
    yield f"X-WR-CALNAME:{escaped(name)}"  # what programs older than RFC 7986 read
    for happening in happenings:
        yield from _event(happening)
    yield "END:VCALENDAR"


def _event(happening: Happening) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(happening.uid)}"
    yield f"DTSTAMP:{_utc(happening.changed_at)}"
    yield f"LAST-MODIFIED:{_utc(happening.changed_at)}"
    yield from _when(happening)
    yield f"SUMMARY:{escaped(happening.title)}"
    if happening.note:
        yield f"DESCRIPTION:{escaped(happening.note)}"
    if happening.url:
        yield f"URL:{_address(happening.url)}"
    yield "END:VEVENT"


def _when(happening: Happening) -> Iterator[str]:
    """A day ends where the next begins, and keeps nobody from being invited elsewhere."""
    if happening.day is not None:
        yield f"DTSTART;VALUE=DATE:{_date(happening.day)}"
        if happening.day < datetime.date.max:
            yield f"DTEND;VALUE=DATE:{_date(happening.day + datetime.timedelta(days=1))}"
        yield "TRANSP:TRANSPARENT"
    elif happening.starts is not None:
        yield f"DTSTART:{_utc(happening.starts)}"
        if happening.ends is not None and happening.ends > happening.starts:
            yield f"DTEND:{_utc(happening.ends)}"


def _date(day: datetime.date) -> str:
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"  # strftime drops the noughts of early years


def _utc(moment: datetime.datetime) -> str:
    there = moment.astimezone(datetime.UTC)
    return f"{_date(there)}T{there:%H%M%S}Z"


def _address(url: str) -> str:
    return iri_to_uri(readable(url).strip())


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, none of which ends inside a character."""
    pieces, room = [b""], _OCTETS_A_LINE
    for letter in line:
        octets = letter.encode()
        if len(pieces[-1]) + len(octets) > room:
            pieces.append(b"")
            room = _OCTETS_A_LINE - 1  # the space that marks a continued line counts, too
        pieces[-1] += octets
    return b"\r\n ".join(pieces) + b"\r\n"
