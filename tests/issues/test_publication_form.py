"""A publication's settings: its logo is decoded and kept, its rundown names kinds that exist."""

import io

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.models import model_to_dict

from issues.forms import PublicationForm
from issues.rendering import render
from issues.snapshot import take
from tests.make import make_issue, make_publication

pytestmark = pytest.mark.django_db


def changed(publication, upload=None, **fields):
    data = {**model_to_dict(publication), "rundown": "", **fields}
    return PublicationForm(data, {"logo_upload": upload} if upload else {}, instance=publication)


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    PIL.Image.new("RGBA", (400, 100), (10, 90, 100, 128)).save(out, "PNG")
    return SimpleUploadedFile("logo.png", out.getvalue())


def test_it_replaces_the_masthead_words_in_the_mail():
    publication = make_publication(masthead="The Quay")
    form = changed(publication, picture())
    assert form.is_valid(), form.errors
    form.save()
    html = render(take(make_issue(publication))).html
    assert f'src="http://127.0.0.1:8000{publication.logo.small.url}"' in html
    assert 'alt="The Quay"' in html


def test_it_stays_when_nothing_is_uploaded_and_goes_when_asked():
    publication = make_publication()
    uploaded = changed(publication, picture())
    assert uploaded.is_valid()
    uploaded.save()
    form = changed(publication)
    assert form.is_valid()
    assert form.save().logo is not None
    form = changed(publication, no_logo="on")
    assert form.is_valid()
    assert form.save().logo is None


def test_what_is_no_picture_is_refused():
    form = changed(make_publication(), SimpleUploadedFile("logo.png", b"<svg/>"))
    assert not form.is_valid()
    assert "not a JPEG, PNG, GIF or WebP" in str(form.errors)


def test_the_rundown_is_written_as_lines_and_read_as_people_write_them():
    form = changed(make_publication(), rundown="Greeting\nLead story\nsign-off\n")
    assert form.is_valid(), form.errors
    assert form.save().rundown == ["greeting", "lead_story", "sign_off"]


def test_a_kind_that_does_not_exist_is_named():
    form = changed(make_publication(), rundown="greeting\nsundial")
    assert "There is no kind “sundial”" in str(form.errors)
