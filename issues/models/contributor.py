"""People who write for a publication."""

from django.conf import settings
from django.db import models


class Contributor(models.Model):
    """Somebody whose byline stands in issues; one change here is a change in every draft that names them."""

    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    social_label = models.CharField(
        "social account", max_length=60, blank=True, help_text="Such as mastodon."
    )
    social_url = models.URLField("its address", max_length=2000, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contributor",
        help_text="Their account at the desk, if they have one.",
    )
    active = models.BooleanField(default=True, help_text="Offered for new bylines.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
