"""Reading a link round-up: short items under a heading that says so, a list of links, or entries with a quotation each."""

import re
from collections.abc import Sequence
from dataclasses import replace

from issues.importing import sections, sentences
from issues.importing.sections import Entry, Piece, Reader, Section, Taken
from issues.richtext import Run, model

_HEADING = re.compile(
    r"\baround\b|\bround-?up\b|\blinks?\b|\bin brief\b|\bbriefs?\b|\bbriefly\b|\breading\b|\breads?\b|\bnews\b"
    r"|\belsewhere\b|\bheadlines?\b"
    r"|\bworth (?:your|a)\b|\bquick (?:hits|takes|bites)\b|\bbits\b|\bbytes\b|\bwhat else\b|\balso\b|\bshow & tell\b"
    r"|\bmoves\b|\bthe rest\b"
    r"|\bcommunity\b|\bforums?\b|\bin other\b|\bin the (?:news|press|media)\b|\bfrom the web\b|\bjobs?\b|\bevents\b"
    r"|\breleases?\b|\bcall for\b|\btools?\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"[^\W\d_a-z][\w.’'&-]*(?:\s+[\w.’'&-]+){0,5}\s+[—–-]+\s+[^\W_a-z].{0,50}$")
_ITEM_WORDS = 60


def read(section: Section) -> Taken | None:
    """Items, if the section is made of them; None if it reads like a story."""
    items = _items(section)
    used = None
    if items is None and not section.heading:
        used = _before_a_list(section.pieces)
        items = _items(replace(section, pieces=section.pieces[:used])) if used else None
    if items is None:
        return None
    return Taken({"heading": section.heading, "items": [entry.html for entry in items]}, used=used)


def _before_a_list(pieces: Sequence[Piece]) -> int:
    return next((place for place, piece in enumerate(pieces) if piece.kind == "list"), 0)


def _items(section: Section) -> list[Entry] | None:
    pieces = section.pieces
    if pieces and all(piece.kind == "list" for piece in pieces):
        return _of_lists(section)
    entries = _gathered(pieces)
    named = bool(section.heading and _HEADING.search(section.heading))
    if named and not section.first and len(entries) == 1 and pieces[0].kind == "text":
        return _of_sentences(entries[0])
    if len(entries) < 2 or any(len(entry.text.split("\n")[0].split()) > _ITEM_WORDS for entry in entries):
        return None
    quoting = sum(piece.kind == "quote" for piece in pieces) * 2 >= len(entries)
    signed = sum(_is_who(piece) for piece in pieces) * 2 >= len(entries)
    linked = sum(_begins_with_link(entry) for entry in entries) * 4 >= 3 * len(entries) and len(entries) > 2
    plain = not any(piece.kind == "list" for piece in pieces)
    return entries if plain and (quoting or signed or linked or (named and _alike(entries))) else None


def _of_lists(section: Section) -> list[Entry] | None:
    entries = _flat([entry for piece in section.pieces for entry in piece.entries])
    linked = sum(any(run.href for run in entry.runs) for entry in entries) * 2 >= len(entries)
    quoting = sum("\n" in entry.text for entry in entries) * 2 >= len(entries)
    named = bool(_HEADING.search(section.heading))
    return entries if linked or quoting or named or not section.heading else None


def _flat(entries: Sequence[Entry]) -> list[Entry]:
    """Items of a list inside a list go on with the item above them."""
    flat: list[Entry] = []
    for entry in entries:
        if entry.depth > 1 and flat:
            flat[-1] = Entry(model.tidy((*flat[-1].runs, Run("\n"), *entry.runs)))
        else:
            flat.append(Entry(entry.runs))
    return flat


def _gathered(pieces: Sequence[Piece]) -> list[Entry]:
    """Every paragraph an item, with the quotation or the name of who wrote it below; lists give their items."""
    groups: list[list[Run]] = []
    for piece in pieces:
        if piece.kind == "list":
            groups += [list(entry.runs) for entry in _flat(piece.entries)]
        elif groups and (piece.kind == "quote" or _is_who(piece)):
            groups[-1] += [Run("\n"), *piece.runs]
        else:
            groups.append(list(piece.runs))
    return [Entry(model.tidy(runs)) for runs in groups]


def _is_who(piece: Piece) -> bool:
    indented = (
        piece.kind == "text" and piece.indent > 0 and len(piece.text) < 90 and bool(_WHO.match(piece.text))
    )
    return indented or sections.is_signature(piece)


def _begins_with_link(entry: Entry) -> bool:
    return bool(entry.runs and entry.runs[0].href)


def _alike(entries: Sequence[Entry]) -> bool:
    """Whether most items are one or two sentences, as items are and paragraphs of a story are not."""
    short = sum(len(sentences.sentences(entry.text)) <= 2 for entry in entries)
    return short * 3 >= len(entries) * 2


def _of_sentences(entry: Entry) -> list[Entry] | None:
    """Items that lost their line breaks: every sentence is one."""
    spans = list(sentences.spans(entry.text))
    if len(spans) < 2 or "\n" in entry.text:
        return None
    return [Entry(model.cut(entry.runs, start, end)) for start, end in spans]


READER = Reader(order=70, read=read)
