"""What came back: mail that did not arrive, and readers who complained."""

from django.db import models

from newsroom.audience.models import Subscription
from newsroom.delivery.models.sends import Send


class ReturnKind(models.TextChoices):
    HARD = "hard", "Does not exist"
    SOFT = "soft", "Not now"
    COMPLAINT = "complaint", "Reported as spam"


class Return(models.Model):
    """One bounce or complaint. ``status`` is the enhanced code (RFC 3463), ``said`` what the server said, ``by`` how it
    reached us: mailbox, pipe, or the provider that called our webhook. ``key`` tells the same report when it comes twice."""

    send = models.ForeignKey(Send, null=True, blank=True, on_delete=models.SET_NULL, related_name="returns")
    subscription = models.ForeignKey(
        Subscription, null=True, blank=True, on_delete=models.SET_NULL, related_name="returns"
    )
    kind = models.CharField(max_length=10, choices=ReturnKind)
    status = models.CharField(max_length=12, blank=True)
    said = models.CharField(max_length=400, blank=True)
    by = models.CharField(max_length=40)
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["subscription", "kind", "at"], name="return_of_reader")]

    def __str__(self) -> str:
        return f"{self.kind} {self.status} {self.at:%Y-%m-%d}"

    @property
    def domain(self) -> str:
        """What may be said of the reader to those who may not see addresses."""
        return self.subscription.subscriber.email.rpartition("@")[2] if self.subscription else ""
