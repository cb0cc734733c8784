"""Who did what, and who overrode which rule and why. Only ever added to."""

from typing import Any

from django.conf import settings
from django.db import models

from issues.models import Issue
from issues.models.edition import Immutable
from sponsors.models.deals import Insertion, InsertionOrder
from sponsors.models.parties import Advertiser


class AuditEvent(models.Model):
    """One step, written in the same transaction as the step. ``who`` stays readable when the account is gone."""

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    who = models.CharField(max_length=120)
    what = models.CharField(max_length=60)
    note = models.CharField(max_length=600, blank=True)
    advertiser = models.ForeignKey(Advertiser, null=True, on_delete=models.PROTECT, related_name="trail")
    order = models.ForeignKey(InsertionOrder, null=True, on_delete=models.PROTECT, related_name="trail")
    insertion = models.ForeignKey(Insertion, null=True, on_delete=models.PROTECT, related_name="trail")
    issue = models.ForeignKey(Issue, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["order", "-at"], name="trail_of_order")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.what}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise Immutable("The audit trail never changes.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise Immutable("The audit trail is never deleted.")


class Override(models.Model):
    """Somebody let an insertion stand, or go out, against a rule. ``sentence`` is what the rule said: if it says something
    else later, it asks again."""

    insertion = models.ForeignKey(Insertion, on_delete=models.PROTECT, related_name="overrides")
    sentence = models.CharField(max_length=400)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["insertion_id", "at"]

    def __str__(self) -> str:
        return f"{self.insertion}: {self.reason}"
