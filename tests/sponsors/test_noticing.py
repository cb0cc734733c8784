"""Mails to advertisers: claimed, handed to the relay while no transaction is open, and written down once they are sent."""

import datetime

import pytest
from django.core import mail
from django.db import connection

from newsroom.lib.errors import NotNow, Refused
from sponsors import noticing
from sponsors.models import AuditEvent, Notice
from tests.make import NOW, make_line, make_person, make_publication

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def notice() -> Notice:
    order = make_line(make_publication(rundown=[])).order
    return noticing.draft(order, subject="Your message", sentences=["It moves."], now=NOW)


def send(notice: Notice, *, now: datetime.datetime = NOW, body: str = "It moves.") -> None:
    noticing.send(notice, to="ann@oakum.example", subject="Your message", body=body, by=None, now=now)
    notice.refresh_from_db()


def failing(monkeypatch, error: BaseException) -> None:
    def fail(self, *args, **options):
        raise error

    monkeypatch.setattr(mail.EmailMessage, "send", fail)


def noted() -> int:
    return AuditEvent.objects.filter(what="notice sent").count()


def test_a_mail_is_sent_as_the_person_left_it_and_written_down(notice):
    send(notice, body="It moves to Friday.")
    assert [each.body for each in mail.outbox] == ["It moves to Friday."]
    assert (notice.sent_at, notice.claimed_at, notice.body) == (NOW, None, "It moves to Friday.")
    assert noted() == 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_relay_is_spoken_to(notice, monkeypatch):
    seen = []

    def look(self, *args, **options):
        claimed = Notice.objects.get(pk=notice.pk).claimed_at
        seen.append((connection.in_atomic_block, claimed, noted()))

    monkeypatch.setattr(mail.EmailMessage, "send", look)
    send(notice)
    assert seen == [(False, NOW, 0)]
    assert noted() == 1


def test_what_the_relay_does_not_take_is_a_draft_again_with_its_words(notice, monkeypatch):
    with monkeypatch.context() as down:
        failing(down, ConnectionRefusedError("down"))
        with pytest.raises(Refused, match="still a draft"):
            send(notice, body="As I left it.")
    notice.refresh_from_db()
    assert (notice.sent_at, notice.claimed_at, notice.body) == (None, None, "As I left it.")
    assert noted() == 0
    send(notice)
    assert len(mail.outbox) == 1


def test_of_two_who_send_it_one_does(notice):
    Notice.objects.update(claimed_at=NOW)
    with pytest.raises(NotNow, match="right now"):
        send(notice, now=NOW + MINUTE)
    assert mail.outbox == []


def test_what_was_sent_is_not_sent_again(notice):
    send(notice)
    with pytest.raises(NotNow, match="sent already"):
        send(notice, now=NOW + 60 * MINUTE)


def test_a_mail_whose_process_died_can_be_sent_again(notice, monkeypatch):
    with monkeypatch.context() as dying:
        failing(dying, SystemExit())
        with pytest.raises(SystemExit):
            send(notice)
    notice.refresh_from_db()
    assert (notice.sent_at, notice.claimed_at) == (None, NOW)
    send(notice, now=NOW + noticing.CLAIM_HOLDS)
    assert (len(mail.outbox), noted()) == (1, 1)


def test_the_page_says_that_it_was_interrupted(notice, client):
    Notice.objects.update(claimed_at=NOW)
    client.force_login(make_person("Sales"))
    assert "Somebody began to send this mail" in client.get("/desk/sponsors/notices/").content.decode()
