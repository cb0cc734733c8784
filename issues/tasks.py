"""Mails to colleagues who were mentioned. The rows are the queue: the web never waits for a broker or a relay."""

import datetime
import smtplib

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from issues import access
from issues.models import Mention
from newsroom.lib.links import absolute
from newsroom.lib.people import called
from newsroom.lib.relay import never_takes

AT_ONCE = 50
TRY_AGAIN = datetime.timedelta(minutes=1)


@shared_task
def send_mentions() -> None:
    """Send the mails that are due; what the relay does not take now is due again a minute later."""
    now = timezone.now()
    due = Mention.objects.filter(mail_due_at__lte=now).order_by("mail_due_at", "pk")
    for mention in due[:AT_ONCE]:
        _send(mention, now=now)


def _send(due: Mention, *, now: datetime.datetime) -> None:
    claimed = Mention.objects.filter(pk=due.pk, mail_due_at=due.mail_due_at)
    if claimed.update(mail_due_at=now + TRY_AGAIN) != 1:
        return
    # Read only now: while the mails before this one went out, it may have been deleted, or the person have left.
    rows = Mention.objects.select_related("user", "comment__by", "comment__issue__publication")
    mention = rows.filter(pk=due.pk).first()
    if mention and _wanted(mention):
        try:
            _mail(mention).send()
        except (OSError, smtplib.SMTPException) as error:
            if not never_takes(error):
                return
    Mention.objects.filter(pk=due.pk).update(mail_due_at=None)


def _wanted(mention: Mention) -> bool:
    """Whether the person can be written to, and may still read what it is about."""
    user, said = mention.user, mention.comment
    return bool(user.email and user.is_active and user.has_perm(access.READ) and said.deleted_at is None)


def _mail(mention: Mention) -> EmailMessage:
    said = mention.comment
    author = called(said.by)
    values = {
        "comment": said,
        "author": author,
        "url": absolute(f"/desk/issues/{said.issue_id}/#block-{said.block_uid}"),
    }
    subject = " ".join(f"{author} mentioned you in “{said.issue}”".split())
    return EmailMessage(
        subject=subject,
        body=render_to_string("issues/mention.txt", values),
        from_email=said.issue.publication.sender_email or settings.DEFAULT_FROM_EMAIL,
        to=[mention.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
