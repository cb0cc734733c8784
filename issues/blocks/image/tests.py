"""What is particular to a picture."""

import io
import uuid

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from issues import images, readiness, saving
from issues.blocks import registry
from issues.blocks.image.block import Picture
from issues.models import Image, ImageUse
from issues.rendering import render
from issues.snapshot import take
from tests.make import NOW, make_block, make_issue, remove, write
from tests.posting import posted


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


# A picture that was uploaded before


def kept() -> Image:
    return images.keep(images.decode(picture()))


@pytest.mark.django_db
def test_the_words_name_a_picture_that_was_uploaded_before():
    issue, image = make_issue(blocks=("image",)), kept()
    write(issue, "image", image=str(image.pk), alt="A ferry")
    assert f"{image.large.url}" in render(take(issue)).html
    assert ImageUse.objects.get().image == image
    write(issue, "image", image="")
    assert not ImageUse.objects.exists()


@pytest.mark.django_db
def test_the_words_and_a_plain_post_of_the_form_keep_the_picture():
    kind, image = registry.kind("image"), kept()
    data = kind.data(image=image.pk, alt="A ferry", decorative=True)
    shown = kind.form.showing(data, prefix="b")
    assert shown.words["image"] == str(image.pk)
    for form in (kind.form.saying(shown.words, prefix="b"), kind.form(posted(shown), prefix="b")):
        assert form.is_valid(), form.errors
        assert form.to_data(kind.data()) == data


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["999999", "0", "-1", "9" * 30, "٣", "1 or 1=1"])
def test_a_picture_that_is_not_there_is_refused_and_the_one_before_stays(given):
    kind = registry.kind("image")
    form = kind.form.saying({"image": given, "alt": "A ferry"}, prefix="b")
    form.is_valid()
    assert form.mistakes == {"image": "This picture is not on the desk. Upload it again."}
    assert form.to_data(kind.data(image=7)) == kind.data(image=7, alt="A ferry")


@pytest.mark.django_db
def test_a_file_that_comes_with_the_form_takes_the_place_of_the_picture():
    kind, image = registry.kind("image"), kept()
    form = kind.form({"b-image": str(image.pk)}, {"b-upload": picture(300, 200)}, prefix="b")
    assert form.is_valid(), form.errors
    after = form.to_data(kind.data(image=image.pk))
    assert Image.objects.get(pk=after.image).width == 300


@pytest.mark.django_db
def test_a_bad_file_leaves_the_picture_and_the_words():
    kind, image = registry.kind("image"), kept()
    bad = SimpleUploadedFile("a.png", b"no picture")
    form = kind.form({"b-image": str(image.pk), "b-alt": "A ferry"}, {"b-upload": bad}, prefix="b")
    assert not form.is_valid()
    assert form.to_data(kind.data()) == kind.data(image=image.pk, alt="A ferry")
    assert form.unread == {}
    assert "not a JPEG" in form.mistakes["upload"]


@pytest.mark.django_db
def test_words_cannot_upload_a_file():
    form = registry.kind("image").form.saying({"upload": "/etc/passwd"}, prefix="b")
    assert form.is_valid()
    assert form.to_data(Picture()) == Picture()
    assert not Image.objects.exists()


@pytest.mark.django_db
def test_a_picture_whose_row_is_gone_stops_the_issue():
    issue = make_issue(blocks=())
    make_block(issue, "image", image=999_999)
    assert "An image block has no picture." in [each.sentence for each in readiness.blockers(issue)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "stops"), [({"alt": "A ferry"}, False), ({"decorative": True}, False), ({}, True)]
)
def test_words_or_decorative_is_decided_before_it_goes_out(words, stops):
    issue = make_issue(blocks=())
    make_block(issue, "image", **{"image": kept().pk, "alt": "", "decorative": False, **words})
    assert bool([each for each in readiness.blockers(issue) if "picture" in each.sentence]) is stops


@pytest.mark.django_db
def test_a_long_alternative_text_is_taken_and_pointed_out():
    issue = make_issue(blocks=("image",))
    write(issue, "image", alt="x" * 300)
    said = [each.sentence for each in readiness.problems(issue) if each.severity == "warning"]
    assert "The alternative text has 300 characters; 125 are read out well." in said
    assert 'data-advised="125"' in str(registry.kind("image").form(prefix="b")["alt"])
