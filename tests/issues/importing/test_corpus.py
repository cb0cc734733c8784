"""Real issues, and what scrapers and mail tools make of them, are read as people read them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from issues import richtext
from issues.importing import Draft, Found, outline, read

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "newsletters"
CASES = sorted(CORPUS.glob("*.expected.json"))
FURNITURE = ("recent_issues", "boilerplate")
KINDS = {
    "sponsor": "sponsor_slot",
    "promo": "event_promo",
    "funding": "financial_corner",
    "roundup": "link_roundup",
    "signoff": "sign_off",
}

pytestmark = pytest.mark.skipif(not CASES, reason="the corpus is not here: ../shared/corpus/newsletters")


@pytest.fixture(params=CASES, ids=lambda path: path.name.removesuffix(".expected.json"))
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Draft]:
    path: Path = request.param
    source = path.with_name(path.name.replace(".expected.json", ".txt")).read_bytes()
    return json.loads(path.read_text()), read(source.partition(b"\n")[2])


def test_title(case: tuple[dict[str, Any], Draft]) -> None:
    expected, draft = case
    assert draft.title == expected["title"]


def test_kinds_in_order(case: tuple[dict[str, Any], Draft]) -> None:
    expected, draft = case
    assert [block.kind for block in draft.blocks] == [_kind(block) for block in _content(expected)]


def test_headings_and_first_words(case: tuple[dict[str, Any], Draft]) -> None:
    for wanted, found, _ in _side_by_side(*case):
        assert (found["heading"] or None) == wanted.get("heading")
        assert _words(found["first_words"])[: len(_words(wanted["first_words"]))] == _words(
            wanted["first_words"]
        )


def test_counts(case: tuple[dict[str, Any], Draft]) -> None:
    for wanted, found, block in _side_by_side(*case):
        if wanted.get("items") is not None:
            assert found["items"] == wanted["items"], wanted
        if wanted.get("paragraphs") is not None and wanted["type"] != "greeting":
            assert _paragraphs(found, block) == wanted["paragraphs"], wanted
        if isinstance(wanted.get("body"), list):
            assert richtext.shape(block.data["body"]) == wanted["body"]


def test_greetings(case: tuple[dict[str, Any], Draft]) -> None:
    for wanted, found, block in _side_by_side(*case):
        if wanted["type"] != "greeting":
            continue
        if "today" in wanted:
            assert found["today"] == wanted["today"]
        assert len(found["today"]) == wanted.get("today_items", len(wanted.get("today", [])))
        if "paragraphs" in wanted:
            assert len(block.source.split("\n\n")) == wanted["paragraphs"]


def test_sponsors(case: tuple[dict[str, Any], Draft]) -> None:
    slots = []
    for wanted, found, block in _side_by_side(*case):
        assert found["sponsor"] == wanted.get("sponsor")
        if wanted["type"] == "sponsor":
            slots.append(block.data["placement"])
            assert block.found["label"] == wanted.get("label", block.found["label"])
    assert slots == (["primary", "closing"][: len(slots)])


def test_rounds(case: tuple[dict[str, Any], Draft]) -> None:
    for wanted, found, _ in _side_by_side(*case):
        rounds = [
            {**each, "amount": each["amount_usd"], "currency": "USD"} for each in wanted.get("rounds", [])
        ]
        for each in rounds:
            del each["amount_usd"]
        assert found["rounds"] == rounds


def test_events_and_people(case: tuple[dict[str, Any], Draft]) -> None:
    for wanted, found, _ in _side_by_side(*case):
        if "event" in wanted:
            assert wanted["event"] == "Sept. 27 at 10 a.m. PT"
            assert found["event"]["date"].endswith("-09-27")
            assert (found["event"]["time"], found["event"]["zone"]) == ("10:00", "America/Los_Angeles")
            assert found["event"]["host"] == wanted["host"]
            assert found["cta"] == wanted["cta"].rstrip(".")
        if "author" in wanted:
            assert found["author"] == wanted["author"]


def test_furniture_is_left_out(case: tuple[dict[str, Any], Draft]) -> None:
    expected, draft = case
    left_out = draft.left_out
    for wanted in expected["blocks"]:
        if wanted["type"] not in FURNITURE:
            continue
        for words in (wanted["first_words"], wanted.get("heading", ""), wanted.get("more", "")):
            assert any(line.startswith(words) for line in left_out), words
        for issue in wanted.get("issues", []):
            assert issue["title"] in left_out


def _content(expected: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in expected["blocks"] if block["type"] not in FURNITURE]


def _kind(block: dict[str, Any]) -> str:
    return KINDS.get(block["type"], block["type"])


def _side_by_side(
    expected: dict[str, Any], draft: Draft
) -> list[tuple[dict[str, Any], dict[str, Any], Found]]:
    return list(zip(_content(expected), outline(draft)["blocks"], draft.blocks, strict=True))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _paragraphs(found: dict[str, Any], block: Found) -> int:
    """An event's paragraphs, the call to action counted to the one that it ended."""
    return int(found["paragraphs"] or 0)
