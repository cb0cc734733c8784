"""Colours that people can read."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from issues.models import Publication
from issues.theme import (
    DARK_GROUND,
    DARK_INK,
    DARK_MUTED,
    DARK_PAPER,
    READABLE,
    Theme,
    contrast,
    mix,
    too_faint,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
dark = st.tuples(*[st.integers(0, 90)] * 3).map(lambda channels: "#{:02x}{:02x}{:02x}".format(*channels))
light = st.tuples(*[st.integers(200, 255)] * 3).map(lambda channels: "#{:02x}{:02x}{:02x}".format(*channels))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0),
     ("#0b57b0", "#0b57b0", 1)],
)  # fmt: skip
def test_contrast_has_the_values_of_the_standard(one, other, ratio):
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize("odd", ["", "red", "#fff", "#gggggg", "0b57b0#"])
def test_what_is_no_colour_has_no_contrast(odd):
    with pytest.raises(ValueError, match=r"not a colour|invalid literal"):
        contrast(odd, "#ffffff")


def test_colours_mix_by_percent():
    assert [mix("#000000", "#ffffff", part) for part in (0, 50, 100)] == ["#000000", "#808080", "#ffffff"]


@settings(max_examples=300)
@given(accent=colours, ink=dark, paper=light, ground=light)
def test_every_text_colour_of_a_valid_theme_can_be_read(accent, ink, paper, ground):
    theme = Theme(accent=accent, ink=ink, paper=paper, ground=ground)
    assume(not too_faint(theme))
    assert contrast(theme.muted, theme.paper) >= READABLE
    assert contrast(theme.muted, theme.ground) >= READABLE
    assert contrast(theme.on_accent, theme.accent) >= READABLE
    for behind in (DARK_PAPER, DARK_GROUND):
        assert contrast(theme.dark_accent, behind) >= READABLE


def test_the_dark_colours_of_the_house_can_be_read():
    for text in (DARK_INK, DARK_MUTED):
        for behind in (DARK_PAPER, DARK_GROUND):
            assert contrast(text, behind) >= READABLE


def test_a_publication_refuses_colours_that_are_too_faint_and_says_which():
    publication = Publication(accent="#ffd400", ink="#999999", paper="#ffffff", ground="#eef1f5")
    with pytest.raises(ValidationError) as refused:
        publication.clean()
    assert refused.value.message_dict == {
        "accent": ["#ffd400 on #ffffff paper has a contrast of 1.4; text needs 4.5."],
        "ink": ["#999999 on #eef1f5 ground has a contrast of 2.5; text needs 4.5."],
    }


def test_a_publication_takes_colours_that_can_be_read():
    Publication(accent="#0f5c66", ink="#1a2029", paper="#ffffff", ground="#e9f0f0").clean()


@pytest.mark.parametrize("odd", ["red", "#12345", "#12345g", "#1234567", "url(x)", "#123456;}"])
def test_a_malformed_colour_is_refused_once(odd):
    fields = [each.name for each in Publication._meta.fields if each.name != "accent"]
    with pytest.raises(ValidationError) as refused:
        Publication(accent=odd).full_clean(exclude=fields, validate_unique=False)
    assert set(refused.value.message_dict) == {"accent"}
