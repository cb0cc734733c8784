"""Who pays, with which words, and where they run."""

from django.db import models

from issues.models import Issue


class Placement(models.TextChoices):
    """Where in an issue a sponsor's message stands."""

    PRIMARY = "primary", "Primary, after the lead"
    SECONDARY = "secondary", "Secondary, further down"
    CLOSING = "closing", "Closing, before the sign-off"


class Advertiser(models.Model):
    """A company that sponsors issues."""

    name = models.CharField(max_length=120, unique=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Creative(models.Model):
    """An advertiser's words. ``body`` is rich text; the label above it belongs to the block, never to these words."""

    advertiser = models.ForeignKey(Advertiser, on_delete=models.PROTECT, related_name="creatives")
    headline = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    url = models.URLField(max_length=2000, blank=True)
    cta = models.CharField("button", max_length=60, blank=True)
    approved = models.BooleanField(default=False, help_text="Only approved words run.")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-added_at"]

    def __str__(self) -> str:
        return f"{self.advertiser}: {self.headline or self.body[:40]}"


class Booking(models.Model):
    """A placement of an issue is sold to an advertiser. The database forbids selling it twice."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="bookings")
    placement = models.CharField(max_length=12, choices=Placement)
    advertiser = models.ForeignKey(Advertiser, on_delete=models.PROTECT, related_name="bookings")
    creative = models.ForeignKey(
        Creative, null=True, blank=True, on_delete=models.PROTECT, related_name="bookings"
    )
    booked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["issue", "placement"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "placement"], name="placement_sold_once_per_issue")
        ]

    def __str__(self) -> str:
        return f"{self.advertiser} in {self.issue}, {self.get_placement_display()}"
