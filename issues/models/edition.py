"""What readers got, word for word; never changes."""

from typing import Any

from django.conf import settings
from django.db import models


class Immutable(Exception):
    """Somebody tried to change or delete an edition: a mistake in our code, not of a person."""


class EditionQuerySet(models.QuerySet["Edition"]):
    def update(self, **changes: Any) -> int:
        raise Immutable("An edition never changes.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Immutable("An edition is never deleted.")


class Edition(models.Model):
    """The frozen renderings of an approved issue. ``seal`` is the SHA-256 of them all, in hex.

    ``html`` and ``text`` hold the slots of ``issues.rendering.slots`` for what differs per reader.
    """

    issue = models.ForeignKey("issues.Issue", on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField()
    title = models.CharField(
        max_length=200, blank=True, help_text="Empty in editions older than this column."
    )
    subject = models.CharField(max_length=200)
    preheader = models.CharField(max_length=200, blank=True)
    html = models.TextField()
    text = models.TextField()
    web = models.TextField()
    pieces = models.JSONField(
        default=list, help_text="The blocks that readers see, in order; see ``issues.rendering.Piece``."
    )
    minutes = models.PositiveSmallIntegerField(help_text="Reading time.")
    seal = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["issue", "number"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="edition_number_once_per_issue")
        ]

    def __str__(self) -> str:
        return f"Edition {self.number} of {self.subject}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise Immutable("An edition never changes.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise Immutable("An edition is never deleted.")
