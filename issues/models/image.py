"""Pictures, and which issues hold them."""

from typing import Any

from django.db import models

from issues.models.issue import Issue


class ImageQuerySet(models.QuerySet["Image"]):
    def hold_for(self, issue: Issue, ids: set[int]) -> None:
        """Make these the pictures that the issue holds, so that nobody deletes them under it."""
        ImageUse.objects.filter(issue=issue).exclude(image__in=ids).delete()
        held = set(ImageUse.objects.filter(issue=issue).values_list("image_id", flat=True))
        known = set(self.filter(pk__in=ids - held).values_list("pk", flat=True))
        ImageUse.objects.bulk_create(ImageUse(issue=issue, image_id=each) for each in known)


class Image(models.Model):
    """A picture in two widths for mail: ``small`` at most 600 px, ``large`` at most 1200 px wide.

    ``digest`` is the SHA-256 of ``large``, in hex.
    """

    small = models.FileField(upload_to="images/")
    large = models.FileField(upload_to="images/")
    width = models.PositiveIntegerField(help_text="Width of the small picture, px.")
    height = models.PositiveIntegerField(help_text="Height of the small picture, px.")
    digest = models.CharField(max_length=64, unique=True)
    added_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["-added_at"]

    def __str__(self) -> str:
        return f"{self.width} × {self.height} px, {self.digest[:8]}"

    def facts(self) -> dict[str, Any]:
        """Plain values for rendering; addresses are site-relative."""
        return {"small": self.small.url, "large": self.large.url, "width": self.width, "height": self.height}


class ImageUse(models.Model):
    """An issue holds a picture; the picture cannot be deleted meanwhile."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="image_uses")
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "image"], name="image_held_once_per_issue")]

    def __str__(self) -> str:
        return f"{self.image} in {self.issue}"
