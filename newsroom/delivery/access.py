"""Who may see and steer a send: the one place where views ask."""

from django.http import Http404

from issues.access import APPROVE, WRITE, allow, issue
from issues.models import Publication
from newsroom.delivery.models import Send, SendStatus
from newsroom.lib.people import Visitor

__all__ = ["APPROVE", "LIMIT", "NAME", "SEE", "STEER", "WRITE", "allow", "issue", "publication", "send"]

SEE, STEER, LIMIT = "delivery.view_send", "delivery.schedule_send", "delivery.change_ratelimit"
NAME = "audience.view_subscription"
"""To see addresses: most who follow a send have no business with them."""


def send(user: Visitor, pk: int, right: str) -> Send:
    """The latest send of the issue that was not taken off the schedule."""
    of = issue(user, pk, right)
    sends = Send.objects.filter(issue=of).select_related("edition", "scheduled_by")
    found = (
        sends.exclude(status=SendStatus.CANCELLED).order_by("-pk").first() or sends.order_by("-pk").first()
    )
    if found is None:
        raise Http404("This issue has not been scheduled.")
    found.issue = of
    return found


def publication(user: Visitor, slug: str, right: str) -> Publication:
    """The publication, if the person has that right. Raises ``PermissionDenied`` before it says whether there is such a one."""
    allow(user, right)
    found = Publication.objects.filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such publication.")
    return found
