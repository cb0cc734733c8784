"""Joining and leaving a list. Beside the import and ``suppressing``, the only writer of a subscription's status."""

import datetime
from dataclasses import dataclass

from django.db import transaction

from newsroom.audience import consents, suppressing, throttling
from newsroom.audience.addresses import known_or_new, mailbox, normal_address
from newsroom.audience.consents import Evidence
from newsroom.audience.models import (
    GONE,
    MailingList,
    Reason,
    Status,
    Subscriber,
    Subscription,
)
from newsroom.lib import links
from newsroom.lib.errors import NotNow

__all__ = [
    "Invitation",
    "ask",
    "confirm",
    "confirm_url",
    "find",
    "find_invitation",
    "leave",
    "leave_everything",
    "leave_url",
    "mark_seed",
    "may_come_back",
    "named",
    "normal_address",
    "preferences_url",
    "printing_of",
    "say_why",
    "token_of",
]

LEAVE, CONFIRM = "leave", "confirm"
HOLDS = datetime.timedelta(days=7)
"""So long after the mail a confirmation link opens the way."""
ASKED_AGAIN_AFTER = datetime.timedelta(minutes=15)
MAILS, MAILS_WITHIN = 5, datetime.timedelta(days=1)
"""Nobody can have us fill somebody's mailbox: for one list one mail in the first time, and of all lists so many in the second."""
SUPPRESSED_AFTER = datetime.timedelta(days=30)
"""A mailbox on the suppression list is asked at most so often, and only for a reason that allows it."""
MAY_BE_ASKED = (Reason.BOUNCED, Reason.ERASED)
"""These may come back by the form: an answer proves that mail arrives, and an erased person has no link of ours left. Readers
who asked us never to write, or called us spam, get no mail because somebody typed their address; a link of their own is their way
back."""


@dataclass(frozen=True)
class Invitation:
    """What a confirmation link opens. It ``holds`` for seven days, and only what was asked for since the reader last left."""

    subscription: Subscription
    issued_at: datetime.datetime
    holds: bool


def ask(
    mailing_list: MailingList,
    given: str,
    *,
    evidence: Evidence,
    now: datetime.datetime,
    proven: bool = False,
) -> None:
    """Somebody asks to join: a mail that asks to confirm becomes due, unless the address is active already, was asked lately, or
    is on the suppression list. ``proven``: they come by a link that only their mailbox has had.

    All look the same to the one who asks, so that nobody can find out who reads what. Raises ``Refused``, and ``TooMany`` for
    a visitor who asks all the time.
    """
    address = normal_address(given)
    throttling.visitor(evidence.address, now=now)
    with transaction.atomic():
        if not _may_be_asked(address, proven=proven, now=now):
            return
        subscription, new = Subscription.objects.get_or_create(
            subscriber=known_or_new(address),
            mailing_list=mailing_list,
            defaults={"source": evidence.source[:60], "asked_at": now},
        )
        if subscription.status != Status.ACTIVE and (new or not _asked_lately(subscription, now=now)):
            _ask(subscription, evidence=evidence, now=now)


def confirm(invitation: Invitation, *, evidence: Evidence, now: datetime.datetime) -> None:
    """The reader has confirmed, by a button, that the address is theirs and that they want this list. That takes the address off
    the suppression list, too. Confirming twice changes nothing; raises ``NotNow`` for a link that does not hold."""
    subscription = invitation.subscription
    with transaction.atomic():
        address = subscription.subscriber.email
        suppressing.locked(address)
        fresh = Subscription.objects.select_related("subscriber").filter(pk=subscription.pk).first()
        if fresh is None or not _holds(fresh, invitation.issued_at, now=now):
            raise NotNow("This link no longer works. Ask for a new one.")
        if fresh.status == Status.ACTIVE:
            return
        suppressing.proved_wrong(address, now=now)
        Subscription.objects.filter(pk=fresh.pk).update(
            status=Status.ACTIVE, confirmed_at=now, mail_due_at=None, left_at=None, left_by=""
        )
        consents.note(fresh, "confirmed", evidence=evidence, now=now)


@transaction.atomic
def leave(
    subscription: Subscription, *, by: str, now: datetime.datetime, evidence: Evidence | None = None
) -> None:
    """The reader leaves, now; leaving twice changes nothing. ``by`` says how: page, one-click, preferences, desk."""
    left = (
        Subscription.objects.filter(pk=subscription.pk)
        .exclude(status__in=GONE)
        .update(status=Status.UNSUBSCRIBED, left_at=now, left_by=by, mail_due_at=None)
    )
    if left:
        consents.note(subscription, "left", evidence=evidence or Evidence(source=by), now=now)


@transaction.atomic
def leave_everything(
    subscriber: Subscriber, *, by: str, now: datetime.datetime, evidence: Evidence | None = None
) -> None:
    """The reader leaves every list they are on."""
    for subscription in subscriber.subscriptions.all():
        leave(subscription, by=by, now=now, evidence=evidence)


def say_why(subscription: Subscription, words: str, *, evidence: Evidence, now: datetime.datetime) -> None:
    """Why somebody left, in their own words."""
    if words.strip():
        consents.note(
            subscription, "reason", evidence=Evidence(evidence.source, words, evidence.address), now=now
        )


def mark_seed(subscription: Subscription, seed: bool) -> None:
    """An address of our own gets first what goes out by stages, or no longer does."""
    Subscription.objects.filter(pk=subscription.pk).update(seed=seed)


def token_of(subscription_id: int) -> str:
    """What opens a reader's own pages, whatever mail they have."""
    return links.token(LEAVE, subscription_id)


def leave_url(subscription_id: int) -> str:
    """The reader's own address to leave (RFC 8058: opaque, enough to know reader and list)."""
    return links.absolute(f"/u/{token_of(subscription_id)}/")


def preferences_url(subscription_id: int) -> str:
    """The reader's own page: what they told us, their lists, their data."""
    return links.absolute(f"/preferences/{token_of(subscription_id)}/")


def confirm_url(subscription_id: int, *, now: datetime.datetime) -> str:
    """The address by which a reader confirms, for as long as it ``HOLDS``."""
    return links.absolute(f"/confirm/{links.dated_token(CONFIRM, subscription_id, now)}/")


def named(token: str) -> int | None:
    """The number of the subscription that a token names: one of ``leave_url``, or that of a mail. None if it is not ours."""
    pk = links.row_id(LEAVE, token)
    if pk is None and (reader := links.reader_token(token)):
        return reader.subscription
    return pk


def printing_of(token: str) -> int | None:
    """The number of the printing whose mail a token stood in; None for one of ``leave_url``, which stands in none."""
    reader = links.reader_token(token)
    return reader.printing if reader else None


def find(pk: int) -> Subscription | None:
    """The subscription with its reader and list, unless it was erased."""
    return Subscription.objects.select_related("subscriber", "mailing_list").filter(pk=pk).first()


def find_invitation(token: str, *, now: datetime.datetime) -> Invitation | None:
    """What a token of ``confirm_url`` opens; None if it is not ours, or the reader was erased."""
    said = links.dated_row(CONFIRM, token)
    subscription = find(said[0]) if said else None
    if said is None or subscription is None:
        return None
    return Invitation(subscription, said[1], _holds(subscription, said[1], now=now))


def _holds(subscription: Subscription, issued_at: datetime.datetime, *, now: datetime.datetime) -> bool:
    """A link from before the reader left, or was suppressed, is not their latest word."""
    row = suppressing.find(subscription.subscriber.email)
    ended = [subscription.left_at, row.at if row else None]
    return now < issued_at + HOLDS and all(moment is None or moment <= issued_at for moment in ended)


def may_come_back(address: str) -> bool:
    """Whether the form to subscribe brings this address back, as far as the suppression list goes."""
    row = suppressing.find(address)
    return row is None or row.reason in MAY_BE_ASKED


def _may_be_asked(address: str, *, proven: bool, now: datetime.datetime) -> bool:
    if proven or suppressing.find(address) is None:
        return True
    again = f"suppressed {mailbox(address)}"
    return may_come_back(address) and throttling.let(again, 1, SUPPRESSED_AFTER, now=now)


def _ask(subscription: Subscription, *, evidence: Evidence, now: datetime.datetime) -> None:
    if not throttling.let(f"mailbox {mailbox(subscription.subscriber.email)}", MAILS, MAILS_WITHIN, now=now):
        return
    Subscription.objects.filter(pk=subscription.pk).update(
        asked_at=now, source=evidence.source[:60], mail_due_at=now
    )
    consents.note(subscription, "asked", evidence=evidence, now=now)


def _asked_lately(subscription: Subscription, *, now: datetime.datetime) -> bool:
    since_they_left = subscription.left_at is None or subscription.asked_at > subscription.left_at
    return since_they_left and now - subscription.asked_at < ASKED_AGAIN_AFTER
