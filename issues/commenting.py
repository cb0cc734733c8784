"""Talking about a block: the only writer of comments and mentions. A comment outlives its block."""

import datetime
import re
import uuid
from collections import Counter

from django.contrib.auth.models import User
from django.db import transaction

from issues.blocks import registry
from issues.blocks.typed import storable
from issues.models import Comment, Issue, Mention
from newsroom.lib.errors import NotNow, Refused

__all__ = ["AT_MOST", "about", "comment", "counts", "delete", "mentioned", "reopen", "reply", "resolve"]

AT_MOST = 4000
"""Characters of a comment."""
MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")
"""``@edith``: the user name of a colleague."""
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
"""A link; whoever is named in it is somebody elsewhere."""
_READ = "issues.view_issue"


@transaction.atomic
def comment(issue: Issue, block_uid: uuid.UUID, body: str, *, by: User, now: datetime.datetime) -> Comment:
    """Begin a thread on a block, even one that has just been removed. Raises ``Refused`` for no words, or too many."""
    begun = Comment(issue=issue, block_uid=block_uid, about=about(issue, block_uid))
    return _said(begun, body, by=by, now=now)


@transaction.atomic
def reply(thread: Comment, body: str, *, by: User, now: datetime.datetime) -> Comment:
    """Answer in a thread, resolved or not; if it has just been deleted, the answer begins one of its own, so that it is
    not lost. Raises ``Refused`` for no words, or too many."""
    answer = Comment(
        issue=thread.issue, block_uid=thread.block_uid, about=thread.about, thread=_locked(thread)
    )
    return _said(answer, body, by=by, now=now)


def resolve(thread: Comment, *, by: User, now: datetime.datetime) -> None:
    """The thread has done its work; it stays readable. Raises ``NotNow`` if somebody was faster."""
    if Comment.objects.filter(pk=thread.pk, resolved_at=None).update(resolved_at=now, resolved_by=by) != 1:
        raise NotNow("This thread is resolved already.")


def reopen(thread: Comment) -> None:
    """The thread goes on."""
    Comment.objects.filter(pk=thread.pk).update(resolved_at=None, resolved_by=None)


@transaction.atomic
def delete(said: Comment, *, now: datetime.datetime) -> None:
    """Take the words away. A first comment with answers keeps its place, so that they keep theirs; once the last of them
    is deleted, it is gone as well."""
    thread = _locked(said.thread or said)
    if thread == said and said.replies.exists():
        said.body, said.deleted_at = "", now
        said.save(update_fields=["body", "deleted_at"])
        said.mentions.all().delete()
        return
    said.delete()
    if said.thread_id:
        Comment.objects.filter(pk=said.thread_id, deleted_at__isnull=False, replies=None).delete()


def counts(issue: Issue) -> dict[str, int]:
    """How many open threads each block has, by uid."""
    open_threads = issue.comments.threads().filter(resolved_at=None)
    return dict(Counter(str(uid) for uid in open_threads.values_list("block_uid", flat=True)))


def mentioned(body: str, *, but: User | None = None) -> list[User]:
    """The colleagues named in a comment who may read issues; never its author."""
    names = set(MENTION.findall(_ADDRESS.sub(" ", body)))
    found = User.objects.filter(username__in=names, is_active=True).order_by("pk") if names else []
    return [user for user in found if user != but and user.has_perm(_READ)]


def _locked(thread: Comment) -> Comment | None:
    """The first comment as it is now, so that nobody answers what somebody is deleting; None if it is gone."""
    return Comment.objects.select_for_update().filter(pk=thread.pk).first()


def _said(said: Comment, body: str, *, by: User, now: datetime.datetime) -> Comment:
    said.body, said.by, said.at = _readable(body), by, now
    said.save()
    Mention.objects.bulk_create(
        Mention(comment=said, user=user, mail_due_at=now) for user in mentioned(said.body, but=by)
    )
    return said


def _readable(body: str) -> str:
    words = storable(body).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words:
        raise Refused("Write something first.")
    if len(words) > AT_MOST:
        raise Refused(f"A comment has at most {AT_MOST:,} characters; this one has {len(words):,}.")
    return words


def about(issue: Issue, block_uid: uuid.UUID) -> str:
    """What the block is called, for the day when it is gone."""
    row = issue.blocks.filter(uid=block_uid).first()
    if row is None:
        return "A block that is gone"
    kind = registry.kind(row.kind)
    words = kind.summary(kind.load(row.data, row.version))
    return f"{kind.label}: {words}"[:120] if words else kind.label
