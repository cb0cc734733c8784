"""What the demo's readers did with their mail: they followed links, left, complained, or were not there any more."""

import datetime
import random
from collections.abc import Iterator, Sequence

from issues import clicks
from issues.models import Issue, Publication
from newsroom.audience import subscribing
from newsroom.audience.consents import Evidence
from newsroom.audience.models import Subscription
from newsroom.delivery import returns
from newsroom.delivery.bounces import Finding, Kind
from newsroom.delivery.models import Chunk, ChunkState, Printing, Send, SendStatus
from newsroom.lib.links import ReaderToken

DAYS = 90
FOLLOWED = {
    "lead_story": (20, 34),
    "sponsor_slot": (8, 30),
    "financial_corner": (4, 12),
    "link_roundup": (4, 14),
    "byline": (0, 4),
}
"""How many readers follow each link of a block, at least and at most."""
TOOK = datetime.timedelta(seconds=4)


def read(publication: Publication, *, gone: int, now: datetime.datetime) -> None:
    """The last months as if each issue had been sent: what was sent is known by number, and of the readers what they did."""
    since = now - datetime.timedelta(days=DAYS)
    issues = list(publication.issues.published().filter(published_at__gte=since).select_related("edition"))
    printings = _sent(issues)
    for issue in issues:
        pick = random.Random(issue.planned_for.toordinal())  # noqa: S311 - figures for a demo, not secrets
        clicks.record(issue, _clicks(issue, pick))
    if printings:
        _go(publication, printings, gone, now=now)


def _sent(issues: Sequence[Issue]) -> list[Printing]:
    sends = Send.objects.bulk_create(_send(issue) for issue in issues)
    Chunk.objects.bulk_create(
        Chunk(
            send=send, ids=b"", size=send.planned, state=ChunkState.DONE, sent=send.issue.delivered or 0,
            failed=send.planned - (send.issue.delivered or 0), done_at=send.finished_at,
        )
        for send in sends
    )  # fmt: skip
    return Printing.objects.bulk_create(
        Printing(send=send, edition=send.edition, made_at=send.scheduled_for) for send in sends
    )


def _send(issue: Issue) -> Send:
    at = issue.published_at or issue.changed_at
    return Send(
        issue=issue,
        edition=issue.edition,
        status=SendStatus.SENT,
        planned=(issue.delivered or 0) + issue.planned_for.day % 3,
        scheduled_for=at,
        window_ends=at + datetime.timedelta(minutes=120),
        started_at=at,
        finished_at=at + TOOK,
    )


def _clicks(issue: Issue, pick: random.Random) -> Iterator[clicks.Seen]:
    """Readers follow some links within the day; a filter of a company follows all of them at once, before its reader does."""
    at = issue.published_at or issue.changed_at
    assert issue.edition is not None
    for number, piece in enumerate(issue.edition.pieces):
        least, most = FOLLOWED.get(piece["kind"], (0, 2))
        for url in piece["links"]:
            known = {"url": url, "block": piece["uid"], "mark": piece["runs"]}
            for _ in range(pick.randint(least, most)):
                later = datetime.timedelta(minutes=2 + pick.expovariate(1 / 150))
                yield clicks.Seen(reader=f"demo-{pick.randrange(400)}", at=at + later, **known)
            after = datetime.timedelta(seconds=3 + number / 10)
            yield clicks.Seen(reader="demo-scanner", at=at + after, agent="link-scanner", **known)


def _go(
    publication: Publication, printings: Sequence[Printing], gone: int, *, now: datetime.datetime
) -> None:
    """Of those who are not readers any more, most left by the link in their mail."""
    pick = random.Random(7)  # noqa: S311 - figures for a demo, not secrets
    readers = Subscription.objects.filter(mailing_list__slug=publication.slug).order_by("pk")
    for number, reader in enumerate(readers[:gone]):
        printing = printings[pick.randrange(len(printings))]
        at = printing.made_at + datetime.timedelta(minutes=pick.randrange(5, 600))
        if number % 4 == 0:
            _came_back(printing, reader, Finding(Kind.HARD, "5.1.1", "No such mailbox"), at=min(at, now))
        elif number % 13 == 1:
            _came_back(printing, reader, Finding(Kind.COMPLAINT), at=min(at, now))
        else:
            by_mail = Evidence(source="page to leave", printing=printing.pk)
            subscribing.leave(reader, by="page", now=min(at, now), evidence=by_mail)


def _came_back(printing: Printing, reader: Subscription, found: Finding, *, at: datetime.datetime) -> None:
    token = ReaderToken(printing.pk, reader.pk)
    returns.record(token, found, by="mailbox", key=f"demo {reader.pk}", now=at)
