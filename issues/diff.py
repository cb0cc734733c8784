"""What changed between two states of words: pure, by words, never by letters."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django import forms

from issues import richtext
from issues.blocks import registry
from issues.blocks.base import BlockType
from issues.blocks.fields import RichTextarea
from issues.forms import HeadForm

Piece = tuple[Literal["same", "gone", "new"], str]
"""A stretch of text that stands in both states, in the earlier one only, or in the later one only."""

CONTEXT = 60
"""Characters that are shown beside a change."""
_WORDS = re.compile(r"\s*(?:\w+|[^\s\w])|\s+")
"""A word or a sign with the space before it, so that neighbours that changed are one stretch."""


def words(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order; what was replaced is gone before what is new."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[Piece] = []
    for step, a, b, c, d in _steps(old, new):
        if step == "equal":
            pieces.append(("same", _shortened("".join(old[a:b]), starts=a == 0, ends=b == len(old))))
            continue
        if a < b:
            pieces.append(("gone", "".join(old[a:b])))
        if c < d:
            pieces.append(("new", "".join(new[c:d])))
    return pieces


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """How one becomes the other: ``(step, a, b, c, d)`` for ``old[a:b]`` and ``new[c:d]``.

    What both begin and end with is set apart first, so that an edit in a long text costs as much as the edit. Between
    long stretches, words that stand everywhere anchor nothing: a text that says one word a thousand times would take
    a minute, inside a save.
    """
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    here, there = len(old) - tail, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    for step, a, b, c, d in difflib.SequenceMatcher(None, old[head:here], new[head:there]).get_opcodes():
        yield step, a + head, b + head, c + head, d + head
    if tail:
        yield "equal", here, len(old), there, len(new)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    differing = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))


def _shortened(text: str, *, starts: bool, ends: bool) -> str:
    """What did not change, as far as it tells where in the text one is."""
    if len(text) <= 3 * CONTEXT:
        return text
    head = "" if starts else text[:CONTEXT].rsplit(" ", 1)[0]
    tail = "" if ends else text[-CONTEXT:].partition(" ")[2]
    return f"{head} … {tail}"


def of_words(
    kind: BlockType[Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The fields of a block's form that differ: ``[{"label", "pieces"}]``."""
    found = []
    for name, field in kind.form.base_fields.items():
        one, other = _text(field, before.get(name)), _text(field, after.get(name))
        if one != other:
            found.append({"label": _called(name, field), "pieces": words(one, other)})
    return found


def _called(name: str, field: forms.Field) -> str:
    return str(field.label or name.replace("_", " ").capitalize())


def _text(field: forms.Field, value: Any) -> str:
    """The words of one field as plain text: a row a line, rich text with a line for each paragraph or item."""
    if isinstance(value, list):
        return "\n".join(" · ".join(str(each) for each in row.values() if each) for row in value)
    if isinstance(value, bool):
        return "yes" if value else ""
    return richtext.plain(value or "") if isinstance(field.widget, RichTextarea) else str(value or "")


@dataclass(frozen=True)
class Difference:
    """How one block (or, without ``uid``, what stands above the blocks) differs between two contents of an issue."""

    uid: str
    label: str
    change: Literal["added", "removed", "moved", "changed"]
    fields: Sequence[Mapping[str, Any]] = ()


def of_contents(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What changed from one ``Revision.content`` to another, in the order of the later one; removed blocks stand last."""
    old = {block["uid"]: block for block in before["blocks"]}
    new = {block["uid"]: block for block in after["blocks"]}
    moved = _moved([uid for uid in old if uid in new], [uid for uid in new if uid in old])
    found = [_of_head(before, after), *(_of_block(old.get(uid), new.get(uid)) for uid in {**new, **old})]
    found += [Difference(uid, _label(new[uid]), "moved") for uid in new if uid in moved]
    return [each for each in found if each]


def _of_head(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference | None:
    fields = [
        {"label": _called(name, HeadForm.base_fields[name]), "pieces": words(before[name], after[name])}
        for name in HeadForm.Meta.fields
        if before[name] != after[name]
    ]
    return Difference("", "Above the blocks", "changed", fields) if fields else None


def _of_block(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Difference | None:
    if old == new:
        return None
    block = new or old
    assert block is not None
    change: Literal["added", "removed", "changed"] = (
        "changed" if old and new else "added" if new else "removed"
    )
    fields = of_words(registry.kind(block["kind"]), words_of(old), words_of(new))
    return Difference(block["uid"], _label(block), change, fields) if fields or change != "changed" else None


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Those that stand in another order: all but the longest runs that both orders share."""
    kept = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return set(new) - {uid for run in kept for uid in new[run.b : run.b + run.size]}


def words_of(block: Mapping[str, Any] | None) -> dict[str, Any]:
    """The words of a block of a revision; data of older versions is lifted."""
    if block is None:
        return {}
    kind = registry.kind(block["kind"])
    form = kind.form.showing(kind.load(block["data"], block["version"]), prefix="then")
    return {**form.words, **block["unread"]}


def _label(block: Mapping[str, Any]) -> str:
    return registry.kind(block["kind"]).label
