"""What is particular to a story."""

from issues.blocks import registry
from issues.rendering import render
from tests.issues.sample import block, snapshot


def test_without_a_heading_the_first_words_sum_it_up():
    kind = registry.kind("story")
    assert kind.summary(kind.load({"body": "<p>The tide <em>turns</em>.</p>"})) == "The tide turns."


def test_without_a_heading_there_is_no_empty_heading():
    made = render(snapshot(blocks=(block("story", heading=""),)))
    assert "<h2" not in made.html
    assert "<h2" not in made.web
