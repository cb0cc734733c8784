"""A draft in outline, as ``read_draft --json`` prints it."""

from decimal import Decimal
from typing import Any

from issues import richtext
from issues.importing.drafts import Draft, Found

_FIRST_WORDS = 12


def outline(draft: Draft) -> dict[str, Any]:
    """``{"title", "blocks": [{"kind", "heading", "first_words", "items", "sponsor", "rounds", ...}], "left_out"}``.

    All keys are always there, null or empty where they do not apply; amounts are numbers.
    """
    return {
        "title": draft.title,
        "blocks": [_block(block) for block in draft.blocks],
        "left_out": list(draft.left_out),
    }


def _block(block: Found) -> dict[str, Any]:
    data, found = block.data, block.found
    body = found["body"] if "sponsor" in found else str(data.get("body") or data.get("text") or "")
    return {
        "kind": block.kind,
        "heading": data.get("heading") or found.get("headline") or found.get("heading") or _label(block),
        "first_words": " ".join(block.source.split()[:_FIRST_WORDS]),
        "items": _items(block, body),
        "sponsor": found.get("sponsor") or None,
        "rounds": [_round(each) for each in data.get("rounds", [])],
        "paragraphs": richtext.shape(body).count("p") or None,
        "today": data.get("today", []),
        "event": _event(data),
        "cta": data.get("cta_label") or None,
        "author": data.get("name") or data.get("attribution") or None,
        "byline": data.get("byline") or None,
    }


def _label(block: Found) -> str | None:
    return block.found.get("label") or None if "sponsor" in block.found else None


def _items(block: Found, body: str) -> int | None:
    data, found = block.data, block.found
    if "items" in found:
        return int(found["items"])
    if "rounds" in data or "items" in data:
        return len(data.get("rounds") or data.get("items") or [])
    listed = sum(int(part.partition(":")[2]) for part in richtext.shape(body) if ":" in part)
    return listed + int(found.get("quoted", 0)) or None


def _round(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "company": data["company"],
        "amount": None if data["amount"] is None else _number(Decimal(data["amount"])),
        "currency": data["currency"],
        "purpose": data["purpose"],
    }


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _event(data: dict[str, Any]) -> dict[str, str] | None:
    keys = ("date", "time", "zone", "host")
    return {key: data[key] for key in keys} if any(data.get(key) for key in keys) else None
