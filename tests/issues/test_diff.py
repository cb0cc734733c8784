"""What changed between two states of words: word by word, block by block."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issues import diff, history
from issues.blocks import registry
from issues.models import Issue
from tests.issues.test_saving import block, new, save
from tests.make import describe, make_issue, remove, write


@pytest.fixture
def issue(db) -> Issue:
    return make_issue(blocks=("greeting", "story", "sign_off"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


def changes(before: dict[str, Any], issue: Issue) -> list[tuple[str, str]]:
    return [(each.label, each.change) for each in diff.of_contents(before, history.content(issue))]


# words


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("", "", []),
        ("Same.", "Same.", [("same", "Same.")]),
        ("", "New words", [("new", "New words")]),
        ("Old words", "", [("gone", "Old words")]),
        ("raised $100 million", "raised $96 million",
         [("same", "raised $"), ("gone", "100"), ("new", "96"), ("same", " million")]),
        ("A crane", "A big crane", [("same", "A"), ("new", " big"), ("same", " crane")]),
        ("learning", "learned", [("gone", "learning"), ("new", "learned")]),
        ("a a", "a a a", [("same", "a a"), ("new", " a")]),
        ("один два", "один три", [("same", "один"), ("gone", " два"), ("new", " три")]),
    ],
)  # fmt: skip
def test_words_are_kept_gone_or_new(before, after, pieces):
    assert diff.words(before, after) == pieces


@given(st.text("ab ,\n", max_size=60), st.text("ab ,\n", max_size=60))
def test_the_pieces_of_either_side_are_its_text(before, after):
    pieces = diff.words(before, after)
    assert "".join(text for step, text in pieces if step != "new") == before
    assert "".join(text for step, text in pieces if step != "gone") == after


def test_far_from_a_change_the_text_is_left_out():
    before = "word " * 400
    pieces = diff.words(f"{before}old", f"{before}new")
    assert [step for step, _ in pieces] == ["same", "gone", "new"]
    assert pieces[0][1].startswith(" … ")
    assert len(pieces[0][1]) < 2 * diff.CONTEXT


@pytest.mark.parametrize(
    ("before", "after"),
    [("a " * 20_000, "a b " * 20_000), ("a b " * 20_000, "b a c " * 20_000), ("a" * 200_000, "b" * 200_000)],
    ids=["one word", "few words", "one long word"],
)
def test_words_that_repeat_without_end_take_no_time(before, after):
    with within(2):
        assert diff.words(before, after)


def test_one_word_in_a_long_text_is_one_change():
    words = [f"word{n % 700} the" for n in range(10_000)]
    other = [*words[:6000], "another", *words[6001:]]
    with within(2):
        pieces = diff.words(" ".join(words), " ".join(other))
    assert [text for step, text in pieces if step == "new"] == [" another"]


# blocks


def test_it_says_what_was_added_removed_moved_and_changed(issue):
    before = history.content(issue)
    write(issue, "story", heading="A crane that forgets")
    remove(issue, "greeting")
    describe(issue, title="New")
    added = new("quote", text="<p>Words.</p>")
    story, sign_off = (row.uid for row in issue.blocks.standing())
    save(issue, added, order=[sign_off, story, added.uid])
    assert set(changes(before, issue)) == {
        ("Above the blocks", "changed"),
        ("Story", "changed"),
        ("Quote", "added"),
        ("Greeting", "removed"),
        ("Sign-off", "moved"),
    }


def test_fields_have_the_names_of_the_form(issue):
    before = history.content(issue)
    write(issue, "story", heading="A crane that forgets")
    (story,) = diff.of_contents(before, history.content(issue))
    assert story.fields == [
        {"label": "Heading", "pieces": [("same", "A crane that"), ("gone", " learns"), ("new", " forgets")]}
    ]


@pytest.mark.parametrize(
    ("name", "label", "after"),
    [("title", "Title", "New"), ("subject", "Subject", "New"), ("preheader", "Preheader", "New"),
     ("planned_for", "Day of issue", "2031-09-09")],
)  # fmt: skip
def test_what_stands_above_the_blocks_is_compared_too(issue, name, label, after):
    before = history.content(issue)
    describe(issue, **{name: after})
    (head,) = diff.of_contents(before, history.content(Issue.objects.get(pk=issue.pk)))
    assert [field["label"] for field in head.fields] == [label]


def test_what_is_equal_is_not_even_read(issue, monkeypatch):
    before = history.content(issue)
    monkeypatch.setattr(diff, "words_of", None)
    assert changes(before, issue) == []


def test_the_one_block_that_went_elsewhere_moved(issue):
    before = history.content(issue)
    first, *others = (row.uid for row in issue.blocks.standing())
    save(issue, order=[*others, first])
    assert changes(before, issue) == [("Greeting", "moved")]


def test_rich_text_is_compared_without_its_tags(issue):
    write(issue, "story", body="<p>Red <strong>and</strong> blue.</p>")
    before = history.content(issue)
    write(issue, "story", body="<p>Red <strong>and</strong> green.</p>")
    ((field,),) = (each.fields for each in diff.of_contents(before, history.content(issue)))
    assert field["pieces"] == [
        ("same", "Red and"),
        ("gone", " blue"),
        ("new", " green"),
        ("same", "."),
    ]


def test_what_could_not_be_read_is_compared_as_it_was_typed(db):
    issue = make_issue(blocks=("event_promo",))
    write(issue, "event_promo", zone="Mars")
    before = history.content(issue)
    write(issue, "event_promo", zone="Venus")
    ((field,),) = (each.fields for each in diff.of_contents(before, history.content(issue)))
    assert field["pieces"] == [("gone", "Mars"), ("new", "Venus")]


def test_older_data_is_lifted_before_it_is_compared(issue, monkeypatch):
    kind = type(registry.kind("story"))
    monkeypatch.setattr(kind, "version", 2)
    monkeypatch.setattr(kind, "upgrades", (lambda data: {**data, "heading": data.pop("headline")},))
    (now,) = (each for each in history.content(issue)["blocks"] if each["uid"] == str(block(issue).uid))
    data = {**now["data"]}
    old = {**now, "version": 1, "data": {**data, "headline": data.pop("heading")}}
    fresh = {**now, "version": 2}
    head = {**history.content(issue), "blocks": []}
    assert diff.of_contents({**head, "blocks": [old]}, {**head, "blocks": [fresh]}) == []


@pytest.mark.parametrize("name", [kind.kind for kind in registry.kinds()])
def test_every_kind_can_be_compared(db, name):
    issue = make_issue(blocks=(name,))
    content = history.content(issue)
    empty = {**content, "blocks": [{**each, "data": {}} for each in content["blocks"]]}
    assert diff.of_contents({**content, "blocks": []}, content)[0].change == "added"
    for one, other in ((empty, content), (content, empty)):
        assert {each.change for each in diff.of_contents(one, other)} <= {"changed"}
