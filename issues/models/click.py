"""A reader followed a link of an issue."""

from typing import Self

from django.db import models

from issues.models.issue import Issue


class ClickQuerySet(models.QuerySet["Click"]):
    def human(self) -> Self:
        """Those that no rule takes for a machine's."""
        return self.filter(verdict="")


class Click(models.Model):
    """One click, never thrown away. ``verdict`` names the rule of ``issues.clicks`` that takes it for a machine's; empty is a
    person's.

    ``block`` is the uid of the block that the link stands in, ``mark`` the tracking token of the sponsor's insertion that it
    belongs to; else empty. ``reader`` tells one reader from another within the issue and nothing else about them.
    """

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="clicks")
    block = models.CharField(max_length=36, blank=True)
    mark = models.CharField(max_length=16, blank=True)
    url = models.CharField(max_length=2000)
    reader = models.CharField(max_length=40)
    at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=8, default="GET")
    agent = models.CharField(max_length=300, blank=True)
    verdict = models.CharField(max_length=24, blank=True)

    objects = ClickQuerySet.as_manager()

    class Meta:
        ordering = ["issue", "at"]
        indexes = [
            models.Index(
                fields=["mark", "verdict", "reader"], name="click_of_insertion", condition=~models.Q(mark="")
            ),
            models.Index(fields=["issue", "reader", "at"], name="click_of_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.url} at {self.at:%Y-%m-%d %H:%M:%S}"
