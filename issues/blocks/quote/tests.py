"""What is particular to a quote."""

from issues.rendering import render
from tests.issues.sample import snapshot


def test_it_is_set_in_and_says_whose_words_they_are():
    text = render(snapshot("quote")).text
    assert "    You cannot hurry a tide" in text
    assert "    -- Mads Rohde, harbour master" in text
