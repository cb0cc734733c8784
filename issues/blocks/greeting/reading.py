"""Reading a greeting: hello, and the "Today:" list, which may be a sentence, a paragraph of its own or bullets."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from issues.importing import sections, sentences
from issues.importing.sections import Piece, Reader, Section, Taken
from issues.richtext import Run, model

_HELLO = re.compile(
    r"(?:hello|hi|hey|howdy|hola|good (?:morning|afternoon|evening|day)|welcome|greetings|happy (?:mon|tues|wednes"
    r"|thurs|fri|satur|sun)day"
    r"|dear (?:reader|friend|subscriber)s?|it[’']s (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_TODAY = re.compile(
    r"(?:^|(?<=[.!?…]\s)|(?<=[.!?…][”\"]\s)|(?<=—\s))(?P<label>(?:(?:coming up "
    r"|also )?(?:in )?(?:today(?:[’']s (?:issue|edition|newsletter))?"
    r"|this (?:week(?:[’']s (?:issue|edition))?|issue|edition|morning|month)|tonight)|inside(?: today| this (?:week|issue))?"
    r"|on (?:the|today[’']s) (?:agenda|menu)|coming up|here[’']s what[’']s (?:inside|new|in store)|up today)\s*:)\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"(?:and|plus|&)\s+", re.IGNORECASE)
_CLOSERS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", "‘": "’"}
_PARAGRAPHS = 3
_WORDS = 170


def opens(piece: Piece) -> bool:
    """A hello."""
    return piece.kind == "text" and bool(_HELLO.match(piece.text.lstrip("*_ ")))


def read(section: Section) -> Taken | None:
    """The words above the first heading: body and today's items; None below."""
    if section.heading or not section.opening or not section.pieces or section.pieces[0].kind != "text":
        return None
    if not opens(section.pieces[0]) and (section.last or section.words > _WORDS):
        return None
    pieces = section.pieces[: _reach(section.pieces)]
    body, label, today = _parted(pieces)
    data = {"body": sections.rich(body), "today": today}
    return Taken(data, {"label": label} if label else {}, len(pieces))


def _reach(pieces: Sequence[Piece]) -> int:
    """How many pieces the greeting goes on for: to its list of today's items, else a few short paragraphs."""
    for place, piece in enumerate(pieces[:_PARAGRAPHS]):
        label = _TODAY.search(piece.text) if piece.kind == "text" else None
        if label:
            listed = (
                label.end() == len(piece.text)
                and pieces[place + 1 : place + 2]
                and pieces[place + 1].kind == "list"
            )
            return place + 1 + bool(listed)
    reach = 1
    while reach < len(pieces) and pieces[reach].kind == "text" and _short(pieces[: reach + 1]):
        reach += 1
    return reach if reach == len(pieces) or pieces[reach].kind == "list" else 1


def _short(pieces: Sequence[Piece]) -> bool:
    return len(pieces) <= _PARAGRAPHS and sum(len(piece.text.split()) for piece in pieces) <= _WORDS


def _parted(pieces: Sequence[Piece]) -> tuple[list[Piece], str, list[str]]:
    """Pieces for the body, the label of the list, and its items."""
    for place, piece in enumerate(pieces):
        label = _TODAY.search(piece.text) if piece.kind == "text" else None
        if not label:
            continue
        if place + 1 < len(pieces) and pieces[place + 1].kind == "list":
            today = [_bare(entry.text) for entry in pieces[place + 1].entries]
            after = label.end()
        else:
            after = label.end() + _first_sentence(piece.text[label.end() :])
            today = items(piece.text[label.end() : after])
        left = Piece(
            "text",
            model.tidy((*model.cut(piece.runs, 0, label.start()), Run(" "), *model.cut(piece.runs, after))),
        )
        return [*pieces[:place], *([left] if left.text else [])], label["label"], today
    return list(pieces), "", []


def _first_sentence(text: str) -> int:
    return next((end for _, end in sentences.spans(text)), len(text))


def items(text: str) -> list[str]:
    """The items of "this, that (and more), and the rest."; commas inside brackets and quotation marks part nothing."""
    text = text.strip()
    mark = ";" if any(True for _ in _marks(text, ";")) else ","
    cuts = [-1, *_marks(text, mark), len(text)]
    parts = [text[start + 1 : end] for start, end in pairwise(cuts)]
    found = [item for part in parts if (item := _bare(part))]
    if len(found) == 1:
        found = [
            item
            for part in re.split(r",?\s+and\s+(?=(?:why|how|what|who|where|when|the|a|an)\b)", found[0])
            if (item := _bare(part))
        ]
    return found


def _bare(item: str) -> str:
    item = item.strip()
    without = item.removesuffix(".")
    item = item if "." in without[-3:] and not item.endswith("..") else without
    return _AND.sub("", item, count=1) if _AND.match(item) else item


def _marks(text: str, mark: str) -> Iterator[int]:
    """Places of ``mark`` outside of brackets and quotation marks, if followed by a blank."""
    waiting: list[str] = []
    for place, letter in enumerate(text):
        if waiting and letter == waiting[-1]:
            if letter != "’" or not text[place + 1 : place + 2].isalnum():
                waiting.pop()
                if text[place - 1] == mark and not waiting and text[place + 1 : place + 6] == " and ":
                    yield place + 1
        elif letter in _CLOSERS:
            waiting.append(_CLOSERS[letter])
        elif letter == '"':
            waiting.append('"')
        elif letter == mark and not waiting and text[place + 1 : place + 2].isspace():
            yield place


READER = Reader(order=58, read=read, opens=opens, at_top=True, above_lead=True)
