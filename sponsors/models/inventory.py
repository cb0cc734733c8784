"""What there is to sell: placements, what fits into them, what they cost, and one slot for each issue."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from issues.models import Issue, Publication
from issues.models.publication import check_weekdays, every_weekday


class ImageUse(models.TextChoices):
    NONE = "none", "No image"
    OPTIONAL = "optional", "May have an image"
    REQUIRED = "required", "Needs an image"


def check_label(template: str) -> None:
    """A label without the advertiser's name tells readers nothing."""
    try:
        filled = template.format(ADVERTISER="\0", advertiser="\0")
    except (KeyError, IndexError, ValueError):
        raise ValidationError("Between braces only {ADVERTISER} or {advertiser} may stand.") from None
    if "\0" not in filled:
        raise ValidationError("Name the advertiser with {ADVERTISER} (in capitals) or {advertiser}.")


class AdFormat(models.Model):
    """What a sponsor may bring, and the label that readers see above it.

    The label and the second cue belong to the format: no sponsor and no editor writes them, and nobody can leave them out.
    """

    name = models.CharField(max_length=80, unique=True)
    headline_max = models.PositiveSmallIntegerField("characters of the headline", default=80)
    body_max = models.PositiveSmallIntegerField("characters of the words", default=900)
    cta_max = models.PositiveSmallIntegerField("characters of the button", default=40)
    max_links = models.PositiveSmallIntegerField("links in the words", default=4)
    image = models.CharField(max_length=8, choices=ImageUse, default=ImageUse.OPTIONAL)
    image_width = models.PositiveSmallIntegerField("pixels wide, at least", default=600)
    image_height = models.PositiveSmallIntegerField("pixels high, at least", default=200)
    image_max_kb = models.PositiveIntegerField("kilobytes of the image, at most", default=500)
    label_template = models.CharField(
        "label", max_length=80, default="A MESSAGE FROM {ADVERTISER}", validators=[check_label]
    )
    second_cue = models.CharField(
        max_length=40,
        default="Sponsored",
        help_text="Stands beside the label, so that nobody takes it for news.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def label(self, advertiser: str) -> str:
        """The label of an advertiser's message."""
        return self.label_template.format(ADVERTISER=advertiser.upper(), advertiser=advertiser)


class Rule(models.TextChoices):
    """Where a placement stands: a rule that holds while editors reorder, not a coordinate."""

    AFTER_LEAD = "after_lead", "after the lead"
    AFTER_STORY = "after_story", "after the nth story"
    BEFORE_SIGN_OFF = "before_sign_off", "before the sign-off"
    FIXED = "fixed", "as the nth block"
    ANYWHERE = "anywhere", "anywhere"


class Fallback(models.TextChoices):
    """What stands in a slot that nobody has bought."""

    COLLAPSE = "collapse", "Nothing: the slot closes up"
    HOUSE = "house", "A house promotion"
    REFUSE = "refuse", "The issue does not go out"


class Placement(models.Model):
    """A place that every issue of a publication has to sell. ``code`` is stable for life: blocks name it."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="placements")
    code = models.SlugField(max_length=24)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in the calendar.")
    format = models.ForeignKey(AdFormat, on_delete=models.PROTECT, related_name="placements")
    rule = models.CharField(max_length=16, choices=Rule, default=Rule.ANYWHERE)
    nth = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text="Which story, or which block, where the rule counts.",
    )
    drift = models.PositiveSmallIntegerField(
        default=0, help_text="By how many blocks it may stand off the place of the rule."
    )
    apart = models.PositiveSmallIntegerField(
        default=4, help_text="Blocks between two messages of one advertiser, at least."
    )
    capacity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(9)], help_text="Slots in one issue."
    )
    weekdays = models.JSONField(
        default=every_weekday, validators=[check_weekdays], help_text="Days on which it is sold; 0 is Monday."
    )
    fallback = models.CharField(max_length=8, choices=Fallback, default=Fallback.COLLAPSE)
    book_days = models.PositiveSmallIntegerField(
        default=5, help_text="Business days before the issue goes out until which it can be held."
    )
    creative_days = models.PositiveSmallIntegerField(
        default=3, help_text="Business days before the issue goes out by which the creative is due."
    )
    proof_days = models.PositiveSmallIntegerField(
        default=1, help_text="Business days before the issue goes out by which the sponsor approves."
    )
    retired_at = models.DateTimeField(null=True, blank=True, help_text="No longer sold from then on.")

    class Meta:
        ordering = ["publication", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "code"], name="placement_code_once_per_publication"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def position_rule(self) -> str:
        """The rule in words, such as “after the 2nd story”."""
        ordinal = {1: "1st", 2: "2nd", 3: "3rd"}.get(self.nth, f"{self.nth}th")
        return Rule(self.rule).label.replace("nth", ordinal)


class Slot(models.Model):
    """One place in one issue. Only ``blocked_for`` is its own; whether it is held or sold is read from holds and insertions."""

    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, related_name="slots")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="slots")
    ordinal = models.PositiveSmallIntegerField(default=1)
    blocked_for = models.CharField(max_length=120, blank=True, help_text="Why it is not for sale.")

    class Meta:
        ordering = ["issue_id", "placement__position", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "placement", "ordinal"], name="slot_once_per_issue")
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.issue.planned_for:%a %-d %b %Y}"

    @property
    def offered(self) -> bool:
        """Whether its placement is still sold, on this day and that often."""
        placement = self.placement
        if placement.retired_at or self.ordinal > placement.capacity:
            return False
        return self.issue.planned_for.weekday() in placement.weekdays

    @property
    def key(self) -> str:
        """What the calendar calls it, whether its row is there or not."""
        return f"{self.issue_id}.{self.placement_id}.{self.ordinal}"

    @property
    def name(self) -> str:
        return f"{self.placement} {self.ordinal}" if self.placement.capacity > 1 else str(self.placement)


class RateCard(models.Model):
    """Prices of a publication from one day to another. Several may overlap in time; the youngest start counts."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="rate_cards")
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="USD")
    valid_from = models.DateField()
    valid_to = models.DateField(
        null=True, blank=True, help_text="The last day; empty means until another starts."
    )

    class Meta:
        ordering = ["publication", "-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="rate_card_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RateCardItem(models.Model):
    """What one insertion in a placement costs, flat."""

    card = models.ForeignKey(RateCard, on_delete=models.CASCADE, related_name="items")
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="prices")
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["card", "placement__position"]
        constraints = [models.UniqueConstraint(fields=["card", "placement"], name="price_once_per_card")]

    def __str__(self) -> str:
        return f"{self.placement}: {self.price}"


class Package(models.Model):
    """Placements sold together in one issue, such as “top and closing, same issue”. ``price`` is for one issue."""

    card = models.ForeignKey(RateCard, on_delete=models.CASCADE, related_name="packages")
    name = models.CharField(max_length=80)
    placements = models.ManyToManyField(Placement, related_name="packages")
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["card", "name"]

    def __str__(self) -> str:
        return self.name
