"""What somebody agreed to, when, and how we know."""

from django.db import models

from newsroom.audience.models.people import Subscription


class Consent(models.Model):
    """One step of a subscription, as evidence: never changed. ``what`` is asked, confirmed, imported, left, bounced,
    complained or erased; ``source`` the form, the file or the mail it came by; ``words`` what the person was told."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="consents")
    what = models.CharField(max_length=20)
    at = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True)
    words = models.CharField(max_length=400, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "consents"

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
