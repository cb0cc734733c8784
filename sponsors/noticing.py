"""Mails to advertisers: drafted by the house, read and sent by a person."""

import datetime
import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q

from newsroom.lib.errors import NotNow, Refused
from newsroom.lib.people import Person
from sponsors import trail
from sponsors.models import ContactRole, InsertionOrder, Notice, PortalLink

__all__ = ["CLAIM_HOLDS", "draft", "draft_link", "latest", "send", "to_whom"]

CLAIM_HOLDS = datetime.timedelta(minutes=10)
"""Longer than any relay takes to answer: whoever claimed a mail before that and has not said how it went, was interrupted."""


def draft(order: InsertionOrder, *, subject: str, sentences: Sequence[str], now: datetime.datetime) -> Notice:
    """A mail to the advertiser's buyers that says these things; nobody gets it before a person has read it."""
    people = order.advertiser.contacts.filter(role=ContactRole.BUYER)
    greeting = f"Dear {people[0].name}," if people else "Hello,"
    publication = order.publication
    paragraphs = [
        greeting,
        *sentences,
        "If this does not suit you, please answer this mail.",
        f"{publication.sender_name}",
    ]
    return Notice.objects.create(
        order=order, to=to_whom(order, ContactRole.BUYER), subject=subject[:200],
        body="\n\n".join(paragraphs), drafted_at=now,
    )  # fmt: skip


def draft_link(link: PortalLink, url: str, *, now: datetime.datetime) -> Notice:
    """The mail that brings somebody their link to the portal."""
    publication = link.order.publication
    return Notice.objects.create(
        order=link.order,
        to=link.email,
        subject=f"Your messages in {publication} ({link.order.number})",
        body=f"Dear {link.name},\n\nhere is your page. You can bring in your message there, see it as readers "
        f"will, and approve it; later it shows what it brought.\n\n{url}\n\n"
        f"The link is yours alone, and holds until {link.expires_at:%-d %B %Y}.\n\n"
        f"{publication.sender_name}",
        drafted_at=now,
    )


def to_whom(order: InsertionOrder, *roles: str) -> str:
    """The addresses of the advertiser's contacts in those roles; of all of them if nobody has one."""
    contacts = order.advertiser.contacts.all()
    chosen = [each.email for each in contacts if each.role in roles] or [each.email for each in contacts]
    return ", ".join(dict.fromkeys(chosen))


def send(notice: Notice, *, to: str, subject: str, body: str, by: Person, now: datetime.datetime) -> None:
    """Send the mail as the person has left it, at least once: after a crash nobody knows, and it is a draft again.

    Raises ``NotNow`` if it was sent already or is being sent, ``Refused`` if it cannot be sent.
    """
    addresses = [each.strip() for each in to.replace(";", ",").split(",") if each.strip()]
    if not addresses or any("@" not in each or len(each.split()) != 1 for each in addresses):
        raise Refused("Name at least one mail address; part several by commas.")
    _claim(notice, now=now, to=to[:400], subject=subject[:200], body=body)
    # No transaction is open while we speak to the relay: on SQLite everybody would wait for its answer.
    try:
        _mail(notice.order, addresses, subject, body).send()
    except (OSError, smtplib.SMTPException) as error:
        Notice.objects.filter(pk=notice.pk, claimed_at=now).update(claimed_at=None)
        raise Refused(f"The mail could not be sent: {error}. It is still a draft.") from error
    with transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(sent_at=now, sent_by=by, claimed_at=None)
        trail.note("notice sent", by=by, now=now, words=f"{subject} To {to}", order=notice.order)


def latest(count: int = 100) -> list[Notice]:
    """Drafts first, then what was sent, the newest of each first."""
    rows = Notice.objects.select_related("order__advertiser", "sent_by")
    return [*rows.filter(sent_at=None)[:count], *rows.exclude(sent_at=None)[:count]]


def _claim(notice: Notice, *, now: datetime.datetime, **words: str) -> None:
    """Of two who send it in the same moment, one does."""
    unclaimed = Q(claimed_at=None) | Q(claimed_at__lte=now - CLAIM_HOLDS)
    if not Notice.objects.filter(unclaimed, pk=notice.pk, sent_at=None).update(claimed_at=now, **words):
        sent = Notice.objects.filter(pk=notice.pk).exclude(sent_at=None).exists()
        raise NotNow("This mail was sent already." if sent else "Somebody is sending this mail right now.")


def _mail(order: InsertionOrder, addresses: Sequence[str], subject: str, body: str) -> EmailMessage:
    publication = order.publication
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=body,
        from_email=publication.sender_email,
        to=list(addresses),
        reply_to=[publication.reply_to] if publication.reply_to else None,
    )
