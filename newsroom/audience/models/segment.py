"""A part of a list, as a question that is asked anew each time."""

from django.conf import settings
from django.db import models

from newsroom.audience.models.people import MailingList


class Segment(models.Model):
    """A saved query on a list. ``rules`` are read by ``audience.rules``; all of them must hold."""

    mailing_list = models.ForeignKey(MailingList, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(max_length=80)
    rules = models.JSONField(default=list)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["mailing_list", "name"], name="segment_once")]

    def __str__(self) -> str:
        return self.name
