"""Who may see and sell placements: the one place where views ask."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from issues.models import Issue
from newsroom.lib.people import Visitor
from sponsors.models import Booking

SEE, SELL = "sponsors.view_booking", "sponsors.change_booking"


def allow(user: Visitor, right: str) -> None:
    """Raises ``PermissionDenied`` unless the person has the right."""
    if not user.has_perm(right):
        raise PermissionDenied


def issue(user: Visitor, pk: int, right: str) -> Issue:
    """The issue whose placements are meant."""
    allow(user, right)
    found = Issue.objects.select_related("publication").filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such issue.")
    return found


def booking(user: Visitor, pk: int, placement: str) -> Booking:
    """The booking of a placement of the issue, to be changed."""
    of = issue(user, pk, SELL)
    found = Booking.objects.filter(issue=of, placement=placement).first()
    if found is None:
        raise Http404("Nobody has booked this placement.")
    found.issue = of
    return found
