"""PDF documents: whole, the same every time, and not to be broken by words."""

import dataclasses
import datetime
import math
import re
import zlib
from collections.abc import Iterator

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom.lib.papers.pdf import Chart, Paper, Table, _Layout, pdf_bytes
from newsroom.lib.papers.typesetting import FONTS, Box, Face, Typesetter, Words, _as_seen

MADE_AT = datetime.datetime(2031, 9, 16, 9, 30, tzinfo=datetime.UTC)
FACE = Face(9, "000000")
ROWS = [[f"Sponsor {number}", f"{number},000.00"] for number in range(120)]
TABLE = Table(
    header=["Sponsor", "Amount"], rows=ROWS, numeric=frozenset({1}), total=["Total", "7,140,000.00"]
)
PAPER = Paper(title="Statement", tables=[TABLE], footer="The Morning Ledger", made_at=MADE_AT)
HOSTILE = [
    "\x00\x1b\x07",
    "x" * 10_000,
    "\ud800 half \udfff",
    "שלום (abc) 12",
    "مرحبا",
    "👩‍🚀🇩🇪👍🏽",
    "漢字",
    "",
    "\n\n",
    "ﷺ",
]


@pytest.fixture
def setter() -> Iterator[Typesetter]:
    with Typesetter("Title", MADE_AT) as setter:
        yield setter


def paper(**given_values) -> Paper:
    return dataclasses.replace(PAPER, **given_values)


def laid_out(setter: Typesetter, table: Table) -> list[list[Words | Box]]:
    layout = _Layout(setter)
    layout.table(table)
    layout.margins(PAPER)
    return layout.pages


def texts(page: list[Words | Box]) -> list[str]:
    return [mark.text for mark in page if isinstance(mark, Words)]


def page_count(data: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", data))


def test_a_paper_is_a_pdf_of_one_page():
    data = pdf_bytes(paper(tables=[]))
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert page_count(data) == 1


def test_a_page_is_a4():
    assert b"/MediaBox [0 0 595.28 841.89]" in pdf_bytes(PAPER)


def test_a_long_table_goes_on_on_further_pages():
    assert page_count(pdf_bytes(PAPER)) == 4


def test_every_page_of_a_table_repeats_its_header(setter):
    pages = laid_out(setter, TABLE)
    assert len(pages) == 4
    assert all({"Sponsor", "Amount"} <= {*texts(page)} for page in pages)


def test_every_page_says_which_it_is_and_how_many_there_are(setter):
    pages = laid_out(setter, TABLE)
    assert [texts(page).count(f"{at} / 4") for at, page in enumerate(pages, start=1)] == [1] * 4


def test_further_pages_repeat_the_title(setter):
    assert ["Statement" in texts(page) for page in laid_out(setter, TABLE)] == [False, True, True, True]


@pytest.mark.parametrize("count", range(25, 45))
def test_a_total_never_stands_alone_on_a_page(setter, count):
    last = texts(laid_out(setter, dataclasses.replace(TABLE, rows=ROWS[:count]))[-1])
    assert last[last.index("Total") - 2] == f"Sponsor {count - 1}"


def test_no_row_is_lost_between_pages(setter):
    words = [text for page in laid_out(setter, TABLE) for text in texts(page)]
    assert [text for text in words if text.startswith("Sponsor ")] == [row[0] for row in ROWS]


def test_numbers_end_at_the_right_edge_of_their_column(setter):
    (page, *_) = laid_out(setter, TABLE)
    ends = {
        round(mark.x + setter.width(mark.text, mark.face), 3)
        for mark in page
        if isinstance(mark, Words) and mark.text.endswith(",000.00")
    }
    assert ends == {188.0}


def test_a_row_higher_than_a_page_goes_on_on_the_next(setter):
    words = " ".join(f"word{number}" for number in range(3000))
    pages = laid_out(setter, Table(header=["Note"], rows=[[words]]))
    assert len(pages) > 1
    said = " ".join(text for page in pages for text in texts(page) if text.startswith("word"))
    assert said == words


def test_nothing_is_placed_outside_the_page(setter):
    table = Table(header=["x" * 500] * 30, rows=[["y" * 300, "1"] * 15] * 5, numeric=frozenset({1, 3}))
    marks = [mark for page in laid_out(setter, table) for mark in page]
    assert all(0 < mark.x < 210 and 0 < mark.y < 297 for mark in marks)


def test_the_same_paper_is_the_same_file_whenever_it_is_made():
    with time_machine.travel("2031-01-01"):
        earlier = pdf_bytes(PAPER)
    with time_machine.travel("2032-02-02"):
        assert pdf_bytes(PAPER) == earlier


def test_the_file_carries_the_moment_the_paper_names():
    assert b"D:20310916093000Z" in pdf_bytes(PAPER)


def test_fonts_are_embedded_so_that_it_looks_the_same_everywhere():
    assert pdf_bytes(PAPER).count(b"/FontFile2") == 2


@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_no_words_break_a_paper(words, caplog):
    whole = paper(
        title=words,
        subtitle=words,
        facts=[(words, words)],
        chart=Chart(heading=words, series=[(words, 1)], unit=words[:20]),
        tables=[Table(heading=words, header=[words], rows=[[words, words]], total=[words])],
        notes=[words],
        footer=words,
    )
    assert pdf_bytes(whole).startswith(b"%PDF-")
    assert caplog.messages == []


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters()), st.lists(st.lists(st.text(st.characters()), max_size=4), max_size=4))
def test_any_words_make_a_paper(words, rows):
    table = Table(heading=words, header=[words], rows=rows)
    assert pdf_bytes(paper(title=words, tables=[table], notes=[words])).startswith(b"%PDF-")


@pytest.mark.parametrize("standing", [False, True])
@pytest.mark.parametrize("values", [[], [0.0], [-5.0, math.nan, math.inf], [1e308, 1.0], [1.0] * 200])
def test_any_values_make_a_chart(standing, values):
    chart = Chart(series=[("name", value) for value in values], standing=standing)
    assert pdf_bytes(paper(chart=chart)).startswith(b"%PDF-")


@pytest.mark.parametrize("standing", [False, True])
def test_a_bar_is_as_long_as_its_value(setter, standing):
    layout = _Layout(setter)
    layout.chart(Chart(series=[("a", 4), ("b", 1)], standing=standing))
    four, one = [mark for mark in layout.pages[0] if isinstance(mark, Box)][:2]
    longer, shorter = (four.height, one.height) if standing else (four.width, one.width)
    assert longer == pytest.approx(4 * shorter)


def test_a_table_of_nothing_is_a_header():
    assert page_count(pdf_bytes(paper(tables=[Table(header=[], rows=[])]))) == 1


def test_lines_are_no_wider_than_their_room(setter):
    lines = setter.lines("some words and " + "x" * 200, FACE, 30)
    assert max(setter.width(line, FACE) for line in lines) <= 30


def test_a_word_longer_than_a_line_is_cut_and_nothing_of_it_lost(setter):
    assert "".join(setter.lines("x" * 200, FACE, 30)) == "x" * 200


def test_a_no_break_space_keeps_an_amount_and_its_currency_together(setter):
    assert setter.lines("1,250.00\N{NO-BREAK SPACE}EUR and", FACE, 22) == [
        "1,250.00\N{NO-BREAK SPACE}EUR",
        "and",
    ]


def test_the_fonts_come_with_their_licence():
    assert "Bitstream" in (FONTS / "LICENSE.txt").read_text()


def test_letters_that_the_font_lacks_are_shown_as_a_square(setter):
    assert setter.clean("a漢\ud800b") == "a□□b"


def test_what_nobody_sees_is_left_out(setter):
    assert setter.clean("a\x00\u200d\ufe0f\U0001f3fdb") == "ab"


def test_words_shortened_to_a_room_say_so(setter):
    short = setter.shortened("The Morning Ledger and more", FACE, 30)
    assert short.endswith("…")
    assert setter.width(short, FACE) <= 30


def test_hebrew_is_set_from_right_to_left_with_its_brackets_facing_in():

    assert _as_seen("אב (גד)") == "(דג) בא"


def test_marks_are_printed_in_their_colours(setter):
    data = setter.printed([[Box(20, 20, 10, 1, "0b57b0")]])
    content = [zlib.decompress(each) for each in re.findall(rb"stream\n(x.*?)\nendstream", data, re.DOTALL)]
    assert any(b"0.0431 0.3412 0.6902 rg" in each for each in content)
