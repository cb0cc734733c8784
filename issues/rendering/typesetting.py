"""Setting plain text: wrapped at 72 columns, headings underlined, lists hanging, links as numbered notes."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from issues import richtext
from issues.richtext import Item, List, Paragraph, Run

WIDTH = 72
_SPACE_RUN = re.compile(r"\n{3,}")


class Notes:
    """The numbered addresses at the foot of a text; the same address keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, url: str) -> int:
        return self._numbers.setdefault(url, len(self._numbers) + 1)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter((number, url) for url, number in self._numbers.items())

    def __len__(self) -> int:
        return len(self._numbers)


def tidy(text: str) -> str:
    """No blanks at line ends, at most one empty line in a row, none at either end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return _SPACE_RUN.sub("\n\n", lines).strip("\n")


def wrapped(words: str, *, first: str = "", rest: str = "") -> str:
    """Words wrapped at 72 columns; ``first`` and ``rest`` stand before the lines. Long addresses are never broken."""
    lines = [
        line
        for part in words.split("\n")
        for line in textwrap.wrap(
            part,
            WIDTH,
            initial_indent=rest,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    return first + "\n".join(lines)[len(rest) :] if lines else ""


def underlined(heading: str, mark: str = "-") -> str:
    """A heading and its line, as wide as its last line."""
    text = wrapped(heading)
    return f"{text}\n{mark * len(text.splitlines()[-1])}" if text else ""


def prose(html: str, notes: Notes) -> str:
    """Canonical rich text as typeset plain text."""
    return "\n\n".join(_block(block, notes) for block in richtext.parse(html))


def inline(html: str, notes: Notes) -> str:
    """Inline rich text in one unwrapped run."""
    return _words(richtext.parse_inline(html), notes)


def hanging(items: Sequence[str]) -> str:
    """Plain items as a bullet list."""
    return "\n".join(wrapped(item, first="* ", rest="  ") for item in items)


def _block(block: Paragraph | List, notes: Notes) -> str:
    if isinstance(block, Paragraph):
        return wrapped(_words(block.runs, notes))
    return _list(block, notes, indent="")


def _list(block: List, notes: Notes, *, indent: str) -> str:
    marks = [f"{number}. " if block.ordered else "* " for number in range(1, len(block.items) + 1)]
    return "\n".join(_item(item, indent + mark, notes) for item, mark in zip(block.items, marks, strict=True))


def _item(item: Item, mark: str, notes: Notes) -> str:
    rest = " " * len(mark)
    lines = [wrapped(_words(item.runs, notes), first=mark, rest=rest) or mark.rstrip()]
    return "\n".join(lines + [_list(inner, notes, indent=rest) for inner in item.lists])


def _words(runs: Sequence[Run], notes: Notes) -> str:
    """The runs as words; each link gets its number after its last word."""
    out: list[str] = []
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        out.append(run.text)
        if (
            run.href
            and (after is None or after.href != run.href)
            and run.href.removeprefix("mailto:") != run.text
        ):
            out.append(f" [{notes.number(run.href)}]")
    return "".join(out)
