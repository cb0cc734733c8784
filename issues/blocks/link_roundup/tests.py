"""What is particular to the round-up."""

from issues.blocks import registry


def test_blank_lines_and_dashes_part_items():
    form = registry.kind("link_roundup").form(
        {"b-items": "One [link](https://example.com/1).\n\n- Two.\n- Three."}, prefix="b"
    )
    assert form.is_valid()
    assert form.cleaned_data["items"] == ('One <a href="https://example.com/1">link</a>.', "Two.", "Three.")
