"""Spreadsheets: what Excel reads is what we meant, and nothing in it runs."""

import csv
import datetime
import io
import zipfile
from decimal import Decimal
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.errors import Refused
from newsroom.lib.papers import sheets
from newsroom.lib.papers.sheets import Sheet, csv_bytes, harmless, sheet_titles, xlsx_bytes

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
BERLIN = ZoneInfo("Europe/Berlin")
ANY_TEXT = st.text() | st.from_regex("[\\s'\"\u200b\ufeff]{0,3}[=+\\-@\t\r＝＋－＠].{0,5}", fullmatch=True)


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def only_cell(value: object) -> str:
    return read(csv_bytes(["name"], [[value]]))[1][0]


def parts(data: bytes) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: ElementTree.fromstring(file.read(name)) for name in file.namelist()}


def strings(data: bytes) -> list[str]:
    table = parts(data)["xl/sharedStrings.xml"]
    return ["".join(text.text or "" for text in item.iter(f"{MAIN}t")) for item in table.iter(f"{MAIN}si")]


def cells(data: bytes, number: int = 1) -> dict[str, str]:
    """The cells of a sheet by their address, strings looked up."""
    shared = strings(data) if "xl/sharedStrings.xml" in parts(data) else []
    found = {}
    for cell in parts(data)[f"xl/worksheets/sheet{number}.xml"].iter(f"{MAIN}c"):
        value = cell.findtext(f"{MAIN}v") or ""
        found[cell.attrib["r"]] = shared[int(value)] if cell.get("t") == "s" else value
    return found


def workbook(*rows: list[object], header: tuple[str, ...] = ("a",), title: str = "One") -> bytes:
    return xlsx_bytes([Sheet(title=title, header=header, rows=rows)])


def test_csv_begins_with_the_mark_of_utf_8_and_ends_lines_with_crlf():
    assert csv_bytes(["Nàme", "n"], [["a", 1]]) == b"\xef\xbb\xbfN\xc3\xa0me,n\r\na,1\r\n"


def test_csv_quotes_separators_quotes_and_line_ends():
    assert csv_bytes(["h"], [['a,"b"\nc']]) == '\ufeffh\r\n"a,""b""\nc"\r\n'.encode()


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30",
        "-12.50",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        '"=1',
        "'=1",
        "＝1",
        "－1",
        "\u200b=1",
    ],
)
def test_text_that_could_be_a_formula_gets_an_apostrophe(text):
    assert only_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["plain", "a=b", "3-4", "'tis", "me@example.com", "", "“Quoted” words"])
def test_other_text_stays_as_it_is(text):
    assert only_cell(text) == text


def test_a_header_is_kept_from_being_a_formula_too():
    assert read(csv_bytes(["=cmd"], [])) == [["'=cmd"]]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, "-5"),
        (Decimal("-12.50"), "-12.50"),
        (Decimal("1E+3"), "1000"),
        (-0.5, "-0.5"),
        (True, "yes"),
        (None, ""),
        (datetime.date(2031, 9, 6), "2031-09-06"),
        (datetime.datetime(2031, 9, 6, 8, 30, tzinfo=BERLIN), "2031-09-06T08:30:00+02:00"),
    ],
)
def test_values_are_written_as_programs_read_them(value, written):
    assert only_cell(value) == written


def test_infinity_is_no_number_and_cannot_begin_a_formula():
    assert only_cell(float("-inf")) == "'-inf"


def test_half_a_character_does_not_stop_the_file():
    assert only_cell("a\ud800b") == "a?b"


@given(ANY_TEXT)
def test_no_text_becomes_a_cell_that_begins_like_a_formula(text):
    cell = only_cell(text)
    assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert not cell.lstrip(' "\u200b\ufeff').startswith(tuple("=+-@＝＋－＠"))


@given(ANY_TEXT)
def test_text_comes_back_but_for_the_one_apostrophe(text):
    cell = only_cell(text)
    assert cell.removeprefix("'" if harmless(text) != text else "") == text


@given(st.lists(st.lists(ANY_TEXT, min_size=2, max_size=2)))
def test_rows_stay_rows_whatever_they_hold(rows):
    assert read(csv_bytes(["a", "b"], rows))[1:] == [[harmless(each) for each in row] for row in rows]


def test_a_workbook_holds_each_sheet_under_its_title():
    data = xlsx_bytes([Sheet(title=name, header=["a"], rows=[]) for name in ("Clicks", "Money")])
    names = [sheet.attrib["name"] for sheet in parts(data)["xl/workbook.xml"].iter(f"{MAIN}sheet")]
    assert names == ["Clicks", "Money"]


def test_a_workbook_keeps_text_numbers_and_dates_apart():
    data = workbook(["x", 3, Decimal("-12.50"), datetime.date(2031, 9, 16), None])
    assert cells(data) == {"A1": "a", "A2": "x", "B2": "3", "C2": "-12.50", "D2": "48107"}


def test_an_amount_keeps_its_decimals_on_screen():
    styles = parts(workbook([Decimal("12.50")]))["xl/styles.xml"]
    assert [each.get("formatCode") for each in styles.iter(f"{MAIN}numFmt")] == ["#,##0.00"]


def test_nothing_in_a_workbook_is_a_formula_or_a_link():
    data = workbook(["=1+1"], ["http://example.com"], ["12"], ["{=A1}"])
    page = parts(data)["xl/worksheets/sheet1.xml"]
    assert not list(page.iter(f"{MAIN}f")) + list(page.iter(f"{MAIN}hyperlink"))
    assert strings(data) == ["a", "=1+1", "http://example.com", "12", "{=A1}"]


def test_text_like_a_formula_is_marked_as_text_for_good():
    styles = parts(workbook(["=1+1"]))["xl/styles.xml"]
    assert any(each.get("quotePrefix") == "1" for each in styles.iter(f"{MAIN}xf"))


def test_a_moment_is_text_with_its_offset():
    assert (
        cells(workbook([datetime.datetime(2031, 9, 6, 8, 30, tzinfo=BERLIN)]))["A2"]
        == "2031-09-06T08:30:00+02:00"
    )


def test_a_day_before_excels_time_is_text():
    assert cells(workbook([datetime.date(1899, 12, 31)]))["A2"] == "1899-12-31"


def test_a_number_too_long_for_excel_keeps_all_its_digits():
    assert cells(workbook([12345678901234567890]))["A2"] == "12345678901234567890"


def test_the_header_stays_in_sight():
    pane = next(parts(workbook())["xl/worksheets/sheet1.xml"].iter(f"{MAIN}pane"))
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")


def test_the_header_is_bold():
    data = workbook()
    page, styles = parts(data)["xl/worksheets/sheet1.xml"], parts(data)["xl/styles.xml"]
    style = int(next(page.iter(f"{MAIN}c")).attrib["s"])
    formats = styles.find(f"{MAIN}cellXfs")
    fonts = styles.find(f"{MAIN}fonts")
    assert formats is not None
    assert fonts is not None
    assert fonts[int(formats[style].attrib["fontId"])].find(f"{MAIN}b") is not None


def test_columns_are_as_wide_as_their_words_within_reason():
    data = workbook(["x" * 30, "y" * 500, 1], header=("a", "b", "c"))
    widths = [
        float(each.attrib["width"]) for each in parts(data)["xl/worksheets/sheet1.xml"].iter(f"{MAIN}col")
    ]
    assert [round(each) for each in widths] == [33, 61, 10]


def test_text_that_poses_as_markup_of_the_workbook_stays_text():
    assert strings(workbook(["<r><t>own</t></r>"]))[1] == "<r><t>own</t></r> "


def test_control_characters_and_half_characters_are_left_out():
    assert strings(workbook(["a\x00b\x1b\ud800\uffffc"]))[1] == "abc"


def test_a_text_longer_than_a_cell_is_cut():
    assert len(strings(workbook(["x" * 40_000]))[1]) == 32_766


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch):
    monkeypatch.setattr(sheets, "_MOST_ROWS", 3)
    with pytest.raises(Refused, match="Take CSV"):
        workbook(["x"], ["x"], ["x"])


def test_titles_of_sheets_follow_excels_rules():
    assert sheet_titles(["a/b: [c]?", "'quoted'", "", "History", "x" * 40]) == [
        "a b c",
        "quoted",
        "Sheet",
        "History (2)",
        "x" * 31,
    ]


def test_titles_of_sheets_differ_even_when_cut():
    assert sheet_titles(["Clicks", "clicks", "x" * 31, "x" * 32]) == [
        "Clicks",
        "clicks (2)",
        "x" * 31,
        "x" * 27 + " (2)",
    ]


@given(st.lists(st.text(st.characters()), min_size=1, max_size=4), st.text(st.characters()))
def test_any_title_and_text_make_a_workbook(titles, text):
    data = xlsx_bytes([Sheet(title=title, header=[text], rows=[[text]]) for title in titles])
    assert len([name for name in parts(data) if name.startswith("xl/worksheets/")]) == len(titles)
