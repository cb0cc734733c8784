"""A reader's mail program fetched the pixel of an issue."""

from typing import Self

from django.db import models

from issues.models.issue import Issue


class OpeningQuerySet(models.QuerySet["Opening"]):
    def human(self) -> Self:
        """Those that no rule takes for a machine's."""
        return self.filter(verdict="")


class Opening(models.Model):
    """One fetch of the pixel, with the ``verdict`` of ``issues.clicks`` as for a click. Many mail programs fetch it without
    anybody reading, so a sum of these is always said to include machines."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="openings")
    reader = models.CharField(max_length=40)
    at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    verdict = models.CharField(max_length=24, blank=True)

    objects = OpeningQuerySet.as_manager()

    class Meta:
        ordering = ["issue", "at"]
        indexes = [models.Index(fields=["issue", "reader"], name="opening_of_reader")]

    def __str__(self) -> str:
        return f"{self.issue_id} at {self.at:%Y-%m-%d %H:%M:%S}"
