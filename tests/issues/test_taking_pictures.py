"""Uploading a picture from the composer: who may, what is answered, and what is refused in a sentence."""

import io
from typing import Any

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from issues.images import BYTES_AT_MOST
from issues.models import Image, Issue
from tests.make import make_approved_issue, make_issue

pytestmark = pytest.mark.django_db


def picture(kind: str = "PNG", *, size: tuple[int, int] = (900, 600), **options: Any) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def upload(client: Client, issue: Issue, content: bytes | None = None, *, name: str = "holiday.png"):
    files = {} if content is None else {"picture": SimpleUploadedFile(name, content)}
    return client.post(
        reverse("issues:take_picture", args=[issue.pk]), files, headers={"Accept": "application/json"}
    )


def test_it_is_kept_and_the_answer_says_where(edith):
    response = upload(edith, make_issue(), picture())
    image = Image.objects.get()
    assert response.json() == {
        "image": image.pk,
        "small": image.small.url,
        "large": image.large.url,
        "width": 600,
        "height": 400,
        "said": "",
    }


def test_the_name_of_the_file_is_nowhere(edith):
    response = upload(edith, make_issue(), picture("GIF"), name="../../etc/Ines at the beach.svg")
    assert "Ines" not in response.content.decode()
    assert "Ines" not in Image.objects.get().large.name


def test_of_a_moving_picture_it_says_what_is_kept(edith):
    frames = [PIL.Image.new("RGB", (4, 4), "blue")]
    said = upload(edith, make_issue(), picture("GIF", save_all=True, append_images=frames)).json()["said"]
    assert said == "Only the first frame of this moving picture is kept."


@pytest.mark.parametrize(("who", "status"), [("edith", 200), ("chris", 200), ("sam", 403), ("olga", 403)])
def test_only_who_writes_brings_pictures(request, who, status):
    assert upload(request.getfixturevalue(who), make_issue(), picture()).status_code == status
    assert Image.objects.exists() is (status == 200)


def test_nobody_brings_one_without_signing_in():
    assert upload(Client(), make_issue(), picture()).status_code == 302
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There was no picture in this."),
        (b"", "not a JPEG, PNG, GIF or WebP"),
        (b"%PDF-1.7 no picture", "not a JPEG, PNG, GIF or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a JPEG"),
        (picture()[:-40], "damaged"),
        (b"x" * (BYTES_AT_MOST + 1), "over 8 MB"),
        (picture(size=(7000, 6000)), "at most 40 million"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence_and_nothing_is_kept(edith, content, said):
    response = upload(edith, make_issue(), content)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Image.objects.exists()


def test_an_approved_issue_takes_no_more_pictures(edith):
    response = upload(edith, make_approved_issue(), picture())
    assert response.status_code == 409
    assert "reopen it" in response.content.decode()
