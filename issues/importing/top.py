"""The top of a draft: telling the title from captions, credits, the product's name and the first heading."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from issues.importing.furniture import is_credit, is_furniture
from issues.importing.lines import Line
from issues.importing.sections import Piece, looks_like_heading
from issues.richtext import Run

_LINES = 10
_LABELLED = re.compile(r"(?:subject(?: line)?|title|headline)\s*:\s+(?=\S)", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:issue|edition|instal?lment) of (?P<name>[A-Z][\w&’' -]{2,60}?)(?=[!.,:;?]|\s[—–-]\s|$)"
)


@dataclass(frozen=True)
class Top:
    """A title if there is one, the lines below it, and what stood around it."""

    title: str | None
    rest: list[Line]
    left_out: list[Line]


def read_top(
    lines: Sequence[Line], *, opens: Callable[[Piece], bool], greets: Callable[[Piece], bool]
) -> Top:
    """Find the title among the first lines; ``opens`` tells lines that begin a block, ``greets`` a greeting."""
    height = _height(lines, opens)
    below = lines[height] if height < len(lines) else None
    greeted = below is not None and greets(_piece(below))
    candidates = [place for place in range(height) if _could_be_title(lines[place])]
    title = _title(lines, candidates, below.text if below and greeted else "")
    kept = set() if greeted else _heading_below(lines, candidates, title, below)
    left_out = [lines[place] for place in range(height) if place != title and place not in kept]
    rest = [lines[place] for place in sorted(kept)] + list(lines[height:])
    if title is None:
        return Top(_named_in(below), rest, left_out)
    named = lines[title]
    label = _LABELLED.match(named.text)
    if not label:
        return Top(named.text, rest, left_out)
    return Top(named.text[label.end() :], rest, [replace(named, runs=(Run(label[0].strip()),)), *left_out])


def _piece(line: Line) -> Piece:
    return Piece(
        "text" if not line.mark or line.level else line.mark, line.runs, indent=line.indent, raw=line.raw
    )


def _height(lines: Sequence[Line], opens: Callable[[Piece], bool]) -> int:
    """How many lines stand above the first words of the issue."""
    for place, line in enumerate(lines[:_LINES]):
        if line.mark in ("image", "aside") or is_furniture(line.text):
            continue
        if opens(_piece(line)) or not (_could_be_title(line) or _is_caption(lines, place)):
            return place
    return min(len(lines), _LINES)


def _is_caption(lines: Sequence[Line], place: int) -> bool:
    after = lines[place + 1] if place + 1 < len(lines) else None
    return after is not None and after.gap < 2 and is_credit(after.text) and len(lines[place].text) < 250


def _could_be_title(line: Line) -> bool:
    if line.level == 1 or _LABELLED.match(line.text):
        return True
    return not line.mark and not is_furniture(line.text) and looks_like_heading(_piece(line))


def _title(lines: Sequence[Line], candidates: Sequence[int], greeting: str) -> int | None:
    said = [place for place in candidates if lines[place].level == 1 or _LABELLED.match(lines[place].text)]
    plain = [
        place
        for place in candidates
        if not greeting or lines[place].text.casefold() not in greeting.casefold()
    ]
    bare = [place for place in plain if not _is_caption(lines, place)]
    return next(iter([*said, *bare, *plain, *candidates]), None)


def _heading_below(
    lines: Sequence[Line], candidates: Sequence[int], title: int | None, below: Line | None
) -> set[int]:
    """The last line that looks like a title heads the first section, unless it repeats the title or hangs on a picture."""
    last = candidates[-1] if candidates else None
    if last is None or title is None or last <= title or below is None or below.level:
        return set()
    same = lines[last].text == lines[title].text
    return set() if same or _is_caption(lines, last) else {last}


def _named_in(below: Line | None) -> str | None:
    named = _NAMED.search(below.text) if below else None
    return named["name"].strip() if named else None
