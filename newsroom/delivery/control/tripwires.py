"""When a send holds itself: something is wrong, and every further message makes it worse."""

import datetime

from django.db.models import Sum

from newsroom.delivery.control import steering
from newsroom.delivery.models import Return, ReturnKind, Send
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.text import counted, percent

__all__ = ["check", "tripped"]

FAILURES, OF_HANDED_OVER = 0.05, 500
"""More than this share of at least so many: a clean list loses 1 or 2 %; who mails on at 5 % is taken for a spammer."""
EARLY_FAILURES, EARLY_SHARE = 20, 0.2
"""Before that: so many failures, if they are this share, which is 20 of the first 100. Then it is the message or the sender that
is refused, not the address."""
COMPLAINTS, OF_DELIVERED = 0.003, 1000
"""Gmail and Yahoo treat a sender with 0.3 % of complaints as a spammer; of fewer than so many messages, three say nothing."""


def tripped(send: Send) -> str:
    """Why the send should be held, as a sentence; empty if nothing is wrong.

    What a person has seen and let go on is not held against it: after each resume it is counted anew.
    """
    since = _since(send)
    sent, failed, in_doubt = _counts(send, since)
    handed_over = sent + failed + in_doubt
    if _too_many_failures(failed, handed_over):
        return f"{failed:,} of {counted(handed_over, 'message')} failed ({percent(failed / handed_over)})."
    complaints = Return.objects.filter(send=send, kind=ReturnKind.COMPLAINT, at__gt=since).count()
    if sent >= OF_DELIVERED and complaints >= sent * COMPLAINTS:
        said = counted(complaints, "reader has", "readers have")
        return f"{said} reported this issue as spam, of {sent:,} who got it ({percent(complaints / sent)})."
    return ""


def check(send: Send, *, now: datetime.datetime) -> bool:
    """Pause the send if a tripwire was touched; whether it was."""
    why = tripped(send)
    if not why:
        return False
    try:
        steering.pause(send, by=None, now=now, why=f"Held by itself: {why}")
    except (NotNow, Conflict):  # it is over, or somebody else was faster
        return False
    return True


def _too_many_failures(failed: int, handed_over: int) -> bool:
    if handed_over >= OF_HANDED_OVER:
        return failed > handed_over * FAILURES
    return failed >= EARLY_FAILURES and failed >= handed_over * EARLY_SHARE


def _since(send: Send) -> datetime.datetime:
    return steering.resumed_at(send) or send.started_at or send.scheduled_for


def _counts(send: Send, since: datetime.datetime) -> tuple[int, int, int]:
    closed = send.chunks.filter(done_at__gt=since).aggregate(
        sent=Sum("sent"), failed=Sum("failed"), in_doubt=Sum("in_doubt")
    )
    in_hand = send.workers.filter(ended_at__isnull=True).aggregate(sent=Sum("sent"), failed=Sum("failed"))
    sent, failed = ((closed[name] or 0) + (in_hand[name] or 0) for name in ("sent", "failed"))
    return sent, failed, closed["in_doubt"] or 0
