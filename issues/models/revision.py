"""How an issue read at some moment, and words that could not be stored where they were written."""

from django.conf import settings
from django.db import models

from issues.models.issue import Issue


class Revision(models.Model):
    """All words of an issue as they stood ``at`` a moment.

    ``content`` is ``{"title", "subject", "preheader", "planned_for", "blocks": [{"uid", "kind", "version", "data",
    "unread"}]}``; ``digest`` its SHA-256, in hex. Sponsor bookings are no words and never stand in it. One without a name
    grows while its author goes on writing (``issues.history``); one with a name never changes again.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    begun_at = models.DateTimeField()
    at = models.DateTimeField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["issue", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "number"], name="revision_number_once_per_issue")
        ]

    def __str__(self) -> str:
        return self.name or f"Revision {self.number}"


class SetAside(models.Model):
    """Words for a block that somebody else held or had changed meanwhile: kept beside it, so that nobody loses them.

    ``words`` are what stood in the block's form (``issues.blocks.fields``). One row a tab, block and revision the tab
    started from; it grows while its author goes on writing.
    """

    class Why(models.TextChoices):
        CHANGED = "changed", "somebody else had changed the block"
        HELD = "held", "somebody else was editing the block"
        REMOVED = "removed", "somebody else had removed the block"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="set_aside")
    block_uid = models.UUIDField()
    kind = models.CharField(max_length=40)
    words = models.JSONField()
    why = models.CharField(max_length=10, choices=Why)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    client = models.UUIDField()
    rev = models.PositiveIntegerField()

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "set aside"
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "client", "block_uid", "rev"], name="set_aside_once_per_tab_and_revision"
            )
        ]

    def __str__(self) -> str:
        return f"Set aside because {self.get_why_display()}"
