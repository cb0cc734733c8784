"""Every element and property of the mail, held against what mail programs support (corpus/caniemail).

Where one of them drops or bends something we use, FALLBACKS says what its readers see instead. A feature that is used and not
named here fails the test; so does a name that is no longer needed.
"""

import json
import re
from html.parser import HTMLParser

import pytest

from issues.rendering import render
from tests.issues.sample import snapshot

CLIENTS = ("gmail.", "outlook.windows", "outlook.outlook-com", "apple-mail.", "yahoo.", "samsung-email.")

FALLBACKS = {
    "html-body": "Webmail turns <body> into a <div>; a wrapping <div> repeats its colour and language.",
    "html-style": "All that matters is inlined; only dark and phone rules live in <style>, and the mail reads well without.",
    "html-lists": "Lists keep default marks; indentation is margin and padding, both inlined.",
    "html-role": "Where roles are dropped, tables are read in source order, which is reading order.",
    "html-aria-label": "The <title> and the first heading say the same.",
    "html-lang": "Stands on <html> and again on the wrapping <div>.",
    "html-dir": "Stands on <html> and again on the wrapping <div>; the default is the same.",
    "html-width": "Outlook reads the attribute on tables and pictures, others the inlined style.",
    "html-meta-color-scheme": "Without it the mail stays light; contrast is checked for both.",
    "html-mailto-links": "The address is also in the plain text part.",
    "css-color-scheme": "Without it the mail stays light; contrast is checked for both.",
    "css-at-media": "Phone rules only narrow the margins; the table is fluid without them.",
    "css-at-media-prefers-color-scheme": "Without it the mail stays light, or the program inverts it by itself.",
    "css-selector-attribute": "[data-ogsc] is for Outlook on the web alone, in the style block that others may drop.",
    "css-important": "Only in the kept style block.",
    "css-display": "Only none (the preheader) and block (pictures).",
    "css-display-none": "The preheader also has no height and mso-hide.",
    "css-max-height": "Outlook hides the preheader by mso-hide.",
    "css-overflow": "Outlook hides the preheader by mso-hide.",
    "css-max-width": "Outlook gets a table of 600 px in a conditional comment, pictures a width attribute.",
    "css-width": "Outlook reads the width attribute.",
    "css-height": "auto only: the width attribute keeps proportions.",
    "css-margin": "Space inside cells is padding; where margins go, paragraphs keep the program's own.",
    "css-padding": "On table cells only, where Outlook honours it; lists keep the default indentation.",
    "css-line-height": "In px; where it is bent, lines are a little closer.",
    "css-font-size": "In px, never relative.",
    "css-font-weight": "bold only.",
    "css-letter-spacing": "Decoration of the sponsor label.",
    "css-text-align": "left, which is the default.",
    "css-text-decoration": "Links that lose it keep their colour; the button keeps its box.",
    "css-word-break": "A word longer than the line makes the mail wider, as everywhere in that program.",
    "css-border": "A missing line costs nothing.",
    "css-border-radius": "Outlook shows square corners.",
}

ALIASES = {
    "h1": "h1-h6",
    "h2": "h1-h6",
    "ul": "lists",
    "ol": "lists",
    "li": "lists",
    "blockquote": "blockquote",
}


class Used(HTMLParser):
    """The features that a document uses, by their names in the corpus."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.features: set[str] = set()
        self.feed(html)
        for kept in re.findall(r"<style>(.*?)</style>", html, re.DOTALL):
            self._stylesheet(kept)

    def handle_starttag(self, tag, attrs):
        self.features.add(f"html-{ALIASES.get(tag, tag)}")
        for name, value in attrs:
            self.features.add(f"html-{name}")
            if name == "style":
                self._declarations(value or "")
            if name == "name" and value == "color-scheme":
                self.features.add("html-meta-color-scheme")
            if name == "href" and (value or "").startswith("mailto:"):
                self.features.add("html-mailto-links")

    def handle_comment(self, data):
        self.features.add("html-comments")

    def _stylesheet(self, sheet: str) -> None:
        self.features |= {"css-at-media"} if "@media" in sheet else set()
        self.features |= {"css-at-media-prefers-color-scheme"} if "prefers-color-scheme" in sheet else set()
        self.features |= {"css-selector-attribute"} if re.search(r"^\[", sheet, re.MULTILINE) else set()
        for body in re.findall(r"\{([^{}]*)\}", sheet):
            self._declarations(body)

    def _declarations(self, text: str) -> None:
        for name, value in re.findall(r"([a-z-]+)\s*:\s*([^;]+)", text):
            self.features.add(f"css-{name}")
            self.features |= {"css-border"} if name.startswith("border-") else set()
            self.features |= {"css-padding"} if name.startswith("padding-") else set()
            self.features |= {"css-important"} if "!important" in value else set()
            self.features |= {"css-display-none"} if (name, value) == ("display", "none") else set()
            self.features |= {f"css-unit-{unit}" for unit in re.findall(r"\d(px|em|rem|vh|vw)\b", value)}
            self.features |= {"css-unit-percent"} if "%" in value else set()


@pytest.fixture(scope="module")
def used() -> set[str]:
    return Used(render(snapshot()).html).features


@pytest.fixture
def bent(corpus) -> dict[str, list[str]]:
    """Feature -> the clients of ours that drop it (n) or bend it (a)."""
    features = json.loads((corpus / "caniemail" / "caniemail-data.json").read_text())["features"]
    return {
        each["slug"]: clients
        for each in features
        if (
            clients := [
                name
                for name, found in each["latest"].items()
                if name.startswith(CLIENTS) and found["support"][0] in "na"
            ]
        )
    }


def test_whatever_a_mail_program_drops_or_bends_has_a_fallback(used, bent):
    unnamed = {feature: bent[feature] for feature in sorted(used & set(bent)) if not FALLBACKS.get(feature)}
    assert unnamed == {}


def test_no_fallback_is_named_that_is_not_needed(used, bent):
    assert sorted(set(FALLBACKS) - (used & set(bent))) == []


def test_the_lint_knows_what_it_looks_for():
    found = Used('<p style="position: absolute; width: 50vw">x</p>').features
    assert {"html-p", "css-position", "css-unit-vw"} <= found
