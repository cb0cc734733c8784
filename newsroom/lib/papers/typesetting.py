"""Words and lines on pages of paper: what a layout places, how wide words are, and how they become a PDF."""

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.fonts import TTFFont

FONTS = Path(__file__).parent / "fonts"
POINT = 25.4 / 72
"""Millimetres."""

_FAMILY = "DejaVu"
_UNKNOWN = "\N{WHITE SQUARE}"
_NEVER = {"Cc", "Cf", "Cs"}
"""Controls, invisible formatting and halves of characters: no font may show them."""
_UNSEEN = {"Cc", "Cf", "Mn", "Me"}
"""Kinds of characters that take no room of their own: left out where the font has none for them."""
_VARIANTS = {*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0x1F3FB, 0x1F400))}
"""Which look of a character is meant, and the colours of skin."""
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_BREAKS = re.compile(r"[ \t\n\r\u2000-\u2006\u2008-\u200a\u2028\u2029]+")
"""Where a line may end: not at a no-break space, which holds amounts and their currencies together."""
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


@dataclass(frozen=True)
class Face:
    """How words look: points, weight and a colour (RRGGBB)."""

    size: float
    colour: str
    bold: bool = False


@dataclass(frozen=True)
class Words:
    """One line of words, by its left end on the baseline, in millimetres."""

    x: float
    y: float
    text: str
    face: Face


@dataclass(frozen=True)
class Box:
    """A filled rectangle; a rule is a very low one."""

    x: float
    y: float
    width: float
    height: float
    colour: str


Mark = Words | Box


class Typesetter:
    """The two weights of our font: measures words, breaks them into lines and prints pages.

    It is used ``with`` the files of the fonts open.
    """

    def __init__(self, title: str, made_at: datetime.datetime) -> None:
        self._pdf = FPDF(format="A4", unit="mm")
        self._pdf.set_auto_page_break(False)
        self._pdf.add_font(_FAMILY, "", FONTS / "DejaVuSans.ttf")
        self._pdf.add_font(_FAMILY, "B", FONTS / "DejaVuSans-Bold.ttf")
        self._pdf.set_creator("newsroom")
        self._pdf.set_creation_date(made_at)
        self._pdf.set_lang("en")
        self._width_of_word = cache(self._measured)
        self._shown_for = cache(self._printed)
        self._pdf.set_title(self.on_one_line(title))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """fpdf2 only closes the files of fonts that it has printed with."""
        for bold in (False, True):
            self._font(bold).ttfont.close()

    def clean(self, text: str) -> str:
        """The text in characters that both weights of the font have."""
        return "".join(map(self._shown_for, text))

    def on_one_line(self, text: str) -> str:
        """The text without line ends, tabs and double spaces."""
        return " ".join(_split(self.clean(text)))

    def width(self, text: str, face: Face) -> float:
        """Millimetres."""
        return self._width_of_word(text, face.bold) * face.size

    def lines(self, text: str, face: Face, room: float) -> list[str]:
        """The text in lines that fit, its own line ends kept; at least one."""
        paragraphs = self.clean(text).splitlines() or [""]
        return [line for paragraph in paragraphs for line in self._filled(_split(paragraph), face, room)]

    def shortened(self, text: str, face: Face, room: float) -> str:
        """The text on one line, as much of it as fits."""
        words = self.on_one_line(text)
        if self.width(words, face) <= room:
            return words
        return f"{next(self._pieces(words, face, room - self.width('…', face)), '').rstrip()}…"

    def printed(self, pages: Iterable[Sequence[Mark]]) -> bytes:
        """The pages as a PDF document."""
        for page in pages:
            self._pdf.add_page()
            for mark in page:
                self._print(mark)
        return bytes(self._pdf.output())

    def _print(self, mark: Mark) -> None:
        if isinstance(mark, Box):
            self._pdf.set_fill_color(f"#{mark.colour}")
            self._pdf.rect(mark.x, mark.y, mark.width, mark.height, style="F")
        elif mark.text:
            self._pdf.set_font(_FAMILY, "B" if mark.face.bold else "", mark.face.size)
            self._pdf.set_text_color(f"#{mark.face.colour}")
            self._pdf.text(mark.x, mark.y, _as_seen(mark.text))

    def _printed(self, letter: str) -> str:
        """The letter, or what stands for it where the font does not have it."""
        kind = unicodedata.category(letter)
        if letter in "\n\r\t":
            return letter
        if letter in _VARIANTS:
            return ""
        if kind not in _NEVER and all(ord(letter) in self._font(bold).cmap for bold in (False, True)):
            return letter
        return "" if kind in _UNSEEN else _UNKNOWN

    def _font(self, bold: bool) -> TTFFont:
        font = self._pdf.fonts[f"{_FAMILY.lower()}{'B' if bold else ''}"]
        assert isinstance(font, TTFFont)
        return font

    def _measured(self, text: str, bold: bool) -> float:
        """The width for each point of size."""
        return self._font(bold).get_text_width(text, 1, None)[1] * POINT

    def _filled(self, words: Sequence[str], face: Face, room: float) -> Iterator[str]:
        """Words side by side until the line is full; a word longer than a line is cut."""
        space, line, used = self.width(" ", face), "", 0.0
        for word in words:
            for piece in self._pieces(word, face, room):
                width = self.width(piece, face)
                if line and used + space + width > room:
                    yield line
                    line = ""
                line, used = (f"{line} {piece}", used + space + width) if line else (piece, width)
        yield line

    def _pieces(self, word: str, face: Face, room: float) -> Iterator[str]:
        """The word as it is if it fits, else cut; each piece has a letter at least, however small the room."""
        if self.width(word, face) <= room:
            yield word
            return
        piece, used = "", 0.0
        for letter in word:
            width = self.width(letter, face)
            if piece and used + width > room:
                yield piece
                piece, used = "", 0.0
            piece, used = piece + letter, used + width
        yield piece


def _split(text: str) -> list[str]:
    return [word for word in _BREAKS.split(text) if word]


def _as_seen(line: str) -> str:
    """The line from left to right as eyes meet it: Hebrew and Arabic are stored in the order of reading."""
    if not any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in line):
        return line
    letters = BidiParagraph(line).get_reordered_characters()
    return "".join(
        each.character.translate(_MIRRORED if each.embedding_level % 2 else {}) for each in letters
    )
