"""Spreadsheets: CSV that opens anywhere, and XLSX with one sheet or several.

Whoever opens them must not run what a stranger typed into one of our forms: a cell that begins like a formula is kept from
becoming one (OWASP, “CSV injection”). Numbers are only what we hand over as numbers.
"""

import csv
import datetime
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, islice
from typing import Any

import xlsxwriter

from newsroom.lib.errors import Refused
from newsroom.lib.text import printable

_FORMULA = re.compile(
    "[\\s\\x00-\\x1f'\"`‘’“”\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*[=+\\-@\t\r\n＝＋－＠﹦﹢﹣﹫]"
)
"""How a formula may begin, also after what programs skip: space, quotes and letters that nobody sees."""
_NUMBERS = (int, float, Decimal)
_MOST_ROWS, _MOST_LETTERS, _MOST_DIGITS = 1_048_576, 32_767, 15
_ROWS_AT_ONCE = 1000
_NARROWEST, _WIDEST, _ROWS_MEASURED = 9, 60, 500
_NEVER_TITLES = re.compile(r"[\[\]:*?/\\]")
_LONGEST_TITLE = 31


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet of a workbook."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[object]]


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table as RFC 4180 has it, with the mark by which Excel knows UTF-8."""
    page = io.StringIO(newline="")
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow([harmless(each) for each in header])
    writer.writerows([_csv_cell(each) for each in row] for row in rows)
    return page.getvalue().encode("utf-8-sig", "replace")


def csv_stream(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The same, piece by piece, for tables that should never be whole in memory."""
    yield csv_bytes(header, [])
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        page = io.StringIO(newline="")
        csv.writer(page, lineterminator="\r\n").writerows([_csv_cell(each) for each in row] for row in some)
        yield page.getvalue().encode("utf-8", "replace")


def harmless(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet could take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def xlsx_bytes(sheets: Sequence[Sheet]) -> bytes:
    """A workbook with these sheets, each with its header bold and always in sight."""
    file = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, {"in_memory": True, **plain})
    forms = _Forms(book)
    for title, sheet in zip(sheet_titles([each.title for each in sheets]), sheets, strict=True):
        _write_sheet(book.add_worksheet(title), sheet, forms)
    book.close()
    return file.getvalue()


def sheet_titles(wanted: Sequence[str]) -> list[str]:
    """The titles as Excel takes them: short, without its special characters, and no two the same."""
    given: list[str] = []
    taken = {"history"}  # Excel keeps that one for itself
    for words in wanted:
        title = _free_title(_NEVER_TITLES.sub(" ", _readable(words)), taken)
        taken.add(title.casefold())
        given.append(title)
    return given


def _free_title(words: str, taken: set[str]) -> str:
    stem = " ".join(words.split()).strip("' ") or "Sheet"
    endings = ("" if number == 1 else f" ({number})" for number in count(1))
    titles = (_cut(stem, _LONGEST_TITLE - len(ending)).rstrip("' ") + ending for ending in endings)
    return next(title for title in titles if title.casefold() not in taken)


def _csv_cell(value: object) -> str:
    return _words(value) if _is_number(value) else harmless(_words(value))


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool) and math.isfinite(value)


def _words(value: object) -> str:
    """The value as anybody would write it into a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")  # never 1E+3
        case int():
            return format(value, "d")  # an IntegerChoices is its number, too
        case datetime.date() | datetime.time():
            return value.isoformat()
    return str(value)


class _Forms:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}
        self.header = book.add_format({"bold": True, "bottom": 1, "valign": "top", "quote_prefix": True})
        self.text = book.add_format({"quote_prefix": True})

    def number(self, pattern: str) -> Any:
        if pattern not in self._made:
            self._made[pattern] = self._book.add_format({"num_format": pattern})
        return self._made[pattern]


def _write_sheet(page: Any, sheet: Sheet, forms: _Forms) -> None:
    rows = iter(sheet.rows)
    first = list(islice(rows, _ROWS_MEASURED))
    for column, width in enumerate(_widths(sheet.header, first)):
        page.set_column(column, column, width)
    for column, words in enumerate(sheet.header):
        page.write_string(0, column, _readable(words), forms.header)
    page.freeze_panes(1, 0)
    for number, row in enumerate(_chained(first, rows), start=1):
        if number >= _MOST_ROWS:
            raise Refused(f"A sheet of Excel ends after {_MOST_ROWS:,} rows. Take CSV, or less at a time.")
        for column, value in enumerate(row):
            _write_cell(page, number, column, value, forms)


def _chained(*parts: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    for part in parts:
        yield from part


def _write_cell(page: Any, row: int, column: int, value: object, forms: _Forms) -> None:
    if value is None or value == "":
        return
    if _fits_a_number(value):
        page.write_number(row, column, value, forms.number(_pattern(value)))
    elif _fits_a_date(value):
        page.write_datetime(row, column, value, forms.number("yyyy-mm-dd"))
    else:
        words = _readable(_words(value))
        page.write_string(row, column, words, forms.text if _FORMULA.match(words) else None)


def _fits_a_number(value: object) -> bool:
    """Excel keeps fifteen digits; a longer number is a reference, and every digit of it counts."""
    return _is_number(value) and abs(value) < 10**_MOST_DIGITS  # type: ignore[arg-type]


def _fits_a_date(value: object) -> bool:
    """Excel knows days since 1900 and no zones: a moment stays text, with its offset."""
    return (
        isinstance(value, datetime.date) and not isinstance(value, datetime.datetime) and value.year >= 1900
    )


def _pattern(value: object) -> str:
    """As many decimals as the amount was given with; a count or a share as it is."""
    if not isinstance(value, Decimal):
        return "General"
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "#,##0" + ("." + "0" * min(places, _MOST_DIGITS) if places else "")


def _readable(text: str) -> str:
    """What XML can hold and Excel will show."""
    clean = "".join(letter for letter in printable(text) if not _foreign_to_xml(letter))
    clean = _cut(clean, _MOST_LETTERS - 1)
    # XlsxWriter takes a string in these tags for XML of its own and writes it as it is.
    return f"{clean} " if clean.startswith("<r>") and clean.endswith("</r>") else clean


def _foreign_to_xml(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff"


def _cut(text: str, most: int) -> str:
    """At most so many letters as Excel counts them, in UTF-16."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def _widths(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[int]:
    """The width of each column, by its longest line among the first rows."""
    longest = [_line_length(words) + 2 for words in header]
    for row in rows:
        for column, value in enumerate(row[: len(longest)]):
            longest[column] = max(longest[column], _line_length(_words(value)) + 2)
    return [min(max(each, _NARROWEST), _WIDEST) for each in longest]


def _line_length(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)
