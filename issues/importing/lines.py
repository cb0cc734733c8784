"""Lines of a draft, from plain text, Markdown or HTML alike."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from issues.importing.decoding import Unreadable
from issues.richtext import Run, markup, model, pages

LINES_AT_MOST = 20_000
BLANKS_BEFORE_A_RULE = 3
"""A rule parts sections as several blank lines do."""


@dataclass(frozen=True)
class Line:
    """One line: ``mark`` is "", bullet, number, quote, image, aside or h1 to h6; ``gap`` counts blank lines before it."""

    runs: tuple[Run, ...]
    mark: str = ""
    indent: int = 0
    gap: int = 0
    raw: str = ""
    number: int = 0
    """Its place in the draft."""

    @cached_property
    def text(self) -> str:
        return model.text_of(self.runs)

    @property
    def level(self) -> int:
        """1 to 6 for a heading that says so, else 0."""
        return int(self.mark[1]) if self.mark[:1] == "h" else 0


_HTML = re.compile(
    r"<(?:!doctype html|html|body|p|div|h[1-6]|ul|ol|li|table|span|blockquote|meta|br ?/?)\b[^<>]*>",
    re.IGNORECASE,
)
_HEADING = re.compile(r"(#{1,6})\s+(?=\S)")
_CLOSING_HASHES = re.compile(r"\s#+$")
_UNDERLINE = re.compile(r"(=|-)\1{2,}$")
_RULE = re.compile(r"(?:[-*_=~—–]\s?){3,}$")
_QUOTE = re.compile(r"(?:>\s?)+")
_IMAGE = re.compile(r"!\[([^\[\]]*)\]\(([^()\s]*)[^()]*\)$")
_TIGHT_BULLET = re.compile(r"[•●▪◦‣]\s*(?=\S)")
_FLAT_BULLETS = re.compile(r"\s+[•●▪◦‣]\s+(?=\S)")
_BYLINE_GLUE = re.compile(r"(\s*(?:[—–]|--|By\b)\s*[^\W\d_][^()\n]{1,60}\((?:[^()\n]{1,80})\))(?=[^\W_])")
_DATE_GLUE = re.compile(
    r"(\s*(?:date:?\s+)?(?:\d{4}-\d\d-\d\d|(?:[a-z]{3,6}day,?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec)[a-z]{0,6}\.?"
    r"\s+\d{1,2},?\s+\d{4}))(?:\s+[-–—|]?\s*)(?=[^\W\d_])",
    re.IGNORECASE,
)
_HEAD = 24
"""Lines at the top in which a glued date is looked for."""


def lines(text: str) -> list[Line]:
    """The lines of a draft; blank ones are the gaps of those that follow. Raises ``Unreadable`` for endless ones."""
    found = list(islice(_of_page(text) if is_html(text) else _of_text(text), LINES_AT_MOST + 1))
    if len(found) > LINES_AT_MOST:
        raise Unreadable(
            f"The draft has more than {LINES_AT_MOST:,} lines: that is no issue of a newsletter."
        )
    return [replace(line, number=number) for number, line in enumerate(found)]


def is_html(text: str) -> bool:
    """Whether a draft is a page or a piece of one rather than text that mentions a tag."""
    tags = _HTML.findall(text[:100_000])
    return bool(tags) and (text.lstrip().startswith("<") or len(tags) > 2)


# Text and Markdown


def _of_text(text: str) -> Iterator[Line]:
    gap = 0
    before: Line | None = None
    for physical in _physical(model.printable(text)):
        words = physical.strip()
        if before and not gap and _UNDERLINE.match(words) and not before.mark:
            before = replace(before, mark="h1" if words[0] == "=" else "h2")
            continue
        if not words or _RULE.match(words):
            gap += BLANKS_BEFORE_A_RULE if words else 1
            continue
        if before:
            yield before
        before = _line(physical, words, gap)
        gap = 0
    if before:
        yield before


def _physical(text: str) -> Iterator[str]:
    for place, line in enumerate(
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").split("\n")
    ):
        dated = _DATE_GLUE.match(line) if place < _HEAD else None
        if dated:
            yield dated[1]
        yield from _unglued(line[dated.end() :] if dated else line)


def _unglued(line: str) -> Iterator[str]:
    byline = _BYLINE_GLUE.match(line)
    if byline:
        yield byline[1]
        line = line[byline.end() :]
    words = line.lstrip()
    first, *rest = _FLAT_BULLETS.split(words)
    if len(rest) + bool(_TIGHT_BULLET.match(words)) < 2:
        yield line
        return
    indent = line[: len(line) - len(words)]
    yield indent + first
    yield from (f"{indent}• {item}" for item in rest)


def _line(physical: str, words: str, gap: int) -> Line:
    indent = markup.indent_of(physical)
    heading = _HEADING.match(words)
    quote = _QUOTE.match(words)
    image = _IMAGE.match(words)
    bullet = markup.MARK.match(words) or _TIGHT_BULLET.match(words)
    if words.lower().startswith("# source:"):
        return Line((Run(words),), "aside", indent, gap, words)
    if heading:
        runs = markup.inline_runs(_CLOSING_HASHES.sub("", words[heading.end() :]))
        return Line(runs, f"h{len(heading[1])}", indent, gap, words)
    if quote:
        return Line(markup.inline_runs(words[quote.end() :]), "quote", indent, gap, words)
    if image:
        return Line((Run(f"{image[1]} {image[2]}".strip()),), "image", indent, gap, words)
    if bullet:
        mark = "number" if bullet.re is markup.MARK and bullet["number"] else "bullet"
        return Line(markup.inline_runs(words[bullet.end() :]), mark, indent, gap, words)
    return Line(markup.inline_runs(words), "", indent, gap, words)


# HTML


def _of_page(html: str) -> Iterator[Line]:
    gap = 0
    for strip in pages.strips(html):
        if strip.kind == "rule":
            gap = BLANKS_BEFORE_A_RULE
            continue
        yield from _of_strip(strip, gap or 1)
        gap = 0


def _of_strip(strip: model.Strip, gap: int) -> Iterator[Line]:
    if strip.kind == "li":
        runs = model.tidy(strip.runs)
        mark = "number" if strip.ordered else "bullet"
        if runs:
            yield Line(runs, mark, 2 * (strip.depth - 1), gap, model.text_of(runs))
        return
    mark = strip.kind if strip.kind != "p" else ""
    for part in model.parted(strip.runs):
        for runs in (line for whole in model.lines(part) for line in _unglued_runs(whole)):
            yield Line(runs, mark, 0, gap, model.text_of(runs))
            gap = 0
        gap = 1


def _unglued_runs(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    text = model.text_of(runs)
    for glue in (_DATE_GLUE, _BYLINE_GLUE):
        found = glue.match(text)
        if found:
            yield model.cut(runs, 0, found.end(1))
            runs = model.cut(runs, found.end())
            text = model.text_of(runs)
    if runs:
        yield runs
