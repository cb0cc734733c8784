"""What changed between two states of words: pure, by words, never by letters."""

import difflib
import re
from collections.abc import Mapping
from typing import Any, Literal

from issues import richtext
from issues.blocks.base import BlockType

Piece = tuple[Literal["same", "gone", "new"], str]
"""A stretch of text that stands in both states, in the earlier one only, or in the later one only."""

_WORDS = re.compile(r"\s*(?:\w+|[^\s\w])|\s+")
"""A word or a sign with the space before it, so that neighbours that changed are one stretch."""


def words(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order; what was replaced is gone before what is new."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[Piece] = []
    for step, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            pieces.append(("same", "".join(old[a:b])))
            continue
        pieces += [("gone", "".join(old[a:b]))] * (b > a) + [("new", "".join(new[c:d]))] * (d > c)
    return pieces


def of_words(
    kind: BlockType[Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The fields of a block's form that differ: ``[{"label", "pieces"}]``."""
    texts = (
        (name, text_of(before.get(name, "")), text_of(after.get(name, ""))) for name in kind.form.base_fields
    )
    return [
        {"label": label(kind, name), "pieces": words(one, other)}
        for name, one, other in texts
        if one != other
    ]


def label(kind: BlockType[Any], name: str) -> str:
    """What the form calls the field."""
    field = kind.form.base_fields[name]
    return str(field.label or name.replace("_", " ").capitalize())


def text_of(value: Any) -> str:
    """The words of one field as plain text: rows a line each, rich text with a line for each paragraph or item."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(" · ".join(filter(None, map(text_of, row.values()))) for row in value)
    return richtext.plain(value) if value.startswith("<") else str(value)
