"""Addresses that nobody writes to, whatever list they stand on."""

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
