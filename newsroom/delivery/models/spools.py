"""How far footprints have been recorded."""

from django.db import models


class Bookmark(models.Model):
    """So many bytes of a spool stand in the database as clicks and openings. Moved in the transaction that writes those, so
    that a recorder killed at any moment neither loses nor doubles one. ``spool`` is the name of a file at some home."""

    spool = models.CharField(max_length=64, primary_key=True)
    read_to = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["spool"]

    def __str__(self) -> str:
        return f"{self.spool} to {self.read_to}"
