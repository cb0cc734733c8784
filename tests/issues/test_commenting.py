"""Talking about blocks: threads, colleagues who are told by mail, and comments that outlive their block."""

import datetime
import smtplib
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail

from issues import commenting
from issues.models import Comment, Issue, Mention
from issues.tasks import send_mentions
from newsroom.desk import roles
from newsroom.lib.errors import NotNow, Refused
from tests.make import NOW, make_issue, make_person, remove

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    return make_issue(blocks=("story", "sign_off"))


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def person(role: str, name: str) -> User:
    user = make_person(role, username=name)
    user.email = f"{name}@harbour.example"
    user.save()
    return user


@pytest.fixture
def edith() -> User:
    return person(roles.EDITOR, "edith")


@pytest.fixture
def chris() -> User:
    return person(roles.CHIEF, "chris")


def story(issue: Issue) -> uuid.UUID:
    return issue.blocks.get(kind="story").uid


def begin(issue: Issue, by: User, body: str = "Is this right?") -> Comment:
    return commenting.comment(issue, story(issue), body, by=by, now=NOW)


# threads


def test_a_block_has_as_many_threads_as_people_begin(issue, edith, chris):
    first, second = begin(issue, edith), begin(issue, chris, "Another thing")
    answer = commenting.reply(first, "It is.", by=chris, now=NOW)
    assert list(issue.comments.threads()) == [first, second]
    assert (answer.thread, answer.block_uid) == (first, first.block_uid)
    assert commenting.counts(issue) == {str(story(issue)): 2}


def test_a_resolved_thread_stays_and_may_go_on(issue, edith, chris):
    thread = begin(issue, edith)
    commenting.resolve(thread, by=chris, now=NOW)
    assert commenting.counts(issue) == {}
    thread.refresh_from_db()
    assert thread.resolved_by == chris
    with pytest.raises(NotNow, match="resolved already"):
        commenting.resolve(thread, by=edith, now=NOW)
    commenting.reopen(thread)
    assert commenting.counts(issue) == {str(story(issue)): 1}


def test_a_comment_outlives_its_block_and_says_what_it_was_about(issue, edith):
    thread = begin(issue, edith)
    remove(issue, "story")
    thread.refresh_from_db()
    assert thread.about == "Story: A crane that learns"
    assert commenting.reply(thread, "Why is it gone?", by=edith, now=NOW).about == thread.about


def test_a_comment_on_a_block_that_was_just_removed_is_not_lost(issue, edith):
    uid = story(issue)
    remove(issue, "story")
    said = commenting.comment(issue, uid, "Still true.", by=edith, now=NOW)
    assert (said.block_uid, said.about) == (uid, "Story: A crane that learns")
    assert (
        commenting.comment(issue, uuid.uuid4(), "Of what?", by=edith, now=NOW).about == "A block that is gone"
    )


def test_a_first_comment_with_answers_keeps_its_place(issue, edith, chris):
    thread = begin(issue, edith, "Secret @chris")
    answer = commenting.reply(thread, "Kept.", by=chris, now=NOW)
    commenting.delete(thread, now=NOW)
    thread.refresh_from_db()
    assert (thread.body, thread.deleted_at) == ("", NOW)
    assert Comment.objects.filter(pk=answer.pk).exists()
    assert not Mention.objects.exists()


def test_a_comment_without_answers_is_gone(issue, edith):
    commenting.delete(begin(issue, edith), now=NOW)
    assert not issue.comments.exists()


@pytest.mark.parametrize(
    ("body", "why"), [("", "Write something"), (" \n ", "Write something"), ("x" * 4001, "at most 4,000")]
)
def test_no_words_and_too_many_are_refused(issue, edith, body, why):
    with pytest.raises(Refused, match=why):
        begin(issue, edith, body)
    assert not issue.comments.exists()


def test_lines_are_kept_and_nul_is_not(issue, edith):
    assert begin(issue, edith, " one\r\ntwo\rthree\0 ").body == "one\ntwo\nthree"


# mentions


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
