"""From lines to pieces (a paragraph, a list, a quotation, a heading) and from pieces to sections.

This is also what a block kind sees of the reader: its ``reading.py`` names a ``READER``, and nothing else has to change
for a new kind.
"""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from issues import richtext
from issues.importing.lines import Line
from issues.richtext import Run, model


@dataclass(frozen=True)
class Entry:
    """One item of a list."""

    runs: tuple[Run, ...]
    depth: int = 1
    ordered: bool = False

    @property
    def text(self) -> str:
        return model.text_of(self.runs)

    @property
    def html(self) -> str:
        """The item as inline rich text."""
        return model.inline_html(self.runs)


@dataclass(frozen=True)
class Piece:
    """``kind`` is text, list, quote or heading; ``gap`` counts blank lines before it, ``raw`` is how it stood."""

    kind: str
    runs: tuple[Run, ...] = ()
    entries: tuple[Entry, ...] = ()
    gap: int = 0
    indent: int = 0
    level: int = 0
    raw: str = ""

    @cached_property
    def text(self) -> str:
        if self.kind == "list":
            return "\n".join(entry.text for entry in self.entries)
        return model.text_of(self.runs)

    @property
    def bold(self) -> bool:
        """Whether all its words are bold."""
        return bool(self.runs) and all(run.strong or run.text.isspace() for run in self.runs)

    def strips(self) -> Iterator[model.Strip]:
        """The piece as rich text would show it."""
        if self.kind == "list":
            yield from (model.Strip("li", entry.runs, entry.depth, entry.ordered) for entry in self.entries)
        elif self.kind == "quote":
            yield from (model.Strip("p", runs) for runs in model.lines(self.runs))
        else:
            yield model.Strip("p", self.runs)


@dataclass(frozen=True)
class Section:
    """Pieces under one heading ("" if none); ``on`` is the issue's date."""

    heading: str
    pieces: tuple[Piece, ...]
    on: datetime.date
    first: bool = False
    """No story came before."""
    opening: bool = False
    """Nothing at all came before."""
    last: bool = False
    """Nothing comes after."""

    @cached_property
    def text(self) -> str:
        return "\n".join(piece.text for piece in self.pieces)

    @property
    def words(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True)
class Taken:
    """What a kind makes of a section: block data, what else it saw, and how many pieces it used (None: all)."""

    data: dict[str, Any]
    found: dict[str, Any] = field(default_factory=dict)
    used: int | None = None
    source: str | None = None
    """The words as they stood, if not simply those of the used pieces."""


def _never(piece: Piece) -> bool:  # noqa: ARG001
    return False


def _not_before(before: Piece, piece: Piece, after: Piece | None) -> bool:  # noqa: ARG001
    return False


def _as_they_are(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return data


@dataclass(frozen=True)
class Reader:
    """How one kind recognises itself in a draft; the reader asks kind after kind and the first answer counts."""

    order: int
    """Who is asked first: what says its name before what is guessed by its looks."""
    read: Callable[[Section], Taken | None]
    """The block that a section (or its first pieces) is, or None if it is of another kind."""
    opens: Callable[[Piece], bool] = _never
    """Whether a piece begins a section of this kind even without a heading."""
    takes_before: Callable[[Piece, Piece, Piece | None], bool] = _not_before
    """Whether the piece before an opening one belongs to it; given both and the one after."""
    settle: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = _as_they_are
    """A last look at the data of all blocks of this kind, in order."""
    titled: bool = False
    """A line that looks like a heading right below an opening piece belongs to it."""
    at_top: bool = False
    """It opens only above the first heading."""
    in_text: bool = False
    """Its opening words may stand anywhere in a paragraph, so such a line may join the one before."""
    above_greeting: bool = False
    """It may stand above the greeting."""
    above_lead: bool = False
    """It may stand above the lead story."""


def rich(pieces: Iterable[Piece]) -> str:
    """Pieces as canonical rich text."""
    return model.html(model.compose(strip for piece in pieces for strip in piece.strips()))


def source(pieces: Iterable[Piece]) -> str:
    """Pieces as they stood in the draft."""
    return "\n\n".join(piece.raw for piece in pieces)


def inline(runs: Iterable[Run]) -> str:
    """Runs as canonical inline rich text."""
    return model.inline_html(model.tidy(runs))


def plain(html: str) -> str:
    """The words of rich text."""
    return richtext.plain(html)


_SIGNATURE = re.compile(r"(?:[^\W\d_a-z][\w.’'&-]*\s){2,4}[—–]\s[^\W_a-z][\w.’'&-]*(?:\s[\w.’'&-]+){0,3}$")


def is_signature(piece: Piece) -> bool:
    """Whether a line only says who wrote the words above it and where: "Ada Lane — Knot"."""
    return piece.kind == "text" and len(piece.text) < 90 and bool(_SIGNATURE.match(piece.text))


# Lines to pieces

_SENTENCE_END = re.compile(r"[.!?…:;,][\"”’'»)\]*_]{0,3}$")
_ADDRESS_ALONE = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?$")
_STARTS_A_HEADING = re.compile(r"[\"“‘'(\[#]?[^\W_a-z]|[^\w\s\"“”‘’'(\[\]).,;:!?<>—–-]")
_ENDS_A_HEADING = re.compile(r"[^.,;:…]$|\b[A-Z]\.$|\.\.\.$")
_LIST_MARKS = ("bullet", "number")
_HEADING_WORDS = 13
_HEADING_LENGTH = 95


def looks_like_heading(piece: Piece) -> bool:
    """Whether a line could be a title: short, begins large, does not end like a sentence."""
    text = piece.text
    return (
        piece.kind == "text"
        and not piece.indent
        and len(text) <= _HEADING_LENGTH
        and len(text.split()) <= _HEADING_WORDS
        and bool(_STARTS_A_HEADING.match(text) and _ENDS_A_HEADING.search(text))
        and not _ADDRESS_ALONE.match(text)
        and not (text[0] == "(" and text[-1] == ")")
        and any(letter.isalpha() for letter in text)
    )


def pieces(lines: Sequence[Line], *, alone: Callable[[Piece], bool]) -> list[Piece]:
    """Gather lines into pieces; ``alone`` tells lines that never join a paragraph."""
    layout = _layout(lines)
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _belongs(groups[-1], line, layout, alone):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_piece(group) for group in groups]


@dataclass(frozen=True)
class _Layout:
    """How a draft lays out its paragraphs: ``airy`` parts them with blank lines, ``wrapped`` breaks lines within them."""

    airy: bool
    wrapped: bool


def _layout(lines: Sequence[Line]) -> _Layout:
    texts = [line for line in lines if not line.mark]
    pairs = [(before.text, line.text) for before, line in pairwise(texts) if not line.gap]
    ended = sum(1 for before, _ in pairs if _SENTENCE_END.search(before) or len(before) < 40)
    broken = sum(1 for before, _ in pairs if not _SENTENCE_END.search(before) and 45 <= len(before) <= 110)
    return _Layout(airy=ended * 3 < len(texts), wrapped=broken >= 3 and broken * 4 >= len(texts))


def _belongs(group: Sequence[Line], line: Line, layout: _Layout, alone: Callable[[Piece], bool]) -> bool:
    first, last = group[0], group[-1]
    if first.mark in _LIST_MARKS:
        return _belongs_to_list(first, last, line)
    if first.mark == "quote":
        return (line.mark == "quote" and line.gap < 2) or (layout.airy and not line.mark and not line.gap)
    if first.mark or line.mark or line.gap:
        return False
    return _goes_on(_piece([last]), _piece([line]), layout, alone)


def _belongs_to_list(first: Line, last: Line, line: Line) -> bool:
    if line.mark in _LIST_MARKS:
        return line.gap < 2 and (line.mark == first.mark or line.indent >= first.indent + 2)
    if line.mark == "quote":
        return not line.gap or (last.mark == "quote" and line.gap < 2)
    return not line.mark and not line.gap and line.indent > first.indent


def _goes_on(before: Piece, after: Piece, layout: _Layout, alone: Callable[[Piece], bool]) -> bool:
    if alone(before) or alone(after) or before.bold or after.bold or before.indent != after.indent:
        return False
    if after.text[:1].islower() and not _ADDRESS_ALONE.match(after.text):
        return True
    if layout.wrapped and len(before.text) >= 45:
        return True
    if looks_like_heading(before):
        return False
    if not _SENTENCE_END.search(before.text) and len(before.text) >= 50:
        return True
    return layout.airy and not looks_like_heading(after) and not _ADDRESS_ALONE.match(after.text)


def _piece(group: Sequence[Line]) -> Piece:
    first = group[0]
    raw = "\n".join(line.raw for line in group)
    if first.mark in _LIST_MARKS:
        return Piece("list", (), _entries(group), first.gap, first.indent, raw=raw)
    if first.mark == "quote":
        words = (run for line in group for run in (*line.runs, Run(" " if line.runs else "\n")))
        return Piece("quote", model.tidy(words), (), first.gap, first.indent, raw=raw)
    words = (run for line in group for run in (*line.runs, Run(" ")))
    kind = "heading" if first.level else "text"
    return Piece(kind, model.tidy(words), (), first.gap, first.indent, first.level, raw)


def _entries(group: Sequence[Line]) -> tuple[Entry, ...]:
    items: list[tuple[Line, list[Run]]] = []
    quoting = False
    for line in group:
        if line.mark in _LIST_MARKS:
            items.append((line, list(line.runs)))
        else:
            quoted = line.mark == "quote"
            items[-1][1].extend((Run("\n" if (quoted and not quoting) or not line.runs else " "), *line.runs))
        quoting = line.mark == "quote"
    base = group[0].indent
    return tuple(
        Entry(model.tidy(runs), 2 if line.indent >= base + 2 else 1, line.mark == "number")
        for line, runs in items
    )
