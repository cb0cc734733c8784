"""Who may see readers and change what is kept of them: the one place where views ask."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404

from newsroom.audience.models import Intake, MailingList, Segment, Subscriber, Suppression
from newsroom.lib.people import Visitor, allow

__all__ = ["ADD", "CHANGE", "SEE", "allow", "intake", "mailing_list", "segment", "subscriber", "suppression"]

SEE, ADD, CHANGE = "audience.view_subscription", "audience.add_subscription", "audience.change_subscription"

Row = TypeVar("Row", bound=Model)


def subscriber(user: Visitor, pk: int, right: str) -> Subscriber:
    """A reader. Raises ``PermissionDenied`` before it says whether there is such a one."""
    return _one(user, right, Subscriber.objects.filter(pk=pk), "There is no such subscriber.")


def suppression(user: Visitor, pk: int, right: str) -> Suppression:
    """A row of the suppression list."""
    return _one(user, right, Suppression.objects.filter(pk=pk), "This address is not on the list any more.")


def segment(user: Visitor, pk: int, right: str) -> Segment:
    """A segment with its list."""
    found = Segment.objects.select_related("mailing_list").filter(pk=pk)
    return _one(user, right, found, "There is no such segment.")


def intake(user: Visitor, pk: int, right: str) -> Intake:
    """A file of subscribers with its list."""
    found = Intake.objects.select_related("mailing_list", "made_by").filter(pk=pk)
    return _one(user, right, found, "There is no such import.")


def mailing_list(user: Visitor, slug: str, right: str) -> MailingList:
    """The list of a publication."""
    return _one(user, right, MailingList.objects.filter(slug=slug), "There is no such list.")


def _one(user: Visitor, right: str, rows: QuerySet[Row], missing: str) -> Row:
    allow(user, right)
    found = rows.first()
    if found is None:
        raise Http404(missing)
    return found
