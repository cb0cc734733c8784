"""What the demo's readers did with their mail: they followed links, left, complained, or were not there any more."""

import datetime
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from issues import clicks
from issues.models import Publication
from newsroom.audience import engagement, subscribing
from newsroom.audience.consents import Evidence
from newsroom.audience.models import Subscription
from newsroom.delivery.clicks import footprints
from newsroom.delivery.models import Delivery, Outcome, Send
from newsroom.delivery.returns import consequences
from newsroom.delivery.returns.bounces import Finding, Kind
from newsroom.desk.demo.sending import Stay
from newsroom.lib.links import ReaderToken

FOLLOWED = {
    "lead_story": (20, 34),
    "sponsor_slot": (8, 30),
    "financial_corner": (4, 12),
    "link_roundup": (4, 14),
    "byline": (0, 4),
}
"""How many readers follow each link of a block, at least and at most."""
KEEN = 400
"""So many readers follow links at all."""
SCANNED_AFTER = datetime.timedelta(seconds=3)

_Times = Mapping[int, datetime.datetime]
"""When each reader got it."""


def read(
    publication: Publication, stays: Sequence[Stay], *, since: datetime.datetime, now: datetime.datetime
) -> None:
    """What readers did with the mails of sends that began since then."""
    begun = Send.objects.filter(issue__publication=publication, started_at__gte=since)
    for send in begun.select_related("issue", "edition"):
        _follow(send, now=now)
    _go(stays, now=now)


def _follow(send: Send, *, now: datetime.datetime) -> None:
    """Some of those who got it follow links, and are known since as people who read."""
    got = dict(
        Delivery.objects.filter(send=send, outcome=Outcome.SENT)
        .order_by("subscription_id")
        .values_list("subscription_id", "at")[:KEEN]
    )
    if not got:
        return
    pick = random.Random(send.issue.planned_for.toordinal())  # noqa: S311 - figures for a demo, not secrets
    steps = list(_steps(send, got, pick, now=now))
    clicks.record(send.issue, [_seen(send, got, each) for each in steps])
    people = {each.reader for each in steps if not each.agent}
    engagement.followed(people, at=max((each.at for each in steps if not each.agent), default=now))


@dataclass(frozen=True)
class _Step:
    """A reader followed a link of a block."""

    reader: int
    url: str
    piece: Mapping[str, Any]
    at: datetime.datetime
    agent: str = ""


def _steps(send: Send, got: _Times, pick: random.Random, *, now: datetime.datetime) -> Iterator[_Step]:
    """Within the day. The filter of one company follows all links at once, before its reader does."""
    readers = list(got)
    filtered = pick.choice(readers)
    for number, piece in enumerate(send.edition.pieces):
        least, most = FOLLOWED.get(piece["kind"], (0, 2))
        for url in piece["links"]:
            for _ in range(pick.randint(least, most)):
                reader = pick.choice(readers)
                later = datetime.timedelta(minutes=2 + pick.expovariate(1 / 150))
                yield _Step(reader, url, piece, min(got[reader] + later, now))
            after = SCANNED_AFTER + datetime.timedelta(seconds=number / 10)
            yield _Step(filtered, url, piece, got[filtered] + after, "link-scanner")


def _seen(send: Send, got: _Times, step: _Step) -> clicks.Seen:
    return clicks.Seen(
        url=step.url,
        reader=footprints.reader_of(send.issue_id, step.reader),
        at=step.at,
        block=step.piece["uid"],
        mark=step.piece["runs"],
        delivered_at=got[step.reader],
        agent=step.agent,
    )


def _go(stays: Sequence[Stay], *, now: datetime.datetime) -> None:
    """Of those who are not readers any more, most left by the link in the last mail they got."""
    leaving = [each for each in stays if each.until]
    keys = [each.reader for each in leaving]
    got = Delivery.objects.filter(subscription_id__in=keys, outcome=Outcome.SENT).order_by()
    last = dict(got.values_list("subscription_id").annotate(Max("printing_id")))
    readers = Subscription.objects.select_related("subscriber").in_bulk(keys)
    for number, stay in enumerate(leaving):
        reader, printing = readers[stay.reader], last[stay.reader]
        at = min(stay.until or now, now)
        if number % 4 == 0:
            _came_back(printing, reader, Finding(Kind.HARD, "5.1.1", "No such mailbox"), at=at)
        elif number % 13 == 1:
            _came_back(printing, reader, Finding(Kind.COMPLAINT), at=at)
        else:
            by_mail = Evidence(source="page to leave", printing=printing)
            subscribing.leave(reader, by="page", now=at, evidence=by_mail)


def _came_back(printing: int, reader: Subscription, found: Finding, *, at: datetime.datetime) -> None:
    token = ReaderToken(printing, reader.pk)
    consequences.record(token, found, by="mailbox", key=f"demo {reader.pk}", now=at)
