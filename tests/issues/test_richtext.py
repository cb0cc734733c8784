"""Rich text has one form, whatever it was made from."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from issues import richtext
from issues.richtext import Item, List, Paragraph, Run, model

PASTE = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "paste"
CLIPBOARDS = sorted(PASTE.rglob("*.html"))

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


@pytest.mark.parametrize(
    ("page", "html"),
    [
        ("words", "<p>words</p>"),
        ("<b>bold</b> <i>slanted</i>", "<p><strong>bold</strong> <em>slanted</em></p>"),
        ("<h2>A heading</h2>text", "<p>A heading</p><p>text</p>"),
        ("<p>a</p><p> </p><p>&nbsp;</p><p>b</p>", "<p>a</p><p>b</p>"),
        ("a<br>b<br><br>c", "<p>a<br>b</p><p>c</p>"),
        ("<p><br>a <br> b<br></p>", "<p>a<br>b</p>"),
        ("<b>a</b><b>b</b><b> </b>", "<p><strong>ab</strong></p>"),
        ('see<a href="https://x.example"> here </a>now', '<p>see <a href="https://x.example">here</a> now</p>'),
        ("<ul><li><p>a</p></li><li>b<ul><li>c<ul><li>d</li></ul></li></ul></li></ul>",
         "<ul><li>a</li><li>b<ul><li>c</li><li>d</li></ul></li></ul>"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("<ul><li><ul><li>a</li></ul></li></ul>", "<ul><li>a</li></ul>"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul><ol><li>c</li></ol>", "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"),
        ("<ul><li>a<ul><li>b</li></ul>c</li></ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("<li>a<li>b", "<ul><li>a</li><li>b</li></ul>"),
        ("&lt;b&gt; &amp; \"q\" &mdash;", '<p>&lt;b&gt; &amp; "q" —</p>'),
        ("a\x00b\x07c\u200bd\ud800", "<p>abcd\ufffd</p>"),
        ("10&nbsp;a.m.&nbsp; x", "<p>10\u00a0a.m. x</p>"),
        ("<table><tr><td>a<td>b</table>", "<p>a</p><p>b</p>"),
        ("<a href='mailto:a@x.example'>a</a>", '<p><a href="mailto:a@x.example">a</a></p>'),
        ("<a href='https://x.example/a b\"c'>a</a>", '<p><a href="https://x.example/a%20b%22c">a</a></p>'),
        ("<a href='https://www.google.com/url?q=https://x.example&amp;sa=D'>a</a>", '<p><a href="https://x.example">a</a></p>'),
        ('<b style="font-weight:normal"><p>a <span style="font-weight:700">b</span></p></b>', "<p>a <strong>b</strong></p>"),
        ('<b>a <span style="font-weight:400; font-style: italic">b</span></b>', "<p><strong>a</strong> <em>b</em></p>"),
        ('<b style="mso-bidi-font-weight:normal">a</b>', "<p><strong>a</strong></p>"),
        ('<i style="mso-bidi-font-style:normal">a</i>', "<p><em>a</em></p>"),
    ],
)  # fmt: skip
def test_cleaning(page: str, html: str) -> None:
    assert richtext.clean(page) == html


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>a",
        "<style>p{}</style>a",
        "<p onclick=alert(1)>a</p>",
        "<a href=javascript:alert(1)>a</a>",
        "<a href='java\nscript:alert(1)'>a</a>",
        "<a href=' &#106;avascript:alert(1)'>a</a>",
        "<a href='data:text/html,x'>a</a>",
        "<a href='//x.example'>a</a>",
        "<a href='/x'>a</a>",
        "<a href='vbscript:x'>a</a>",
        "<a href='https:x'>a</a>",
        "<img src=x onerror=alert(1)>a",
        "<svg onload=alert(1)><a>x</a></svg>a",
        "<iframe src=https://x.example>b</iframe>a",
        "<p>a",
        "<!-- <p>b</p> -->a",
        "<div><div><span>a",
    ],
)
def test_hostile_pages_keep_only_their_words(page: str) -> None:
    assert richtext.clean(page) == "<p>a</p>"


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<b>",
        "<ul><li>",
        "<p><b>",
        "<div><object></div></object>",
        "<",
        "<!--",
        "<a href='",
        "&lt;",
        "[",
        "*",
        "_*",
    ],
)
def test_a_megabyte_of_anything_takes_linear_time(piece: str) -> None:
    page = piece * (150_000 // len(piece)) + "end"
    start = time.perf_counter()
    richtext.clean(page)
    richtext.from_markup(page)
    assert time.perf_counter() - start < 4


def test_unclosed_formatting_does_not_multiply() -> None:
    page = "<p>" + "".join(f"<b id={n}>" for n in range(3000)) + "</p>" + "<p>x" * 3000
    start = time.perf_counter()
    assert richtext.plain(richtext.clean(page)) == "\n".join(["x"] * 3000)
    assert time.perf_counter() - start < 4


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\n\nTwo,\nthree.", "<p>One.</p><p>Two,<br>three.</p>"),
        ("- a\n* b\n• c", "<ul><li>a</li><li>b</li><li>c</li></ul>"),
        ("1. a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        (
            "So:\n- a\n  - b\n    c\n- d\nEnd.",
            "<p>So:</p><ul><li>a<ul><li>b<br>c</li></ul></li><li>d</li></ul><p>End.</p>",
        ),
        ("  - a\n  - b", "<ul><li>a</li><li>b</li></ul>"),
        ("- a\n\n- b\n\n1. c", "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"),
        ("**bold**, *it* and _it_", "<p><strong>bold</strong>, <em>it</em> and <em>it</em></p>"),
        ("***both***", "<p><strong><em>both</em></strong></p>"),
        ("2 * 3 * 4, snake_case_name, a ** b", "<p>2 * 3 * 4, snake_case_name, a ** b</p>"),
        ("**open and _shut", "<p>**open and _shut</p>"),
        ("[the *log*](https://x.example)", '<p><a href="https://x.example">the <em>log</em></a></p>'),
        ("[a](https://x.example/(b))", '<p><a href="https://x.example/(b)">a</a></p>'),
        ("[sic] [a](javascript:x) [b]", "<p>[sic] [a](javascript:x) [b]</p>"),
        (
            "See https://x.example/a_b.",
            '<p>See <a href="https://x.example/a_b">https://x.example/a_b</a>.</p>',
        ),
        (
            "**https://x.example**",
            '<p><strong><a href="https://x.example">https://x.example</a></strong></p>',
        ),
        ("(https://x.example/(b))", '<p>(<a href="https://x.example/(b)">https://x.example/(b)</a>)</p>'),
        (r"\*not\* \[a](b) 1\. \\", "<p>*not* [a](b) 1. \\</p>"),
        (r"\- no list", "<p>- no list</p>"),
        ("<b>tags</b> are words", "<p>&lt;b&gt;tags&lt;/b&gt; are words</p>"),
        ("a\r\n\r\nb\t c", "<p>a</p><p>b c</p>"),
    ],
)
def test_markup(text: str, html: str) -> None:
    if "strong><a" in html:
        html = html.replace(
            '<strong><a href="https://x.example">', '<a href="https://x.example"><strong>'
        ).replace("</a></strong>", "</strong></a>")
    assert richtext.from_markup(text) == html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two,<br>three.</p>", "One.\n\nTwo,\nthree."),
        ("<ul><li>a<ul><li>b</li></ul></li></ul><ol><li>c</li></ol>", "- a\n  - b\n\n1. c"),
        ("<p>- 2 * 3</p>", "\\- 2 \\* 3"),
        ("<p>snake_case [sic]</p>", "snake_case [sic\\]"),
        ('<p><a href="https://x.example/">https://x.example/</a> and</p>', "https://x.example/ and"),
        ("<p>1999. A year.</p>", "1999. A year."),
        ("<p>19. Nineteen.</p>", "19\\. Nineteen."),
        ('<p><strong>a <a href="https://x.example">b</a> c</strong></p>', "**a [b](https://x.example) c**"),
    ],
)
def test_markup_is_pleasant_to_read(html: str, text: str) -> None:
    assert richtext.to_markup(richtext.clean(html)) == text


def test_parsing_gives_paragraphs_and_lists() -> None:
    html = '<p>a <strong>b</strong><br>c</p><ol><li>d<ul><li><a href="https://x.example"><em>e</em></a></li></ul></li></ol>'
    assert richtext.parse(html) == (
        Paragraph((Run("a "), Run("b", strong=True), Run("\nc"))),
        List(
            True,
            (Item((Run("d"),), (List(False, (Item((Run("e", em=True, href="https://x.example"),)),)),)),),
        ),
    )
    assert richtext.shape(html) == ["p", "ol:1"]
    assert richtext.plain(html) == "a b\nc\nd\ne"
    assert richtext.words(html) == 5


def test_inline_rich_text() -> None:
    assert richtext.clean_inline("<p>a <b>b</b></p><ul><li>c</li></ul>") == "a <strong>b</strong><br>c"
    assert richtext.inline_from_markup("*a*\nb") == "<em>a</em><br>b"
    assert richtext.inline_to_markup("- a<br>- b") == "\\- a\n\\- b"
    assert richtext.parse_inline("a <em>b</em>") == (Run("a "), Run("b", em=True))


def test_words_paste_of_a_list_is_a_list() -> None:
    page = (
        "<p class=MsoNormal>So:</p><p style='mso-list:l0 level1 lfo1'><![if !supportLists]>"
        "<span style='mso-list:Ignore'>·<span>&nbsp; </span>"
        "</span><![endif]>one</p><p style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o </span>in one</p>"
        "<p style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>first<o:p></o:p></p>"
    )
    assert (
        richtext.clean(page)
        == "<p>So:</p><ul><li>one<ul><li>in one</li></ul></li></ul><ol><li>first</li></ol>"
    )


@pytest.mark.skipif(not CLIPBOARDS, reason="the corpus is not here: ../shared/corpus/paste")
@pytest.mark.parametrize("path", CLIPBOARDS, ids=lambda path: path.name)
def test_real_clipboards_become_the_subset(path: Path) -> None:
    html = richtext.clean(path.read_text())
    assert "<" not in ALLOWED.sub("", html)
    assert richtext.clean(html) == html
    assert richtext.from_markup(richtext.to_markup(html)) == html
    assert richtext.words(html) > 2
    assert "mso-" not in html
    assert not html.startswith("<p><strong>") or "bold" in html.lower()
