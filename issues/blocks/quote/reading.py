"""Reading a quotation that stands alone: a block quote, or a paragraph in quotation marks, with the name of who said it."""

import re

from issues.importing import sections
from issues.importing.sections import Piece, Reader, Section, Taken
from issues.richtext import model

_SAID = re.compile(r"[\s]*(?:—|–|--|―)\s*(?P<name>[^\W_a-z][^.!?]{1,80})\.?$")
_QUOTED = re.compile(r"(?P<words>[“\"«][^“”\"]{8,600}[”\"»])(?=\s*(?:—|–|--|―))")
_HEADING = re.compile(
    r"(?:the )?(?:quote|words?|line)s? (?:of|for) the (?:day|week|month)|(?:quoted|quotable|they said it|in (?:their"
    r"|other) words)",
    re.IGNORECASE,
)


def opens(piece: Piece) -> bool:
    """A paragraph that is only a quotation and its source."""
    if piece.kind != "text":
        return False
    quoted = _QUOTED.match(piece.text)
    return bool(quoted and _SAID.match(piece.text, quoted.end()))


def read(section: Section) -> Taken | None:
    """One quotation with its source; quotations inside a story stay there."""
    if not section.pieces or (section.heading and not _HEADING.fullmatch(section.heading.strip(" :!"))):
        return None
    first = section.pieces[0]
    used, runs, name = 1, first.runs, None
    said = _SAID.search(first.text)
    after = (
        _SAID.match(section.pieces[1].text)
        if len(section.pieces) > 1 and section.pieces[1].kind == "text"
        else None
    )
    if first.kind != "quote" and not opens(first):
        return None
    if said:
        runs, name = model.cut(first.runs, 0, said.start()), said["name"]
    elif after:
        used, name = 2, after["name"]
    if name is None:
        return None
    found = {"heading": section.heading} if section.heading else {}
    return Taken(
        {"text": sections.rich([Piece("quote", _unquoted(runs))]), "attribution": name.strip()}, found, used
    )


def _unquoted(runs: tuple[model.Run, ...]) -> tuple[model.Run, ...]:
    text = model.text_of(runs)
    quoted = text[:1] in '“"«' and text[-1:] in '”"»'
    return model.cut(runs, 1, len(text) - 1) if quoted and len(text) > 2 else runs


READER = Reader(order=60, read=read, opens=opens)
