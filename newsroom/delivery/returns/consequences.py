"""What came back, written down once, and what follows from it for the reader: the only writer of returns.

Whoever sends us a report must show the token of a message of ours. Nobody who has not had it can make one, so a stranger's report
changes nothing.
"""

import datetime
import logging
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, QuerySet

from newsroom.audience import suppressing
from newsroom.audience.models import Reason, Status, Subscription
from newsroom.delivery.models import Delivery, Outcome, Printing, Return, ReturnKind
from newsroom.delivery.returns.bounces import Finding, Kind, read
from newsroom.lib.errors import Refused
from newsroom.lib.links import ReaderToken, reader_token
from newsroom.lib.text import counted

__all__ = ["Taken", "counts", "record", "rules", "suppress_refused", "take"]

KEPT = {
    Kind.HARD: ReturnKind.HARD,
    Kind.SOFT: ReturnKind.SOFT,
    Kind.COMPLAINT: ReturnKind.COMPLAINT,
}
REFUSED_WITHIN = datetime.timedelta(days=3)
REFUSED_AT_ONCE = 500
NOBODY_THERE = r"^5[0-9][0-9][ -]5\.1\.(1|2|3|6|10)( |$)"
"""Replies by which a server says that there is no such mailbox or domain (RFC 3463, 3.2)."""
_log = logging.getLogger(__name__)


class Taken(StrEnum):
    """What became of a report."""

    RECORDED = "recorded"
    KNOWN = "recorded before"
    STILL_TRYING = "a delay: the server is still trying"
    NOT_OURS = "about no message of ours"
    NOTHING = "no bounce and no complaint"

    @property
    def settled(self) -> bool:
        """Nobody has to look at it."""
        return self in (Taken.RECORDED, Taken.KNOWN, Taken.STILL_TRYING)


def rules() -> list[str]:
    """What follows from what, in sentences for people."""
    issues, days = counted(settings.SOFT_BOUNCES, "issue"), counted(settings.SOFT_BOUNCE_DAYS, "day")
    return [
        "A bounce is hard when nobody is there to get the mail: no such mailbox, no such domain.",
        "It suppresses the reader at once, and so does a refusal for that reason while we send.",
        "Every other bounce is soft: full, too busy, blocked.",
        f"{issues} that bounced softly within {days}, with no click since, suppress the reader too.",
        "A complaint suppresses the reader at once.",
        "A delay is no bounce: the server is still trying. Automatic replies count as nothing.",
    ]


def counts(found: QuerySet[Return]) -> list[tuple[str, int]]:
    """How many of each kind, in the words of the kind."""
    number = dict(found.order_by().values_list("kind").annotate(Count("pk")))
    return [(str(label), number.get(kind, 0)) for kind, label in ReturnKind.choices]


def take(content: bytes, *, by: str, now: datetime.datetime) -> Taken:
    """Read a mail that came to the return path, and do what follows from it. Raises ``OperationalError`` without a database."""
    found = read(content)
    if found.kind == Kind.NOTHING:
        return Taken.NOTHING
    token = _ours(found.tags)
    if token is None:
        return Taken.NOT_OURS
    if found.kind == Kind.DELAY:
        return Taken.STILL_TRYING
    return record(token, found, by=by, key=found.number or sha256(content).hexdigest(), now=now)


def _ours(tags: Iterable[str]) -> ReaderToken | None:
    return next(filter(None, map(reader_token, tags)), None)


def suppress_refused(*, now: datetime.datetime) -> int:
    """Whom a mail server refused while we sent, because nobody is there: suppressed as if it had bounced. Returns how many.

    A reader who has confirmed the address since has proved the server wrong.
    """
    refused = Delivery.objects.filter(
        send__started_at__gte=now - REFUSED_WITHIN, outcome=Outcome.FAILED, reply__regex=NOBODY_THERE,
        subscription__status=Status.ACTIVE,
    )  # fmt: skip
    known = refused.exclude(subscription__confirmed_at__gte=F("at")).select_related(
        "subscription__subscriber"
    )
    rows = list(known[:REFUSED_AT_ONCE])
    for row in rows:
        _suppress(row.subscription, Reason.BOUNCED, row.reply, now=now)
    return len(rows)


@transaction.atomic
def record(token: ReaderToken, found: Finding, *, by: str, key: str, now: datetime.datetime) -> Taken:
    """Write down a bounce or complaint about one message, once: ``key`` tells the same report when it comes again."""
    printing = Printing.objects.filter(pk=token.printing).first()
    if printing is None:
        return Taken.NOT_OURS
    reader = Subscription.objects.select_related("subscriber").filter(pk=token.subscription).first()
    row, new = Return.objects.get_or_create(
        key=sha256(f"{token.hex}:{found.kind}:{key}".encode()).hexdigest(),
        defaults={
            "send_id": printing.send_id, "subscription": reader, "kind": KEPT[found.kind], "status": found.status[:12],
            "said": found.said[:400], "by": by[:40], "at": now,
        },
    )  # fmt: skip
    if not new:
        return Taken.KNOWN
    if reader is not None:
        _follow(row, reader, now=now)
    return Taken.RECORDED


def _follow(row: Return, reader: Subscription, *, now: datetime.datetime) -> None:
    """What a return means for the reader."""
    if row.kind == ReturnKind.COMPLAINT:
        _suppress(reader, Reason.COMPLAINED, f"Reported as spam, told by {row.by}.", now=now)
    elif row.kind == ReturnKind.HARD:
        _suppress(reader, Reason.BOUNCED, f"{row.status} {row.said}".strip(), now=now)
    elif (issues := _soft_of_late(reader, now=now)) >= settings.SOFT_BOUNCES:
        _suppress(
            reader, Reason.BOUNCED, f"{counted(issues, 'issue')} bounced softly, last {row.status} {row.said}", now=now
        )  # fmt: skip


def _soft_of_late(reader: Subscription, *, now: datetime.datetime) -> int:
    """How many issues; whoever follows a link has mail again."""
    since = now - datetime.timedelta(days=settings.SOFT_BOUNCE_DAYS)
    since = max(since, reader.engaged_at or since)
    soft = Return.objects.filter(subscription=reader, kind=ReturnKind.SOFT, at__gte=since)
    return soft.order_by().values("send").distinct().count()


def _suppress(reader: Subscription, reason: Reason, note: str, *, now: datetime.datetime) -> None:
    try:
        suppressing.suppress(reader.subscriber.email, reason, note=note[:300], now=now)
    except Refused as error:  # an address of old that is none; nothing can be sent there either
        _log.warning("Subscription %d could not be suppressed: %s", reader.pk, error)
