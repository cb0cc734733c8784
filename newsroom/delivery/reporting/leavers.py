"""Which issue a reader left by: that of the mail whose link they followed, else the last one they got within a week."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable

from django.db.models import Count

from issues.models import Issue
from newsroom.audience.models import Consent
from newsroom.delivery.models import Delivery, Outcome, Printing, Send

__all__ = ["RULE", "left"]

WITHIN = datetime.timedelta(days=7)
RULE = (
    "A reader who leaves counts for the issue whose link they followed; one who leaves in another way, for the last issue that "
    f"they got within {WITHIN.days} days before."
)


def left(issues: Collection[Issue]) -> Counter[int]:
    """How many readers left by each of the issues, by its number."""
    return _by_their_mail(issues) + _otherwise(issues)


def _by_their_mail(issues: Collection[Issue]) -> Counter[int]:
    """A reader who left several lists at once by the same mail counts once."""
    of = dict(Printing.objects.filter(send__issue__in=issues).values_list("pk", "send__issue_id"))
    steps = Consent.objects.filter(what="left", printing__in=list(of)).order_by()
    counts: Counter[int] = Counter()
    for printing, readers in steps.values_list("printing").annotate(
        Count("subscription__subscriber", distinct=True)
    ):
        counts[of[printing]] += readers
    return counts


def _otherwise(issues: Collection[Issue]) -> Counter[int]:
    counts: Counter[int] = Counter()
    sends = _sends_near(issues)
    if not sends:
        return counts
    steps = _left_near(sends)
    got = _deliveries(sends, {reader for reader, _ in steps})
    wanted = {each.pk for each in issues}
    for reader, at in steps:
        last = max(
            ((when, issue) for when, issue in got.get(reader, ()) if at - WITHIN <= when <= at), default=None
        )
        if last and last[1] in wanted:
            counts[last[1]] += 1
    return counts


def _sends_near(issues: Collection[Issue]) -> list[Send]:
    """Those of the issues, and what the same readers got in the week after."""
    begun = list(Send.objects.filter(issue__in=issues, started_at__isnull=False).only("started_at"))
    if not begun:
        return []
    moments = [each.started_at for each in begun if each.started_at]
    near = Send.objects.filter(
        issue__publication__in={each.publication_id for each in issues},
        started_at__gte=min(moments),
        started_at__lte=max(moments) + WITHIN,
    )
    return list(near.select_related("issue__publication").order_by("started_at"))


def _left_near(sends: list[Send]) -> list[tuple[int, datetime.datetime]]:
    """Reader and moment of everybody who left these lists by no mail of ours, from the first send to a week after the last one
    was done. They are few: every mail carries a link of its own."""
    ended = max(each.finished_at or each.started_at or each.scheduled_for for each in sends)
    first = min(each.started_at or each.scheduled_for for each in sends)
    steps = Consent.objects.filter(
        what="left",
        printing__isnull=True,
        at__gte=first,
        at__lte=ended + WITHIN,
        subscription__mailing_list__slug__in={each.issue.publication.slug for each in sends},
    )
    return list(steps.order_by("at").values_list("subscription_id", "at"))


def _deliveries(
    sends: Iterable[Send], readers: Collection[int]
) -> dict[int, list[tuple[datetime.datetime, int]]]:
    """When each reader got which of the issues."""
    if not readers:
        return {}
    issue_of = {each.pk: each.issue_id for each in sends}
    rows = Delivery.objects.filter(
        send__in=list(issue_of), subscription__among=frozenset(readers), outcome=Outcome.SENT
    )
    got: dict[int, list[tuple[datetime.datetime, int]]] = {}
    for send, reader, at in rows.order_by().values_list("send_id", "subscription_id", "at"):
        got.setdefault(reader, []).append((at, issue_of[send]))
    return got
