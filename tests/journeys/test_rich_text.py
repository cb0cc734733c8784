"""Texts that are written and pasted in the browser: clean whatever the clipboard holds, under our policy and without."""

import json
import random
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from issues import richtext
from newsroom.lib.policy import PAGES

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/desk.css">
<link rel="stylesheet" href="/composer.css"><body class="composer"><form><label for="story">Story</label>
<textarea id="story" data-rich="story" data-html="<p>Before.</p>"></textarea>
<label for="items">Items</label><textarea id="items" data-rich="items"></textarea></form>
<script type="module" src="/trial.js"></script>"""
TRIAL = """import { RichText } from "/composer.js";
window.reports = [];
document.addEventListener("securitypolicyviolation", (event) => window.reports.push(event.violatedDirective));
document.addEventListener("keydown", (event) => (window.taken = event.defaultPrevented));
document.addEventListener("copy", (event) => {
  if (!window.clip) return;
  for (const [type, words] of Object.entries(window.clip)) event.clipboardData.setData(type, words);
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
const hooks = {
  changed: (before, after) => window.edits.push([before, after]),
  escape: (editor) => (editor.textarea.dataset.escaped = ""),
  slash: (editor) => (editor.textarea.dataset.slashed = ""),
  image: () => (window.pictures += 1),
  say: (words, actions) => window.said.push({ words, actions }),
};
// Browsers tell of a moved caret a little later, and for 20 ms after it got the focus a text puts it back where it was.
let focused = 0;
document.addEventListener("focusin", () => (focused = performance.now()));
window.settled = async () => {
  for (let tries = 0; tries < 20; tries += 1) {
    const rest = Math.max(0, focused + 25 - performance.now());
    await new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done)), rest));
    const { view } = [window.story, window.items].find((each) => each.view?.hasFocus()) ?? {};
    const { focusNode, focusOffset } = document.getSelection();
    if (!view || view.posAtDOM(focusNode, focusOffset) === view.state.selection.head) return;
  }
};
window.fresh = () => {
  Object.assign(window, { said: [], edits: [], pictures: 0, hit: 0 });
  for (const textarea of document.querySelectorAll("textarea")) {
    window[textarea.id].destroy?.();
    for (const mark of ["escaped", "slashed"]) delete textarea.dataset[mark];
    window[textarea.id] = new RichText(textarea, hooks);
  }
};
window.fresh();"""
PASTE = """([name, html, text]) => {
  const clipboardData = new DataTransfer();
  if (html) clipboardData.setData("text/html", html);
  clipboardData.setData("text/plain", text);
  window[name].view.dom.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  return window[name].html;
}"""


class Trial:
    """A page with nothing but two texts."""

    def __init__(self, page: Page, policy: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on(
            "console", lambda message: self.wrong.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        files = {
            "/composer.js": ("text/javascript", (ROOT / "issues/static/issues/composer.js").read_text()),
            "/composer.css": ("text/css", (ROOT / "issues/static/issues/composer.css").read_text()),
            "/desk.css": ("text/css", (ROOT / "newsroom/desk/static/desk/desk.css").read_text()),
            "/trial.js": ("text/javascript", TRIAL),
            "/favicon.ico": ("text/plain", ""),
            "/": ("text/html", PAGE),
        }

        def answer(route) -> None:
            path = route.request.url.removeprefix("http://127.0.0.1:9")
            if path not in files:  # whatever a text tries to load
                self.wrong.append(f"asked for {path}")
                return route.abort()
            kind, body = files[path]
            headers = {"Content-Type": f"{kind}; charset=utf-8"} | (
                {"Content-Security-Policy": policy} if policy else {}
            )
            return route.fulfill(body=body, headers=headers)

        page.route("**", answer)
        page.goto("http://127.0.0.1:9/")
        expect(self.text("Story")).to_be_visible()

    def fresh(self) -> "Trial":
        """Both texts as they were at first."""
        self.page.evaluate("window.fresh()")
        return self

    def troubles(self) -> list[str]:
        """What went wrong since it was asked last."""
        self.settle()
        found = [*self.wrong, *self.page.evaluate("window.reports.splice(0)")]
        self.wrong.clear()
        return found

    def settle(self) -> None:
        """Browsers tell of a moved caret, and of what broke the policy, a little later."""
        self.page.evaluate("window.settled()")

    def text(self, label: str) -> Locator:
        return self.page.get_by_role("textbox", name=label, exact=True)

    def html(self, name: str = "story") -> str:
        return self.page.evaluate(f"window.{name}.html")

    def holding(self, html: str, name: str = "story") -> None:
        """Let these words stand in the text, with the caret at the end."""
        self.page.evaluate(f"html => window.{name}.setHTML(html)", html)
        self.text(name.capitalize()).focus()
        self.settle()
        self.press("Control+End")

    def paste(self, html: str = "", text: str = "", name: str = "story") -> str:
        self.page.evaluate(f"window.{name}.setHTML('')")
        return self.page.evaluate(PASTE, [name, html, text])

    def copy(self, html: str, text: str) -> None:
        """Put both into the browser's own clipboard, as another page would."""
        self.page.evaluate(
            "([html, text]) => (window.clip = { 'text/html': html, 'text/plain': text })", [html, text]
        )
        self.press("Control+c")
        self.page.evaluate("delete window.clip")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    @property
    def said(self) -> str:
        return " ".join(
            each["words"] for each in self.page.evaluate("window.said.map(({ words }) => ({ words }))")
        )


@pytest.fixture(scope="module")
def strict(browser: Browser) -> Iterator[Trial]:
    """Under the policy of the desk."""
    context = browser.new_context()
    yield Trial(context.new_page(), PAGES)
    context.close()


@pytest.fixture
def trial(strict: Trial) -> Iterator[Trial]:
    """Under the policy of the desk, which no test may break."""
    yield strict.fresh()
    assert strict.troubles() == []


@pytest.fixture(scope="module")
def without(browser: Browser) -> Iterator[Trial]:
    """Without any policy."""
    context = browser.new_context()
    yield Trial(context.new_page(), "")
    context.close()


@pytest.fixture
def lax(without: Trial) -> Iterator[Trial]:
    """The same without any policy."""
    yield without.fresh()
    assert without.troubles() == []


# pasting

DOCS = (
    '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr">'
    '<span style="font-weight:400">The quay is </span><span style="font-weight:700">open</span>'
    '<span style="font-weight:400;font-style:italic"> again</span></p><br><ul><li style="font-weight:400">'
    '<p><span style="font-weight:400">One</span></p></li><ul><li><p><span>Nested</span></p></li></ul></ul></b>'
)
ITEM = (
    "<p class=MsoListParagraph style='text-indent:-18.0pt;mso-list:l0 level{level} lfo1'><![if !supportLists]>"
    "<span style='mso-list:Ignore'>{mark}<span>&nbsp;&nbsp; </span></span><![endif]>{words}<o:p></o:p></p>"
)
WORD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {margin:0} --></style></head><body>'
    + ITEM.format(level=1, mark="·", words="One")
    + ITEM.format(level=2, mark="o", words="Nested")
    + ITEM.format(level=1, mark="·", words="Two")
    + "<p class=MsoNormal><o:p>&nbsp;</o:p></p>"
    + ITEM.format(level=1, mark="1.", words="First")
    + "</body></html>"
)
CLEAN = {
    "Google Docs": (
        DOCS,
        "<p>The quay is <strong>open</strong> <em>again</em></p><ul><li>One<ul><li>Nested</li></ul></li></ul>",
    ),
    "Word": (WORD, "<ul><li>One<ul><li>Nested</li></ul></li><li>Two</li></ul><ol><li>First</li></ol>"),
    "headings and a table": (
        "<h1>Head</h1><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        "<p>Head</p><p>a b</p><p>c</p>",
    ),
    "a redirect of Google": (
        '<p><a href="https://www.google.com/url?q=https://example.com/a&sa=D">a</a></p>',
        '<p><a href="https://example.com/a">a</a></p>',
    ),
    "spaces on the edges": (
        "<p> a <b> b </b>c<a href='https://x.example/'>d </a>e </p>",
        '<p>a <strong>b</strong> c<a href="https://x.example/">d</a> e</p>',
    ),
    "a picture and what is hidden": (
        '<p>a<img src="/x.png"></p><p style="display:none">b</p><p hidden>c</p>',
        "<p>a</p>",
    ),
    "lists three deep": (
        "<ul><li>a<ul><li>b<ol><li>c</li><li>d</li></ol></li><li>e</li></ul></li></ul>",
        "<ul><li>a<ul><li>b</li><li>c</li><li>d</li><li>e</li></ul></li></ul>",
    ),
}


@pytest.mark.parametrize("name", CLEAN)
def test_what_is_pasted_becomes_paragraphs_lists_links_bold_and_italic(trial, name):
    html, wanted = CLEAN[name]
    assert trial.paste(html, "plain") == wanted


BLOCKS = {
    "gdocs": "p p p ul:3 p",
    "gmail": "p p ul:2",
    "hostile": "p p p p",
    "nestedbold": "ul:1",
    "singleline": "p",
    "word": "p ul:2 p ol:2",
    "google-docs-empty-paragraphs": "p p p p ul:2 p p",
    "office-com-headings": "p p p p",
    "office-com-text-formats": "p p p p",
    "align": "p p p",
    "alternate_document_path": "p p",
    "block_quotes": "p p p p p p",
    "char_styles": "p p p p",
    "codeblock": "p p p",
    "custom-style-reference": "p p p",
    "dummy_item_after_list_item": "ol:1 p p",
    "dummy_item_after_paragraph": "p p p",
    "font": "p p p p p",
    "headers": "p p p p p p p p p p p p p",
    "inline_code": "p",
    "inline_formatting": "p p p p p",
    "legal-in": "p p p p p p p p p p p p p p",
    "legal": "p p p p p p p p p p p p p p",
    "line-height": "p p p",
    "lists-clean": "p ol:2 ul:2 p ul:2",
    "lists": "p ol:2 ul:2 p ul:2",
    "lists_sublist_reset": "ol:2",
    "numbered_header": "p",
    "numbered_sublist": "ol:7",
    "tables": "p p p p p p p p p",
    "tabs": "p p",
}
"""What the clipboards beside the project hold, by the names of their files; "ul:3" is a list of three."""


def clipboards() -> list[Path]:
    shared = ROOT.parent / "shared"
    return sorted(
        [*shared.glob("prototypes/composer/fixtures/*.html"), *shared.glob("corpus/paste/**/*.html")]
    )


@pytest.mark.parametrize("path", clipboards() or [None], ids=lambda path: path.stem if path else "none")
def test_a_real_clipboard_is_the_same_with_and_without_our_policy_and_for_the_server(trial, lax, path):
    if path is None:
        pytest.skip("../shared/corpus is not here")
    html = path.read_text()
    got = trial.paste(html, "plain")
    assert lax.paste(html, "plain") == got
    assert richtext.clean(got) == got, "what the browser sends is what the server stores"
    assert " ".join(richtext.shape(got)) == BLOCKS[path.stem]
    wanted = " ".join(richtext.plain(richtext.clean(html)).split())
    assert " ".join(richtext.plain(got).split()) == wanted, "no word more or less than the server reads"


def test_a_paste_from_the_clipboard_of_the_browser(trial):
    trial.holding("")
    trial.copy(DOCS, "The quay is open again\nOne")
    trial.press("Control+v")
    assert trial.html() == CLEAN["Google Docs"][1]
    trial.holding("<p>Then: </p>")
    trial.copy(DOCS, "The quay is open again\nOne")
    trial.press("Control+Shift+v")
    assert trial.html() == "<p>Then:The quay is open again</p><p>One</p>"


def test_our_own_words_are_copied_as_they_are(trial):
    trial.holding("<p>10\u00a0000 <strong>tons</strong></p><ul><li>a<ul><li>b</li></ul></li></ul>")
    before = trial.html()
    trial.press("Control+a", "Control+c", "Control+v")
    assert trial.html() == before
    assert trial.said == ""


def test_words_of_another_editor_of_our_make_are_cleaned(trial):
    html = "<div data-pm-slice='1 1 []'><table><tr><td>a</td><td>b</td></tr></table><h2 style='color:red'>c</h2></div>"
    assert trial.paste(html, "x") == "<p>a b</p><p>c</p>"


HOSTILE = {
    "a script": "<p>a<script>window.hit=1</script></p>",
    "an image that fails": "<p>a<img src=x onerror='window.hit=1'></p>",
    "a drawing": "<svg onload='window.hit=1'><script>window.hit=1</script></svg><p>a</p>",
    "formulas": "<math><mtext><mglyph><img src=x onerror=window.hit=1></mglyph></mtext></math><p>a</p>",
    "a script in a link": "<p><a href='javascript:window.hit=1'>a</a></p>",
    "one in disguise": "<p><a href='&#106;ava&#x09;script:window.hit=1'>a</a></p>",
    "data in a link": "<p><a href='data:text/html,<script>1</script>'>a</a></p>",
    "vbscript": "<p><a href='VbScript:msgbox(1)'>a</a></p>",
    "a style that computes": "<p style='width:expression(window.hit=1);background:url(javascript:1)'>a</p>",
    "an attribute without quotes": "<p/onclick=window.hit=1/style=x:y>a</p>",
    "a style in a comment": "<!--><style>*{color:red}</style><img src=x onerror=window.hit=1><p>a</p>",
    "an unfinished style": "<p>a</p><style>p{color:red}",
    "a frame": "<iframe srcdoc='<script>parent.hit=1</script>'></iframe><p>a</p>",
    "a template": "<template><img src=x onerror=window.hit=1></template><p>a</p>",
    "a form": "<form action=javascript:1><input name=x autofocus onfocus=window.hit=1></form><p>a</p>",
    "a fake of our own clipboard": "<p data-pm-slice='1 1 []' onclick='hit=1' style='color:red'>a<img src=x onerror=hit=1></p>",
    "quotes that do not match": "<p title=a\"b style='color:red' onclick=hit=1>a</p>",
    "a quote that never ends": "<p title=' style=color:red>a</p>",
    "tags in an attribute": "<p title='<style>' alt='<script>'>a</p>",
    "a style in a drawing": "<svg><style><img src=x onerror=window.hit=1></style></svg><p>a</p>",
    "an end of a comment that is none": "<!-- --!><p style=color:red>b<!----><p>a</p>",
    "comments of Word in comments": "<!--[if mso]><!--[if gte 9]><p style='color:red'>b</p><![endif]--><p>a</p>",
    "a tag with a line in its name": "<p>a<im\ng src=x onerror=window.hit=1></p>",
    "a script with space in its tag": "<p>a<script\n/x>window.hit=1</script\t></p><link rel=stylesheet href=//x>",
    "text that is left raw": "<noscript><img src=x onerror=window.hit=1><p style=x:y></noscript><p>a</p><xmp><p style=x:y></xmp>",
    "a template in a template": "<template><template><p style=x:y></template></template><p>a</p>",
    "a script in capitals": "<P>a<ScRiPt>window.hit=1</sCrIpT><A HREF=JaVaScRiPt:hit=1></A></P>",
    "a script in a picture": "<p>a<picture><source srcset='/x.png'><img srcset='/y.png 2x' src=data:,></picture></p>",
    "a video and a sound": "<video src=/x autoplay onplay=hit=1></video><audio src=/x></audio><p>a</p>",
    "a page that moves on": "<meta http-equiv=refresh content='0;url=/gone'><p>a</p>",
    "a base": "<base href='https://evil.example/'><p><a href='x'>a</a></p>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_html_runs_nothing_and_leaves_words(trial, name):
    got = trial.paste(HOSTILE[name], "a")
    trial.settle()
    assert trial.page.evaluate("window.hit") == 0
    assert got == "<p>a</p>"


def test_a_hostile_clipboard_of_any_length_holds_up_nobody(trial):
    for html in ("<a b='" * 50_000, "<p " * 100_000, "<!--" * 100_000, "<style>" * 50_000, "<" * 200_000):
        started = trial.page.evaluate("performance.now()")
        trial.page.evaluate(PASTE, ["items", html, "a"])
        assert trial.page.evaluate("performance.now()") - started < 5000, html[:10]


ADDRESSES = [
    "https://example.com/a?b=c&d=e#f",
    "HTTPS://Example.com",
    " https://example.com/with space ",
    "https://ä.example/ü",
    "https://example.com:99999/",
    "https://javascript:1.x",
    "https://[::1",
    "http://",
    "//example.com/",
    "/path",
    "mailto:ines@example.com?subject=a",
    "mailto:nobody",
    "tel:+1",
    "java\tscript:alert(1)",
    "https://www.google.com/url?sa=t&q=https%3A%2F%2Fexample.com%2Fa",
    "https://www.google.com/url?q=javascript:alert(1)",
    "https://example.com/" + "x" * 2000,
]


def test_what_the_server_takes_for_an_address_so_does_the_browser(trial):
    html = "".join(f'<p><a href="{escape(each)}">a</a></p>' for each in ADDRESSES)
    assert trial.paste(html, "x") == richtext.clean(html)


def test_plain_text_becomes_paragraphs_lists_and_links(trial):
    got = trial.paste(text="One\nline two\n\n- a\n- b\n1. first\n\nSee https://example.com/x.")
    assert got == (
        "<p>One<br>line two</p><ul><li>a</li><li>b</li></ul><ol><li>first</li></ol>"
        '<p>See <a href="https://example.com/x">https://example.com/x</a>.</p>'
    )


def test_a_piece_of_a_line_keeps_its_spaces(trial):
    trial.holding("<p>quick fox</p>")
    trial.press("Home", *["ArrowRight"] * 6)
    trial.page.evaluate(PASTE, ["story", "", "brown "])
    assert trial.html() == "<p>quick brown fox</p>"


def test_bare_addresses_end_before_what_only_follows_them(trial):
    got = trial.paste(text="(https://example.com/Quay_(town)), https://example.com/a?b=c!")
    one, two = "https://example.com/Quay_(town)", "https://example.com/a?b=c"
    assert got == f'<p>(<a href="{one}">{one}</a>), <a href="{two}">{two}</a>!</p>'


def test_lists_and_lines_become_items(trial):
    assert (
        trial.paste("<ul><li>One <b>bold</b></li><li>Two</li></ul>", "x", "items")
        == "<p>One <strong>bold</strong></p><p>Two</p>"
    )
    assert (
        trial.paste(text="- One\n- Two\n\nThree\nstill three", name="items")
        == "<p>One</p><p>Two</p><p>Three still three</p>"
    )


def test_a_paste_says_what_it_kept_and_can_be_plain_instead(trial):
    trial.paste(DOCS.replace("</b>", "<img src=x></b>"), "The quay is open again\nOne")
    assert trial.said == "Pasted from Google Docs: kept 3 paragraphs; removed 1 picture."
    trial.page.evaluate("window.said[0].actions[0].run()")
    assert trial.html() == "<p>The quay is open again</p><p>One</p>"


def test_a_paste_that_becomes_plain_keeps_what_was_typed_since(trial):
    trial.holding("<p>Before.</p>")
    trial.page.evaluate(PASTE, ["story", DOCS, " The quay\nOne"])
    trial.page.keyboard.type(" and more")
    trial.press("Control+Home")
    trial.page.keyboard.type("Long ")
    edits = trial.page.evaluate("window.edits.length")
    trial.page.evaluate("window.said[0].actions[0].run()")
    assert trial.html() == "<p>Long Before.The quay</p><p>One and more</p>"
    assert trial.page.evaluate("window.edits.length") == edits + 1
    trial.page.evaluate("window.story.restore(window.edits.at(-1)[0])")
    assert trial.html().endswith("<ul><li>One<ul><li>Nested and more</li></ul></li></ul>"), "one step back"


def test_a_paste_that_was_undone_does_not_come_back_as_plain_words(trial):
    trial.holding("<p>Before.</p>")
    trial.page.evaluate(PASTE, ["story", DOCS, "The quay\nOne"])
    trial.page.evaluate("window.story.restore(window.edits.at(-1)[0])")
    trial.page.evaluate("window.said[0].actions[0].run()")
    assert trial.html() == "<p>Before.</p>"
    assert trial.said.endswith("What was pasted does not stand here any more.")


def test_an_address_pasted_over_words_links_them(trial):
    trial.holding("<p>the quay</p>")
    trial.press("Shift+Home")
    trial.page.evaluate(PASTE, ["story", "", "https://example.com/quay"])
    assert trial.html() == '<p><a href="https://example.com/quay">the quay</a></p>'


def test_a_picture_is_offered_as_a_block(trial):
    trial.page.evaluate("""() => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File(["x"], "a.png", { type: "image/png" }));
      window.story.view.dom.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }""")
    assert trial.page.evaluate("window.pictures") == 1


# writing


def test_it_stands_in_the_place_of_the_textarea_and_is_named_like_it(trial):
    expect(trial.page.locator("textarea#story")).to_be_hidden()
    trial.page.get_by_text("Story", exact=True).click()
    expect(trial.text("Story")).to_be_focused()
    expect(trial.text("Story")).to_have_attribute("aria-multiline", "true")
    assert trial.html() == "<p>Before.</p>"


def test_typography_comes_by_itself(trial):
    trial.holding("")
    trial.page.keyboard.type('"Quay" -- it\'s open...')
    assert trial.html() == "<p>“Quay” — it’s open…</p>"


def test_lists_are_made_nested_and_left_by_keys(trial):
    trial.holding("")
    trial.page.keyboard.type("- one")
    trial.press("Enter")
    trial.page.keyboard.type("two")
    trial.press("Control+]")
    trial.press("Enter")
    trial.page.keyboard.type("three")
    trial.press("Control+]")  # two levels and no more
    assert trial.html() == "<ul><li>one<ul><li>two</li><li>three</li></ul></li></ul>"
    trial.press("Control+[", "Control+[")
    assert trial.html() == "<ul><li>one<ul><li>two</li></ul></li></ul><p>three</p>"
    trial.press("Control+Shift+7")
    assert trial.html().endswith("<ol><li>three</li></ol>")
    trial.press("Control+Shift+8")
    assert trial.html().endswith("<li>three</li></ul>")
    trial.press("Home", "Backspace")
    assert trial.html().endswith("<p>three</p>")


def test_an_item_that_goes_in_takes_its_own_items_along_and_loses_none(trial):
    trial.holding("<ul><li>a</li><li>b<ul><li>c</li><li>d</li></ul></li></ul>")
    trial.press("ArrowUp", "ArrowUp", "Control+]")
    assert trial.html() == "<ul><li>a<ul><li>b</li><li>c</li><li>d</li></ul></li></ul>"
    expect(trial.text("Story").locator("ul ul ul")).to_have_count(0)


def test_a_list_pasted_into_an_inner_item_stays_at_two_levels(trial):
    trial.holding("<ul><li>a<ul><li>b</li></ul></li></ul>")
    trial.page.evaluate(PASTE, ["story", "<p>c</p><ul><li>d<ul><li>e</li></ul></li></ul>", "x"])
    expect(trial.text("Story").locator("li li li")).to_have_count(0)
    assert richtext.plain(trial.html()).split() == ["a", "bc", "d", "e"]


def test_lists_of_a_kind_that_meet_are_one(trial):
    trial.holding("<ol><li>a</li></ol><p>b</p><ol><li>c</li></ol>")
    trial.press("ArrowUp", "Control+Shift+7")
    assert trial.html() == "<ol><li>a</li><li>b</li><li>c</li></ol>"
    expect(trial.text("Story").locator("ol")).to_have_count(1)


def test_a_line_ends_with_shift_and_enter(trial):
    trial.holding("<p>a</p>")
    trial.press("Shift+Enter")
    trial.page.keyboard.type("b")
    assert trial.html() == "<p>a<br>b</p>"


def test_numbers_begin_a_list(trial):
    trial.holding("")
    trial.page.keyboard.type("1. one")
    assert trial.html() == "<ol><li>one</li></ol>"


WORDS = [
    "a",
    "quay",
    " ",
    "  ",
    " x",
    "y ",
    "\t",
    "&<>",
    "\u200b",
    "é",
    "\u00a0",
    "\u2028",
    "\x85z",
    "m\x1cn",
    "\ud83d",
    "1.",
]


def any_words(chance: random.Random) -> list[dict]:
    marks = [
        {"type": "link", "attrs": {"href": "https://a.example/"}},
        {"type": "link", "attrs": {"href": "mailto:b@c.example"}},
        {"type": "strong"},
        {"type": "em"},
    ]
    return [
        {"type": "hard_break"}
        if chance.random() < 0.15
        else {
            "type": "text",
            "text": "".join(chance.choices(WORDS, k=chance.randint(1, 3))),
            "marks": [mark for mark in marks[chance.randint(0, 1) :] if chance.random() < 0.3],
        }
        for _ in range(chance.randint(0, 4))
    ]


def any_block(chance: random.Random, depth: int = 0) -> dict:
    if not depth and chance.random() < 0.5:
        return {"type": "paragraph", "content": any_words(chance)}
    inner = [1, 2] if depth < 3 else []
    return {
        "type": chance.choice(["bullet_list", "ordered_list"]),
        "content": [
            {
                "type": "list_item",
                "content": [
                    {"type": "paragraph", "content": any_words(chance)},
                    *(any_block(chance, depth + 1) for _ in range(chance.choice([0, 0, *inner]))),
                ],
            }
            for _ in range(chance.randint(1, 3))
        ],
    }


def test_whatever_stands_in_a_text_is_stored_as_it_is_sent_and_no_word_is_lost(trial):
    chance = random.Random(20261125)
    docs = [
        {"type": "doc", "content": [any_block(chance) for _ in range(chance.randint(1, 3))]}
        for _ in range(200)
    ]
    written = trial.page.evaluate(
        """(docs) => JSON.parse(docs).map((each) => {
          const { state, schema } = window.story;
          const doc = schema.nodeFromJSON(each);
          window.story.restore(state.apply(state.tr.replaceWith(0, state.doc.content.size, doc.content)));
          const deep = document.querySelectorAll("#story-editor li li li").length;
          return [window.story.html, doc.textContent.toWellFormed(), deep];
        })""",
        json.dumps(docs),
    )
    for html, words, deep in written:
        assert richtext.clean(html) == html
        assert deep == 0
        assert letters(richtext.plain(html)) == letters(words)


def letters(text: str) -> str:
    """All that can be seen, in a row."""
    return "".join(each for each in text if each.isprintable() and not each.isspace())


def test_bold_and_italic_by_key_and_button(trial):
    trial.holding("<p>words</p>")
    trial.press("Shift+Home", "Control+b", "Control+i")
    assert trial.html() == "<p><strong><em>words</em></strong></p>"
    bold = trial.page.get_by_role("toolbar").first.get_by_role("button", name="Bold")
    expect(bold).to_have_attribute("aria-pressed", "true")
    bold.click()
    assert trial.html() == "<p><em>words</em></p>"
    expect(bold).to_have_attribute("aria-pressed", "false")


def test_the_toolbar_is_one_stop_with_arrows_inside(trial):
    trial.holding("<p>x</p>")
    bar = trial.page.get_by_role("toolbar").first
    trial.press("Alt+F10")
    expect(bar.get_by_role("button", name="Bold")).to_be_focused()
    trial.press("ArrowRight", "End")
    expect(bar.get_by_role("button", name="Numbers")).to_be_focused()
    trial.press("Escape")
    expect(trial.text("Story")).to_be_focused()
    trial.press("Tab")
    expect(trial.page.get_by_role("toolbar").nth(1).get_by_role("button", name="Bold")).to_be_focused()


def test_keys_that_belong_to_the_composer_are_left_to_it(trial):
    trial.holding("<p>x</p>")
    trial.page.keyboard.type("y")
    trial.press("Control+z")
    assert trial.html() == "<p>xy</p>", "one stack of steps, and it is not ours"
    trial.press("Escape")
    assert trial.page.evaluate("'escaped' in document.getElementById('story').dataset")


def test_keys_that_shift_a_list_never_leave_the_page_and_those_that_move_a_block_are_not_ours(trial):
    trial.holding("<p>x</p>")
    for key, taken in {
        "Control+]": True,
        "Control+[": True,
        "Alt+ArrowUp": False,
        "Tab": False,
    }.items():
        trial.press(key)
        assert trial.page.evaluate("window.taken") is taken, key
    assert trial.html() == "<p>x</p>"


def test_a_question_for_a_link_ends_when_the_words_change_under_it(trial):
    field = link(trial, "nowhere")
    trial.page.evaluate("window.story.setHTML('<p>o</p>')")
    expect(field).to_have_count(0)
    assert trial.html() == "<p>o</p>"


def link(trial: Trial, address: str) -> Locator:
    trial.holding("<p>the quay</p>")
    trial.press("Shift+Home", "Control+k")
    field = trial.page.get_by_role("textbox", name="Address of the link")
    expect(field).to_be_focused()
    trial.page.keyboard.type(address)
    trial.press("Enter")
    return field


@pytest.mark.parametrize(
    ("typed", "href"),
    [
        ("https://example.com/a?b=c&d=e", "https://example.com/a?b=c&amp;d=e"),
        ("example.com/a", "https://example.com/a"),
        ("ines@example.com", "mailto:ines@example.com"),
        ("  http://example.com  ", "http://example.com"),
    ],
)
def test_a_link_is_put_under_the_selection(trial, typed, href):
    link(trial, typed)
    assert trial.html() == f'<p><a href="{href}">the quay</a></p>'
    expect(trial.text("Story")).to_be_focused()


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "data:text/html,x", "nowhere", "ftp://example.com/", "http://"]
)
def test_what_is_no_address_is_refused_in_words(trial, typed):
    field = link(trial, typed)
    expect(trial.page.get_by_role("alert")).to_contain_text("no web or email address")
    expect(field).to_be_focused()
    assert trial.html() == "<p>the quay</p>"
    trial.press("Escape")
    expect(trial.text("Story")).to_be_focused()


def test_a_link_is_changed_and_removed_from_inside_it(trial):
    trial.holding('<p>at <a href="https://example.com/a">the <strong>quay</strong></a> now</p>')
    trial.press("Home", *["ArrowRight"] * 5, "Control+k")
    field = trial.page.get_by_role("textbox", name="Address of the link")
    expect(field).to_have_value("https://example.com/a")
    field.fill("https://example.com/b")
    trial.press("Enter")
    assert trial.html() == '<p>at <a href="https://example.com/b">the <strong>quay</strong></a> now</p>'
    trial.press("Control+k")
    trial.page.get_by_role("button", name="Remove").click()
    assert trial.html() == "<p>at the <strong>quay</strong> now</p>"


def test_a_slash_in_an_empty_paragraph_is_told(trial):
    trial.holding("<p>x</p>")
    trial.page.keyboard.type("/")
    assert not trial.page.evaluate("'slashed' in document.getElementById('story').dataset")
    trial.press("Enter")
    trial.page.keyboard.type("/")
    assert trial.page.evaluate("'slashed' in document.getElementById('story').dataset")


def test_states_are_given_back_without_telling_anybody(trial):
    trial.holding("<p>x</p>")
    trial.page.keyboard.type("y")
    count = trial.page.evaluate("window.edits.length")
    trial.page.evaluate("window.story.restore(window.edits.at(-1)[0])")
    assert trial.html() == "<p>x</p>"
    assert trial.page.evaluate("window.edits.length") == count


def test_a_text_that_is_read_only_can_be_read(trial):
    trial.holding("<p>x</p>")
    trial.page.evaluate("window.story.readonly = true")
    expect(trial.text("Story")).not_to_be_editable()
    expect(trial.text("Story")).to_have_text("x")


def test_its_buttons_are_large_enough_and_fit_on_a_phone(trial):
    trial.page.set_viewport_size({"width": 390, "height": 700})
    for button in trial.page.get_by_role("toolbar").first.get_by_role("button").all():
        box = button.bounding_box()
        assert box["width"] >= 32
        assert box["height"] >= 32
    link(trial, "nowhere")
    box = trial.page.get_by_role("group", name="Link").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    trial.page.set_viewport_size({"width": 1280, "height": 720})


def test_a_text_goes_without_a_trace(trial):
    trial.page.evaluate("window.story.destroy()")
    expect(trial.text("Story").and_(trial.page.locator("textarea"))).to_be_visible()
    trial.page.get_by_text("Story", exact=True).click()
    expect(trial.page.locator("textarea#story")).to_be_focused()
    trial.page.evaluate("window.story = {}")
