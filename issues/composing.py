"""What every change of an issue's words goes through."""

import datetime
from typing import Any

from django.db.models import F

from issues.blocks import registry
from issues.models import Issue
from issues.snapshot import by_kind, standing
from newsroom.lib.errors import Conflict, NotNow, Refused

__all__ = ["BLOCKS_AT_MOST", "only_while_editable", "only_with_room", "project", "touch"]

BLOCKS_AT_MOST = 250


def touch(issue: Issue, *, now: datetime.datetime | None = None) -> None:
    """Count the change, and refuse it if the issue was approved in the meantime: one UPDATE settles that race."""
    only_while_editable(issue)
    changes: dict[str, Any] = {"rev": F("rev") + 1} | ({"changed_at": now} if now else {})
    if Issue.objects.filter(pk=issue.pk, status=issue.status).update(**changes) != 1:
        raise Conflict("The issue has just changed its status. Look again before you write on.")


def project(issue: Issue) -> None:
    """Rewrite the rows that repeat facts of the blocks (funding rounds, pictures held)."""
    for kind, blocks in by_kind(standing(issue)).items():
        registry.kind(kind).project(issue, blocks)


def only_with_room(count: int) -> None:
    """Raises ``Refused`` if an issue of ``count`` blocks has no room for another."""
    if count >= BLOCKS_AT_MOST:
        raise Refused(f"An issue has at most {BLOCKS_AT_MOST} blocks.")


def only_while_editable(issue: Issue) -> None:
    """Raises ``NotNow`` once the issue is approved."""
    if not issue.editable:
        raise NotNow(f"This issue is {issue.get_status_display().lower()}; reopen it to change its words.")
