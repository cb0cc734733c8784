"""Bytes become the text that was meant, or are refused with a sentence that helps."""

import pytest

from issues.importing import Unreadable, read
from issues.importing.decoding import BYTES_AT_MOST, decode, mend

WORDS = "The quay’s café — “fog” … 20 € or £15, naïvely 🚢, Ærø, Łódź, Ёж"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_hold_everything(encoding: str) -> None:
    assert decode(WORDS.encode(encoding)) == WORDS


def test_windows_1252() -> None:
    assert decode("“fog” — 20 €".encode("cp1252")) == "“fog” — 20 €"


@pytest.mark.parametrize("wrong", ["latin1", "cp1252"])
def test_mojibake_is_mended(wrong: str) -> None:
    text = "The quay’s café — “fog” … 20 € 🚢"
    assert mend(text.encode().decode(wrong, "ignore" if wrong == "cp1252" else "strict")) == text


def test_mojibake_with_a_control_character_or_a_question_mark_for_the_lost_byte() -> None:
    assert mend("â€œfogâ€\x9d, â€œtideâ€? and â€œropeâ€ ") == "“fog”, “tide” and “rope” "


def test_mojibake_twice_over() -> None:
    twice = "quay’s".encode().decode("latin1").encode().decode("latin1")
    assert mend(twice) == "quay’s"


def test_thai_mojibake_beside_a_healthy_dash() -> None:
    assert mend("Run with us ๐Ÿš’, Ada โ€” Knot — today") == "Run with us 🚒, Ada — Knot — today"


@pytest.mark.parametrize(
    "text",
    [
        "CAFÉ…",
        "“ANDRÉ’S”",
        "BÜRO” und Ä“",
        "GRÖẞE»",
        "เก็บแขกไว้ที่โรงเรียน",
        "Ãngela e São João",
        "naïve façade",
        "Привет",
        "日本語",
    ],
)
def test_healthy_text_is_left_alone(text: str) -> None:
    assert mend(text) == text


@pytest.mark.parametrize("source", ["", b"", "  \n\t ", "\ufeff", "\u200b\n", b"\xef\xbb\xbf  ", "---"])
def test_an_empty_draft_is_refused(source: str | bytes) -> None:
    with pytest.raises(Unreadable, match="nothing to read"):
        read(source)


def test_a_long_draft_is_refused_with_its_size_and_the_limit() -> None:
    with pytest.raises(Unreadable, match=r"^The draft is 5 MB; at most 2 MB can be read\.$"):
        read(b"word " * 1_000_000)
    with pytest.raises(Unreadable, match=r"2\.1 MB"):
        read("a" * (BYTES_AT_MOST + 1))


def test_endless_lines_are_refused() -> None:
    with pytest.raises(Unreadable, match="20,000 lines"):
        read("a\n" * 30_000)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "PNG picture"),
        (b"\xff\xd8\xff\xe0....", "JPEG picture"),
        (b"GIF89a....", "GIF picture"),
        (b"%PDF-1.7 ....", "PDF file"),
        (b"PK\x03\x04.....word/document.xml", "Word document"),
        (b"PK\x03\x04.....xl/workbook.xml", "spreadsheet"),
        (b"PK\x03\x04.....", "ZIP archive"),
        (b"\xd0\xcf\x11\xe0....", "old Word document"),
        (b"{\\rtf1 hello}", "RTF document"),
        (b"words\x00and\x00nulls", "binary file"),
        ("words\x00and nulls", "binary file"),
        (bytes(range(1, 9)) * 20, "binary file"),
    ],
)
def test_other_files_are_named_and_refused(source: bytes | str, kind: str) -> None:
    with pytest.raises(Unreadable, match=kind) as error:
        read(source)
    assert "paste its text instead" in str(error.value)


@pytest.mark.parametrize("source", [b"\x81\x8d fog", b"\xff\xfea"])
def test_an_encoding_that_cannot_be_told_is_refused(source: bytes) -> None:
    with pytest.raises(Unreadable, match="encoding cannot be told"):
        read(source)
