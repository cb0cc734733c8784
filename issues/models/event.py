"""What happened to an issue, and who did it."""

from django.conf import settings
from django.db import models


class IssueEvent(models.Model):
    """One step of an issue, written in the same transaction as the step."""

    issue = models.ForeignKey("issues.Issue", on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=40)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"
