"""A file of subscribers on its way in."""

from django.conf import settings
from django.db import models

from newsroom.audience.models.people import MailingList
from newsroom.lib.states import Moves


class IntakeStatus(models.TextChoices):
    UPLOADED = "uploaded", "Waiting to be told how to read it"
    WAITING = "waiting", "Waiting for the scheduler"
    READING = "reading", "Under way"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


INTAKE_MOVES: Moves = {
    IntakeStatus.UPLOADED: frozenset({IntakeStatus.WAITING}),
    IntakeStatus.WAITING: frozenset({IntakeStatus.CANCELLED}),
    IntakeStatus.READING: frozenset(
        {IntakeStatus.DONE, IntakeStatus.FAILED, IntakeStatus.CANCELLED, IntakeStatus.WAITING}
    ),
    IntakeStatus.DONE: frozenset({IntakeStatus.WAITING}),
    IntakeStatus.FAILED: frozenset({IntakeStatus.WAITING}),
    IntakeStatus.CANCELLED: frozenset({IntakeStatus.WAITING}),
}


class Intake(models.Model):
    """One import. ``reading`` says how the file is read (encoding, delimiter, columns, preset), ``counts`` what became of its
    rows; refused rows stand in a file of their own beside it. ``rehearsal``: nothing is written to the list."""

    mailing_list = models.ForeignKey(MailingList, on_delete=models.CASCADE, related_name="intakes")
    name = models.CharField(max_length=200, help_text="What the file was called.")
    file = models.CharField(max_length=300, help_text="Where it lies, below VAR.")
    size = models.BigIntegerField(default=0)
    status = models.CharField(max_length=12, choices=IntakeStatus, default=IntakeStatus.UPLOADED)
    rehearsal = models.BooleanField(default=False)
    reading = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    read_bytes = models.BigIntegerField(default=0)
    read_rows = models.BigIntegerField(default=0)
    said = models.CharField(max_length=400, blank=True, help_text="Why it failed, in a sentence.")
    worker = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="When whoever reads it was last heard.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "import"  # what the desk calls it

    def __str__(self) -> str:
        return self.name
