"""What colleagues say to each other about a block."""

from typing import Self

from django.conf import settings
from django.db import models

from issues.models.issue import Issue


class CommentQuerySet(models.QuerySet["Comment"]):
    def threads(self) -> Self:
        """First comments, oldest first."""
        return self.filter(thread__isnull=True).order_by("at", "pk")


class Comment(models.Model):
    """One comment. ``thread`` is the first comment of its thread, null for that one itself; only first ones are resolved.

    ``block_uid`` is no key: a comment outlives its block, and ``about`` says what the block was when it began. A deleted
    comment keeps its row, so that the answers to it keep their place.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="comments")
    block_uid = models.UUIDField()
    about = models.CharField(max_length=120)
    thread = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    body = models.TextField(max_length=4000)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["issue", "block_uid"], name="comments_of_a_block")]

    def __str__(self) -> str:
        return self.body[:60]


class Mention(models.Model):
    """Somebody named in a comment. The row is the queue of the mail about it: due at ``mail_due_at``, null once sent."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    mail_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="mentioned_once_per_comment")]
        indexes = [models.Index(fields=["mail_due_at"], name="mentions_due")]

    def __str__(self) -> str:
        return f"{self.user} in {self.comment}"
