"""What somebody agreed to, when, and how we know."""

from django.db import models

from newsroom.audience.models.people import Subscription


class Consent(models.Model):
    """One step of a subscription, as evidence: never changed. ``what`` is asked, confirmed, imported, left, reason (why they
    left), bounced, complained, erased or lifted; ``source`` the form, the file or the mail it came by; ``words`` what the person
    was told, or told us. ``printing`` is the number in the token of the mail whose link they followed, where there was one."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="consents")
    what = models.CharField(max_length=20)
    at = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True)
    words = models.CharField(max_length=400, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    printing = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "consents"
        indexes = [
            models.Index(
                fields=["printing"], condition=models.Q(printing__isnull=False), name="consent_by_mail"
            ),
            models.Index(
                fields=["at"],
                condition=models.Q(what="left", printing__isnull=True),
                name="consent_left_otherwise",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
