"""Files to keep: headers that any browser and any disk can take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.papers.attachment import CSV, PDF, attachment, file_name


def disposition(filename: str) -> str:
    return attachment(b"", filename, PDF)["Content-Disposition"]


def test_an_attachment_carries_its_data_and_kind():
    answer = attachment(b"a,b", "x.csv", CSV)
    assert (answer.content, answer["Content-Type"]) == (b"a,b", "text/csv; charset=utf-8")


def test_a_plain_name_stands_in_quotes():
    assert disposition("Report 7.pdf") == 'attachment; filename="Report 7.pdf"'


def test_a_name_beyond_ascii_is_encoded():
    assert disposition("Übersicht.pdf") == "attachment; filename*=utf-8''%C3%9Cbersicht.pdf"


@pytest.mark.parametrize(
    ("wanted", "given_name"),
    [
        ("../../etc/passwd", "-..-etc-passwd"),
        ('a"b\r\nSet-Cookie: x.pdf', "a-bSet-Cookie- x.pdf"),
        (".hidden", "hidden"),
        ("", "paper"),
        ("...", "paper"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_a_name_is_made_fit_for_headers_and_disks(wanted, given_name):
    assert file_name(wanted) == given_name


@given(st.text(st.characters()))
def test_any_name_makes_a_header(name):
    assert disposition(name).startswith("attachment; filename")
