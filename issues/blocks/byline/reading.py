"""Reading a byline: "— Ada Lane (email | twitter)", "By Ada Lane and Bo Dahl"."""

import re
from typing import Any

from issues.importing.sections import Piece, Reader, Section, Taken

_NAME = r"[^\W\d_a-z][\w.’'-]*(?:\s+(?:(?:de|da|di|del|van|von|der|den|la|le|el|al|bin|y)\s+){0,2}[^\W\d_a-z][\w.’'-]*){1,4}"
_NAMES = rf"{_NAME}(?:(?:,| and| &|, and)\s+{_NAME}){{0,3}}"
_LINE = re.compile(
    rf"(?:(?P<dash>—|–|--)\s*|(?P<by>(?i:(?:written |reported "
    rf"|edited )?by):?)\s+)(?P<name>{_NAMES})(?:\s*\((?P<links>[^()]{{1,120}})\))?\s*$"
)
_LISTED = re.compile(rf"(?P<name>{_NAMES})\s*\((?P<links>[^()]{{1,120}})\)\s*$")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SOCIAL = re.compile(
    r"\b(?:e-?mail|twitter|x|linkedin|mastodon|bluesky|threads|website|blog|github|instagram|facebook|signal)\b|@",
    re.IGNORECASE,
)


def opens(piece: Piece) -> bool:
    """A line that is only a name behind a dash or "By"."""
    return read_byline(piece) is not None


def read_byline(piece: Piece) -> dict[str, Any] | None:
    """Name, email and links of a line, as the kind stores them, or None if the line is no byline."""
    match = _match(piece)
    if not match:
        return None
    runs = piece.entries[0].runs if piece.kind == "list" else piece.runs
    email, links = "", []
    for label in _labels(match["links"] or ""):
        address = next((run.href for run in runs if run.href and label in run.text), "")
        bare = _EMAIL.fullmatch(label)
        if address.startswith("mailto:") or bare:
            email = address.removeprefix("mailto:").partition("?")[0] or label
        else:
            links.append({"label": label, "url": address})
    return {"name": match["name"].strip(), "email": email, "links": links}


def _match(piece: Piece) -> "re.Match[str] | None":
    if piece.kind == "list":
        match = _LISTED.match(piece.entries[0].text) if len(piece.entries) == 1 else None
        return match if match and _SOCIAL.search(match["links"]) else None
    match = _LINE.match(piece.text) if piece.kind == "text" and len(piece.text) < 300 else None
    if match and all(word[:1].isupper() or word in _SMALL for word in re.findall(r"[\w’'-]+", match["name"])):
        return match
    return None


_SMALL = frozenset("de da di del van von der den la le el al bin y and".split())


def _labels(links: str) -> list[str]:
    return [label.strip() for label in re.split(r"[|,/·•]", links) if label.strip()]


def read(section: Section) -> Taken | None:
    """A section that begins with a byline; the same name once more below it is only an echo."""
    if section.heading or not section.pieces:
        return None
    data = read_byline(section.pieces[0])
    if data is None:
        return None
    echo = len(section.pieces) > 1 and section.pieces[1].text == data["name"]
    return Taken(data, {"text": "\n".join(piece.text for piece in section.pieces[: 1 + echo])}, 1 + echo)


READER = Reader(order=20, read=read, opens=opens, above_greeting=True, above_lead=True)
