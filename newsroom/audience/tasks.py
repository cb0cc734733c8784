"""Mails that ask new readers to confirm. The rows are the queue: the web never waits for a broker or a relay."""

import datetime
import smtplib

from celery import shared_task
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from newsroom.audience.models import Status, Subscription
from newsroom.audience.subscribing import HOLDS, confirm_url
from newsroom.lib.relay import never_takes

AT_ONCE = 100
TRY_AGAIN = datetime.timedelta(minutes=1)


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
