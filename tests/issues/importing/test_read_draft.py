"""``manage.py read_draft``: an outline for people, JSON for programs, one sentence for what cannot be read."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

DRAFT = Path(__file__).parent / "drafts" / "quay.txt"
KEYS = {"kind", "heading", "first_words", "items", "sponsor", "rounds"}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("read_draft", *arguments, stdout=out)
    return out.getvalue()


def test_json_has_every_key_in_every_block() -> None:
    found = json.loads(run(str(DRAFT), "--json"))
    assert set(found) == {"title", "blocks", "left_out"}
    assert all(set(block) >= KEYS for block in found["blocks"])
    assert found["blocks"][4]["rounds"][1] == {
        "company": "Knot & Co",
        "amount": 4_500_000,
        "currency": "USD",
        "purpose": "for its splicing robots",
    }


def test_the_outline_names_blocks_and_what_was_left_out() -> None:
    text = run(str(DRAFT))
    assert text.startswith("The crane that would not wake\n")
    assert "event promo: Who pilots the pilots?" in text
    assert "- Tidewise: 30,000,000 EUR to wind its clocks by the moon" in text
    assert text.rstrip().endswith("We use cookies to improve your experience. Accept all cookies.")


def test_a_source_line_is_never_the_title(tmp_path: Path) -> None:
    draft = tmp_path / "draft.txt"
    draft.write_text("# source: a friend\nWho rang?\n\nHello there.\n\nBells\n\nThey rang at night, twice.")
    found = json.loads(run(str(draft), "--json"))
    assert (found["title"], found["left_out"]) == ("Who rang?", ["# source: a friend"])


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Who rang?\n\nHello there, you.")))
    assert json.loads(run("-", "--json"))["title"] == "Who rang?"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The draft is empty: there is nothing to read."),
        (b"\x89PNG....", "The draft is a PNG picture: open it and paste its text instead."),
        (b"a " * 2_500_000, "The draft is 5 MB; at most 2 MB can be read."),
    ],
)
def test_what_cannot_be_read_gives_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    draft = tmp_path / "draft"
    draft.write_bytes(content)
    with pytest.raises(CommandError) as error:
        run(str(draft))
    assert (str(error.value), error.value.returncode) == (sentence, 1)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be opened: No such file or directory\.$"):
        run(str(tmp_path / "nowhere.txt"))
