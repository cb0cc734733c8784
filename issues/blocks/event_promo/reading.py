"""Reading a promo: an event with its date, time, zone, host and call to action; a podcast; a house advertisement."""

import re
from collections.abc import Sequence

from issues.importing import sections, sentences
from issues.importing.dates import names_a_day, read_date, read_time
from issues.importing.sections import Piece, Reader, Section, Taken
from issues.richtext import model

_ACT = (
    r"(?:please |just )?(?:RSVP|register|sign up|save (?:your|a|my) (?:spot|seat|place|date)|save the date|reserve"
    r"|get (?:your |a )?(?:tickets?|spot|seat)"
    r"|buy (?:your |a )?tickets?|book|learn more|find out more|more (?:details|info(?:rmation)?)|tune in|listen|watch"
    r"|subscribe|apply|join (?:us|here|now)"
    r"|read more|details|add to calendar|secure|claim|request an invit\w+|see (?:the )?(?:agenda|details|program\w*))"
)
_CALL = re.compile(rf"{_ACT}\b[^.!?]{{0,50}}[.!→»›>\s]*$", re.IGNORECASE)
_CALL_WORDS = 7
_INVITES = re.compile(
    r"\b(?:join|register|RSVP|sign up|tune in|save (?:your|a|the)|attend|tickets?|webinar|virtual event|live event"
    r"|panel|workshop|meetup"
    r"|conference|summit|fireside|livestream|hackathon|registration|we[’']re hosting|will host|is hosting|hosted by)\b",
    re.IGNORECASE,
)
_INVITATION = re.compile(r"(?:please )?(?:join|tune in|register|RSVP|attend|sign up|save)\b", re.IGNORECASE)
_HOST = re.compile(
    r"\b(?:[Jj]oin|[Hh]osted by|[Pp]resented by|[Oo]rganized by|[Oo]rganised by)\s+(?:the (?=[A-Z]))?"
    r"(?P<name>(?!us\b)[^\W\d_a-z][\w&.’'-]*(?:\s+(?:(?:of|the|and|&|for the)\s+)?[^\W\d_a-z][\w&.’'-]*){0,5})"
)
_HOSTING = re.compile(
    r"(?P<name>[^\W\d_a-z][\w&.’'-]*(?:\s+[^\W\d_a-z][\w&.’'-]*){0,4})\s+(?:is hosting|will host|hosts)\b"
)
_NO_HOST = frozenset(
    "us me our on for live now monday tuesday wednesday thursday friday saturday sunday".split()
)
_PODCAST = re.compile(r"[🎧🎙🎤📻📺🎬📅🗓🎟🎫]")
_HOUSE = re.compile(
    r"\badvertise (?:with us|here|in this)\b|\bsponsor (?:this|our) (?:newsletter|issue)\b|\b(?:post|list) (?:a"
    r"|your) job\b|\bjob board\b"
    r"|\bbecome a (?:member|patron|supporter|subscriber)\b|\bsupport (?:this newsletter|our work)\b|\bbuy us a coffee\b",
    re.IGNORECASE,
)
_WORDS = 260
_PIECES = 6
_SHORT = 3


def opens(piece: Piece) -> bool:
    """A line with a podcast's or an event's sign, or a short house advertisement."""
    if piece.kind != "text":
        return False
    return bool(_PODCAST.match(piece.text)) or (
        len(piece.text.split()) <= 45 and bool(_HOUSE.search(piece.text))
    )


def takes_before(before: Piece, piece: Piece, after: Piece | None) -> bool:  # noqa: ARG001
    """A house advertisement that begins with a question on the line above."""
    question = before.kind == "text" and before.text.endswith("?") and len(before.text.split()) < 15
    return question and piece.gap < 2 and bool(_HOUSE.search(piece.text))


def read(section: Section) -> Taken | None:
    """An event that readers are asked to, or a promo by its sign."""
    if not section.pieces or section.words > _WORDS or len(section.pieces) > _PIECES:
        return (
            _short(section) if section.pieces and not section.heading and opens(section.pieces[0]) else None
        )
    if not section.heading and opens(section.pieces[0]):
        return _short(section)
    if (
        not section.heading
        and len(section.pieces) == 2
        and opens(section.pieces[1])
        and takes_before(*section.pieces, None)
    ):
        return Taken(_data("", section.pieces, section))
    if section.heading and opens(section.pieces[0]) and len(section.pieces) <= _SHORT:
        return Taken(_data(section.heading, section.pieces, section))
    if any(piece.kind == "quote" for piece in section.pieces) or not _is_event(section):
        return None
    return Taken(_data(section.heading, section.pieces, section))


def _short(section: Section) -> Taken:
    return Taken(_data("", section.pieces[:1], section), {}, 1)


def _is_event(section: Section) -> bool:
    text = section.text
    if not _INVITES.search(text):
        return False
    called = any(_call(piece) for piece in section.pieces)
    dated = _when(section.pieces)
    timed = bool(dated and read_time(dated))
    if section.heading:
        return (
            (called and bool(dated))
            or (timed and _invited(section.pieces))
            or (called and _invited(section.pieces))
        )
    return called and timed


def _invited(pieces: Sequence[Piece]) -> bool:
    return any(_INVITATION.match(text) for piece in pieces for text in sentences.sentences(piece.text))


def _when(pieces: Sequence[Piece]) -> str:
    """The sentence that says when: an invitation with a date before any other with a date."""
    told = [text for piece in pieces for text in sentences.sentences(piece.text)]
    dated = [text for text in told if names_a_day(text)] or [
        text for text in told if read_time(text) and _INVITES.search(text)
    ]
    return next((text for text in dated if read_time(text)), next(iter(dated), ""))


def _call(piece: Piece) -> tuple[int, int] | None:
    """Where the call to action stands: the last sentence, if it is short and asks to act."""
    if piece.kind != "text":
        return None
    spans = list(sentences.spans(piece.text))
    start, end = spans[-1]
    words = piece.text[start:end]
    return (start, end) if len(words.split()) <= _CALL_WORDS and _CALL.match(words) else None


def _data(heading: str, pieces: Sequence[Piece], section: Section) -> dict[str, str]:
    when = _when(pieces)
    date = read_date(when, on=section.on) if when else None
    time = read_time(when) if when else None
    body, label, url = _without_call(pieces)
    return {
        "heading": heading,
        "body": sections.rich(body),
        "host": _host("\n".join(piece.text for piece in pieces)),
        "date": date.isoformat() if date else "",
        "time": time[0].strftime("%H:%M") if time else "",
        "zone": time[1] if time else "",
        "cta_label": label,
        "cta_url": url,
    }


def _without_call(pieces: Sequence[Piece]) -> tuple[list[Piece], str, str]:
    """The pieces without the call to action, its words and its address."""
    body = [part for piece in pieces for part in _invitation_apart(piece)]
    for place in reversed(range(len(body))):
        span = _call(body[place])
        if not span:
            continue
        call = model.cut(body[place].runs, *span)
        left = Piece("text", model.cut(body[place].runs, 0, span[0]))
        url = next((run.href for run in call if run.href), "")
        label = model.text_of(call).rstrip(".!→»›> ")
        return [*body[:place], *([left] if left.text else []), *body[place + 1 :]], label, url
    return body, "", ""


def _invitation_apart(piece: Piece) -> list[Piece]:
    """An invitation within a long paragraph begins a paragraph of its own."""
    if piece.kind != "text" or len(piece.text.split()) < 60:
        return [piece]
    for start, end in sentences.spans(piece.text):
        words = piece.text[start:end]
        if start and _INVITATION.match(words) and (names_a_day(words) or read_time(words)):
            return [
                Piece("text", model.cut(piece.runs, 0, start)),
                Piece("text", model.cut(piece.runs, start)),
            ]
    return [piece]


def _host(text: str) -> str:
    for pattern in (_HOST, _HOSTING):
        for match in pattern.finditer(text):
            name = str(match["name"]).rstrip(".'’")
            if name.split()[0].lower() not in _NO_HOST:
                return name
    return ""


READER = Reader(
    order=50,
    read=read,
    opens=opens,
    in_text=True,
    takes_before=takes_before,
    above_greeting=True,
    above_lead=True,
)
