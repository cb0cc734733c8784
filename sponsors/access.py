"""Who may see and sell placements: the one place where views ask."""

from django.http import Http404

from issues.access import issue
from newsroom.lib.people import Visitor, allow
from sponsors.models import Booking

__all__ = ["SEE", "SELL", "allow", "booking", "issue"]

SEE, SELL = "sponsors.view_booking", "sponsors.change_booking"


def booking(user: Visitor, pk: int, placement: str) -> Booking:
    """The booking of a placement of the issue, to be changed."""
    of = issue(user, pk, SELL)
    found = Booking.objects.filter(issue=of, placement=placement).first()
    if found is None:
        raise Http404("Nobody has booked this placement.")
    found.issue = of
    return found
