"""Joining and leaving a list: the only writer of a subscription's status, beside the import."""

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction

from newsroom.audience.models import MailingList, Status, Subscriber, Subscription
from newsroom.lib import links
from newsroom.lib.errors import Refused

__all__ = ["ask", "confirm", "find_leaving", "find_pending", "leave", "leave_url", "normal_address"]

ASKED_AGAIN_AFTER = datetime.timedelta(minutes=15)
"""Nobody can have us fill somebody's mailbox: one mail in this time, however often the form is sent."""
LEAVE, CONFIRM = "leave", "confirm"
validate_length = MaxLengthValidator(254)


def normal_address(given: str) -> str:
    """The address as it is stored: trimmed, domain in small letters and ASCII (RFC 5890). Raises ``Refused``."""
    local, _, domain = given.strip().rpartition("@")
    try:
        address = f"{local}@{domain.lower().encode('idna').decode()}"
        validate_email(address)
        validate_length(address)
    except (ValidationError, UnicodeError):
        raise Refused(f"“{given.strip()[:80]}” is not an email address.") from None
    return address


def ask(mailing_list: MailingList, given: str, *, source: str, now: datetime.datetime) -> None:
    """Somebody asks to join: a mail that asks to confirm becomes due, unless the address is active already.

    Both look the same to the one who asks, so that nobody can find out who reads what. Raises ``Refused``.
    """
    subscriber = _subscriber(normal_address(given))
    subscription, new = Subscription.objects.get_or_create(
        subscriber=subscriber, mailing_list=mailing_list, defaults={"source": source, "asked_at": now}
    )
    if subscription.status != Status.ACTIVE and (new or not _asked_lately(subscription, now=now)):
        subscription.asked_at, subscription.source, subscription.mail_due_at = now, source, now
        subscription.save(update_fields=["asked_at", "source", "mail_due_at"])


def confirm(subscription: Subscription, *, now: datetime.datetime) -> None:
    """The reader has confirmed, by a button, that the address is theirs."""
    Subscription.objects.filter(pk=subscription.pk).exclude(status=Status.ACTIVE).update(
        status=Status.ACTIVE, confirmed_at=now, mail_due_at=None, left_at=None, left_by=""
    )


def leave(subscription: Subscription, *, by: str, now: datetime.datetime) -> None:
    """The reader leaves, now; leaving twice changes nothing. ``by`` says how: page, one-click."""
    Subscription.objects.filter(pk=subscription.pk).exclude(status=Status.UNSUBSCRIBED).update(
        status=Status.UNSUBSCRIBED, left_at=now, left_by=by, mail_due_at=None
    )


def leave_url(subscription_id: int) -> str:
    """The reader's own address to leave (RFC 8058: opaque, enough to know reader and list)."""
    return links.absolute(f"/u/{links.token(LEAVE, subscription_id)}/")


def confirm_url(subscription_id: int) -> str:
    return links.absolute(f"/confirm/{links.token(CONFIRM, subscription_id)}/")


def find_leaving(token: str) -> Subscription | None:
    """Whom a token of ``leave_url`` belongs to."""
    return _find(LEAVE, token)


def find_pending(token: str) -> Subscription | None:
    """Whom a token of ``confirm_url`` belongs to."""
    return _find(CONFIRM, token)


def _asked_lately(subscription: Subscription, *, now: datetime.datetime) -> bool:
    since_they_left = subscription.left_at is None or subscription.asked_at > subscription.left_at
    return since_they_left and now - subscription.asked_at < ASKED_AGAIN_AFTER


def _find(purpose: str, token: str) -> Subscription | None:
    pk = links.row_id(purpose, token)
    if pk is None:
        return None
    return Subscription.objects.select_related("subscriber", "mailing_list").filter(pk=pk).first()


def _subscriber(address: str) -> Subscriber:
    known = Subscriber.objects.filter(email__iexact=address).first()
    if known:
        return known
    try:
        with transaction.atomic():
            return Subscriber.objects.create(email=address)
    except IntegrityError:
        return Subscriber.objects.get(email__iexact=address)
