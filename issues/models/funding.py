"""Funding rounds, repeated from every financial corner so that they can be queried."""

from collections.abc import Iterable

from django.db import models

from issues.models.issue import Issue


class FundingRoundQuerySet(models.QuerySet["FundingRound"]):
    def replace_for(self, issue: Issue, rounds: Iterable["FundingRound"]) -> None:
        """Make these the rounds of the issue."""
        self.filter(issue=issue).delete()
        self.bulk_create(rounds)


class FundingRound(models.Model):
    """One round: ``amount`` in whole units of ``currency`` (ISO 4217), null if undisclosed. A projection: never edited."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="funding_rounds")
    block_uid = models.UUIDField()
    position = models.PositiveIntegerField()
    company = models.CharField(max_length=120)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    series = models.CharField(max_length=40, blank=True)
    purpose = models.CharField(max_length=300, blank=True)
    url = models.URLField(max_length=2000, blank=True)

    objects = FundingRoundQuerySet.as_manager()

    class Meta:
        ordering = ["issue", "position"]

    def __str__(self) -> str:
        return self.company
