"""One block of an issue: a kind and its data."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models

from issues.models.issue import Issue


class BlockQuerySet(models.QuerySet["Block"]):
    def standing(self) -> Self:
        """Not removed, in reading order."""
        return self.filter(removed_at__isnull=True).order_by("position", "pk")


class Block(models.Model):
    """A block. ``data`` has the shape of its kind at ``version``; ``uid`` is stable for life; ``rev`` counts its edits.

    ``unread`` holds what stands in fields of its form that could not be read, as it was typed: a draft may be unfinished,
    and no word of it is lost.

    ``position`` is not unique: SQLite cannot defer the check while blocks change places. A removed block keeps its row,
    so that removing can be undone.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="blocks")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField(default=1)
    data = models.JSONField(default=dict)
    unread = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField()
    rev = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = BlockQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["issue", "position"], name="block_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.position + 1}"
