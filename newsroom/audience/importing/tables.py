"""Tables in text files: which letters and marks they are written with, and their rows, one at a time.

A file may have a million rows and is never in memory as a whole. Whatever its bytes are, reading it ends, and no line of it
is lost: where quotes are odd, a line is read alone.
"""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from newsroom.lib.errors import Refused

__all__ = ["DELIMITERS", "ENCODINGS", "Form", "Record", "Table", "form_of", "opened", "sample"]

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little endian",
    "utf-16-be": "UTF-16, big endian",
    "cp1252": "Western European (Windows-1252)",
    "iso8859-15": "Western European (ISO 8859-15)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859-2": "Central European (ISO 8859-2)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp1257": "Baltic (Windows-1257)",
    "mac-roman": "Western European (Mac)",
    "cp437": "DOS (437)",
    "cp850": "DOS (850)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_jp": "Japanese (EUC)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "euc_kr": "Korean (EUC)",
}
"""Python's names, and ours."""
_GUESSED = [name for name in ENCODINGS if not name.startswith(("utf", "cp437"))]
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SAMPLE_BYTES, _GUESS_BYTES, _CHUNK = 256 * 1024, 16 * 1024, 1024 * 1024
_LONGEST_LINE = 1024 * 1024
_MOST_LINES = 60
"""A cell with more lines than this is taken for one whose quote was never closed."""
_EXCEL = re.compile(r"""\ufeff?["']?sep=([^"'\r\n])["']?[ \t]*(?:\r\n|[\r\n])?""", re.IGNORECASE)
"""The line before all others that tells Excel the delimiter; it is no row."""
_FOREIGN = (
    (b"PK\x03\x04", "a spreadsheet or a ZIP file"),
    (b"\x1f\x8b", "a packed file"),
    (b"%PDF", "a PDF"),
)


@dataclass(frozen=True)
class Form:
    """How a file is written: one of ``ENCODINGS``, one of ``DELIMITERS``, and whether its first row names the columns."""

    encoding: str
    delimiter: str
    head: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One row: ``line`` is where it begins in the file, counted from 1."""

    line: int
    cells: list[str]


class Table:
    """The rows of an open file, from the first to the last, without those that are blank."""

    def __init__(self, file: BinaryIO, form: Form) -> None:
        self._file = file
        self._lines = _Lines(file, form.encoding)
        self._delimiter = form.delimiter
        self.head: list[str] = []
        """The names of the columns; empty if the first row is a person."""
        self._rows = self._records()
        if form.head:
            first = next(self._rows, None)
            self.head = [cell.strip() for cell in first.cells] if first else []

    def __iter__(self) -> Iterator[Record]:
        return self._rows

    @property
    def bytes_read(self) -> int:
        """How far into the file we are, give or take a few kilobytes."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def _records(self) -> Iterator[Record]:
        """A quote that is never closed would swallow the lines below it: such a line is read alone."""
        lines, width = self._lines, 0
        reader = self._reader()
        while True:
            begun = lines.number + 1
            lines.taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells = self._first_alone(begun)
                reader = self._reader()
            else:
                if len(lines.taken) > 1 and self._swallowed(lines.taken, width or len(cells)):
                    cells = self._first_alone(begun)
                    reader = self._reader()
            if any(cells) and any(cell.strip() for cell in cells):
                width = width or len(cells)
                yield Record(begun, cells)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self._delimiter, strict=True)

    def _first_alone(self, begun: int) -> list[str]:
        """The cells of the line where a record began; the lines after it are read again."""
        first, *rest = self._lines.taken
        self._lines.again(rest, after=begun)
        return _alone(first, self._delimiter)

    def _swallowed(self, taken: Sequence[str], width: int) -> bool:
        """Whether one of the lines inside a cell looks like a row of its own: as many cells, and an address."""
        for line in taken[1:]:
            if "@" in line and len(cells := _alone(line, self._delimiter)) == width:
                return any("@" in cell and " " not in cell.strip() for cell in cells)
        return False


class _Lines:
    """The lines of a file with their ends, and the numbers of those handed out; some may be handed out again."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._read = io.TextIOWrapper(file, _without_doubt(encoding, file), errors="replace", newline="")
        self._back: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []
        self._skip_excel()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._next()
        if not line:
            raise StopIteration
        if len(self.taken) == _MOST_LINES:
            self._back.appendleft(line)
            raise csv.Error("a cell of too many lines")
        self.number += 1
        self.taken.append(line)
        return line

    def again(self, lines: Sequence[str], *, after: int) -> None:
        """Hand these out once more; the last line before them has the number ``after``."""
        self._back.extendleft(reversed(lines))
        self.number = after

    def close(self) -> None:
        self._read.close()

    def _skip_excel(self) -> None:
        first = self._next()
        if _EXCEL.fullmatch(first):
            self.number = 1
        else:
            self._back.append(first)

    def _next(self) -> str:
        line = self._read.readline(_LONGEST_LINE)
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            rest = line
            while rest and not rest.endswith(("\n", "\r")):
                rest = self._read.readline(_LONGEST_LINE)
        return line


@contextmanager
def opened(path: Path, form: Form) -> Iterator[Table]:
    """The table in a file. Raises ``Refused`` if the file is not there any more."""
    try:
        file = path.open("rb")
    except OSError:
        raise Refused("The file is not there any more. Upload it again.") from None
    with closing(Table(file, form)) as table:
        yield table


def form_of(file: BinaryIO) -> Form:
    """How a file is written, as far as one can tell. Reads it once, from its beginning.

    Raises ``Refused`` for one that is empty or no text.
    """
    begin = file.read(_SAMPLE_BYTES)
    if not begin.strip():
        raise Refused("This file is empty.")
    for mark, kind in _FOREIGN:
        if begin.startswith(mark):
            raise Refused(f"This is not a text file but {kind}. Export the list as CSV and try again.")
    encoding = _encoding(begin, file)
    text = begin.decode(encoding, "replace").removeprefix("\ufeff")
    if text.count("\0") > len(text) // 20:
        raise Refused("This is not a text file. Export the list as CSV and try again.")
    told, text = _told(text)
    rows = [cut.rstrip("\r\n") for cut in io.StringIO(text, newline="").readlines()[:50]]
    if not any(row.strip() for row in rows):
        raise Refused("This file is empty.")
    delimiter = told or _delimiter(text)
    first = next(row for row in rows if row.strip())
    return Form(encoding, delimiter, head=not _has_address(_alone(first, delimiter)))


def sample(file: BinaryIO, form: Form, rows: int) -> tuple[list[str], list[list[str]]]:
    """The head, and the first rows below it. Closes the file."""
    with closing(Table(file, form)) as table:
        return table.head, [record.cells for record in islice(table, rows)]


def _without_doubt(encoding: str, file: BinaryIO) -> str:
    """UTF-16 has to say its order in a mark; where a person chose it and there is none, it is the usual one."""
    if encoding != "utf-16":
        return encoding
    begin = file.read(2)
    file.seek(0)
    return "utf-16" if begin in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-16-le"


def _encoding(begin: bytes, file: BinaryIO) -> str:
    for mark, encoding in _MARKS.items():
        if begin.startswith(mark):
            return encoding
    if wide := _wide(begin):
        return wide
    odd = _not_utf8(begin, file)
    return "utf-8-sig" if odd is None else _guess(odd)


def _wide(begin: bytes) -> str:
    """UTF-16 without a mark: every second byte of Latin letters is zero."""
    even, uneven = begin[0:4096:2], begin[1:4096:2]
    if len(uneven) > 3 and uneven.count(0) > 0.6 * len(uneven) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if len(uneven) > 3 and even.count(0) > 0.6 * len(even) and uneven.count(0) < 0.1 * len(uneven):
        return "utf-16-be"
    return ""


def _not_utf8(begin: bytes, file: BinaryIO) -> bytes | None:
    """Some of the file where it is not UTF-8; None if all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = begin
    while chunk:
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return chunk[max(error.start - _GUESS_BYTES, 0) : error.start + _GUESS_BYTES]
        chunk = file.read(_CHUNK)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return begin
    return None


def _guess(some: bytes) -> str:
    """Few letters say little, so Windows-1252 is believed unless another encoding reads much better."""
    lines = [line for line in some.splitlines() if not line.isascii()]
    letters = b"\n".join(lines)[:_GUESS_BYTES]
    found = list(from_bytes(letters, cp_isolation=_GUESSED, threshold=0.4))
    chaos = {_own_name(each.encoding): each.chaos for each in found}
    best = _own_name(found[0].encoding) if found else ""
    if best not in ENCODINGS or len(letters) < 60:
        return "cp1252"
    return "cp1252" if chaos.get("cp1252", 1.0) <= chaos[best] else best


def _own_name(encoding: str) -> str:
    wanted = codecs.lookup(encoding).name
    return next((name for name in ENCODINGS if codecs.lookup(name).name == wanted), "")


def _told(text: str) -> tuple[str, str]:
    """The delimiter that the file names for Excel, if we know it, and the text below that line."""
    found = _EXCEL.match(text)
    if found is None:
        return "", text
    return found[1] if found[1] in DELIMITERS else "", text[found.end() :]


def _delimiter(text: str) -> str:
    """The one by which most rows have as many cells as the first."""
    lines = [line for line in io.StringIO(text[:65536], newline="") if line.strip()][:50]
    return max(DELIMITERS, key=lambda mark: _fit(lines, mark))


def _fit(lines: Sequence[str], delimiter: str) -> tuple[bool, float, int]:
    widths = [len(_alone(line, delimiter)) for line in lines]
    usual = Counter(widths)[widths[0]]
    return widths[0] > 1, usual / len(widths), widths[0]


def _has_address(cells: Sequence[str]) -> bool:
    return any("@" in cell and "." in cell.rpartition("@")[2] for cell in cells)


def _alone(line: str, delimiter: str) -> list[str]:
    """The cells of one line, however odd its quotes are."""
    with suppress(csv.Error):
        return next(csv.reader([line], delimiter=delimiter), [])
    return line.split(delimiter)
