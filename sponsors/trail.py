"""Writing down who did what; called inside the transaction of the step."""

import datetime
from typing import Any

from newsroom.lib.people import Person, called
from sponsors.models import AuditEvent

__all__ = ["note"]


def note(
    what: str, *, by: Person, now: datetime.datetime, words: str = "", who: str = "", **about: Any
) -> None:
    """Add one step to the audit trail. ``who`` names a sponsor's contact; ``about`` are insertion, order, advertiser, issue."""
    insertion = about.get("insertion")
    if insertion is not None:
        about = {"order": insertion.line.order, "issue": insertion.slot.issue, **about}
    if about.get("order") is not None:
        about = {"advertiser": about["order"].advertiser, **about}
    name = who or (called(by) if by else "The scheduler")
    AuditEvent.objects.create(at=now, by=by, who=name[:120], what=what, note=words[:600], **about)
