"""Who may see, sell, traffic, approve and bill: the one place where views ask.

Everybody at the desk sees what is sold where; orders with their prices are for those who deal in them.
"""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from issues.access import WRITE, issue
from newsroom.lib.people import Visitor, allow
from sponsors import billing
from sponsors.models import (
    Advertiser,
    AuditEvent,
    Creative,
    CreativeVersion,
    CreditNote,
    Hold,
    Insertion,
    InsertionOrder,
    Invoice,
    MakeGood,
    Notice,
    PortalLink,
)

__all__ = [
    "APPROVE",
    "BILL",
    "DEALS",
    "OVERRIDE",
    "SEE",
    "SELL",
    "STOCK",
    "TRAFFIC",
    "WRITE",
    "advertiser",
    "allow",
    "books",
    "credit_note",
    "hold",
    "insertion",
    "invoice",
    "invoice_to_write",
    "issue",
    "make_good",
    "notice",
    "order",
    "overriding",
    "portal_link",
    "promotion",
    "sees_books",
    "trail",
    "version",
]

SEE, DEALS, SELL, TRAFFIC, APPROVE, OVERRIDE, BILL, STOCK = (
    "sponsors.view_insertion",
    "sponsors.view_insertionorder",
    "sponsors.sell",
    "sponsors.traffic",
    "sponsors.approve_order",
    "sponsors.override_gate",
    "sponsors.bill",
    "sponsors.change_placement",
)


def insertion(user: Visitor, pk: int, *rights: str) -> Insertion:
    """An insertion with all that is looked at beside it, for whoever has one of the rights."""
    if not any(user.has_perm(right) for right in rights):
        raise PermissionDenied
    found = Insertion.objects.whole().prefetch_related("proofs", "overrides__by").filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such insertion.")
    return found


def overriding(user: Visitor, given: str) -> str:
    """The reason for overriding a conflict, from whoever may give one; empty if none was given."""
    if reason := given.strip():
        allow(user, APPROVE)
        return reason
    return ""


def order(user: Visitor, pk: int, right: str) -> InsertionOrder:
    """An insertion order."""
    allow(user, right)
    rows = InsertionOrder.objects.select_related("advertiser", "publication", "salesperson", "approved_by")
    return get_object_or_404(rows, pk=pk)


def hold(user: Visitor, pk: int) -> Hold:
    """A hold, to be extended or released: by its owner, or by whoever approves orders."""
    allow(user, SELL)
    found = get_object_or_404(
        Hold.objects.select_related("slot__issue__publication", "slot__placement", "advertiser", "owner"),
        pk=pk,
    )
    if found.owner != user:
        allow(user, APPROVE)
    return found


def advertiser(user: Visitor, pk: int, right: str) -> Advertiser:
    """An advertiser."""
    allow(user, right)
    return get_object_or_404(Advertiser.objects.select_related("category", "owner"), pk=pk)


def version(user: Visitor, pk: int, right: str) -> CreativeVersion:
    """A version of a creative."""
    allow(user, right)
    rows = CreativeVersion.objects.select_related("creative__advertiser", "image", "reviewed_by")
    return get_object_or_404(rows, pk=pk)


def promotion(user: Visitor, pk: int) -> Creative:
    """A promotion of the house, to be changed or ended."""
    allow(user, TRAFFIC)
    return get_object_or_404(Creative.objects.filter(advertiser__house=True), pk=pk)


def portal_link(user: Visitor, pk: int) -> PortalLink:
    """A link to the portal, to be revoked."""
    allow(user, SELL)
    return get_object_or_404(PortalLink.objects.select_related("order__advertiser"), pk=pk)


def make_good(user: Visitor, pk: int, right: str) -> MakeGood:
    """What is owed for an insertion."""
    allow(user, right)
    return get_object_or_404(MakeGood, pk=pk)


def notice(user: Visitor, pk: int) -> Notice:
    """A mail that was drafted for an advertiser."""
    allow(user, SELL)
    return get_object_or_404(Notice.objects.select_related("order__advertiser", "order__publication"), pk=pk)


def books(user: Visitor) -> None:
    """Invoices are seen by finance and by whoever approves orders, not by everybody who sees what is sold."""
    if not sees_books(user):
        raise PermissionDenied


def sees_books(user: Visitor) -> bool:
    """Whether invoices, and what was done with them, are shown to somebody."""
    return user.has_perm(BILL) or user.has_perm(APPROVE)


def trail(user: Visitor, rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """What was done, without what was billed where somebody may not see that."""
    return rows if sees_books(user) else rows.exclude(what__in=billing.STEPS)


def invoice(user: Visitor, pk: int) -> Invoice:
    """An invoice, to be looked at."""
    books(user)
    rows = Invoice.objects.select_related("order__advertiser", "order__publication", "by")
    return get_object_or_404(rows.prefetch_related("lines", "payments__by", "credit_notes__by"), pk=pk)


def invoice_to_write(user: Visitor, pk: int) -> Invoice:
    """An invoice, to be issued, paid or credited."""
    allow(user, BILL)
    return invoice(user, pk)


def credit_note(user: Visitor, pk: int) -> CreditNote:
    """A credit note, to be looked at."""
    books(user)
    parts = ("invoice__order__advertiser", "invoice__order__publication")
    return get_object_or_404(CreditNote.objects.select_related(*parts), pk=pk)
