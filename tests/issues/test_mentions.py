"""Colleagues who are named in a comment are told by mail: once, if they may still read it by then."""

import datetime
import smtplib
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail

from issues import commenting, tasks
from issues.models import Comment, Issue, Mention
from issues.tasks import send_mentions
from newsroom.desk import roles
from tests.issues.test_commenting import begin, person
from tests.make import NOW, make_issue, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    return make_issue(blocks=("story", "sign_off"))


@pytest.fixture
def edith() -> User:
    return person(roles.EDITOR, "edith")


@pytest.fixture
def chris() -> User:
    return person(roles.CHIEF, "chris")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@chris look", ["chris"]),
        ("look,@chris.", ["chris"]),
        ("(@chris) and @chris again", ["chris"]),
        ("chris@edith.example", []),
        ("@nobody and @", []),
        ("@edith talks to herself", []),
        ("@stranger may not read", []),
        ("@gone has left", []),
        ("see https://social.example/@chris or www.social.example/@chris", []),
        ("@edith/@chris", ["chris"]),
        ("<b>@chris</b>", ["chris"]),
        ("@CHRIS", []),
    ],
)
def test_colleagues_who_may_read_are_named_once(issue, edith, chris, body, names):
    make_person("", username="stranger")
    User.objects.filter(pk=person(roles.EDITOR, "gone").pk).update(is_active=False)
    begin(issue, edith, body)
    assert list(Mention.objects.values_list("user__username", flat=True)) == names


def test_a_mention_is_a_mail_with_the_way_to_the_block(issue, edith, chris):
    said = begin(issue, edith, "Look at <this>, @chris & tell me.")
    send_mentions()
    (message,) = mail.outbox
    assert (message.to, message.subject) == (
        ["chris@harbour.example"],
        "edith mentioned you in “A crane that learns”",
    )
    assert "Look at <this>, @chris & tell me." in message.body
    assert f"/desk/issues/{issue.pk}/#block-{said.block_uid}" in message.body
    send_mentions()
    assert len(mail.outbox) == 1


def test_a_title_cannot_write_headers(issue, edith, chris):
    Issue.objects.update(title="A\r\nBcc: all@readers.example")
    begin(issue, edith, "@chris")
    send_mentions()
    assert mail.outbox[0].subject == "edith mentioned you in “A Bcc: all@readers.example”"
    assert "Bcc" not in mail.outbox[0].message()


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_who_left_meanwhile_gets_no_mail(issue, edith, chris, change):
    begin(issue, edith, "@chris")
    User.objects.filter(pk=chris.pk).update(**change)
    send_mentions()
    assert mail.outbox == []
    assert not Mention.objects.filter(mail_due_at__isnull=False).exists()


def test_who_may_not_read_any_more_gets_no_mail(issue, edith, chris):
    begin(issue, edith, "@chris")
    chris.groups.clear()
    send_mentions()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OSError("down"), True),
        (smtplib.SMTPServerDisconnected("gone"), True),
        (smtplib.SMTPRecipientsRefused({"chris@harbour.example": (451, b"later")}), True),
        (smtplib.SMTPRecipientsRefused({"chris@harbour.example": (550, b"nobody")}), False),
        (smtplib.SMTPDataError(452, b"later"), True),
        (smtplib.SMTPDataError(554, b"never"), False),
        (smtplib.SMTPSenderRefused(550, b"not you", "notes@harbour.example"), False),
    ],
)
def test_a_mail_that_is_not_taken_is_due_again_unless_never(issue, edith, chris, error, again, monkeypatch):
    def refuse(*_: object) -> int:
        raise error

    begin(issue, edith, "@chris")
    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    send_mentions()
    due = Mention.objects.get().mail_due_at
    assert bool(due) is again
    if due:
        assert due > NOW + datetime.timedelta(seconds=30)


def test_what_was_deleted_while_other_mails_went_out_is_not_sent(issue, edith, chris, monkeypatch):
    begin(issue, edith, "@chris first")
    second = begin(issue, edith, "@chris second")
    send = mail.EmailMessage.send

    def slow(message: mail.EmailMessage) -> int:
        Comment.objects.filter(pk=second.pk).delete()
        return send(message)

    monkeypatch.setattr(mail.EmailMessage, "send", slow)
    send_mentions()
    assert ["first" in message.body for message in mail.outbox] == [True]


def test_who_lost_the_right_while_other_mails_went_out_gets_no_more(issue, edith, chris, monkeypatch):
    for words in ("@chris first", "@chris second"):
        begin(issue, edith, words)
    send = mail.EmailMessage.send

    def slow(message: mail.EmailMessage) -> int:
        chris.groups.clear()
        return send(message)

    monkeypatch.setattr(mail.EmailMessage, "send", slow)
    send_mentions()
    assert len(mail.outbox) == 1


def test_two_workers_send_one_mail(issue, edith, chris):
    begin(issue, edith, "@chris")
    mention = Mention.objects.get()
    for _ in range(2):
        tasks._send(mention, now=NOW)
    assert len(mail.outbox) == 1


def test_an_answer_tells_whom_it_names(issue, edith, chris):
    commenting.reply(begin(issue, edith), "@edith look", by=chris, now=NOW)
    send_mentions()
    assert [message.to for message in mail.outbox] == [["edith@harbour.example"]]
