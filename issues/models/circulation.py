"""How many readers have which copy of an issue."""

from django.db import models

from issues.models.edition import Edition


class Circulation(models.Model):
    """So many readers have this edition of a sent issue. An issue that was corrected on its way has several. Only
    ``issues.workflow`` writes it."""

    edition = models.OneToOneField(Edition, on_delete=models.PROTECT, related_name="circulation")
    readers = models.PositiveIntegerField()

    class Meta:
        ordering = ["edition"]

    def __str__(self) -> str:
        return f"{self.edition}: {self.readers:,}"
