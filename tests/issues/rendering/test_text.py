"""The plain text part is typeset, not stripped."""

import re

from hypothesis import given
from hypothesis import strategies as st

from issues.rendering import render
from issues.rendering.typesetting import WIDTH, Notes, prose, tidy, underlined, wrapped
from tests.issues.sample import block, snapshot


def test_no_line_but_an_address_is_wider_than_72():
    wide = [line for line in render(snapshot()).text.splitlines() if len(line) > WIDTH]
    assert all("://" in line for line in wide)


def test_no_entities_and_no_markup_reach_the_text():
    text = render(
        snapshot(
            blocks=(block("story", heading="Fish & Chips", body="<p>Salt &amp; <em>vinegar</em> &lt;3</p>"),)
        )
    ).text
    assert "Fish & Chips\n------------" in text
    assert "Salt & vinegar <3" in text


def test_headings_are_underlined_as_wide_as_they_are():
    assert underlined("Around the quay") == "Around the quay\n---------------"


def test_links_become_numbered_notes_and_the_same_address_keeps_its_number():
    notes = Notes()
    html = '<p><a href="https://a.example/">One</a> and <a href="https://b.example/">two</a>, <a href="https://a.example/">again</a>.</p>'
    assert prose(html, notes) == "One [1] and two [2], again [1]."
    assert list(notes) == [(1, "https://a.example/"), (2, "https://b.example/")]


def test_every_note_in_the_text_is_explained_at_its_foot():
    text = render(snapshot()).text
    used = set(re.findall(r"\[(\d+)\]", text.partition("\nLinks\n")[0]))
    listed = set(re.findall(r"^\[(\d+)\] https?://", text, re.MULTILINE))
    assert used == listed != set()


def test_lists_hang():
    item = "word " * 30
    lines = prose(f"<ul><li>{item}</li></ul>", Notes()).splitlines()
    assert lines[0].startswith("* word")
    assert all(line.startswith("  word") for line in lines[1:])


@given(st.text(max_size=500))
def test_wrapping_loses_no_word(words):
    assert wrapped(words).split() == words.split()


@given(st.text(alphabet="a \n", max_size=200))
def test_tidy_leaves_no_gap_and_no_blank_end(text):
    made = tidy(text)
    assert "\n\n\n" not in made
    assert all(line == line.rstrip() for line in made.split("\n"))
