"""Who advertises, whom they belong to, and whom they do not want to stand beside."""

from django.conf import settings
from django.db import models


class Category(models.Model):
    """A line of business, for exclusivity."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class ExclusionLabel(models.Model):
    """Advertisers who share a label never stand in one issue."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Advertiser(models.Model):
    """A company that sponsors issues, or the house itself for its own promotions."""

    name = models.CharField(max_length=120, unique=True)
    other_names = models.TextField(
        blank=True, help_text="Other spellings, one a line: the radar looks for them in stories."
    )
    parents = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="children",
        help_text="Organisations it belongs to.",
    )
    rivals = models.ManyToManyField("self", blank=True)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="advertisers"
    )
    labels = models.ManyToManyField(
        ExclusionLabel,
        blank=True,
        related_name="advertisers",
        help_text="It never stands in one issue with another advertiser of the same label.",
    )
    house = models.BooleanField(
        default=False, help_text="Our own promotions; they stand where nothing is sold, without a label."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ContactRole(models.TextChoices):
    BUYER = "buyer", "Buyer"
    CREATIVE = "creative", "Creative"
    APPROVER = "approver", "Approver"
    BILLING = "billing", "Billing"


class Contact(models.Model):
    """Somebody at the advertiser, or at its agency, and what they are asked for."""

    advertiser = models.ForeignKey(Advertiser, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=ContactRole, default=ContactRole.BUYER)

    class Meta:
        ordering = ["advertiser", "role", "name"]
        constraints = [
            models.UniqueConstraint(fields=["advertiser", "email", "role"], name="contact_once_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"
