"""Invoices, what was paid of them, and credit notes. Nothing here is ever deleted."""

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from issues.models.edition import Immutable
from newsroom.lib.states import Moves
from sponsors.models.deals import Insertion, InsertionOrder


class InvoiceStatus(models.TextChoices):
    """What a person decides; paid, part-paid, credited and overdue are read from payments, credit notes and the clock."""

    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Issued"
    VOID = "void", "Void"


INVOICE_MOVES: Moves = {
    InvoiceStatus.DRAFT: frozenset({InvoiceStatus.ISSUED, InvoiceStatus.VOID}),
}


class Written(models.Model):
    """A row that is written once: what was billed, paid and credited is neither changed nor deleted."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise Immutable(f"This {self._meta.verbose_name} never changes.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        raise Immutable(f"This {self._meta.verbose_name} is never deleted.")


class Invoice(Written):
    """A bill for insertions of one order. ``number`` is given when it is issued, without a gap.

    ``bill_to`` and ``po_number`` are the order's at that moment; then only payments and credit notes are added to it.
    """

    order = models.ForeignKey(InsertionOrder, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=20, unique=True, null=True, blank=True)
    status = models.CharField(max_length=10, choices=InvoiceStatus, default=InvoiceStatus.DRAFT)
    currency = models.CharField(max_length=3)
    bill_to = models.TextField(blank=True)
    po_number = models.CharField("purchase order", max_length=60, blank=True)
    drafted_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-drafted_at", "-pk"]
        permissions = [("bill", "Can write invoices, payments and credit notes")]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__isnull=False) | ~Q(status="issued"), name="issued_invoice_has_number"
            )
        ]

    def __str__(self) -> str:
        return self.number or f"Draft for {self.order.number}"


class InvoiceLine(Written):
    """One insertion on an invoice, at the price frozen in its order. An insertion is billed once."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    insertion = models.ForeignKey(Insertion, on_delete=models.PROTECT, related_name="invoice_lines")
    words = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    void = models.BooleanField(default=False)

    class Meta:
        ordering = ["invoice", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["insertion"], condition=Q(void=False), name="insertion_billed_once"
            )
        ]

    def __str__(self) -> str:
        return self.words


class Payment(Written):
    """Money that came in for an invoice."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    received_on = models.DateField()
    reference = models.CharField(max_length=80, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["invoice", "received_on", "pk"]

    def __str__(self) -> str:
        return f"{self.amount} for {self.invoice}"


class CreditNote(Written):
    """Money taken off an invoice; never more than was invoiced."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    number = models.CharField(max_length=20, unique=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    reason = models.CharField(max_length=300)
    make_good = models.OneToOneField(
        "sponsors.MakeGood", null=True, blank=True, on_delete=models.PROTECT, related_name="credit_note"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["invoice", "pk"]

    def __str__(self) -> str:
        return self.number
