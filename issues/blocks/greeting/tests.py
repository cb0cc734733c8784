"""What is particular to the greeting."""

from issues.rendering import render
from tests.issues.sample import block, snapshot


def test_today_reads_as_one_sentence_everywhere():
    issue = snapshot(blocks=(block("greeting", today=["cranes", "gulls", "salt"]),))
    made = render(issue)
    assert "Today:</strong> cranes, gulls, and salt." in made.html
    assert "Today: cranes, gulls, and salt." in made.text


def test_items_with_commas_are_parted_by_semicolons():
    made = render(snapshot(blocks=(block("greeting", today=["cranes, old and new", "gulls"]),)))
    assert "Today: cranes, old and new; and gulls." in made.text


def test_without_a_preheader_the_inbox_shows_what_is_in_it():
    assert render(snapshot("greeting")).preheader.startswith("Why two ferry lines share one timetable")
