"""What the buttons of the composer do in a browser without scripts: on top of what stands in the form, which is saved with it.

With scripts the browser does the same by itself, and at once.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from issues import drafting
from issues.blocks import registry
from issues.models import Issue
from issues.saving import Changes, Replaced, Written
from newsroom.lib.errors import Refused

__all__ = ["Acted", "after"]


@dataclass(frozen=True)
class Acted:
    """Changes with those of the button, what is said afterwards, and the block to show."""

    changes: Changes
    said: str = ""
    at: str = ""


def after(act: str, issue: Issue, written: Sequence[Written], head: dict[str, Replaced]) -> Acted:
    """``act`` is the value of the button: a verb and what it is about. Raises ``Refused`` for one that nobody offers."""
    changes = Changes(written, [each.uid for each in written], head)
    if not act:
        return Acted(changes)
    verb, *about = act.split()
    if verb not in ACTS or len(about) != 2:
        raise Refused("There is no such button.")
    return ACTS[verb](issue, changes, *about)


def _move(_: Issue, changes: Changes, uid: str, by: str) -> Acted:
    written = _named(changes, uid)
    order = [each for each in _order(changes) if each != written.uid]
    place = max(0, min(_order(changes).index(written.uid) + _number(by), len(order)))
    order.insert(place, written.uid)
    said = f"{_label(written)} moved to position {place + 1} of {len(order)}."
    return Acted(replace(changes, order=order), said, uid)


def _place(_: Issue, changes: Changes, uid: str, to: str) -> Acted:
    """Move a block to where a rule wants it, counted without the block itself."""
    at = _order(changes).index(_named(changes, uid).uid)
    rest = len(_order(changes)) - 1
    return _move(_, changes, uid, str(min(max(0, _number(to)), rest) - at))


def _copy(_: Issue, changes: Changes, uid: str, __: str) -> Acted:
    written = _named(changes, uid)
    assert written.form is not None
    kind, new = registry.kind(written.kind), uuid.uuid4()
    copied = Written(new, written.kind, 0, kind.form.saying(written.form.words, prefix=str(new)))
    order = _order(changes)
    order.insert(order.index(written.uid) + 1, new)
    said = f"{kind.label} duplicated."
    return Acted(replace(changes, blocks=[*changes.blocks, copied], order=order), said, str(new))


def _remove(_: Issue, changes: Changes, uid: str, __: str) -> Acted:
    written = _named(changes, uid)
    blocks = [replace(each, form=None) if each is written else each for each in changes.blocks]
    order = [each for each in _order(changes) if each != written.uid]
    said = f"{_label(written)} deleted. History has it."
    return Acted(replace(changes, blocks=blocks, order=order), said)


def _add(_: Issue, changes: Changes, kind_name: str, place: str) -> Acted:
    kind, new = registry.kind(kind_name), uuid.uuid4()
    blank = kind.form.saying(kind.form.showing(kind.data(), prefix=str(new)).words, prefix=str(new))
    order = _order(changes)
    order.insert(_number(place), new)
    added = Written(new, kind.kind, 0, blank)
    return Acted(
        replace(changes, blocks=[*changes.blocks, added], order=order), f"{kind.label} added.", str(new)
    )


def _aid(issue: Issue, changes: Changes, uid: str, name: str) -> Acted:
    written = _named(changes, uid)
    words, said = drafting.aided(issue, changes, written.uid, name)
    aided = replace(written, form=registry.kind(written.kind).form.saying(words, prefix=uid))
    blocks = [aided if each is written else each for each in changes.blocks]
    return Acted(replace(changes, blocks=blocks), said, uid)


ACTS: dict[str, Callable[[Issue, Changes, str, str], Acted]] = {
    "move": _move,
    "place": _place,
    "copy": _copy,
    "remove": _remove,
    "add": _add,
    "aid": _aid,
}


def _named(changes: Changes, uid: str) -> Written:
    for each in changes.blocks:
        if str(each.uid) == uid:
            return each
    raise Refused("This block is no longer there.")


def _order(changes: Changes) -> list[uuid.UUID]:
    return list(changes.order or ())


def _number(given: str) -> int:
    try:
        return int(given[:9])
    except ValueError:
        raise Refused("There is no such place.") from None


def _label(written: Written) -> str:
    return registry.kind(written.kind).label
