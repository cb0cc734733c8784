"""From any HTML to flat strips: nh3 parses and allows, then styles are read as text and everything but words goes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape, unescape
from urllib.parse import parse_qs, urlsplit

import nh3

from issues.richtext.model import Run, Strip, printable, text_of
from issues.richtext.shallow import shallow

ADDRESS_AT_MOST = 2000
"""Longer addresses are no links: mail clients and servers cut them."""

_SCHEMES = {"http", "https", "mailto"}
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _HEADINGS | set(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form header hr"
    " html legend li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_INLINE = frozenset("a b big br cite code em font i img ins s small span strong sub sup u".split())
_LISTS = frozenset(("menu", "ol", "ul"))
_ASIDE = frozenset(("figcaption", "footer", "nav"))
_DROPPED = frozenset(
    "applet embed iframe math noembed noframes noscript object script select style svg template textarea title".split()
)
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")*) ?/?>|[^<]+|<')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_WEIGHT = re.compile(r"(?<![\w-])font-weight\s*:\s*([a-z]+|\d+)", re.IGNORECASE)
_SLANT = re.compile(r"(?<![\w-])font-style\s*:\s*([a-z]+)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_WORD_ITEM = re.compile(r"mso-list\s*:\s*\S+\s+level(\d)", re.IGNORECASE)
_WORD_MARK = re.compile(r"mso-list\s*:\s*ignore", re.IGNORECASE)
_COUNTED = re.compile(r"\(?(?:\d{1,3}|[a-z]|[ivx]+)[.)]", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^/?#]|mailto:[^@?]+@", re.IGNORECASE)
_UNSAFE_IN_ADDRESS = re.compile(r'[\s"\'<>\\`{}|^]')


def strips(html: str) -> list[Strip]:
    """Flat strips of untrusted HTML, in reading order; linear in its length."""
    return flatten(
        nh3.clean(
            shallow(printable(html)),
            tags=set(_BLOCKS | _INLINE),
            clean_content_tags=set(_DROPPED),
            attributes={"*": {"style"}, "a": {"href"}, "img": {"src", "alt"}},
            url_schemes=_SCHEMES,
            link_rel=None,
        )
    )


def flatten(html: str) -> list[Strip]:
    """Flat strips of HTML that this house or nh3 wrote."""
    page = _Page()
    for token in _TOKEN.finditer(html):
        closing, tag, attributes = token.groups()
        if tag is None:
            page.text(unescape(token[0]) if "&" in token[0] else token[0])
        elif closing:
            page.end(tag)
        else:
            page.start(tag, {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)})
    page.part()
    return page.strips


@lru_cache(maxsize=4096)
def address(href: str) -> str:
    """A web or mail address fit for ``href``, or "" if it is of any other kind."""
    sound = _sound(href)
    while inner := _sound(_behind_google(sound)):
        sound = inner
    return sound


def _sound(href: str) -> str:
    href = _UNSAFE_IN_ADDRESS.sub(
        lambda odd: f"%{ord(odd[0]):02X}" if ord(odd[0]) < 128 else "", printable(href).strip()
    )
    if len(href) > ADDRESS_AT_MOST or not _ADDRESS.match(href):
        return ""
    kept = nh3.clean(f'<a href="{escape(href)}">-</a>', tags={"a"}, url_schemes=_SCHEMES, link_rel=None)
    return href if "href" in kept else ""


def _behind_google(href: str) -> str:
    """Google wraps copied links into a redirect of its own; the reader wants the page behind it."""
    if not href.startswith(("https://www.google.com/url?", "http://www.google.com/url?")):
        return ""
    try:
        return parse_qs(urlsplit(href).query).get("q", [""])[0]
    except ValueError:
        return ""


@dataclass
class _Open:
    """An open element and how words inside it look."""

    tag: str
    strong: bool
    em: bool
    href: str
    mark: bool = False
    """Inside the bullet or number that Word draws before a list item."""


@dataclass
class _Around:
    """An open block and what it makes of its words; ``begins`` marks the block that begins a list item."""

    tag: str
    kind: str
    begins: bool = False


@dataclass
class _Page:
    strips: list[Strip] = field(default_factory=list)
    _standing: list[_Open] = field(default_factory=lambda: [_Open("", strong=False, em=False, href="")])
    _lists: list[bool] = field(default_factory=list)
    """Ordered or not, for every list around the place we are at."""
    _around: list[_Around] = field(default_factory=list)
    _runs: list[Run] = field(default_factory=list)
    _item: Strip | None = None
    """The list item that words go to now."""

    def text(self, text: str) -> None:
        now = self._standing[-1]
        if now.mark:
            self._numbered(text)
        elif text:
            self._runs.append(Run(re.sub(r"[\t\n\r\f\v ]+", " ", text), now.strong, now.em, now.href))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        style = attributes.get("style", "")
        if tag == "br":
            self._runs.append(Run("\n"))
        elif tag in ("img", "hr"):
            self._single(tag, attributes)
        else:
            if tag in _BLOCKS:
                self._enter(tag, style)
            self._standing.append(self._look(tag, style, attributes))

    def end(self, tag: str) -> None:
        names = [each.tag for each in self._standing[-60:]]
        if tag not in names:
            return
        while self._standing.pop().tag != tag:
            pass
        if tag in _BLOCKS:
            self._leave(tag)

    def part(self) -> None:
        """What was gathered so far is a strip of its own."""
        runs, self._runs = tuple(self._runs), []
        if not text_of(runs).strip():
            return
        if self._kind() == "li":
            self._add_to_item(runs)
        else:
            self.strips.append(Strip(self._kind(), runs))

    def _add_to_item(self, runs: tuple[Run, ...]) -> None:
        item = self._item or self._new_item()
        if item.runs and self.strips[-1] is item:
            self.strips.pop()
            runs = (*item.runs, Run("\n"), *runs)
        self._item = replace(item, runs=runs)
        self.strips.append(self._item)

    def _new_item(self) -> Strip:
        return Strip("li", (), min(max(len(self._lists), 1), 2), bool(self._lists and self._lists[-1]))

    def _numbered(self, mark: str) -> None:
        if self._item is not None and _COUNTED.match(mark.strip()):
            self._item = replace(self._item, ordered=True)

    def _kind(self) -> str:
        return self._around[-1].kind if self._around else "p"

    def _enter(self, tag: str, style: str) -> None:
        self.part()
        if tag in _LISTS:
            self._lists.append(tag == "ol")
        word = _WORD_ITEM.search(style) if tag == "p" else None
        if tag == "li":
            self._item = self._new_item()
        elif word:
            self._item = Strip("li", (), 1 if word[1] in "01" else 2)
        begins = tag == "li" or bool(word)
        self._around.append(_Around(tag, "li" if begins else self._kind_within(tag, style), begins))

    def _kind_within(self, tag: str, style: str) -> str:
        if self._kind() == "li" and tag not in _LISTS:
            return "li"
        if _HIDDEN.search(style) or tag in _ASIDE:
            return "aside"
        if self._kind() in ("quote", "aside"):
            return self._kind()
        if tag in _HEADINGS:
            return tag
        return "quote" if tag == "blockquote" else "p"

    def _leave(self, tag: str) -> None:
        self.part()
        if tag in _LISTS and self._lists:
            self._lists.pop()
        while self._around:
            left = self._around.pop()
            if left.begins:
                self._item = None
            if left.tag == tag:
                break

    def _single(self, tag: str, attributes: dict[str, str]) -> None:
        self.part()
        if tag == "hr":
            self.strips.append(Strip("rule"))
        else:
            words = " ".join(each for each in (attributes.get("alt", ""), attributes.get("src", "")) if each)
            self.strips.append(Strip("image", (Run(words),)))

    def _look(self, tag: str, style: str, attributes: dict[str, str]) -> _Open:
        around = self._standing[-1]
        return _Open(
            tag,
            strong=_bold(tag, style, around),
            em=_italic(tag, style, around),
            href=address(attributes.get("href", "")) if tag == "a" else around.href,
            mark=around.mark or bool(_WORD_MARK.search(style)),
        )


def _bold(tag: str, style: str, around: _Open) -> bool:
    weight = _WEIGHT.search(style)
    if weight:
        value = weight[1].lower()
        return value in ("bold", "bolder") or (value.isdigit() and int(value[:4]) >= 600)
    return around.strong or tag in ("b", "strong")


def _italic(tag: str, style: str, around: _Open) -> bool:
    slant = _SLANT.search(style)
    if slant:
        return slant[1].lower() in ("italic", "oblique")
    return around.em or tag in ("i", "em", "cite")


def words_of(strips: Iterable[Strip]) -> Iterator[Run]:
    """All words in a row, a line break between strips."""
    for strip in strips:
        if strip.kind not in ("image", "rule"):
            yield Run("\n")
            yield from strip.runs
