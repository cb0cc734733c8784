"""Charts on pages: seen, heard, and never a way in."""

import math
from xml.etree import ElementTree

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.papers.charts import bars, columns, figure

SVG = "{http://www.w3.org/2000/svg}"
SERIES = [("Top banner", 1240.0), ("Classified", 12.5)]
BOTH = pytest.mark.parametrize("draw", [bars, columns])


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def words(svg: str, kind: str) -> list[str | None]:
    return [each.text for each in tree(svg).iter(f"{SVG}text") if each.get("class") == kind]


@BOTH
def test_a_chart_is_a_picture_with_a_title_and_every_value_in_words(draw):
    svg = tree(draw(SERIES, title="Clicks", unit="%"))
    assert svg.get("role") == "img"
    assert [svg.findtext(f"{SVG}title"), svg.findtext(f"{SVG}desc")] == [
        "Clicks",
        "Top banner: 1,240\xa0%; Classified: 12.5\xa0%",
    ]


@BOTH
def test_names_and_values_stand_beside_their_bars(draw):
    svg = draw(SERIES, title="Clicks")
    assert (words(svg, "chart-label"), words(svg, "chart-value")) == (
        ["Top banner", "Classified"],
        ["1,240", "12.5"],
    )


@BOTH
def test_a_chart_brings_no_styles_and_no_scripts(draw):
    svg = tree(draw(SERIES, title="Clicks"))
    assert not [
        each for each in svg.iter() if "style" in each.attrib or each.tag in (f"{SVG}style", f"{SVG}script")
    ]
    assert {each.get("fill") for each in svg.iter(f"{SVG}rect")} == {"currentColor"}


def test_a_bar_is_as_long_as_its_value():
    lengths = [
        float(each.attrib["width"]) for each in tree(bars([("a", 4), ("b", 1)], title="")).iter(f"{SVG}rect")
    ]
    assert lengths[0] == 4 * lengths[1] > 0


def test_a_value_below_nought_goes_the_other_way():
    low, high = tree(bars([("a", -1), ("b", 1)], title="")).iter(f"{SVG}rect")
    assert float(low.attrib["x"]) + float(low.attrib["width"]) == float(high.attrib["x"])


def test_a_long_name_is_cut_and_said_in_full():
    label = next(tree(bars([("Long " * 20, 1)], title="")).iter(f"{SVG}text"))
    assert (label.text or "").endswith("…")
    assert label.findtext(f"{SVG}title") == "Long " * 20


def test_names_that_would_run_together_are_left_to_the_description():
    svg = columns([(f"Day {day}", day) for day in range(90)], title="")
    assert words(svg, "chart-label")[-2:] == ["Day 81", "Day 89"]
    assert "Day 89: 89" in (tree(svg).findtext(f"{SVG}desc") or "")


@BOTH
def test_a_chart_of_nothing_says_so(draw):
    assert tree(draw([], title="Clicks")).findtext(f"{SVG}desc") == "No values."


@BOTH
def test_markup_in_names_stays_words(draw):
    svg = draw([("<script>", 1)], title='"><script>', unit="<b>")
    assert isinstance(svg, SafeString)
    assert "<script>" not in svg
    assert "<b>" not in svg


def test_the_language_of_the_page_does_not_change_lengths(settings):
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = "de"
    assert 'viewBox="0 0 640 1200"' in bars([("a", 1)] * 40, title="")


@pytest.mark.parametrize(
    ("value", "written"),
    [(1250, "1,250"), (12.5, "12.5"), (0.333, "0.33"), (-0.001, "0"), (math.nan, "–"), (1e300, "1e+300")],
)
def test_figures_are_short(value, written):
    assert figure(value) == written


@BOTH
@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.floats()), max_size=6), st.text())
def test_any_names_and_numbers_make_a_chart(draw, series, title):
    svg = tree(draw(series, title=title).replace("\ufffe", "").replace("\uffff", ""))
    assert all(float(each.attrib["height"]) >= 0 for each in svg.iter(f"{SVG}rect"))
