"""Readers, and what they have asked for."""

from django.db import models
from django.db.models.functions import Lower


class MailingList(models.Model):
    """The readers of one publication; ``slug`` is the publication's."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    sender = models.CharField(max_length=400, blank=True, help_text="From line of confirmation mails.")
    asks = models.JSONField(
        default=list, blank=True, help_text="What readers may tell of themselves: names of attributes."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Subscriber(models.Model):
    """A person, known by an address; the address is unique whatever its capitals."""

    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    attributes = models.JSONField(
        default=dict,
        blank=True,
        help_text="What else is known of them, such as company or country: words by name.",
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="subscriber_email_once")]

    def __str__(self) -> str:
        return self.email


class Status(models.TextChoices):
    PENDING = "pending", "Not confirmed yet"
    ACTIVE = "active", "Active"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    BOUNCED = "bounced", "Bounced: mail does not arrive"
    COMPLAINED = "complained", "Complained: reported as spam"


GONE = (Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED)
"""Who is not written to, and is never brought back but by themselves."""


class Subscription(models.Model):
    """A person on a list. Only ``audience.subscribing``, ``audience.suppressing`` and ``audience.importing`` write ``status``.

    ``engaged_at`` and ``opened_at`` are when they last followed a link, or last let an image be fetched, as far as no rule
    takes that for a machine's. ``seed`` marks an address of our own, the first stage of an issue that goes out by stages.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="subscriptions")
    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="subscriptions")
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    source = models.CharField(max_length=60, help_text="Where the address came from: a form, an import.")
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the confirmation mail is to go; empty if none is due."
    )
    left_by = models.CharField(
        max_length=20, blank=True, help_text="How they left: page, one-click, import, bounce, complaint."
    )
    engaged_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    seed = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "mailing_list"], name="subscription_once_per_list")
        ]
        indexes = [
            models.Index(fields=["mailing_list", "status"], name="subscription_status"),
            models.Index(
                fields=["mail_due_at"],
                condition=models.Q(mail_due_at__isnull=False),
                name="subscription_mail_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.mailing_list}"
