"""PDF documents: a paper is described, then laid out on A4, then printed.

The layout is a pure function of the description: the same paper is the same file, byte for byte.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

from newsroom.lib.papers.charts import figure
from newsroom.lib.papers.typesetting import POINT, Box, Face, Mark, Typesetter, Words

_WIDTH, _HEIGHT = 210.0, 297.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 22.0, 188.0, 24.0, 270.0
_ROOM = _RIGHT - _LEFT
_FOOT = 280.0

_INK, _MUTED, _RULE, _ACCENT = "1a2029", "566070", "d5dae1", "0b57b0"
_TITLE = Face(18, _INK, bold=True)
_SUBTITLE = Face(10.5, _MUTED)
_FACT_NAME, _FACT = Face(7.5, _MUTED), Face(9, _INK)
_HEADING = Face(11, _INK, bold=True)
_COLUMN, _CELL, _TOTAL = Face(7.5, _MUTED, bold=True), Face(8.5, _INK), Face(8.5, _INK, bold=True)
_NOTE = Face(8, _MUTED)
_SMALL = Face(7, _MUTED)

_LEADING = 1.42
_HAIRLINE, _LINE = 0.12, 0.3
_GAP, _PAD = 4.0, 1.4
"""Millimetres between columns; above and below the words of a row."""
_FACTS_A_ROW = 3
_ROWS_MEASURED = 400
_LINES_TOGETHER = 24
"""A row of more lines than these may go on on the next page."""
_HEADER_LINES = 6
"""More of a header would leave no room for the rows."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a header that every page repeats; the columns in ``numeric`` are aligned right."""

    heading: str = ""
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    total: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars: standing ones for days and months, lying ones for names."""

    heading: str = ""
    series: Sequence[tuple[str, float]]
    unit: str = ""
    standing: bool = False


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What a document says, from top to bottom, and when it was made."""

    title: str
    subtitle: str = ""
    facts: Sequence[tuple[str, str]] = ()
    chart: Chart | None = None
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    footer: str = ""
    made_at: datetime.datetime


def pdf_bytes(paper: Paper) -> bytes:
    """The paper as a PDF file."""
    with Typesetter(paper.title, paper.made_at) as setter:
        return setter.printed(_laid_out(paper, setter))


def _laid_out(paper: Paper, setter: Typesetter) -> list[list[Mark]]:
    layout = _Layout(setter)
    layout.head(paper.title, paper.subtitle)
    layout.facts(paper.facts)
    if paper.chart and paper.chart.series:
        layout.chart(paper.chart)
    for table in paper.tables:
        layout.table(table)
    layout.notes(paper.notes)
    layout.margins(paper)
    return layout.pages


class _Layout:
    """Pages that are filled from the top; ``y`` is where the next thing begins."""

    def __init__(self, setter: Typesetter) -> None:
        self._setter = setter
        self.pages: list[list[Mark]] = [[]]
        self.y = _TOP

    def head(self, title: str, subtitle: str) -> None:
        self._box(_LEFT, self.y, 12, 1.1, _ACCENT)
        self.y += 6
        self._paragraph(title, _TITLE)
        if subtitle:
            self.y += 1.5
            self._paragraph(subtitle, _SUBTITLE)
        self.y += 7

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Three beside each other, each name above its fact."""
        if not facts:
            return
        self._rule(_LINE, _INK)
        self.y += 3
        room = (_ROOM - _GAP * (_FACTS_A_ROW - 1)) / _FACTS_A_ROW
        for first in range(0, len(facts), _FACTS_A_ROW):
            self._row_of_facts(facts[first : first + _FACTS_A_ROW], room)
        self.y += 5

    def chart(self, chart: Chart) -> None:
        self._heading(chart.heading, 40)
        (self._columns if chart.standing else self._bars)(chart)
        self.y += 8

    def table(self, table: Table) -> None:
        columns = _Columns(self._setter, table)
        self._heading(table.heading, 22)
        self._header(columns)
        total = columns.cells(table.total, _TOTAL) if table.total is not None else None
        for number, row in enumerate(table.rows):
            # The total never stands alone on a page.
            company = _height(total) if total and number == len(table.rows) - 1 else 0
            self._row(columns, columns.cells(row, _CELL), _CELL, company)
        if total:
            self.y -= _HAIRLINE
            self._rule(_LINE, _INK)
            self._row(columns, total, _TOTAL, ruled=False)
        self.y += 9

    def notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            self._paragraph(note, _NOTE)
            self.y += 1.6

    def margins(self, paper: Paper) -> None:
        """What stands above and below the text; only now we know how many pages there are."""
        for number, page in enumerate(self.pages, start=1):
            of_all = f"{number} / {len(self.pages)}"
            room = _ROOM - self._setter.width(of_all, _SMALL) - 2 * _GAP
            page.append(Box(_LEFT, _FOOT, _ROOM, _HAIRLINE, _RULE))
            page.append(Words(_LEFT, _FOOT + 5, self._setter.shortened(paper.footer, _SMALL, room), _SMALL))
            page.append(Words(self._ending_at(_RIGHT, of_all, _SMALL), _FOOT + 5, of_all, _SMALL))
            if number > 1:
                page.append(Words(_LEFT, 15, self._setter.shortened(paper.title, _SMALL, _ROOM), _SMALL))

    def _make_room(self, height: float) -> bool:
        """Whether a new page had to be begun for it."""
        if self.y + height <= _BOTTOM or self.y <= _TOP:
            return False
        self.pages.append([])
        self.y = _TOP
        return True

    def _box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        if width and height:
            self.pages[-1].append(Box(x, y, width, height, colour))

    def _rule(self, thickness: float, colour: str) -> None:
        self._box(_LEFT, self.y, _ROOM, thickness, colour)
        self.y += thickness

    def _words(self, x: float, y: float, text: str, face: Face) -> None:
        """One line whose upper edge is at ``y``."""
        self.pages[-1].append(Words(x, y + face.size * POINT * (_LEADING / 2 + 0.36), text, face))

    def _ending_at(self, x: float, text: str, face: Face) -> float:
        return x - self._setter.width(text, face)

    def _paragraph(self, text: str, face: Face) -> None:
        for line in self._setter.lines(text, face, _ROOM):
            self._make_room(_line(face))
            self._words(_LEFT, self.y, line, face)
            self.y += _line(face)

    def _heading(self, heading: str, company: float) -> None:
        """A heading with at least so much of what it heads below it."""
        lines = self._setter.lines(heading, _HEADING, _ROOM)
        self._make_room(min(len(lines) * _line(_HEADING), 60) + company)
        if heading.strip():
            self._paragraph(heading, _HEADING)
            self.y += 2.5

    def _row_of_facts(self, facts: Sequence[tuple[str, str]], room: float) -> None:
        cells = [
            [(line, _FACT_NAME) for line in self._setter.lines(name, _FACT_NAME, room)]
            + [(line, _FACT) for line in self._setter.lines(fact, _FACT, room)]
            for name, fact in facts
        ]
        for line in range(max(map(len, cells))):
            self._make_room(_line(_FACT))
            for column, cell in enumerate(cells):
                if line < len(cell):
                    self._words(_LEFT + column * (room + _GAP), self.y, *cell[line])
            self.y += _line(_FACT)
        self.y += 2.4

    def _header(self, columns: "_Columns") -> None:
        cells = columns.cells(columns.table.header, _COLUMN)
        cells = [lines[:_HEADER_LINES] for lines in cells]
        self._place(columns, cells, _COLUMN)
        self._rule(_LINE, _INK)

    def _row(
        self,
        columns: "_Columns",
        cells: Sequence[Sequence[str]],
        face: Face,
        company: float = 0,
        *,
        ruled: bool = True,
    ) -> None:
        """One row, which is kept together unless it is very high."""
        for first in range(0, max(map(len, cells), default=1), _LINES_TOGETHER):
            piece = [lines[first : first + _LINES_TOGETHER] for lines in cells]
            if self._make_room(_height(piece) + company):
                self._header(columns)
            self._place(columns, piece, face)
        if ruled:
            self._rule(_HAIRLINE, _RULE)

    def _place(self, columns: "_Columns", cells: Sequence[Sequence[str]], face: Face) -> None:
        for column, lines in enumerate(cells):
            begin, width = columns.begins[column], columns.widths[column]
            for number, line in enumerate(lines):
                right = column in columns.table.numeric
                x = self._ending_at(begin + width, line, face) if right else begin
                self._words(x, self.y + _PAD + number * _line(face), line, face)
        self.y += _height(cells, face)

    def _bars(self, chart: Chart) -> None:
        """Names on the left, values at the ends."""
        values = [_drawn(value) for _, value in chart.series]
        numbers = [self._setter.on_one_line(figure(value, chart.unit)) for _, value in chart.series]
        most = max(values) or 1
        names = (
            min(
                max(self._setter.width(self._setter.on_one_line(name), _CELL) for name, _ in chart.series), 58
            )
            + _GAP
        )
        room = max(_ROOM - names - max(self._setter.width(number, _CELL) for number in numbers) - 2, 20)
        for (name, _), value, number in zip(chart.series, values, numbers, strict=True):
            self._make_room(6.4)
            self._words(_LEFT, self.y + 1, self._setter.shortened(name, _CELL, names - _GAP), _CELL)
            self._box(_LEFT + names, self.y + 1.4, value / most * room, 3.4, _ACCENT)
            self._words(_LEFT + names + value / most * room + 2, self.y + 1, number, _CELL)
            self.y += 6.4

    def _columns(self, chart: Chart) -> None:
        """A row of columns on one line, as high as the greatest of them allows."""
        height, step = 38.0, _ROOM / len(chart.series)
        most = max(_drawn(value) for _, value in chart.series) or 1
        self._make_room(height + 12)
        ground = self.y + height + 5
        for at, (name, value) in enumerate(chart.series):
            middle, tall, width = (
                _LEFT + (at + 0.5) * step,
                _drawn(value) / most * height,
                min(step * 0.56, 10),
            )
            self._box(middle - width / 2, ground - tall, width, tall, _ACCENT)
            self._centred(
                middle, ground - tall - 4.4, self._setter.on_one_line(figure(value, chart.unit)), step
            )
            self._centred(middle, ground + 1.2, self._setter.shortened(name, _SMALL, step - 0.8), step)
        self._box(_LEFT, ground, _ROOM, _HAIRLINE, _MUTED)
        self.y = ground + 6

    def _centred(self, middle: float, y: float, text: str, room: float) -> None:
        """The words above or below their column, if they do not run into their neighbours."""
        width = self._setter.width(text, _SMALL)
        if width <= room:
            self._words(middle - width / 2, y, text, _SMALL)


class _Columns:
    """Where the columns of a table begin and how wide they are."""

    def __init__(self, setter: Typesetter, table: Table) -> None:
        self.table = table
        self._setter = setter
        count = max([len(table.header), *map(len, table.rows), len(table.total or ()), 1])
        self._gap = min(_GAP, _ROOM / count / 4)
        wanted = [self._wanted(column) for column in range(count)]
        self.widths = _shared(wanted, _ROOM - self._gap * (count - 1), self._elastic(count))
        self.begins = [_LEFT + sum(self.widths[:at]) + self._gap * at for at in range(count)]

    def cells(self, row: Sequence[str], face: Face) -> list[list[str]]:
        """The lines of each cell."""
        return [
            self._setter.lines(cell, face, width + 0.01)
            for cell, width in zip(row, self.widths, strict=False)
        ]

    def _wanted(self, column: int) -> float:
        """The width at which no cell would have to be broken."""
        rows = [(self.table.header, _COLUMN), (self.table.total or (), _TOTAL)]
        rows += [(row, _CELL) for row in self.table.rows[:_ROWS_MEASURED]]
        cells = [(row[column], face) for row, face in rows if column < len(row)]
        lines = [(self._setter.on_one_line(line), face) for cell, face in cells for line in cell.splitlines()]
        return max((self._setter.width(line, face) for line, face in lines), default=0)

    def _elastic(self, count: int) -> int:
        """The column that takes what is left over: the first that holds words."""
        return next((column for column in range(count) if column not in self.table.numeric), count - 1)


def _shared(wanted: Sequence[float], room: float, elastic: int) -> list[float]:
    """Widths that fill the room: narrow columns get what they want, the wide ones share the rest."""
    widths = [0.0] * len(wanted)
    waiting = sorted(range(len(wanted)), key=wanted.__getitem__)
    left = room
    for place, column in enumerate(waiting):
        widths[column] = min(wanted[column], left / (len(waiting) - place))
        left -= widths[column]
    widths[elastic] += left
    return widths


def _line(face: Face) -> float:
    return face.size * POINT * _LEADING


def _height(cells: Sequence[Sequence[str]], face: Face = _CELL) -> float:
    return max(map(len, cells), default=1) * _line(face) + 2 * _PAD


def _drawn(value: float) -> float:
    """How high a bar stands for it; what is below nought or no number has none."""
    return max(float(value), 0.0) if math.isfinite(value) else 0.0
