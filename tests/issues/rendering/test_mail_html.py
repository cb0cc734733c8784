"""The HTML mail: small, accessible, and safe from the words in it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from issues.blocks import registry
from issues.rendering import render
from issues.rendering.slots import UNSUBSCRIBE
from tests.issues.sample import block, snapshot

VOID = {"br", "img", "meta", "hr", "input", "link"}


class Outline(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def html() -> str:
    return render(snapshot()).html


@pytest.fixture(scope="module")
def outline(html: str) -> Outline:
    return Outline(html)


def test_every_element_is_closed_where_it_was_opened(outline):
    assert outline.crossed == []
    assert outline.open == []


def test_it_stays_under_thirty_kilobytes(html):
    assert len(html.encode()) < 30 * 1024


def test_it_says_its_language_title_and_role(outline):
    assert outline.all("html")[0]["lang"] == "en"
    assert any(attrs.get("role") == "article" and attrs.get("lang") == "en" for attrs in outline.all("div"))
    assert outline.all("title")


def test_layout_tables_are_presentation_and_pictures_have_words(outline):
    assert all(attrs.get("role") == "presentation" for attrs in outline.all("table"))
    assert all("alt" in attrs and attrs.get("width") for attrs in outline.all("img"))


def test_headings_do_not_skip_a_level(outline):
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_dark_rules_are_kept_in_a_style_of_their_own_and_nothing_inlined_is_important(html):
    kept = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert len(kept) == 1
    assert "prefers-color-scheme: dark" in kept[0]
    assert "data-css-inline" not in html
    assert "!important" not in html.replace(kept[0], "")


def test_outlook_gets_a_table_of_fixed_width(html):
    assert '<!--[if mso]><table role="presentation" width="600"' in html


def test_the_reader_can_leave_and_knows_who_writes(html):
    assert html.count(UNSUBSCRIBE) == 1
    assert "Pier 4, 1000 Harbour Town" in html


def test_links_are_absolute(outline):
    addresses = [attrs["href"] for attrs in outline.all("a")] + [attrs["src"] for attrs in outline.all("img")]
    assert all(re.match(r"https?://|mailto:|%%", address) for address in addresses)


def test_sponsored_links_say_so_in_mail_and_on_the_web():
    rendered = render(snapshot("sponsor_slot"))
    for html in (rendered.html, rendered.web):
        sponsored = [attrs for attrs in Outline(html).all("a") if "example.com" in (attrs["href"] or "")]
        assert len(sponsored) == 2
        assert all(attrs.get("rel") == "sponsored" for attrs in sponsored)


@pytest.mark.parametrize("part", ["html", "web"])
def test_words_cannot_bring_markup_in(part):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    issue = snapshot(title=evil, subject=evil, blocks=(block("story", heading=evil, body=f"<p>{evil}</p>"),))
    found = Outline(getattr(render(issue), part))
    assert found.all("script") == found.all("img") == []


def test_nobodys_words_are_taken_for_the_slot_of_a_reader():
    made = render(snapshot(blocks=(block("story", body=f"<p>{UNSUBSCRIBE}</p>"),)))
    assert made.html.count(UNSUBSCRIBE) == 1
    assert made.text.count(UNSUBSCRIBE) == 1


def test_an_unsold_slot_leaves_no_trace():
    from dataclasses import replace

    with_slot = snapshot("greeting", "sponsor_slot", "sign_off")
    empty = replace(
        with_slot,
        blocks=tuple(
            replace(each, facts={}) if each.kind == "sponsor_slot" else each for each in with_slot.blocks
        ),
    )
    assert render(empty).html == render(snapshot("greeting", "sign_off")).html
    assert render(empty).text == render(snapshot("greeting", "sign_off")).text


def test_an_empty_block_leaves_no_trace():
    empty = [replace(block(kind.kind), data=kind.data(), facts={}) for kind in registry.kinds()]
    nothing, something = render(snapshot(blocks=())), render(snapshot(blocks=tuple(empty)))
    assert (something.html, something.text, something.web) == (nothing.html, nothing.text, nothing.web)
