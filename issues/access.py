"""Who may do what with an issue: the one place where views ask."""

import uuid

from django.http import Http404

from issues.models import Block, Issue
from newsroom.lib.people import Visitor, allow

__all__ = ["APPROVE", "READ", "START", "WRITE", "allow", "block", "issue"]

READ, WRITE, START, APPROVE = (
    "issues.view_issue",
    "issues.change_issue",
    "issues.add_issue",
    "issues.approve_issue",
)


def issue(user: Visitor, pk: int, right: str) -> Issue:
    """The issue, if the person has that right. Raises ``PermissionDenied`` before it says whether the issue exists."""
    allow(user, right)
    found = Issue.objects.select_related("publication__logo", "edition").filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such issue.")
    return found


def block(user: Visitor, pk: int, uid: uuid.UUID, right: str) -> Block:
    """A block of the issue, removed or not."""
    of = issue(user, pk, right)
    found = Block.objects.filter(issue=of, uid=uid).first()
    if found is None:
        raise Http404("There is no such block.")
    found.issue = of
    return found
