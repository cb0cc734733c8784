"""Reading a sign-off: thanks and goodbye, or the last section if its heading says so."""

import re

from issues.importing import sections
from issues.importing.sections import Piece, Reader, Section, Taken
from issues.richtext import Run

_GOODBYE = re.compile(
    r"(?:(?:and )?that[’']?s (?:it|all)\b|that is (?:it|all)\b|thank(?:s| you)[^.!?]{0,30} for (?:reading|subscribing"
    r"|being|joining|your (?:time|support))"
    r"|thanks[,!.—–\s]{1,3}(?:and )?see you|see you (?:again |all |back )?(?:here )?(?:tomorrow|next|on|soon|later"
    r"|then|monday|tuesday|wednesday|thursday|friday|back)"
    r"|until (?:next|tomorrow|monday|then)\b|(?:talk|speak|back) (?:to you )?(?:soon|tomorrow|next week)\b"
    r"|have a (?:great|good|nice|lovely|wonderful|safe|happy)\b"
    r"|enjoy (?:the|your) (?:weekend|day|week)\b|happy reading\b|(?:good)?bye\b|cheers\b|so long\b|stay (?:safe"
    r"|curious|tuned)\b|take care\b"
    r"|we[’']ll (?:be back|see you)\b|catch you\b|til(?:l)? (?:next|tomorrow))",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:and )?(?:finally|lastly|that[’']?s (?:it|all)(?: .{0,30})?|sign(?:ing)?[ -]?off|goodbye|until next (?:time"
    r"|week)|see you .{1,30}"
    r"|one (?:last|more) thing|before (?:you|we) go|thanks for reading)[.!…:]*",
    re.IGNORECASE,
)
_WORDS = 60


def opens(piece: Piece) -> bool:
    """A short paragraph that begins with thanks or goodbye."""
    return piece.kind == "text" and len(piece.text.split()) <= _WORDS and bool(_GOODBYE.match(piece.text))


def read(section: Section) -> Taken | None:
    """Thanks and goodbye, or a whole last section with such a heading."""
    if section.heading:
        return _headed(section) if _HEADING.fullmatch(section.heading.strip()) else None
    if not section.pieces or not opens(section.pieces[0]):
        return None
    used = 1
    while used < len(section.pieces) and section.last and len(section.pieces[used].text.split()) <= 25:
        used += 1
    return Taken({"body": sections.rich(section.pieces[:used])}, {}, used)


def _headed(section: Section) -> Taken | None:
    if not section.last and not any(opens(piece) for piece in section.pieces):
        return None
    heading = Piece("text", (Run(section.heading, strong=True),))
    items = sum(len(piece.entries) or 1 for piece in section.pieces)
    return Taken(
        {"body": sections.rich([heading, *section.pieces])}, {"heading": section.heading, "items": items}
    )


READER = Reader(order=40, read=read, opens=opens)
