"""The way out: one link of one's own, one button, or one click in the mail program (RFC 8058)."""

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from newsroom.audience import recipients, subscribing
from newsroom.audience.models import Status, Subscription
from newsroom.lib import links
from tests.make import NOW, make_publication, make_reader

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.fixture
def reader(db) -> Subscription:
    return make_reader(make_publication())


def way_out(reader: Subscription) -> str:
    return subscribing.leave_url(reader.pk).removeprefix("http://127.0.0.1:8000")


def test_opening_the_page_changes_nothing(reader):
    for method in ("get", "head", "get"):
        response = getattr(Client(), method)(way_out(reader))
        assert response.status_code == 200
    reader.refresh_from_db()
    assert reader.status == Status.ACTIVE
    assert b'<form method="post">' in response.content


def test_the_button_takes_one_off_the_list(reader):
    response = Client(enforce_csrf_checks=True).post(way_out(reader))
    reader.refresh_from_db()
    assert (reader.status, reader.left_by) == (Status.UNSUBSCRIBED, "page")
    assert "You have left" in response.content.decode()
    assert not recipients.active(reader.mailing_list.slug).exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [(ONE_CLICK, "application/x-www-form-urlencoded"), (MULTIPART, "multipart/form-data; boundary=x")],
)
def test_one_click_takes_one_off_in_both_encodings_and_without_a_redirect(reader, body, kind):
    response = Client(enforce_csrf_checks=True).generic("POST", way_out(reader), body, content_type=kind)
    reader.refresh_from_db()
    assert response.status_code == 200
    assert (reader.status, reader.left_by) == (Status.UNSUBSCRIBED, "one-click")


@pytest.mark.parametrize("letters", ["iso-8859-1", "us-ascii", "UTF-8", "no-such-letters"])
def test_one_click_counts_whatever_letters_it_says_it_is_written_in(reader, letters):
    kind = f"application/x-www-form-urlencoded; charset={letters}"
    response = Client().generic("POST", way_out(reader), ONE_CLICK, content_type=kind)
    reader.refresh_from_db()
    assert (response.status_code, reader.left_by) == (200, "one-click")


@pytest.mark.parametrize("body", ["&".join(f"a{n}=1" for n in range(5000)), f"a={'x' * 3_000_000}"])
def test_one_leaves_by_a_body_that_is_too_much_to_read(reader, body):
    response = Client().post(way_out(reader), body, content_type="application/x-www-form-urlencoded")
    reader.refresh_from_db()
    assert (response.status_code, reader.status) == (200, Status.UNSUBSCRIBED)


def test_leaving_twice_changes_nothing(reader):
    Client().post(way_out(reader), ONE_CLICK, content_type="application/x-www-form-urlencoded")
    reader.refresh_from_db()
    first = reader.left_at
    assert Client().post(way_out(reader)).status_code == 200
    reader.refresh_from_db()
    assert (reader.left_at, reader.left_by) == (first, "one-click")


def test_one_leaves_one_list_and_stays_on_the_other(reader):
    other = make_reader(make_publication(), reader.subscriber.email)
    Client().post(way_out(reader))
    other.refresh_from_db()
    assert other.status == Status.ACTIVE


def test_one_leaves_before_confirming_too(db):
    reader = make_reader(make_publication(), status=Status.PENDING)
    Subscription.objects.update(mail_due_at=timezone.now())
    Client().post(way_out(reader))
    reader.refresh_from_db()
    assert (reader.status, reader.mail_due_at) == (Status.UNSUBSCRIBED, None)


def test_the_page_is_kept_by_no_cache_and_sets_no_cookie(reader):
    for response in (Client().get(way_out(reader)), Client().post(way_out(reader))):
        assert "no-store" in response.headers["Cache-Control"]
        assert "Set-Cookie" not in response.headers
        assert not response.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize(
    "token",
    [
        "nobody",
        "a" * 27,
        "_" * 27,
        "é" * 27,
        "a" * 5000,
        links.token("confirm", 1),
        "%00",
    ],
)
def test_a_token_that_is_not_ours_is_404(method, token):
    make_reader(make_publication())
    assert getattr(Client(), method)(f"/u/{token}/").status_code == 404


def test_a_link_to_confirm_does_not_unsubscribe(reader):
    for token in (links.token(subscribing.CONFIRM, reader.pk), links.dated_token("confirm", reader.pk, NOW)):
        assert Client().post(f"/u/{token}/").status_code == 404
    reader.refresh_from_db()
    assert reader.status == Status.ACTIVE


# Tokens


@given(st.integers(0, 2**48 - 1), st.sampled_from(["leave", "confirm"]))
def test_a_token_names_its_row_and_is_safe_in_an_address(number, purpose):
    token = links.token(purpose, number)
    assert links.row_id(purpose, token) == number
    assert len(token) == links.TOKEN_LENGTH
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.integers(0, 2**48 - 1))
def test_a_token_opens_nothing_else(number):
    assert links.row_id("confirm", links.token("leave", number)) is None


@given(st.integers(0, 2**48 - 1), st.integers(0, 26), st.characters())
def test_a_token_that_is_changed_anywhere_opens_nothing(number, place, letter):
    token = links.token("leave", number)
    changed = token[:place] + letter + token[place + 1 :]
    assert (links.row_id("leave", changed) is not None) == (changed == token)


@given(st.text(max_size=60))
def test_no_guess_opens_anything(guess):
    assert links.row_id("leave", guess) is None


def test_no_two_tokens_name_the_same_row():
    token = links.token("leave", 12)
    twins = [
        token[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    ]
    assert [twin for twin in twins if links.row_id("leave", twin) is not None] == [token]


def test_tokens_of_another_secret_open_nothing(settings):
    token = links.token("leave", 1)
    settings.SECRET_KEY = "another secret"
    assert links.row_id("leave", token) is None
