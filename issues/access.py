"""Who may do what with an issue: the one place where views ask."""

from django.http import Http404

from issues.models import Comment, Issue, Revision, SetAside
from newsroom.lib.people import Visitor, allow

__all__ = [
    "APPROVE",
    "READ",
    "START",
    "WRITE",
    "allow",
    "comment",
    "issue",
    "may_write",
    "own_comment",
    "revision",
    "set_aside",
]

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


def may_write(user: Visitor, of: Issue) -> bool:
    """Whether the person may change the words of the issue as it stands now."""
    return of.editable and user.has_perm(WRITE)


def revision(user: Visitor, pk: int, number: int, right: str) -> Revision:
    """A version of the issue."""
    of = issue(user, pk, right)
    found = of.revisions.filter(number=number).select_related("by").first()
    if found is None:
        raise Http404("There is no such version.")
    found.issue = of
    return found


def set_aside(user: Visitor, pk: int, kept: int, right: str) -> SetAside:
    """Words of the issue that were set aside."""
    of = issue(user, pk, right)
    found = of.set_aside.filter(pk=kept).select_related("by").first()
    if found is None:
        raise Http404("These words are no longer set aside.")
    found.issue = of
    return found


def comment(user: Visitor, pk: int, said: int) -> Comment:
    """A comment on the issue: whoever may read an issue may talk about it."""
    of = issue(user, pk, READ)
    found = of.comments.filter(pk=said).select_related("thread", "by").first()
    if found is None:
        raise Http404("There is no such comment.")
    found.issue = of
    return found


def own_comment(user: Visitor, pk: int, said: int) -> Comment:
    """A comment that the person may take away: their own, or any if they may approve the issue."""
    found = comment(user, pk, said)
    if found.by != user:
        allow(user, APPROVE)
    return found
