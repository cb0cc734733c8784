"""Talking about blocks: threads, and comments that outlive their block."""

import uuid

import pytest
from django.contrib.auth.models import User

from issues import commenting
from issues.models import Comment, Issue, Mention
from newsroom.desk import roles
from newsroom.lib.errors import NotNow, Refused
from tests.make import NOW, make_issue, make_person, remove
from tests.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    return make_issue(blocks=("story", "sign_off"))


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
    assert begin(issue, edith, " one\r\ntwo\rthree\0\ud800 ").body == "one\ntwo\nthree"


def test_a_first_comment_goes_with_the_last_answer_to_it(issue, edith, chris):
    thread = begin(issue, edith)
    answers = [commenting.reply(thread, words, by=chris, now=NOW) for words in ("One", "Two")]
    commenting.delete(thread, now=NOW)
    commenting.delete(answers[0], now=NOW)
    assert commenting.counts(issue) == {str(story(issue)): 1}
    commenting.delete(answers[1], now=NOW)
    assert not issue.comments.exists()


def test_a_thread_stays_when_its_answers_go(issue, edith, chris):
    thread = begin(issue, edith)
    commenting.delete(commenting.reply(thread, "One", by=chris, now=NOW), now=NOW)
    assert list(issue.comments.all()) == [thread]


@pytest.mark.django_db(transaction=True)
def test_an_answer_to_what_was_just_deleted_is_not_lost(edith, chris):
    issue = make_issue(blocks=("story",))
    thread = begin(issue, edith)
    commenting.delete(Comment.objects.get(pk=thread.pk), now=NOW)
    answer = commenting.reply(thread, "Kept.", by=chris, now=NOW)
    assert list(issue.comments.threads()) == [answer]
    assert (answer.about, answer.block_uid) == ("Story: A crane that learns", story(issue))


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_deletion_at_once_lose_no_answer(edith, chris):
    issue = make_issue(blocks=("story",))
    for number in range(6):
        thread = begin(issue, edith)
        deleted, answer = together(
            lambda pk=thread.pk: commenting.delete(Comment.objects.get(pk=pk), now=NOW),
            lambda thread=thread, number=number: commenting.reply(
                thread, f"Answer {number}", by=chris, now=NOW
            ),
        )
        assert deleted is None, deleted
        assert issue.comments.filter(body=f"Answer {number}").exists(), answer


def test_comments_on_other_issues_do_not_count(issue, edith):
    begin(make_issue(blocks=("story",)), edith)
    assert commenting.counts(issue) == {}
