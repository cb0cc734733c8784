"""Links by which a sponsor's people see their own order without an account."""

import datetime

from django.conf import settings
from django.db import models

from sponsors.models.deals import InsertionOrder


class PortalLink(models.Model):
    """A link to one order. Its token is signed with the row's number, so that nothing secret is stored; the row says how long
    it holds and whether it was revoked."""

    order = models.ForeignKey(InsertionOrder, on_delete=models.PROTECT, related_name="portal_links")
    name = models.CharField(
        max_length=120, help_text="Whom it is for; their decisions are signed with this name."
    )
    email = models.EmailField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "-made_at"]

    def __str__(self) -> str:
        return f"{self.name}, {self.order.number}"

    def holds(self, now: datetime.datetime) -> bool:
        """Whether it still opens the door."""
        return self.revoked_at is None and now < self.expires_at


class PortalMiss(models.Model):
    """Somebody came with a link that does not hold; too many from one place and we stop looking."""

    where = models.CharField(max_length=64, help_text="A digest of the address they came from.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["where", "at"], name="portal_miss")]
        verbose_name_plural = "portal misses"

    def __str__(self) -> str:
        return f"{self.where[:8]} {self.at:%Y-%m-%d %H:%M}"
