"""How a tab of the composer speaks with the desk: JSON in, JSON out (docs/composer.md).

A tab sends ``{"client", "seq", "name", "blocks": [{"uid", "kind", "rev", "words" | "removed": true}], "order": [uid],
"head": {field: {"before", "after"}}}``; whatever it leaves out has not changed. A block's ``words`` are those of its form
(``issues.blocks.fields``).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from issues import diff, history
from issues.blocks import registry
from issues.blocks.typed import Malformed, storable
from issues.forms import HeadForm
from issues.models import Block, Seat
from issues.saving import Changes, Contested, Replaced, Saved, Written, form_of
from newsroom.lib.people import called


@dataclass(frozen=True)
class Sent:
    """What a tab sent. ``seq`` counts its saves; the same one twice is the same save."""

    client: uuid.UUID
    seq: int
    name: str
    changes: Changes


def read(body: bytes) -> Sent:
    """The save in a request. Raises ``Malformed`` with what is wrong; nothing of it counts then."""
    given = _json(body)
    return Sent(
        client=_uid(given.get("client"), "client"),
        seq=_count(given.get("seq"), "seq"),
        name=_text(given.get("name", ""), "name").strip()[: history.NAME_AT_MOST],
        changes=changes(given),
    )


def read_json(body: bytes) -> tuple[Mapping[str, Any], Changes]:
    """Any other request that brings the unsaved state of a tab along."""
    given = _json(body)
    return given, changes(given)


def uid(given: Mapping[str, Any], name: str) -> uuid.UUID:
    """The identifier under that name. Raises ``Malformed``."""
    return _uid(given.get(name), name)


def changes(given: Mapping[str, Any]) -> Changes:
    """What changed in the tab. Raises ``Malformed``."""
    order = given.get("order")
    return Changes(
        blocks=[_written(each) for each in _list(given.get("blocks", []), "blocks")],
        order=None if order is None else [_uid(each, "order") for each in _list(order, "order")],
        head=_head(given.get("head", {})),
    )


def _written(given: Any) -> Written:
    if not isinstance(given, Mapping):
        raise Malformed("“blocks” needs a list of objects.")
    uid, kind = _uid(given.get("uid"), "uid"), registry.kind(_text(given.get("kind"), "kind"))
    rev = _count(given.get("rev"), "rev")
    if given.get("removed") is True:
        return Written(uid, kind.kind, rev, None)
    words = given.get("words")
    if not isinstance(words, Mapping):
        raise Malformed("A block needs “words”, or “removed”.")
    return Written(uid, kind.kind, rev, kind.form.saying(words, prefix=str(uid)))


def _head(given: Any) -> dict[str, Replaced]:
    if not isinstance(given, Mapping):
        raise Malformed("“head” needs an object.")
    head = {}
    for name, value in given.items():
        if name not in HeadForm.Meta.fields or not isinstance(value, Mapping):
            raise Malformed(f"“head” has no “{str(name)[:40]}”.")
        head[name] = Replaced(_text(value.get("before"), name), _text(value.get("after"), name))
    return head


def told(saved: Saved) -> dict[str, Any]:
    """The answer to a save."""
    return {
        "revs": {str(uid): rev for uid, rev in saved.revs.items()},
        "mistakes": {str(uid): found for uid, found in saved.mistakes.items()},
        "order": [str(uid) for uid in saved.order],
        "contested": [_contested(each) for each in saved.contested],
        "head": {"overtaken": saved.overtaken, "unreadable": saved.unreadable},
    }


def status(answer: Mapping[str, Any]) -> int:
    """409 if somebody else was faster with anything, 423 if blocks are only held by somebody, else 200."""
    reasons = {each["why"] for each in answer.get("contested", ())}
    if reasons - {"held"} or answer.get("head", {}).get("overtaken"):
        return 409
    return 423 if reasons else 200


def block(row: Block) -> dict[str, Any]:
    """A block as a tab shows it."""
    form = form_of(row)
    return {
        "uid": str(row.uid),
        "kind": row.kind,
        "rev": row.rev,
        "removed": row.removed_at is not None,
        "words": form.words,
        "mistakes": form.mistakes if form.is_bound else {},
    }


def seat(each: Seat, *, seen_by: Any) -> dict[str, Any]:
    """Somebody at the issue, as a colleague sees them."""
    return {
        "client": str(each.client),
        "name": "Another tab of yours" if each.user == seen_by else called(each.user),
        "state": each.state,
        "block": str(each.block_uid) if each.block_uid else None,
    }


def compared(row: Block, mine: Mapping[str, Any]) -> dict[str, Any]:
    """A block as it is stored, and how ``mine`` differs from it."""
    theirs = block(row)
    return {**theirs, "diff": diff.of_words(registry.kind(row.kind), theirs["words"], mine)}


def _contested(contested: Contested) -> dict[str, Any]:
    by = contested.holder.user if contested.holder else contested.block.changed_by
    at = contested.holder.since if contested.holder else contested.block.changed_at
    return {
        **compared(contested.block, contested.mine),
        "why": contested.why,
        "by": called(by),
        "at": at.isoformat() if at else None,
    }


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("This is no JSON.") from None
    if not isinstance(given, Mapping):
        raise Malformed("A save is a JSON object.")
    return given


def _list(given: Any, name: str) -> list[Any]:
    if not isinstance(given, list):
        raise Malformed(f"“{name}” needs a list.")
    return given


def _text(given: Any, name: str) -> str:
    if not isinstance(given, str):
        raise Malformed(f"“{name}” needs text.")
    return storable(given)


def _count(given: Any, name: str) -> int:
    if type(given) is not int or not 0 <= given < 2**31:
        raise Malformed(f"“{name}” needs a number.")
    return given


def _uid(given: Any, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(_text(given, name))
    except ValueError:
        raise Malformed(f"“{name}” needs identifiers.") from None
