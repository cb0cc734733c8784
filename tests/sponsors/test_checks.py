"""What a format asks of a creative: each finding says the limit and the value."""

import datetime
import io

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sponsors import checks
from sponsors.models import AdFormat, CreativeVersion

DAY = datetime.date(2031, 3, 4)
FORM = AdFormat(name="Message", headline_max=10, body_max=20, cta_max=5, max_links=1, image_max_kb=1)


def found(*, has_image: bool = False, form: AdFormat = FORM, **words) -> list[str]:
    return [each.sentence for each in checks.word_findings(form, words, has_image=has_image)]


def image(width: int, height: int) -> io.BytesIO:
    made = io.BytesIO()
    PIL.Image.new("RGB", (width, height)).save(made, "PNG")
    return made


def test_what_fits_to_the_letter_is_no_finding():
    assert found(headline="x" * 10, body=f"<p>{'x' * 20}</p>", cta="x" * 5, url="https://boats.example") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"headline": "x" * 11}, "The headline has 11 characters; this format takes at most 10."),
        ({"body": f"<p>{'x' * 21}</p>"}, "The message has 21 characters; this format takes at most 20."),
        ({"cta": "x" * 6}, "The button has 6 characters; this format takes at most 5."),
    ],
)
def test_what_is_too_long_says_how_long_it_may_be(words, said):
    assert found(**words) == [said]


def test_markup_and_entities_do_not_count():
    assert found(body="<p><strong>Fish</strong> &amp; chips</p><p>" + "x" * 7 + "</p>") == []


@pytest.mark.parametrize(
    "url",
    ["http://boats.example", "javascript:alert(1)", "boats.example", "https://", "https:///x", "https://["],
)
def test_a_link_that_is_not_safe_or_cannot_be_read_is_a_finding(url):
    assert found(url=url) == ["The link must begin with https://, so that readers arrive safely."]


def test_links_in_the_words_are_safe_and_few():
    unsafe = '<p><a href="http://a.example">a</a> <a href="https://b.example">b</a></p>'
    assert found(body=unsafe) == [
        "The link to http://a.example must begin with https://.",
        "The message has 2 links; this format takes at most 1.",
    ]


def test_an_image_is_what_the_format_says():
    none, required = (AdFormat(image=each) for each in ("none", "required"))
    assert found(form=none, has_image=True, alt="Boat") == ["This format has no image."]
    assert found(form=required) == ["This format needs an image."]
    assert found(has_image=True, alt=" ") == ["Say what the image shows, for those who cannot see it."]


def test_an_image_that_is_too_small_says_both_sizes():
    (finding,) = checks.image_findings(FORM, image(599, 200), 1024)
    assert finding.sentence == "The image is 599 × 200 pixels; it must be at least 600 × 200."
    assert checks.image_findings(FORM, image(600, 200), 1024) == []


def test_an_image_a_byte_too_heavy_is_not_said_to_weigh_what_is_allowed():
    (finding,) = checks.image_findings(FORM, image(600, 200), 1025)
    assert finding.sentence == "The image has 2 KB; this format takes at most 1 KB."


def test_a_link_that_was_not_found_is_a_finding_for_a_stored_version():
    version = CreativeVersion(url="https://boats.example", link_ok=False, link_found="answers 404")
    assert [each.sentence for each in checks.version_findings(FORM, version)] == ["The link answers 404."]


@pytest.mark.parametrize(
    ("since", "until", "lapsed"),
    [(None, None, ""), (0, 0, ""), (-5, 5, ""), (1, None, "may not run before"), (None, -1, "offer ends on")],
)
def test_a_message_runs_from_its_first_day_to_its_last(since, until, lapsed):
    days = [None if each is None else DAY + datetime.timedelta(days=each) for each in (since, until)]
    said = checks.lapses(CreativeVersion(valid_from=days[0], valid_until=days[1]), DAY)
    assert lapsed in said
    assert bool(said) is bool(lapsed)


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_draft_brings_is_checked_without_a_crash(url, body):
    found(url=url, body=body, headline=url)
    found(url=f"https://{url}", body=f'<p><a href="https://{url}">{body}</a></p>')
