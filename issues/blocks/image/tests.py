"""What is particular to a picture."""

import io
import uuid

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from issues import readiness, saving
from issues.blocks import registry
from issues.models import Image, ImageUse
from issues.rendering import render
from issues.snapshot import take
from tests.make import NOW, make_block, make_issue, remove


def picture(width: int = 900, height: int = 600, kind: str = "PNG") -> SimpleUploadedFile:
    out = io.BytesIO()
    PIL.Image.new("RGB", (width, height), "teal").save(out, kind)
    return SimpleUploadedFile("holiday.png", out.getvalue())


def stored(issue, upload=None, **data):
    kind = registry.kind("image")
    form = kind.form({"b-alt": "A ferry", **data}, {"b-upload": upload or picture()}, prefix="b")
    assert form.is_valid(), form.errors
    block = make_block(issue, "image", image=None, alt="")
    changes = saving.Changes([saving.Written(block.uid, "image", block.rev, form)])
    saving.save(issue, changes, client=uuid.uuid4(), by=None, now=NOW)
    return block


@pytest.mark.django_db
def test_an_upload_is_kept_in_two_widths_and_shown_in_the_mail():
    issue = make_issue(blocks=())
    stored(issue)
    image = Image.objects.get()
    assert (image.width, image.height) == (600, 400)
    with PIL.Image.open(image.large.path) as large:
        assert large.width == 900
    assert f'src="http://127.0.0.1:8000{image.large.url}"' in render(take(issue)).html


@pytest.mark.django_db
def test_the_issue_holds_its_pictures():
    issue = make_issue(blocks=())
    stored(issue)
    assert ImageUse.objects.count() == 1
    remove(issue, "image")
    assert not ImageUse.objects.exists()


@pytest.mark.django_db
def test_it_needs_words_or_a_decision_that_there_are_none():
    issue = make_issue(blocks=())
    make_block(issue, "image", alt="", decorative=False)
    assert any("alternative text" in each.sentence for each in readiness.blockers(issue))


def test_the_name_of_the_file_is_never_its_alternative_text():
    form = registry.kind("image").form({"b-alt": ""}, {"b-upload": picture()}, prefix="b")
    assert form.is_valid()
    assert form.cleaned_data["alt"] == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a picture", "not a JPEG, PNG, GIF or WebP"),
        (b"GIF89a broken", "damaged|not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
        (b"x" * (8 * 1024 * 1024 + 1), "over 8 MB"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(content, said):
    form = registry.kind("image").form({}, {"b-upload": SimpleUploadedFile("a.jpg", content)}, prefix="b")
    assert not form.is_valid()
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(str(form.errors))
