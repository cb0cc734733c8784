"""Mails that ask new readers to confirm, and files of readers on their way in.

The rows are the queue: the web never waits for a broker or a relay.
"""

import datetime
import smtplib
import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from newsroom.audience.importing import intakes
from newsroom.audience.models import Status, Subscription
from newsroom.audience.subscribing import HOLDS, confirm_url
from newsroom.lib.relay import never_takes

AT_ONCE = 100
TRY_AGAIN = datetime.timedelta(minutes=1)
_closing = threading.Event()


@shared_task
def send_confirmations() -> None:
    """Send the confirmation mails that are due; what the relay does not take is due again a minute later,
    unless it says never."""
    now = timezone.now()
    due = Subscription.objects.filter(mail_due_at__lte=now).exclude(status=Status.ACTIVE)
    with_names = due.select_related("subscriber", "mailing_list").order_by("mail_due_at")[:AT_ONCE]
    for subscription in with_names:
        _send(subscription, now=now)


def _send(subscription: Subscription, *, now: datetime.datetime) -> None:
    claimed = Subscription.objects.filter(pk=subscription.pk, mail_due_at=subscription.mail_due_at)
    if claimed.update(mail_due_at=now + TRY_AGAIN) != 1:
        return
    values = {
        "list": subscription.mailing_list,
        "url": confirm_url(subscription.pk, now=now),
        "days": HOLDS.days,
    }
    mail = EmailMessage(
        subject=f"Please confirm: {subscription.mailing_list.name}",
        body=render_to_string("audience/confirmation.txt", values),
        from_email=subscription.mailing_list.sender or None,
        to=[subscription.subscriber.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        if not never_takes(error):
            return
    Subscription.objects.filter(pk=subscription.pk).update(mail_due_at=None)


@worker_shutting_down.connect
def _finish_the_batch(**_: Any) -> None:
    _closing.set()


@shared_task(acks_late=False)
def take_in() -> None:
    """Read the next file of subscribers that is waiting, or that a dead worker left; to its end. The claim says who reads."""
    for intake in intakes.orphaned(now=timezone.now()):
        if intakes.claim(intake, now=timezone.now()):
            intakes.run(intake, clock=timezone.now, keep_going=lambda: not _closing.is_set())
            return


@shared_task
def tidy_intakes() -> None:
    """Delete uploads that are older than 30 days."""
    intakes.tidy(now=timezone.now())
