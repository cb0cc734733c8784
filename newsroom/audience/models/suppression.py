"""Addresses that nobody writes to, whatever list they stand on."""

from django.conf import settings
from django.db import models


class Reason(models.TextChoices):
    BOUNCED = "bounced", "Mail does not arrive"
    COMPLAINED = "complained", "Reported us as spam"
    ASKED = "asked", "Asked us never to write"
    ERASED = "erased", "Had their data erased"


class Suppression(models.Model):
    """One address on the suppression list. It is known by its ``fingerprint``, so that who had their data erased stays away
    though we do not know them any more; ``email`` is empty for them."""

    fingerprint = models.CharField(max_length=32, unique=True)
    email = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=12, choices=Reason)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.email or f"erased {self.fingerprint[:8]}"


class SuppressionEvent(models.Model):
    """An address came onto the list or went from it: never changed, and kept when the row of the list is gone. ``what`` is
    suppressed or lifted; ``by`` is nobody where the reader did it, or a bounce."""

    fingerprint = models.CharField(max_length=32, db_index=True)
    what = models.CharField(max_length=12)
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
