"""From a draft to a title and blocks."""

import datetime
import importlib
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec

from issues.blocks import registry
from issues.importing import furniture, sections
from issues.importing.decoding import Unreadable, decode
from issues.importing.drafts import Draft, Found
from issues.importing.lines import lines
from issues.importing.sections import Piece, Reader, Section, Taken, looks_like_heading
from issues.importing.top import read_top

Readers = Mapping[str, Reader]


def read(source: bytes | str, *, on: datetime.date | None = None) -> Draft:
    """Split a draft into title and typed blocks; ``on`` is the issue's date, for dates without a year (default: today).

    Raises ``Unreadable`` with one clear sentence for what is empty, too long, binary or of an unknown encoding.
    """
    known = readers()
    found, past_issues = furniture.without_recent(lines(decode(source)))
    top = read_top(
        found,
        opens=lambda piece: _opener(piece, known, at_top=True) is not None,
        greets=lambda piece: any(reader.at_top and reader.opens(piece) for reader in known.values()),
    )
    kept, left_out = furniture.without(top.rest)
    pieces = sections.pieces(kept, alone=lambda piece: _stands_alone(piece, known))
    blocks = _blocks(_split(_divided(pieces, known), known), known, on or datetime.date.today())  # noqa: DTZ011
    furnishing = sorted((*top.left_out, *left_out, *past_issues), key=lambda line: line.number)
    draft = Draft(top.title, tuple(_settled(blocks, known)), tuple(line.text for line in furnishing))
    if not (draft.title or draft.blocks or draft.left_out):
        raise Unreadable("The draft has no words: there is nothing to read.")
    return draft


@cache
def readers() -> Readers:
    """How each kind recognises itself, by kind, first to be asked first: ``reading.py`` beside the kind's ``block.py``."""
    packages = {each.kind: type(each).__module__.rpartition(".")[0] for each in registry.kinds()}
    found: dict[str, Reader] = {
        kind: importlib.import_module(f"{package}.reading").READER
        for kind, package in packages.items()
        if find_spec(f"{package}.reading")
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].order))


def _opener(piece: Piece, known: Readers, *, at_top: bool = False) -> Reader | None:
    return next((each for each in known.values() if (at_top or not each.at_top) and each.opens(piece)), None)


def _stands_alone(piece: Piece, known: Readers) -> bool:
    opener = _opener(piece, known)
    return opener is not None and not opener.in_text


# Pieces to sections


@dataclass
class _Part:
    """A section in the making."""

    heading: Piece | None = None
    pieces: list[Piece] = field(default_factory=list)
    closed: bool = False


def _divided(pieces: Sequence[Piece], known: Readers) -> list[Piece]:
    """Lists in which some items open a block of their own, such as an ad, are two lists: the others first."""
    return [part for piece in pieces for part in (_parted(piece, known) if piece.kind == "list" else [piece])]


def _parted(piece: Piece, known: Readers) -> list[Piece]:
    alone = [entry for entry in piece.entries if _opener(replace(piece, entries=(entry,)), known)]
    others = [entry for entry in piece.entries if entry not in alone]
    if not alone or not others:
        return [piece]
    raw = {id(part): "\n".join(f"• {entry.text}" for entry in part) for part in (alone, others)}
    return [replace(piece, entries=tuple(part), raw=raw[id(part)]) for part in (others, alone)]


def _split(pieces: Sequence[Piece], known: Readers) -> list[_Part]:
    """Begin a section at every heading, at every piece that opens a block, and at unusual gaps."""
    explicit = sum(piece.kind == "heading" for piece in pieces) > 1
    usual = _usual_gap(pieces)
    parts = [_Part()]
    for place, piece in enumerate(pieces):
        now = parts[-1]
        opener = _opener(piece, known, at_top=all(part.heading is None for part in parts))
        if not opener and _is_heading(pieces, place, known, explicit=explicit):
            parts.append(_Part(piece))
        elif (
            opener
            and now.pieces
            and opener.takes_before(now.pieces[-1], piece, next(iter(pieces[place + 1 :]), None))
        ):
            parts += _taking_before(parts.pop(), piece)
        elif now.closed or (opener and now.pieces) or _apart(now, piece, usual):
            parts.append(_Part(None, [piece]))
        else:
            now.pieces.append(piece)
    return [part for part in parts if part.heading or part.pieces]


def _taking_before(part: _Part, piece: Piece) -> list[_Part]:
    before = part.pieces.pop()
    alone = not part.pieces
    taken = _Part(part.heading if alone else None, [before, piece], closed=True)
    return [taken] if alone else [part, taken]


def _usual_gap(pieces: Sequence[Piece]) -> int:
    gaps = Counter(piece.gap for piece in pieces if 0 < piece.gap < 3)
    return gaps.most_common(1)[0][0] if gaps else 1


def _apart(part: _Part, piece: Piece, usual: int) -> bool:
    """Whether a gap parts ``piece`` from the section: a rule always does, two blank lines where no heading holds it."""
    return bool(part.pieces) and piece.gap > (2 if part.heading else usual)


def _is_heading(pieces: Sequence[Piece], place: int, known: Readers, *, explicit: bool) -> bool:
    piece = pieces[place]
    if piece.kind == "heading":
        return True
    if not looks_like_heading(piece) or place + 1 == len(pieces):
        return False
    if (explicit and not piece.bold) or (
        place and sections.is_signature(piece) and pieces[place - 1].kind == "text"
    ):
        return False
    after = pieces[place + 1]
    if _hangs_on_opener(pieces, place, known):
        return False
    return piece.bold or not looks_like_heading(after) or _opens_below(after, known)


def _hangs_on_opener(pieces: Sequence[Piece], place: int, known: Readers) -> bool:
    """Whether a line is the headline, or an echo, of the opening piece above it."""
    if not place:
        return False
    before, piece = pieces[place - 1], pieces[place]
    opener = _opener(before, known)
    if opener is None or (place > 1 and opener.takes_before(pieces[place - 2], before, piece)):
        return False
    label = len(before.text.split()) < 9 and not before.text.endswith((".", "!", "?"))
    return (opener.titled and label) or piece.text in before.text


def _opens_below(after: Piece, known: Readers) -> bool:
    opener = _opener(after, known)
    return opener is not None and not opener.titled


# Sections to blocks


def _blocks(parts: Sequence[_Part], known: Readers, on: datetime.date) -> list[Found]:
    waiting = deque(parts)
    blocks: list[Found] = []
    while waiting:
        part = waiting.popleft()
        section = Section(
            part.heading.text if part.heading else "",
            tuple(part.pieces),
            on,
            first=all(known[block.kind].above_lead for block in blocks),
            opening=not any(not known[block.kind].above_greeting for block in blocks),
            last=not waiting,
        )
        kind, taken = _taken(section, known)
        used = len(part.pieces) if taken.used is None else taken.used
        if part.pieces[used:]:
            waiting.appendleft(_Part(None, part.pieces[used:]))
        words = taken.source if taken.source is not None else sections.source(part.pieces[:used])
        blocks.append(Found(kind, taken.data, taken.found, words))
    return blocks


def _taken(section: Section, known: Readers) -> tuple[str, Taken]:
    return next(
        (kind, taken) for kind, reader in known.items() if (taken := reader.read(section)) is not None
    )


def _settled(blocks: Sequence[Found], known: Readers) -> Iterator[Found]:
    data = {
        kind: deque(reader.settle([each.data for each in blocks if each.kind == kind]))
        for kind, reader in known.items()
    }
    for block in blocks:
        yield replace(block, data=data[block.kind].popleft())
