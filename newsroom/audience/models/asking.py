"""How often somebody has asked for a confirmation mail."""

from django.db import models


class Asking(models.Model):
    """One request that counts against a limit until ``until``. ``where`` is a keyed digest of the mailbox or of the visitor's
    address, which itself is not kept here."""

    where = models.CharField(max_length=64)
    until = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["where", "until"], name="asking")]

    def __str__(self) -> str:
        return f"{self.where[:8]} until {self.until:%Y-%m-%d %H:%M}"
