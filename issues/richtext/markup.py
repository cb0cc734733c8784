r"""Light Markdown: how rich text looks in a plain text field, and back.

A blank line parts paragraphs, a single line break stays one. ``- ``, ``* `` or ``• `` begin a list item, ``1. `` or
``1) `` a numbered one; two blanks before the mark put it into a list inside; an indented line goes on with its item.
``**bold**``, ``*italic*`` or ``_italic_``, ``[words](https://example.com)``; a bare web address becomes a link. A
backslash takes the meaning from the next mark. Asterisks switch bold and italic on and off by themselves: they need
not nest, so everything that rich text can say can be written.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest

from issues.richtext.model import Block, Item, List, Run, Strip, printable, text_of, tidy
from issues.richtext.pages import address

MARK = re.compile(r"(?P<bullet>[-*•‣◦▪●·])\s+(?=\S)|(?P<number>\d{1,3}[.)])\s+(?=\S)")
"""What begins a list item at the start of a line."""

_ESCAPABLE = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~•‣◦▪●·")
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<marks>\*+|_+)|(?P<open>\[)|(?P<close>\])|(?P<url>https?://[^\s<>\"\\*\[\]]{1,2000}+)"
    r"|(?P<text>(?:[^\\*_\[\]h]|h(?!ttps?://))++|.)",
    re.DOTALL,
)
_TARGET = re.compile(
    r"\((?:<(?P<odd>[^<>\n]{1,2000}+)>|(?P<plain>[^\s()<>]{1,2000}+(?:\([^\s()<>]{0,500}+\)[^\s()<>]{0,1000}+){0,5}+))\)"
)
_AFTER_ADDRESS = ".,;:!?)'_…”’»"
_SELF_EVIDENT = re.compile(r"https?://[A-Za-z0-9/.~?&=%#+:_-]*[A-Za-z0-9/]")
_NEEDS_ESCAPE = re.compile(r"[\\*]|(?<![^\W_])_|_(?![^\W_])|\](?=\(|\Z)|(?<=http):(?=//)|(?<=https):(?=//)")
_NEEDS_ESCAPE_IN_LINK = re.compile(r"[\\*\[\]]|(?<![^\W_])_|_(?![^\W_])")


# Reading


@dataclass
class _Gathered:
    """The lines of one paragraph or item."""

    kind: str
    lines: list[str]
    depth: int = 0
    ordered: bool = False

    def strip(self) -> Strip:
        return Strip(self.kind, inline_runs("\n".join(self.lines)), self.depth, self.ordered)


def strips(text: str) -> Iterator[Strip]:
    """Flat strips of light Markdown."""
    now: _Gathered | None = None
    base: int | None = None
    for line in printable(text).replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        words = line.strip()
        indent = indent_of(line)
        mark = MARK.match(words)
        if now and (mark or not words or (now.kind == "li" and not indent)):
            yield now.strip()
            now = None
        if mark:
            base = indent if base is None else base
            depth = 2 if indent >= base + 2 else 1
            now = _Gathered("li", [words[mark.end() :]], depth, bool(mark["number"]))
        elif now:
            now.lines.append(words)
        elif words:
            base = None
            now = _Gathered("p", [words])
    if now:
        yield now.strip()


def indent_of(line: str) -> int:
    """Blanks before the first word; a tab counts as four."""
    return sum(4 if each == "\t" else 1 for each in line[: len(line) - len(line.lstrip())])


def inline_runs(text: str) -> tuple[Run, ...]:
    """Tidy runs of an inline fragment of light Markdown."""
    tokens = _tokens(printable(text))
    _pair(tokens)
    return tidy(_dress(tokens))


@dataclass(slots=True)
class _Token:
    """A piece of markup: ``kind`` is text, marks, open, close, link, end or url."""

    kind: str
    text: str
    href: str = ""
    may_open: bool = False
    may_close: bool = False
    switches: frozenset[str] = frozenset()
    """"strong" and "em", as far as a partner was found."""


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    opened: list[_Token] = []
    at = 0
    while match := _TOKEN.match(text, at):
        token, at = _token(match), match.end()
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close" and opened:
            at = _link(opened.pop(), token, _TARGET.match(text, at)) or at
        elif token.kind == "url":
            token.text = _without_tail(token.text)
            at = match.start() + len(token.text)
        found.append(token)
    return found


def _token(match: "re.Match[str]") -> _Token:
    kind, text = str(match.lastgroup), match[0]
    if kind == "escaped":
        return _Token("text", match["escaped"] if match["escaped"] in _ESCAPABLE else text)
    token = _Token(kind, text)
    if kind == "marks":
        before, after = (
            match.string[match.start() - 1 : match.start()],
            match.string[match.end() : match.end() + 1],
        )
        low = text[0] == "_"
        token.may_open = bool(after.strip()) and not (low and before.isalnum())
        token.may_close = bool(before.strip()) and not (low and after.isalnum())
    return token


def _link(start: _Token, end: _Token, target: "re.Match[str] | None") -> int | None:
    """Make both brackets a link; returns where its target ends."""
    href = address(target["odd"] or target["plain"]) if target else ""
    if not target or not href:
        return None
    start.kind, start.href, end.kind = "link", href, "end"
    return target.end()


def _without_tail(url: str) -> str:
    while url[-1] in _AFTER_ADDRESS and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url


def _pair(tokens: list[_Token]) -> None:
    """Find partners for marks, link by link: what opens inside a link closes inside it."""
    scopes: list[dict[tuple[str, str], _Token]] = [{}]
    for token in tokens:
        if token.kind == "link":
            scopes.append({})
        elif token.kind == "end":
            scopes.pop()
        for switch in _possible(token) if token.kind == "marks" else ():
            waiting = scopes[-1].get((token.text[0], switch))
            if waiting and token.may_close:
                waiting.switches |= {switch}
                token.switches |= {switch}
                del scopes[-1][token.text[0], switch]
            elif not waiting and token.may_open:
                scopes[-1][token.text[0], switch] = token


def _possible(token: _Token) -> tuple[str, ...]:
    if len(token.text) > 3 or token.text == "___":
        return ()
    return ((), ("em",), ("strong",), ("strong", "em"))[len(token.text)]


@dataclass
class _Worn:
    """What is switched on inside one link, or outside of all."""

    href: str = ""
    on: set[tuple[str, str]] = field(default_factory=set)


def _dress(tokens: list[_Token]) -> Iterator[Run]:
    worn = [_Worn()]
    on: set[str] = set()
    for token in tokens:
        if token.kind == "link":
            worn.append(_Worn(token.href))
        elif token.kind == "end":
            worn.pop()
        else:
            worn[-1].on ^= {(token.text[0], switch) for switch in token.switches}
        if token.kind in ("link", "end") or token.switches:
            on = {switch for each in worn for _, switch in each.on}
        if token.kind not in ("link", "end"):
            yield Run(_left(token), "strong" in on, "em" in on, worn[-1].href or _bare(token))


def _left(token: _Token) -> str:
    """The characters that stay: marks that found no partner are only characters."""
    if token.kind != "marks":
        return token.text
    return token.text[("em" in token.switches) + 2 * ("strong" in token.switches) :]


def _bare(token: _Token) -> str:
    return address(token.text) if token.kind == "url" else ""


# Writing


def write(blocks: Iterable[Block]) -> str:
    """Blocks as light Markdown."""
    return "\n\n".join(
        _list(block) if isinstance(block, List) else write_inline(block.runs) for block in blocks
    )


def _list(block: List) -> str:
    return "\n".join(
        _item(item, f"{place}. " if block.ordered else "- ") for place, item in enumerate(block.items, 1)
    )


def _item(item: Item, mark: str) -> str:
    inner = (_list(each) for each in item.lists)
    return mark + "\n".join([write_inline(item.runs), *inner]).replace("\n", "\n  ")


def write_inline(runs: Sequence[Run]) -> str:
    """Runs as an inline fragment of light Markdown."""
    groups = [tuple(same) for _, same in groupby(runs, key=lambda run: run.href)]
    nothing = Run("")
    out: list[str] = []
    now = nothing
    for group, after in zip_longest(groups, groups[1:]):
        if group[0].href:
            outside = Run("", all(run.strong for run in group), all(run.em for run in group))
            out += [_switch(now, outside), _link_written(group, outside, after)]
            now = outside
        else:
            for run in group:
                out += [_switch(now, run), _escaped(run.text, _NEEDS_ESCAPE)]
                now = run
    out.append(_switch(now, nothing))
    return "\n".join(_harmless(line) for line in "".join(out).split("\n"))


def _switch(before: Run, after: Run) -> str:
    return "**" * (before.strong != after.strong) + "*" * (before.em != after.em)


def _link_written(group: Sequence[Run], outside: Run, after: Sequence[Run] | None) -> str:
    href = group[0].href
    alone = after is None or after[0].text[0].isspace()
    if text_of(group) == href and len(group) == 1 and alone and _SELF_EVIDENT.fullmatch(href):
        return href
    out: list[str] = []
    now = outside
    for run in group:
        out += [_switch(now, run), _escaped(run.text, _NEEDS_ESCAPE_IN_LINK)]
        now = run
    out.append(_switch(now, outside))
    target = f"<{href}>" if "(" in href or ")" in href else href
    return f"[{''.join(out)}]({target})"


def _escaped(text: str, needs: "re.Pattern[str]") -> str:
    return needs.sub(r"\\\g<0>", text)


def _harmless(line: str) -> str:
    """``line`` so that its first characters begin no list."""
    mark = MARK.match(line)
    if not mark:
        return line
    place = 0 if mark["bullet"] else len(mark["number"]) - 1
    return f"{line[:place]}\\{line[place:]}"
