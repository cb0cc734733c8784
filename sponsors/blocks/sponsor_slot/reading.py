"""Reading a sponsor's words: they are known by a label before them, inside them or after them."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from issues.importing import sections
from issues.importing.sections import Piece, Reader, Section, Taken
from issues.richtext import model

_FROM = (
    r"(?:(?:an?|today[’']s|this week[’']s|our)\s+)?(?:paid\s+|sponsored\s+)?(?:message|word"
    r"|note)s?\s+from(?:\s+(?:our|today[’']s|this week[’']s)\s+"
    r"(?:\w+\s+)?(?:sponsor|partner|friend|supporter)s?(?:\s+at)?)?"
    r"|(?:this (?:issue|newsletter|edition|week|e-?mail)|today[’']s (?:issue|newsletter|edition"
    r"|e-?mail)) is (?:sponsored|presented|supported|brought to you) by"
    r"|(?:sponsored|presented|supported|powered|brought to you)\s+by|together\s+with|in\s+partnership\s+with"
    r"|a\s+partnership\s+with"
    r"|(?:today[’']s|this week[’']s|our)\s+sponsor(?:\s+is)?|sponsor"
)
_BARE = (
    r"sponsored(?:\s+(?:link|post|content|message|story|section))?|advertisement|advertorial|advertising|ad"
    r"|paid\s+(?:content|partnership|post|message)"
    r"|partner\s+(?:content|message)|(?:a\s+)?(?:message|word)\s+from\s+(?:our|today[’']s)\s+(?:sponsor|partner)s?"
    r"|sponsor(?:ship)?|promoted|from our (?:sponsor|partner)s?"
)
_NAME = r"[^\W_][^\n:.!?()]{0,60}?"
_NAMED_LABEL = re.compile(
    rf"[\[(*_]*(?:{_FROM})[\s,:]+(?P<name>(?:our\s+)?{_NAME})\s*[\])*_]*[:.]?$", re.IGNORECASE
)
_BARE_LABEL = re.compile(rf"[\[(*_—–-]*\s*(?:{_BARE})\s*[\])*_—–-]*[:.]?$", re.IGNORECASE)
_LED_NAMED = re.compile(rf"(?P<label>(?:{_FROM})[\s,]+(?P<name>{_NAME})\s*[:—–]\s+)(?=\S)", re.IGNORECASE)
_LED_BARE = re.compile(
    rf"(?P<label>[\[(](?:{_BARE})[\])][:\s]+|(?:{_BARE})\s*[:—–|]\s+)(?=\S)", re.IGNORECASE
)
_LED_CAPITALS = re.compile(
    r"(?P<label>(?:A MESSAGE FROM|A WORD FROM|PRESENTED BY|SPONSORED BY|TOGETHER WITH|BROUGHT TO YOU BY)\s+"
    r"(?P<name>[A-Z0-9][A-Z0-9&.'’-]*(?:\s[A-Z0-9&][A-Z0-9&.'’-]+){0,4}))(?:\s+|(?=[A-Z][a-z]))(?=[A-Z“\"][a-z]|[A-Z]\s)"
)
_ENDS_NAMED = re.compile(
    rf"(?P<label>(?:[—–(\[]|--)\s*(?:sponsored|presented|supported|brought to you)\s+by\s+(?P<name>{_NAME})\s*[\])]?\.?)$",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf"(?P<label>[\[(](?:{_BARE})[\])])", re.IGNORECASE)
_LINE = 110
_PARAGRAPH = 3000
_ADDRESS = re.compile(r"(?:https?://)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?:/\S*)?$")
_PROPER = re.compile(
    r"(?:The\s+)?(?P<name>(?:[^\W\d_a-z][\w&’'-]*"
    r"|\w*[A-Z]\w*)(?:\s+[^\W\d_a-z][\w&’'-]*){0,5}?)(?:[’']s)?(?=\s+[^\WA-Z\d_]|[:,.!?]|$)"
)
_PIECES = 4


def opens(piece: Piece) -> bool:
    """A label, alone or with the words it stands for."""
    if piece.kind == "list":
        return len(piece.entries) == 1 and bool(_INSIDE.search(piece.text))
    return piece.kind == "text" and (_label(piece.text) is not None or _within(piece.text) is not None)


def _label(text: str) -> tuple[str, str] | None:
    """Label and name, if the line is nothing but a label."""
    if len(text) > _LINE:
        return None
    named = _NAMED_LABEL.match(text)
    if _BARE_LABEL.match(text):
        return text, ""
    return (text, _cleaned(named["name"])) if named and _is_name(named["name"]) else None


def _within(text: str) -> "re.Match[str] | None":
    """A label before, inside or behind the words in one paragraph."""
    if len(text) > _PARAGRAPH:
        return None
    for pattern in (_LED_CAPITALS, _LED_NAMED, _LED_BARE):
        led = pattern.match(text)
        if led and ("name" not in led.groupdict() or _is_name(led["name"])):
            return led
    return _ENDS_NAMED.search(text, max(0, len(text) - _LINE)) or _INSIDE.search(text)


def _is_name(name: str) -> bool:
    words = name.split()
    return len(words) <= 7 and any(letter.isupper() or letter.isdigit() for letter in words[0])


def _cleaned(name: str) -> str:
    return re.sub(
        r"^(?:our (?:sponsor|partner|friend)s?(?: at)?,?\s+)",
        "",
        name.strip(" ,:.*_—–-"),
        flags=re.IGNORECASE,
    )


def takes_before(before: Piece, piece: Piece, after: Piece | None) -> bool:
    """A label below the words: it names whom they name, and what follows does not."""
    label = _label(piece.text) if piece.kind == "text" else None
    if not label or not label[1] or before.kind != "text" or opens(before):
        return False
    name = label[1].casefold()
    return name in before.text.casefold() and not (
        after and after.kind == "text" and name in after.text.casefold()
    )


def read(section: Section) -> Taken | None:
    """The words a label stands for; the label may come first, last, or within."""
    pieces = section.pieces
    if not pieces:
        return None
    first = _label(pieces[0].text) if pieces[0].kind == "text" else None
    if first:
        return _below(section, first)
    if (
        len(pieces) > 1
        and pieces[1].kind == "text"
        and (last := _label(pieces[1].text))
        and takes_before(pieces[0], pieces[1], None)
    ):
        return _taken(section, last, pieces[:1], used=2, words=pieces[:1])
    if pieces[0].kind == "list":
        return _listed(section) if opens(pieces[0]) else None
    within = _within(pieces[0].text) if pieces[0].kind == "text" else None
    return _in_one(section, within) if within else None


def _below(section: Section, label: tuple[str, str]) -> Taken:
    """Label first, then perhaps a headline, the words, and perhaps a bare address."""
    rest = section.pieces[1:]
    headline = (
        rest[0].text if len(rest) > 1 and not rest[0].gap and sections.looks_like_heading(rest[0]) else ""
    )
    if not headline and len(rest) > 1 and sections.looks_like_heading(rest[0]):
        headline = rest[0].text
    words = rest[1:] if headline else rest
    if len(words) > _PIECES:
        words = words[:1]
    return _taken(section, label, words, used=1 + bool(headline) + len(words), headline=headline, words=words)


def _listed(section: Section) -> Taken:
    piece = section.pieces[0]
    inside = _INSIDE.search(piece.text)
    label = inside["label"] if inside else ""
    return _taken(section, (label, _proper(piece.text)), section.pieces[:1], used=1, words=section.pieces[:1])


def _in_one(section: Section, within: "re.Match[str]") -> Taken:
    piece = section.pieces[0]
    start, end = within.span("label")
    left = model.tidy((*model.cut(piece.runs, 0, start), model.Run(" "), *model.cut(piece.runs, end)))
    name = within.groupdict().get("name") or _proper(model.text_of(left))
    words = Piece("text", left, gap=piece.gap, raw=f"{piece.raw[:start]}{piece.raw[end:]}".strip())
    return _taken(section, (within["label"].strip(), _cleaned(name)), [words], used=1, words=[words])


def _taken(
    section: Section,
    label: tuple[str, str],
    body: Sequence[Piece],
    *,
    used: int,
    words: Sequence[Piece],
    headline: str = "",
) -> Taken:
    runs = [run for piece in body for each in piece.strips() for run in each.runs]
    url = next((run.href for run in runs if run.href), "") or _bare_address(body)
    found: dict[str, Any] = {
        "sponsor": label[1] or _host(url),
        "label": label[0],
        "headline": headline,
        "heading": section.heading,
        "body": sections.rich(body),
        "url": url,
    }
    return Taken({"placement": ""}, found, used, sections.source(words))


def _bare_address(body: Sequence[Piece]) -> str:
    match = _ADDRESS.match(body[-1].text) if body else None
    if not match or not match["host"].rpartition(".")[2].isalpha():
        return ""
    return match[0] if "://" in match[0] else f"https://{match[0]}"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _proper(text: str) -> str:
    match = _PROPER.match(text)
    return re.sub(r"[’']s$", "", match["name"]) if match else ""


def settle(slots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first slot is the primary one, the last of several the closing one."""
    places = ["primary", *[""] * (len(slots) - 2), "closing"][: len(slots)]
    return [{**slot, "placement": place} for slot, place in zip(slots, places, strict=True)]


READER = Reader(
    order=30,
    read=read,
    opens=opens,
    takes_before=takes_before,
    settle=settle,
    titled=True,
    above_greeting=True,
    above_lead=True,
)
