"""What is particular to a list."""

from issues.rendering import render
from tests.issues.sample import block, snapshot


def test_points_may_hold_links_and_become_list_items():
    made = render(
        snapshot(blocks=(block("bullets", items=['See <a href="https://example.com/a">this</a>.']),))
    )
    assert "* See this [1]." in made.text
    assert "<li><a " not in made.web
    assert '<a href="https://example.com/a"' in made.web
