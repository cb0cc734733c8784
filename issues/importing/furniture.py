"""What belongs to the page an issue stood on, not to the issue: it is reported as left out, never lost."""

import re
from collections.abc import Sequence
from dataclasses import replace

from issues.importing.dates import is_stamp
from issues.importing.lines import Line

_CREDIT = re.compile(
    r"\(?(?:photo(?:graph)?s?|image|illustration|picture|graphic|screenshot|credit|photo credit|image credit|video|art)s?"
    r"(?:\s+credit)?(?::| by\b| courtesy\b|\s*/)\s*\S.{0,120}$",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    r"\bthis (?:web)?site uses cookies\b|\bwe use cookies\b|\b(?:use|uses) (?:of )?cookies\b.{0,80}\b(?:experience"
    r"|accept|agree|browsing)\b"
    r"|\b(?:accept|agree|browsing|experience)\b.{0,80}\buse(?:s)? (?:of )?cookies\b|\baccept (?:all )?cookies\b"
    r"|\b(?:was|were|been|got) (?:this|you) (?:e-?mail|newsletter|issue|message)? ?forwarded\b|\bthis forwarded (?:to you|by)\b"
    r"|\bforwarded (?:to you|this (?:e-?mail|newsletter|issue))\b"
    r"|\bview (?:this (?:e-?mail|newsletter|issue|message) |it )?(?:online|in (?:your|a|the) (?:web )?browser)\b"
    r"|\bunsubscribe\b.{0,60}$|\b(?:update|manage|change) (?:your )?(?:e-?mail |subscription )?(?:preferences|subscriptions?)\b"
    r"|\ball rights reserved\b|^(?:copyright\b|©|\(c\) (?:19|20)\d\d)|\byou(?:’|')?(?:re"
    r"| are) receiving this (?:e-?mail|newsletter)\b"
    r"|\byou received this (?:e-?mail|newsletter)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"(?:see|load|show|view|read) (?:more|all)(?: issues| posts| stories)?|share(?: this)?(?: (?:story|issue|article"
    r"|post|e-?mail))?"
    r"(?: on \w+)?|subscribe(?: now| today)?|sign (?:in|up)|log in|menu|skip to (?:main )?content|back to top|advertise"
    r"|privacy(?: policy| notice)?|terms(?: of (?:use|service))?|contact(?: us)?|about(?: us)?|follow us(?: on \w+)?"
    r"|(?:tweet|like|print|copy link|facebook|twitter|linkedin|instagram|reddit|email|mail|rss|whatsapp|[|•·/,\s])+"
    r"|\d{1,3}[- ]min(?:ute)?s?(?: read)?|read(?:ing)? time:? .{1,20}|(?:last )?updated:? .{1,50}"
    r"|published(?: on)?:? .{1,50}|posted(?: on)?:? .{1,50}"
    r"|(?:a production of|powered by|sent (?:by|with|via)|made with|published with) .{1,80}",
    re.IGNORECASE,
)
_MORE_THAN_WORDS = re.compile(r"(?:last )?updated|published|posted", re.IGNORECASE)
_RECENT = re.compile(
    r"(?:our |the |see )?(?:recent|past|previous|latest|earlier|older|more) (?:issues?|newsletters?|editions?|posts?)"
    r"|(?:issue )?archive|from the archives?",
    re.IGNORECASE,
)
_SEE_MORE = re.compile(r"(?:see|load|show|view) (?:more|all)\b.{0,20}", re.IGNORECASE)
_TITLE_WORDS = 22
_NOTICE = 700
"""Longer paragraphs are no notice, whatever they mention."""


def is_credit(text: str) -> bool:
    """Whether a line says who took a picture."""
    return len(text) < 160 and bool(_CREDIT.match(text))


def is_furniture(text: str) -> bool:
    """Whether one line, by its own words, belongs to the page."""
    if is_credit(text) or is_stamp(text):
        return True
    if _WHOLE.fullmatch(text.strip(" .:→»›>↓()[]")):
        return (
            not _MORE_THAN_WORDS.match(text)
            or is_stamp(text.replace("|", " "))
            or bool(re.search(r"\d{4}|ago", text))
        )
    return _says_so(text)


def _says_so(text: str) -> bool:
    return len(text) <= _NOTICE and bool(_PHRASES.search(text))


def without_recent(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Lines without the list of past issues, and that list."""
    places = _recent(lines)
    kept = [line for place, line in enumerate(lines) if place not in places]
    return kept, [lines[place] for place in sorted(places)]


def without(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Lines of the issue, and the furniture that stood between them."""
    kept: list[Line] = []
    left_out: list[Line] = []
    gap = 0
    closing = False
    for place, line in enumerate(lines):
        furniture = line.mark in ("image", "aside") or _is_furniture(line)
        if not furniture and closing and _ends_page(lines, place):
            furniture = True
        if furniture:
            left_out.append(line)
            gap = max(gap, line.gap)
            closing = closing or _MORE_THAN_WORDS.match(line.text) is not None
        else:
            kept.append(replace(line, gap=max(gap, line.gap)))
            gap = 0
            closing = False
    return kept, left_out


def _is_furniture(line: Line) -> bool:
    if line.mark in ("bullet", "number", "quote"):
        return _says_so(line.text)
    return not line.level and is_furniture(line.text)


def _ends_page(lines: Sequence[Line], place: int) -> bool:
    """Short lines below "Updated: ..." at the very end are the page's footer."""
    rest = lines[place:]
    return len(rest) < 4 and all(
        len(line.text.split()) <= 14 and not line.mark and line.text[-1:] not in ".!?" for line in rest
    )


def _recent(lines: Sequence[Line]) -> set[int]:
    """Places of a list of recent issues: its heading, then titles and dates."""
    places: set[int] = set()
    for start, line in enumerate(lines):
        if start in places or not _RECENT.fullmatch(line.text.strip(" :")):
            continue
        places |= set(range(start, _end_of_recent(lines, start + 1)))
    return places


def _end_of_recent(lines: Sequence[Line], start: int) -> int:
    dated = any(is_stamp(line.text) for line in lines[start : start + 3])
    place = start
    while place < len(lines):
        line = lines[place]
        if _SEE_MORE.fullmatch(line.text):
            return place + 1
        if line.level or len(line.text.split()) > _TITLE_WORDS:
            return place
        if dated and not is_stamp(line.text) and not _dated_soon(lines, place):
            return place
        if not dated and line.mark not in ("bullet", "number"):
            return place
        place += 1
    return place


def _dated_soon(lines: Sequence[Line], place: int) -> bool:
    return place + 1 < len(lines) and is_stamp(lines[place + 1].text)
