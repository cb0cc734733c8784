"""Rich text has one form, whatever it was made from."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from issues import richtext
from issues.richtext import Run, model

ALLOWED = re.compile(r"</?(?:p|ul|ol|li|strong|em|br|a)>|<a href=\"(?:https?://|mailto:)[^\"<>\s]+\">")

TAGS = "p div b strong i em a span ul ol li br h2 blockquote table td script style b/ /p /b /i /li /ul /ol /a /div /td".split()
PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS]),
    st.sampled_from(
        ['<a href="https://example.com/(x)?a=1&amp;b=2">', "<a href='javascript:alert(1)'>", "<a href=//x>"]
    ),
    st.sampled_from(
        ['<b style="font-weight:normal">', '<span style="font-weight:700;font-style:italic">', "<!-- x -->"]
    ),
    st.sampled_from(
        [
            "&nbsp;",
            "&lt;b&gt;",
            "&amp;amp;",
            " ",
            "\n",
            "\t",
            "*",
            "_",
            "- ",
            "1. ",
            "[x](https://y.example)",
            "\\",
        ]
    ),
    st.text(max_size=8),
)
PAGES = st.lists(PIECES, max_size=25).map("".join)
AWKWARD = "ab*_[]()\\-•1.:/h <>&é\u00a0"
WORDS = st.one_of(
    st.text(alphabet=AWKWARD, min_size=1, max_size=8),
    st.sampled_from(
        ["http://", "https://example.com/a_b", "- ", "2) ", "](", "**", "_x_", "snake_case", "\n", "\n- "]
    ),
)
LINKS = [
    "",
    "",
    "https://example.com/a_b",
    "https://example.com/(x)",
    "mailto:a@example.com",
    "http://x.example/?q=1&r=*",
]
RUNS = st.lists(
    st.builds(Run, WORDS, st.booleans(), st.booleans(), st.sampled_from(LINKS)), min_size=1, max_size=6
)
STRIPS = st.lists(
    st.builds(
        model.Strip, st.sampled_from(["p", "li", "li"]), RUNS.map(tuple), st.integers(1, 2), st.booleans()
    ),
    max_size=6,
)


@given(PAGES)
@example("<p>a</p><br><br>b<ul><li>c<ul><li>d</ul>e</ul>")
@example('<a href="https://www.google.com/url?q=https://www.google.com/url%3Fq%3Dhttps://x.example">x</a>')
def test_cleaning_twice_changes_nothing(page: str) -> None:
    once, inline = richtext.clean(page), richtext.clean_inline(page)
    assert richtext.clean(once) == once
    assert richtext.clean_inline(inline) == inline


@given(PAGES)
def test_only_the_subset_is_left(page: str) -> None:
    for html in (richtext.clean(page), richtext.clean_inline(page)):
        assert "<" not in ALLOWED.sub("", html)
        assert not re.search(r"<(p|li|ul|ol|strong|em|a [^>]*)></", html)


@given(STRIPS)
def test_through_markup_and_back_nothing_changes(strips: list[model.Strip]) -> None:
    html = model.html(model.compose(strips))
    assert richtext.clean(html) == html
    assert richtext.from_markup(richtext.to_markup(html)) == html


@given(RUNS)
def test_inline_through_markup_and_back_nothing_changes(runs: list[Run]) -> None:
    html = model.inline_html(model.tidy(runs))
    assert richtext.inline_from_markup(richtext.inline_to_markup(html)) == html


@given(st.text(alphabet=AWKWARD + "\n\t", max_size=60))
@example("**a*b**c*")
@example("- a\n\n    - b\n  c")
def test_any_text_makes_canonical_rich_text(text: str) -> None:
    html = richtext.from_markup(text)
    assert richtext.clean(html) == html
    assert richtext.from_markup(richtext.to_markup(html)) == html


@given(PAGES)
def test_parsing_agrees_with_the_page(page: str) -> None:
    html = richtext.clean(page)
    assert model.html(richtext.parse(html)) == html
    assert richtext.words(html) == len(
        re.sub(r"</?(?:p|ul|ol|li|br)>", " ", re.sub(r"</?(?:strong|em|a)\b[^>]*>", "", html)).split()
    )
    assert len(richtext.shape(html)) == len(richtext.parse(html))
