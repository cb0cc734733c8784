"""What a person got from us. The record names them by the numbers of their subscriptions, and by nothing else."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsroom.audience.models import Subscriber
from newsroom.delivery.models import Delivery, Outcome, Return, Send

SENDS_AT_ONCE = 300


@dataclass(frozen=True)
class Received:
    """One issue to one person: what became of it, and what the mail server said if it did not simply take it."""

    issue: int
    subject: str
    at: datetime.datetime
    outcome: str
    reply: str


def received(person: Subscriber, *, most: int | None = None) -> list[Received]:
    """The issues that were sent to a person, or tried to, latest first; at most so many."""
    found: list[Received] = []
    for some in _sends(person):
        found += _of(person, some)
        if most is not None and len(found) >= most:
            break
    return found[:most]


def issues_sent(person: Subscriber) -> list[dict[str, Any]]:
    """The same as a person is told it."""
    return [
        {"subject": each.subject, "when": each.at.isoformat(), "what became of it": each.outcome}
        for each in received(person)
    ]


def came_back(person: Subscriber) -> list[dict[str, Any]]:
    """Mail to a person that did not arrive, and what they reported."""
    rows = Return.objects.filter(subscription__subscriber=person)
    return [
        {"what": each.get_kind_display(), "when": each.at.isoformat(), "said": each.said} for each in rows
    ]


def _sends(person: Subscriber) -> Iterator[list[int]]:
    """Sends of the lists the person is on, latest first, some hundred at a time: the record is found by send and reader, since an
    index by reader alone would cost every send more than the record is worth."""
    slugs = person.subscriptions.values_list("mailing_list__slug", flat=True)
    sends = Send.objects.filter(issue__publication__slug__in=list(slugs), started_at__isnull=False)
    numbers = list(sends.order_by("-started_at").values_list("pk", flat=True))
    for start in range(0, len(numbers), SENDS_AT_ONCE):
        yield numbers[start : start + SENDS_AT_ONCE]


def _of(person: Subscriber, sends: list[int]) -> list[Received]:
    readers = list(person.subscriptions.values_list("pk", flat=True))
    rows = Delivery.objects.filter(send_id__in=sends, subscription_id__in=readers)
    rows = rows.select_related("send__edition").order_by("-at")
    return [
        Received(
            each.send.issue_id, each.send.edition.subject, each.at, Outcome(each.outcome).label, each.reply
        )
        for each in rows
    ]
