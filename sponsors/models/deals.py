"""Holds, insertion orders, their line items, and insertions: one line item in one slot."""

import datetime
import secrets
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from issues.models import Publication
from newsroom.lib.states import Moves
from sponsors.models.creatives import CreativeVersion
from sponsors.models.inventory import Package, Slot
from sponsors.models.parties import Advertiser, Category


class HoldStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    CONVERTED = "converted", "Booked"
    RELEASED = "released", "Released"
    EXPIRED = "expired", "Expired"


HOLD_MOVES: Moves = {
    HoldStatus.ACTIVE: frozenset({HoldStatus.CONVERTED, HoldStatus.RELEASED, HoldStatus.EXPIRED}),
}


class HoldQuerySet(models.QuerySet["Hold"]):
    def standing(self, now: datetime.datetime) -> Self:
        """Active, and their time has not run out: the clock is asked on reading, whatever the row says."""
        return self.filter(status=HoldStatus.ACTIVE, expires_at__gt=now).order_by("slot_id", "rank")

    def run_out(self, now: datetime.datetime) -> Self:
        """Active in the row, though their time has run out."""
        return self.filter(status=HoldStatus.ACTIVE, expires_at__lte=now)


class Hold(models.Model):
    """A slot is kept for an advertiser until ``expires_at``. The standing hold of the lowest ``rank`` is the first option.

    A challenge by another buyer shortens ``expires_at`` to a day, and rules out an extension.
    """

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="holds")
    advertiser = models.ForeignKey(Advertiser, on_delete=models.PROTECT, related_name="holds")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="holds"
    )
    rank = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=HoldStatus, default=HoldStatus.ACTIVE)
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True, blank=True)
    challenged_at = models.DateTimeField(null=True, blank=True)
    challenged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["slot_id", "rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "rank"], condition=Q(status="active"), name="one_active_hold_per_rank"
            ),
            models.UniqueConstraint(
                fields=["slot", "advertiser"],
                condition=Q(status="active"),
                name="one_active_hold_per_advertiser",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], condition=Q(status="active"), name="hold_runs_out")]

    def __str__(self) -> str:
        return f"{self.advertiser}, option {self.rank} on {self.slot}"


class OrderStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PENDING_APPROVAL = "pending_approval", "Waiting for approval"
    APPROVED = "approved", "Approved"
    DISAPPROVED = "disapproved", "Sent back"
    SIGNED = "signed", "Signed"
    CANCELLED = "cancelled", "Cancelled"


ORDER_MOVES: Moves = {
    OrderStatus.DRAFT: frozenset({OrderStatus.PENDING_APPROVAL, OrderStatus.CANCELLED}),
    OrderStatus.PENDING_APPROVAL: frozenset(
        {OrderStatus.APPROVED, OrderStatus.DISAPPROVED, OrderStatus.CANCELLED}
    ),
    OrderStatus.DISAPPROVED: frozenset({OrderStatus.PENDING_APPROVAL, OrderStatus.CANCELLED}),
    OrderStatus.APPROVED: frozenset({OrderStatus.SIGNED, OrderStatus.DRAFT, OrderStatus.CANCELLED}),
    OrderStatus.SIGNED: frozenset({OrderStatus.DRAFT, OrderStatus.CANCELLED}),
    OrderStatus.CANCELLED: frozenset(),
}


class InsertionOrder(models.Model):
    """The contract with an advertiser. Its price is frozen when it is approved; a change after signing is a new revision,
    which goes through approval again."""

    number = models.CharField(max_length=20, unique=True)
    revision = models.PositiveSmallIntegerField(default=1)
    advertiser = models.ForeignKey(Advertiser, on_delete=models.PROTECT, related_name="orders")
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=20, choices=OrderStatus, default=OrderStatus.DRAFT)
    salesperson = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    currency = models.CharField(max_length=3, default="USD")
    agency = models.CharField(max_length=120, blank=True)
    bill_to = models.TextField(blank=True, help_text="Name and address on the invoice.")
    po_number = models.CharField("purchase order", max_length=60, blank=True)
    terms = models.TextField(blank=True)
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.CharField(max_length=120, blank=True, help_text="Who signed for the advertiser.")

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("sell", "Can hold, book and move slots"),
            ("approve_order", "Can approve orders, override conflicts and give discounts"),
            ("override_gate", "Can let an issue go out though a sold slot is not ready"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.advertiser}" + (
            f", revision {self.revision}" if self.revision > 1 else ""
        )

    @property
    def open(self) -> bool:
        """Whether line items may be added without a new revision."""
        return self.status in (OrderStatus.DRAFT, OrderStatus.DISAPPROVED)


class OrderRevision(models.Model):
    """What an order said when it was approved. ``terms`` are its lines and prices in words; written once."""

    order = models.ForeignKey(InsertionOrder, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    terms = models.JSONField()
    approved_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["order", "number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="revision_number_once_per_order")
        ]

    def __str__(self) -> str:
        return f"{self.order.number}, revision {self.number}"


class LineKind(models.TextChoices):
    SPONSORSHIP = "sponsorship", "Sponsorship"
    ADDED_VALUE = "added_value", "Added value"
    MAKE_GOOD = "make_good", "Make-good"


class LineItem(models.Model):
    """Insertions sold together on the same terms. A make-good and added value cost nothing."""

    order = models.ForeignKey(InsertionOrder, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=12, choices=LineKind, default=LineKind.SPONSORSHIP)
    package = models.ForeignKey(
        Package, null=True, blank=True, on_delete=models.PROTECT, related_name="lines"
    )
    discount = models.DecimalField(
        "discount in percent",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    max_per_issue = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    min_gap_blocks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order_id", "pk"]

    def __str__(self) -> str:
        return f"{self.order.number}, {self.get_kind_display().lower()}"


class InsertionStatus(models.TextChoices):
    BOOKED = "booked", "Booked"
    RAN = "ran", "Ran"
    MISSED = "missed", "Missed"
    MOVED = "moved", "Moved"
    CANCELLED = "cancelled", "Cancelled"


INSERTION_MOVES: Moves = {
    InsertionStatus.BOOKED: frozenset(
        {InsertionStatus.RAN, InsertionStatus.MISSED, InsertionStatus.MOVED, InsertionStatus.CANCELLED}
    ),
}
LIVE = (InsertionStatus.BOOKED,)
TAKES_SLOT = (InsertionStatus.BOOKED, InsertionStatus.RAN)
"""What is missed takes no slot: once the issue was sent nobody can buy there any more, and if it was settled as missed because
the issue moved, the slot is for sale again."""


class Fault(models.TextChoices):
    NONE = "", "Nobody’s"
    PUBLISHER = "publisher", "Ours"
    ADVERTISER = "advertiser", "The advertiser’s"


def new_token() -> str:
    return secrets.token_urlsafe(9)


class InsertionQuerySet(models.QuerySet["Insertion"]):
    def booked(self) -> Self:
        """Sold, and still to run."""
        return self.filter(status__in=LIVE)

    def in_issue(self, issue_id: int) -> Self:
        return self.filter(slot__issue=issue_id).order_by("slot__placement__position", "slot__ordinal", "pk")

    def whole(self) -> Self:
        """With what is always looked at beside it, in one query."""
        return self.select_related(
            "slot__issue__publication",
            "slot__placement__format",
            "line__order__advertiser__category",
            "version__image",
            "version__creative",
            "stand_in__image",
        )


class Insertion(models.Model):
    """One line item in one slot: what is sold, run, proved and paid.

    The database forbids a second one in the same slot. ``ran`` and ``missed`` are computed from the edition that was sent.
    ``agreed_for`` is the day the advertiser agreed to; when the issue moves, somebody settles what that means.
    ``stand_in`` runs when the creative is late through the advertiser's fault; with ``late_since`` and no stand-in, a house
    promotion does.
    """

    line = models.ForeignKey(LineItem, on_delete=models.PROTECT, related_name="insertions")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="insertions")
    status = models.CharField(max_length=10, choices=InsertionStatus, default=InsertionStatus.BOOKED)
    version = models.ForeignKey(
        CreativeVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="insertions"
    )
    token = models.CharField(max_length=16, unique=True, default=new_token)
    agreed_for = models.DateField()
    price = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Net; frozen with the order’s approval.",
    )
    fault = models.CharField(max_length=10, choices=Fault, blank=True, default=Fault.NONE)
    stand_in = models.ForeignKey(
        CreativeVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="stands_in_for"
    )
    late_since = models.DateTimeField(null=True, blank=True)
    moved_from = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="moved_to"
    )
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = InsertionQuerySet.as_manager()

    class Meta:
        ordering = ["slot_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"], condition=Q(status__in=TAKES_SLOT), name="slot_sold_once"
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="insertion_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line.order.advertiser} in {self.slot}"

    @property
    def advertiser(self) -> Advertiser:
        return self.line.order.advertiser

    @property
    def booked(self) -> bool:
        """Sold, and still to run."""
        return self.status in LIVE


class Scope(models.TextChoices):
    ISSUE = "issue", "In the issues where it runs"
    DATES = "dates", "In every issue between two days"


class Exclusivity(models.Model):
    """An advertiser has bought that others stay out: a category, or rivals by name."""

    line = models.ForeignKey(LineItem, on_delete=models.PROTECT, related_name="exclusivities")
    scope = models.CharField(max_length=6, choices=Scope, default=Scope.ISSUE)
    starts = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rivals = models.ManyToManyField(Advertiser, blank=True, related_name="+")

    class Meta:
        ordering = ["line_id", "pk"]
        verbose_name_plural = "exclusivities"
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="issue") | Q(starts__isnull=False, ends__isnull=False),
                name="exclusivity_dates_named",
            )
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.get_scope_display().lower()}"
