"""Measuring the sender: a send of a thirty-kilobyte issue to a sink that takes everything, against other ways of sending it."""

import datetime
from itertools import islice

from django.utils import timezone

from issues.models import Edition, Issue, Publication
from issues.models import Status as IssueStatus
from issues.rendering.slots import PREFERENCES, UNSUBSCRIBE
from newsroom.audience import recipients
from newsroom.audience.models import MailingList, Subscriber, Subscription
from newsroom.audience.models import Status as SubscriptionStatus
from newsroom.delivery.models import Send

LINKS = 33
DOMAINS = 50
WORDS = (
    "The harbour board voted on Tuesday to open two berths to night ferries, a change that shippers had asked for since the "
    "spring and that the crews’ union calls a gamble with everybody’s sleep. Fares stay as they are until the autumn, when the board looks at them "
    "again; by then the first winter timetable will have shown who really travels after midnight, and who only said so."
)


def edition_of_thirty_kilobytes(publication: Publication, *, now: datetime.datetime) -> Edition:
    """An approved issue with an edition of 33 links; on the wire a message of it has about thirty kilobytes."""
    issue = Issue.objects.create(
        publication=publication,
        title="Night ferries",
        slug="night-ferries",
        planned_for=now.date(),
        changed_at=now,
    )
    urls = [f"https://site{number}.example/story/{number}?from=quay" for number in range(LINKS)]
    paragraph = '<p style="margin:0 0 14px;font:16px/1.5 Georgia,serif;color:#1a2029">{} <a href="{}" style="color:#0b57b0">Read</a></p>\n'
    html = "<!doctype html>\n<html><body>\n" + "".join(paragraph.format(WORDS, url) for url in urls)
    html += f'<p><a href="{UNSUBSCRIBE}">Leave</a> or <a href="{PREFERENCES}">change</a></p>\n'
    text = "\n\n".join(f"{WORDS[:90]}\n{WORDS[90:180]}\n{url}" for url in urls)
    edition = Edition.objects.create(
        issue=issue, number=1, subject="Night ferries, and who pays for them",
        html=f"{html}</body></html>\n", text=f"{text}\n\nLeave: {UNSUBSCRIBE}\n", web="<p></p>",
        pieces=[{"uid": "story", "kind": "story", "links": urls}], minutes=4, seal="b" * 64, frozen_at=now,
    )  # fmt: skip
    Issue.objects.filter(pk=issue.pk).update(edition=edition, status=IssueStatus.APPROVED)
    return edition


def full_list(publication: Publication, readers: int, *, now: datetime.datetime) -> MailingList:
    """A mailing list of so many active readers at fifty domains; every other name needs encoding."""
    mailing_list = recipients.list_of(publication.slug, name=publication.name)
    numbers = iter(range(readers))
    while batch := list(islice(numbers, 10_000)):
        people = Subscriber.objects.bulk_create(
            Subscriber(
                email=f"user{number:07d}@domain{number % DOMAINS}.example",
                name="Zoë Åkerlund" if number % 2 else "Ann Smith",
            )
            for number in batch
        )
        Subscription.objects.bulk_create(
            Subscription(
                subscriber=person, mailing_list=mailing_list, status=SubscriptionStatus.ACTIVE, source="bench",
                asked_at=now, confirmed_at=now,
            )
            for person in people
        )  # fmt: skip
    return mailing_list


def planned_send(readers: int) -> Send:
    """A send that is due, to so many readers."""
    now = timezone.now()
    publication = Publication.objects.create(
        name="Bench", slug="bench-send", sender_name="The bench", sender_email="bench@bench.example"
    )
    full_list(publication, readers, now=now)
    edition = edition_of_thirty_kilobytes(publication, now=now)
    return Send.objects.create(
        issue=Issue.objects.get(pk=edition.issue_id), edition=edition, scheduled_for=now,
        window_ends=now + datetime.timedelta(hours=2),
    )  # fmt: skip
