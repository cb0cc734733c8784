"""The pages of caught mail, on a machine without a relay."""

import pytest

from newsroom.delivery.relay import catcher

pytestmark = pytest.mark.django_db


def kept(content: bytes) -> str:
    catcher.outbox().mkdir(parents=True, exist_ok=True)
    return catcher.keep(catcher.outbox(), "a@harbour.example", ["ann@readers.example"], content)


@pytest.fixture
def caught(settings) -> str:
    settings.MAIL_CATCHER = True
    return kept(
        b"Subject: Two =?utf-8?q?f=C3=A6rger?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nPlain <words>\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Rich words</p>"
        b"<script>alert(1)</script>\r\n--b--\r\n"
    )


def test_the_outbox_lists_what_was_caught(olga, caught):
    said = olga.get("/desk/outbox/").content.decode()
    assert "Two færger" in said
    assert "ann@readers.example" in said


def test_a_message_shows_both_parts_and_runs_nothing(olga, caught):
    said = olga.get(f"/desk/outbox/{caught}/").content.decode()
    assert "Plain &lt;words&gt;" in said
    frame = olga.get(f"/desk/outbox/{caught}/frame/")
    assert "<p>Rich words</p>" in frame.content.decode()
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "script-src" not in frame.headers["Content-Security-Policy"]


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "99", "9" * 30])
def test_an_odd_page_is_a_page(olga, caught, page):
    assert olga.get("/desk/outbox/", {"page": page}).status_code == 200


def test_the_outbox_has_pages(olga, settings):
    settings.MAIL_CATCHER = True
    for number in range(51):
        kept(b"Subject: Number %d\r\n\r\nHi\r\n" % number)
    assert olga.get("/desk/outbox/").content.count(b"Number ") == 50
    assert olga.get("/desk/outbox/", {"page": "2"}).content.count(b"Number ") == 1


@pytest.mark.parametrize(
    "odd",
    [b"", b"\xff\xfe\x00", b"Subject: x\r\nContent-Type: text/plain; charset=nothing\r\n\r\n\xe6\r\n",
     b"Subject: \xe6\r\nContent-Type: multipart/mixed\r\n\r\n", b"Content-Type: text/html; charset=utf-8\r\n\r\n\xff\xff"],
)  # fmt: skip
def test_a_message_that_is_hardly_one_is_shown_as_far_as_it_goes(olga, settings, odd):
    settings.MAIL_CATCHER = True
    name = kept(odd)
    for path in ("/desk/outbox/", f"/desk/outbox/{name}/", f"/desk/outbox/{name}/frame/"):
        assert olga.get(path).status_code == 200, path


@pytest.mark.parametrize("name", ["..%2f..%2fsettings.py", "20310304070000000-1-1.eml", "x", "%00"])
def test_a_name_of_no_message_is_404(olga, caught, name):
    assert olga.get(f"/desk/outbox/{name}/").status_code == 404


def test_with_a_relay_there_is_no_outbox(olga, caught, settings):
    settings.MAIL_CATCHER = False
    assert olga.get("/desk/outbox/").status_code == 404
