"""Positions as rules, not coordinates: where a rule wants a block, whether it stands there, and the shortest way to mend it.

Pure: an issue is the sequence of its blocks' kinds and, for sponsor blocks, whose message they carry.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sponsors.models import Rule

__all__ = ["Standing", "Stop", "mended", "stops"]

LEAD, STORY, SIGN_OFF = "lead_story", "story", "sign_off"


@dataclass(frozen=True)
class Standing:
    """One block in its place. Only sponsor blocks that will show something have a ``rule``.

    ``nth`` counts from 1. ``family`` is the same for messages of one advertiser, which keep ``apart`` blocks between them.
    """

    kind: str
    rule: str = ""
    nth: int = 1
    drift: int = 0
    family: str = ""
    apart: int = 0


@dataclass(frozen=True)
class Stop:
    """A rule that does not hold for the block at ``position``; ``to`` is where it should stand, if anywhere mends it."""

    position: int
    sentence: str
    to: int | None


def stops(blocks: Sequence[Standing]) -> list[Stop]:
    """Every rule that is broken, in reading order."""
    return [stop for position, block in enumerate(blocks) if block.rule for stop in _of(blocks, position)]


def mended(blocks: Sequence[Standing], position: int) -> int | None:
    """Where the block should stand so that its rules hold, nearest to where the rule wants it and to where it stands now."""
    block = blocks[position]
    rest = [*blocks[:position], *blocks[position + 1 :]]
    for to in sorted(range(len(blocks)), key=lambda to: (_off(block, rest, to) or 0, abs(to - position))):
        moved = [*rest[:to], block, *rest[to:]]
        if not list(_broken(moved, to)):
            return to
    return None


def _of(blocks: Sequence[Standing], position: int) -> Iterator[Stop]:
    broken = list(_broken(blocks, position))
    to = mended(blocks, position) if broken else None
    for sentence in broken:
        yield Stop(position, sentence, to)


def _broken(blocks: Sequence[Standing], position: int) -> Iterator[str]:
    block = blocks[position]
    rest = [*blocks[:position], *blocks[position + 1 :]]
    off = _off(block, rest, position)
    if off is not None and off > block.drift:
        yield f"It belongs {_words(block)}" + (f", give or take {block.drift}." if block.drift else ".")
    near = _nearest_twin(blocks, position)
    if near is not None and near < block.apart:
        yield f"It stands {_counted(near)} the same sponsor’s other message; at least {block.apart} belong between them."


def _off(block: Standing, rest: Sequence[Standing], position: int) -> int | None:
    """By how many blocks it is off the place of its rule; None where the issue has no such place.

    Several that want the same place share it: those between do not count.
    """
    others = [each for each in rest if not _same_place(each, block)]
    wanted = _wanted(block, others)
    before = sum(not _same_place(each, block) for each in rest[:position])
    return None if wanted is None else abs(wanted - before)


def _same_place(one: Standing, other: Standing) -> bool:
    return (one.rule, one.nth) == (other.rule, other.nth)


def _wanted(block: Standing, rest: Sequence[Standing]) -> int | None:
    """The index that the rule names, counted without the block itself."""
    if block.rule == Rule.AFTER_LEAD:
        return _behind(_places(rest, LEAD) or _places(rest, STORY), 1)
    if block.rule == Rule.AFTER_STORY:
        return _behind(_places(rest, LEAD, STORY), block.nth)
    if block.rule == Rule.BEFORE_SIGN_OFF:
        places = _places(rest, SIGN_OFF)
        return places[-1] if places else len(rest)
    if block.rule == Rule.FIXED:
        return min(block.nth - 1, len(rest))
    return None


def _places(blocks: Sequence[Standing], *kinds: str) -> list[int]:
    return [place for place, block in enumerate(blocks) if block.kind in kinds]


def _behind(places: Sequence[int], nth: int) -> int | None:
    return places[min(nth, len(places)) - 1] + 1 if places else None


def _nearest_twin(blocks: Sequence[Standing], position: int) -> int | None:
    """Blocks between this message and the nearest other of its family."""
    family = blocks[position].family
    gaps = [
        abs(position - place) - 1
        for place, other in enumerate(blocks)
        if family and other.family == family and place != position
    ]
    return min(gaps, default=None)


def _counted(blocks: int) -> str:
    return "right beside" if not blocks else f"{blocks} block{'s' if blocks != 1 else ''} from"


def _words(block: Standing) -> str:
    ordinal = {1: "1st", 2: "2nd", 3: "3rd"}.get(block.nth, f"{block.nth}th")
    return Rule(block.rule).label.replace("nth", ordinal)
