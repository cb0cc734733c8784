"""Bounces are fetched from a mailbox: deleted when they are recorded and not before, left for a person when nobody knows them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from newsroom.delivery import tasks
from newsroom.delivery.models import Return
from newsroom.delivery.returns import consequences
from newsroom.delivery.returns import mailbox as fetching
from newsroom.delivery.returns.consequences import Taken
from newsroom.delivery.returns.mailbox import Unreachable
from newsroom.lib.mailbox import Mailbox, parse_mailbox
from tests.delivery.mail import make_mailed
from tests.delivery.returns.mailboxes import Box, mailbox
from tests.delivery.returns.test_bounces import plain, report
from tests.delivery.returns.test_consequences import bounce
from tests.make import NOW

pytestmark = pytest.mark.django_db
both = pytest.mark.parametrize("protocol", ["imap", "pop"])


def take(content: bytes) -> Taken:
    return consequences.take(content, by="mailbox", now=NOW)


def crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


@pytest.fixture
def box() -> Box:
    """Two bounces, a forged one, a question from a reader."""
    printing, readers = make_mailed(2)
    return Box(
        {
            1: crlf(bounce(printing, readers[0])),
            2: crlf(report(to=f"b+{'0' * 40}@x.example")),
            3: crlf(plain("A question", "Why?\n.\nIndeed.", "ann@readers.example")),
            4: crlf(bounce(printing, readers[1], action="delayed", status="4.4.1")),
        }
    )


@both
def test_what_is_recorded_is_deleted_and_the_rest_stays(protocol, box):
    with mailbox(box, protocol) as where:
        counts = fetching.fetch(where, take)
    assert counts == {Taken.RECORDED: 1, Taken.NOT_OURS: 1, Taken.NOTHING: 1, Taken.STILL_TRYING: 1}
    assert sorted(box.mails) == [2, 3]
    assert Return.objects.get().by == "mailbox"


@both
def test_what_stays_is_read_once(protocol, box):
    with mailbox(box, protocol) as where:
        fetching.fetch(where, take)
        assert fetching.fetch(where, take) == {}
    assert sorted(box.mails) == [2, 3]
    if protocol == "imap":
        assert all(box.has(number, "\\Flagged") for number in (2, 3))


@both
def test_without_a_database_nothing_is_deleted(protocol, box):
    def gone(content: bytes) -> Taken:
        raise OperationalError("gone")

    with mailbox(box, protocol) as where:
        with pytest.raises(OperationalError):
            fetching.fetch(where, gone)
        assert sorted(box.mails) == [1, 2, 3, 4]
        assert fetching.fetch(where, take)[Taken.RECORDED] == 1


@both
def test_what_was_recorded_before_a_crash_is_known_and_deleted(protocol, box):
    take(box.mails[1])
    with mailbox(box, protocol) as where:
        assert fetching.fetch(where, take)[Taken.KNOWN] == 1
    assert 1 not in box.mails
    assert Return.objects.count() == 1


@both
def test_a_wrong_password_is_said(protocol, box):
    with (
        mailbox(box, protocol, password="wrong") as where,
        pytest.raises(Unreachable, match="bounces on 127"),
    ):
        fetching.fetch(where, take)
    assert len(box.mails) == 4


def test_a_pop_mail_against_the_protocol_does_not_hold_up_the_others_for_ever(box):
    box.mails = {1: b"Subject: " + b"x" * 5000 + b"\r\n\r\n", 2: box.mails[1]}
    with mailbox(box, "pop") as where:
        with pytest.raises(Unreachable):
            fetching.fetch(where, take)
        assert fetching.fetch(where, take) == {Taken.RECORDED: 1}


def test_the_task_survives_a_mailbox_that_is_away(settings, caplog):
    settings.BOUNCE_MAILBOX = Mailbox("imap", "127.0.0.1", 9, "bounces", "secret", tls="none")
    tasks.fetch_bounces()
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imaps://b%40x:p%2Fw@mail.example/INBOX", Mailbox("imap", "mail.example", 993, "b@x", "p/w", "INBOX", "implicit")),
        ("imap://b:p@mail.example", Mailbox("imap", "mail.example", 143, "b", "p", "INBOX", "starttls")),
        ("imap://b:p@mail.example/Bounces/New?tls=none", Mailbox("imap", "mail.example", 143, "b", "p", "Bounces/New", "none")),
        ("pops://b:p@mail.example:9950", Mailbox("pop", "mail.example", 9950, "b", "p", "INBOX", "implicit")),
    ],
)  # fmt: skip
def test_a_mailbox_is_one_address(url, expected):
    assert parse_mailbox(url) == expected


@pytest.mark.parametrize(
    "url",
    ["mail.example", "imaps://mail.example", "http://b:p@x", "imap://b:p@x:y", "imap://b:p@x?tls=maybe"],
)
def test_an_address_that_is_none_stops_the_start(url):
    with pytest.raises(ImproperlyConfigured, match="BOUNCE_MAILBOX"):
        parse_mailbox(url)
