"""What canonical rich text is made of, and how anything becomes canonical.

Every reader (HTML, light Markdown) makes ``Strip``s: flat pieces, as a page shows them. ``compose`` nests them into
blocks and ``html`` writes these down. So there is one set of rules for spaces, empty pieces and nesting, and what is
written is canonical because of how it was made.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby


@dataclass(frozen=True)
class Run:
    """Words in one dress; ``"\\n"`` in ``text`` is a line break."""

    text: str
    strong: bool = False
    em: bool = False
    href: str = ""

    def saying(self, text: str) -> "Run":
        """Other words in the same dress."""
        return self if text == self.text else Run(text, self.strong, self.em, self.href)


@dataclass(frozen=True)
class Paragraph:
    """Inline words that stand alone."""

    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Item:
    """One list item: its words, then the lists inside it (only at the first level)."""

    runs: tuple[Run, ...]
    lists: "tuple[List, ...]" = ()


@dataclass(frozen=True)
class List:
    """A list of bullets, or of numbers if ``ordered``."""

    ordered: bool
    items: tuple[Item, ...]


Block = Paragraph | List


@dataclass(frozen=True)
class Strip:
    """One flat piece of a page: ``kind`` is p, li, h1 to h6, quote, image, rule or aside; ``depth`` counts lists around it."""

    kind: str
    runs: tuple[Run, ...] = ()
    depth: int = 0
    ordered: bool = False


_LINE_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029 "
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff]")
_LONE_HALF = re.compile("[\ud800-\udfff]")
_PARTING = "\n\n"
_ODD_SPACE = re.compile("\\s{2,}|[\t\v\f\r\x1c-\x1f\x85\u2028\u2029]")


def printable(text: str) -> str:
    """``text`` without what nobody can see or send: controls, zero-width marks, halves of surrogate pairs."""
    return _LONE_HALF.sub("\ufffd", _UNSEEN.sub("", text))


def tidy(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The same words in canonical runs.

    Spaces are single, none stand at either end or beside a line break, and a space wears only what both neighbours
    wear, so it never hangs on the edge of a link or of bold words. Equal neighbours are one run.
    """
    return _dressed([_unparted(run) for run in _spaced(runs)])


def _unparted(run: Run) -> Run:
    return run.saying(run.text.replace(_PARTING, "\n")) if _PARTING in run.text else run


def parted(runs: Iterable[Run]) -> list[tuple[Run, ...]]:
    """Tidy runs, split where two line breaks follow each other: so people part paragraphs without a tag for it."""
    parts: list[list[Run]] = [[]]
    for run in _spaced(runs):
        first, *more = run.text.split(_PARTING)
        parts[-1] += [run.saying(first)] if first else []
        parts += [[run.saying(text)] if text else [] for text in more]
    return [_dressed(part) for part in parts if part]


def _dressed(words: Sequence[Run]) -> tuple[Run, ...]:
    outside = _seen_from_outside(words)
    worn = [_between(words, outside, place) if run.text.isspace() else run for place, run in enumerate(words)]
    return tuple(same[0].saying("".join(run.text for run in same)) for same in _alike(worn))


def _seen_from_outside(words: Sequence[Run]) -> list[Run]:
    """Every word as its neighbours beyond its link see it: bold only if the whole link is."""
    seen = list(words)
    places = [place for place, run in enumerate(words) if not run.text.isspace()]
    for href, same in groupby(places, key=lambda place: words[place].href):
        link = list(same)
        if href:
            strong, em = all(words[place].strong for place in link), all(words[place].em for place in link)
            for place in link:
                seen[place] = replace(words[place], strong=strong, em=em)
    return seen


def text_of(runs: Iterable[Run]) -> str:
    """The words alone."""
    return "".join(run.text for run in runs)


def _spaced(runs: Iterable[Run]) -> Iterator[Run]:
    """Words, and single spaces where runs meet, beginning and ending with words; two line breaks are ``_PARTING``."""
    space = ""
    begun = False
    for same in _alike(runs):
        text = "".join(run.text for run in same)
        core = text.strip()
        if not core:
            space += text
            continue
        start = text.index(core[0])
        space += text[:start]
        if space and begun:
            yield Run(_one_space(space))
        space = text[start + len(core) :]
        begun = True
        yield same[0].saying(_ODD_SPACE.sub(lambda odd: _one_space(odd[0]), core))


def _one_space(space: str) -> str:
    if "\n" in space:
        return "\n" if space.count("\n") == 1 else _PARTING
    return space if len(space) == 1 and space not in _LINE_SPACE else " "


def _between(words: Sequence[Run], outside: Sequence[Run], place: int) -> Run:
    before, after = words[place - 1], words[place + 1]
    if before.href != after.href:
        before, after = outside[place - 1], outside[place + 1]
    href = before.href if before.href == after.href else ""
    return Run(words[place].text, before.strong and after.strong, before.em and after.em, href)


def _alike(runs: Iterable[Run]) -> Iterator[list[Run]]:
    for _, same in groupby(runs, key=lambda run: (run.strong, run.em, run.href)):
        yield list(same)


@dataclass
class _Growing:
    ordered: bool
    items: list[tuple[tuple[Run, ...], "list[_Growing]"]] = field(default_factory=list)

    def grown(self) -> List:
        return List(
            self.ordered,
            tuple(Item(runs, tuple(each.grown() for each in inner)) for runs, inner in self.items),
        )


def compose(strips: Iterable[Strip]) -> tuple[Block, ...]:
    """Nest flat strips into paragraphs and lists two levels deep; what is empty is dropped, headings are paragraphs."""
    blocks: list[Paragraph | _Growing] = []
    for strip in strips:
        if strip.kind == "li":
            runs = tidy(strip.runs)
            if runs:
                _hang(blocks, strip, runs)
        elif strip.kind not in ("image", "rule"):
            blocks += [Paragraph(runs) for runs in parted(strip.runs)]
    return tuple(each.grown() if isinstance(each, _Growing) else each for each in blocks)


def _hang(blocks: "list[Paragraph | _Growing]", strip: Strip, runs: tuple[Run, ...]) -> None:
    last = blocks[-1] if blocks else None
    if strip.depth > 1 and isinstance(last, _Growing):
        inner = last.items[-1][1]
        if not inner or inner[-1].ordered != strip.ordered:
            inner.append(_Growing(strip.ordered))
        inner[-1].items.append((runs, []))
        return
    if not isinstance(last, _Growing) or last.ordered != strip.ordered:
        last = _Growing(strip.ordered)
        blocks.append(last)
    last.items.append((runs, []))


def html(blocks: Iterable[Block]) -> str:
    """Blocks as canonical HTML."""
    return "".join(
        _list(block) if isinstance(block, List) else f"<p>{inline_html(block.runs)}</p>" for block in blocks
    )


def _list(block: List) -> str:
    tag = "ol" if block.ordered else "ul"
    items = (f"<li>{inline_html(item.runs)}{''.join(map(_list, item.lists))}</li>" for item in block.items)
    return f"<{tag}>{''.join(items)}</{tag}>"


def inline_html(runs: Iterable[Run]) -> str:
    """Runs as canonical inline HTML: a around strong around em."""
    out: list[str] = []
    worn: list[str] = []
    for run in runs:
        wanted = _dress(run)
        kept = _shared(worn, wanted)
        out += [f"</{tag.split(' ')[0]}>" for tag in reversed(worn[kept:])]
        out += [f"<{tag}>" for tag in wanted[kept:]]
        out.append(escape(run.text, quote=False).replace("\n", "<br>"))
        worn = wanted
    out += [f"</{tag.split(' ')[0]}>" for tag in reversed(worn)]
    return "".join(out)


def _dress(run: Run) -> list[str]:
    link = [f'a href="{escape(run.href, quote=False)}"'] if run.href else []
    return link + ["strong"] * run.strong + ["em"] * run.em


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def lines(runs: Iterable[Run]) -> Iterator[tuple[Run, ...]]:
    """Tidy runs of every line, parted at line breaks."""
    line: list[Run] = []
    for run in runs:
        first, *more = run.text.split("\n")
        line.append(run.saying(first))
        for text in more:
            yield tidy(line)
            line = [run.saying(text)]
    yield tidy(line)


def cut(runs: Sequence[Run], start: int, end: int | None = None) -> tuple[Run, ...]:
    """The runs of ``text_of(runs)[start:end]``, tidied."""
    pieces: list[Run] = []
    at = 0
    for run in runs:
        low, high = max(start - at, 0), len(run.text) if end is None else max(end - at, 0)
        pieces.append(run.saying(run.text[low:high]))
        at += len(run.text)
    return tidy(pieces)
