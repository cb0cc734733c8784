"""A newsletter: its name, its sender, its hours and its looks."""

import datetime
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from issues.theme import COLOUR, Theme, too_faint

RUNDOWN = [
    "greeting",
    "lead_story",
    "sponsor_slot",
    "event_promo",
    "financial_corner",
    "byline",
    "link_roundup",
    "sign_off",
]


def standard_rundown() -> list[str]:
    return list(RUNDOWN)


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"There is no time zone called “{name}”. Use a name like America/New_York.")


check_colour = RegexValidator(COLOUR, "Write a colour as # and six hexadecimal digits, such as #0b57b0.")


RESERVED = frozenset(
    "admin c confirm desk healthz media o preferences privacy returns sponsor static u".split()
)
"""First parts of addresses that are not a publication's."""


def check_not_reserved(slug: str) -> None:
    if slug in RESERVED:
        raise ValidationError(f"“{slug}” is the address of something else here. Choose another.")


WORKDAYS = [0, 1, 2, 3, 4]


def workdays() -> list[int]:
    return list(WORKDAYS)


def every_weekday() -> list[int]:
    return list(range(7))


def check_weekdays(given: object) -> None:
    if (
        not isinstance(given, list)
        or any(day not in range(7) for day in given)
        or len(set(given)) != len(given)
    ):
        raise ValidationError("Name each weekday once, from 0 (Monday) to 6 (Sunday).")


class Publication(models.Model):
    """A newsletter. Its ``slug`` is stable for life: archive address, List-Id and name of its mailing list."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(
        unique=True,
        validators=[check_not_reserved],
        help_text="Part of every address; never changes once issues have gone out.",
    )
    tagline = models.CharField(max_length=200, blank=True)
    language = models.CharField(
        max_length=12, default="en", help_text="Language of the words, such as en or en-GB."
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    usual_time = models.TimeField(
        default=datetime.time(9, 0), help_text="Proposed when an issue is scheduled."
    )
    window_minutes = models.PositiveIntegerField(
        default=120,
        validators=[MinValueValidator(5)],
        help_text="How late a send may start if something was down. After that it is missed, and a person decides.",
    )
    weekdays = models.JSONField(
        default=workdays, validators=[check_weekdays], help_text="Days on which it appears; 0 is Monday."
    )
    weeks_ahead = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(52)],
        help_text="Issues are planned this many weeks ahead, so that their slots can be sold; 0 plans none.",
    )
    rundown = models.JSONField(
        default=standard_rundown, help_text="Block kinds a new issue starts with, in order."
    )

    sender_name = models.CharField(max_length=120)
    sender_email = models.EmailField()
    reply_to = models.EmailField(blank=True)
    postal_address = models.CharField(
        max_length=240, help_text="Stands in the footer of every mail; the law asks for it."
    )

    track_clicks = models.BooleanField(
        default=True, help_text="Links in mail lead over us, so that clicks can be counted."
    )
    track_opens = models.BooleanField(
        default=False, help_text="A pixel in each mail tells when it is opened, or fetched by a machine."
    )
    canary = models.BooleanField(
        default=False,
        help_text="Send to our own addresses first, then to 1 %, to 10 % and to all, and stop if something is wrong.",
    )

    masthead = models.CharField(
        max_length=80, blank=True, help_text="Words at the head of each issue; the name if empty."
    )
    logo = models.ForeignKey(
        "issues.Image", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accent = models.CharField(max_length=7, default="#0b57b0", validators=[check_colour])
    ink = models.CharField(max_length=7, default="#1a2029", validators=[check_colour])
    paper = models.CharField(max_length=7, default="#ffffff", validators=[check_colour])
    ground = models.CharField(max_length=7, default="#eef1f5", validators=[check_colour])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def theme(self) -> Theme:
        return Theme(accent=self.accent, ink=self.ink, paper=self.paper, ground=self.ground)

    def clean(self) -> None:
        """Refuse colours that readers could not read (WCAG 2.2, SC 1.4.3)."""
        try:
            faint = too_faint(self.theme)
        except ValueError:
            return  # a malformed colour already has its own message
        if faint:
            raise ValidationError(dict(faint))


class Holiday(models.Model):
    """A day on which a publication does not appear, and which is no business day of its desk."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["publication", "day"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}".strip()
