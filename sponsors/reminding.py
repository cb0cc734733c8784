"""Reminders by mail: of creatives and approvals that are due, and of holds that run out. Each once, at each date; once more
if we were interrupted and do not know whether it went out."""

import datetime
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from newsroom.lib.links import absolute
from newsroom.lib.relay import never_takes
from sponsors import deadlines, noticing, portal, trafficking
from sponsors.models import ContactRole, Hold, Insertion, Reminder, VersionStatus

__all__ = ["Due", "due", "send_due"]

AHEAD = datetime.timedelta(days=45)
"""Issues further off have nothing due; deadlines are at most some weeks of business days before."""
CREATIVE = (datetime.timedelta(days=7), datetime.timedelta(hours=48), datetime.timedelta(hours=24))
PROOF = (datetime.timedelta(hours=24), datetime.timedelta(hours=4))
HOLD = (datetime.timedelta(hours=24), datetime.timedelta(hours=4))


@dataclass(frozen=True)
class Due:
    """A mail that should go now. ``what`` and ``due_at`` say which reminder it is: a moved date is another one."""

    what: str
    due_at: datetime.datetime
    to: tuple[str, ...]
    subject: str
    body: str
    sender: str
    insertion: Insertion | None = None
    hold: Hold | None = None


def due(*, now: datetime.datetime) -> Iterator[Due]:
    """Everything that somebody should be reminded of now, whether they were or not."""
    soon = (
        Insertion.objects.booked()
        .whole()
        .filter(slot__issue__planned_for__range=(now.date() - datetime.timedelta(days=1), now.date() + AHEAD))
    )
    for insertion in soon.prefetch_related("proofs", "line__order__advertiser__contacts"):
        yield from _of_insertion(insertion, now=now)
    holds = Hold.objects.standing(now).filter(expires_at__lte=now + HOLD[0])
    for hold in holds.select_related("owner", "advertiser", "slot__placement", "slot__issue__publication"):
        yield from _of_hold(hold, now=now)


def send_due(*, now: datetime.datetime) -> int:
    """Send what was not sent yet; what the relay does not take now is tried again the next time. Returns how many were sent."""
    return sum(_send(each, now=now) for each in due(now=now))


def _send(reminder: Due, *, now: datetime.datetime) -> bool:
    if not reminder.to:  # once there is somebody to write to, it is due
        return False
    row = _claimed(reminder, now=now)
    if row is None:
        return False
    # The claim is committed before we speak to the relay: on SQLite everybody would wait for its answer.
    try:
        _mail(reminder).send()
    except (OSError, smtplib.SMTPException) as error:
        if never_takes(error):
            Reminder.objects.filter(pk=row.pk).update(sent_at=now)  # so that nobody tries again
        else:
            Reminder.objects.filter(pk=row.pk, claimed_at=now).delete()
        return False
    Reminder.objects.filter(pk=row.pk).update(sent_at=now)
    return True


def _claimed(reminder: Due, *, now: datetime.datetime) -> Reminder | None:
    """The reminder's row, ours to send; None if it was sent before, or another worker has it in this very moment."""
    which = {
        "what": reminder.what,
        "insertion": reminder.insertion,
        "hold": reminder.hold,
        "due_at": reminder.due_at,
    }
    try:
        with transaction.atomic():
            return Reminder.objects.create(**which, claimed_at=now)
    except IntegrityError:
        interrupted = Reminder.objects.filter(
            **which, sent_at=None, claimed_at__lte=now - noticing.CLAIM_HOLDS
        )
        row = interrupted.first()
        return row if row and interrupted.update(claimed_at=now) else None


def _mail(reminder: Due) -> EmailMessage:
    return EmailMessage(
        subject=" ".join(reminder.subject.split()),
        body=reminder.body,
        from_email=reminder.sender or settings.DEFAULT_FROM_EMAIL,
        to=list(reminder.to),
        headers={"Auto-Submitted": "auto-generated"},
    )


def _of_insertion(insertion: Insertion, *, now: datetime.datetime) -> Iterator[Due]:
    if insertion.late_since or not insertion.slot.issue.unsettled:
        return
    publication = insertion.slot.issue.publication
    dates = deadlines.due(insertion.slot.issue, insertion.slot.placement)
    version = insertion.version
    steps: tuple[datetime.timedelta, ...]
    if version is None or version.status in (VersionStatus.CHANGES_REQUESTED, VersionStatus.REJECTED):
        asked, by, steps, roles = (
            "message",
            dates.creative_due,
            CREATIVE,
            (ContactRole.CREATIVE, ContactRole.BUYER),
        )
    elif version.status == VersionStatus.REVIEWED and not trafficking.approved(insertion):
        asked, by, steps, roles = (
            "approval",
            dates.proof_due,
            PROOF,
            (ContactRole.APPROVER, ContactRole.BUYER),
        )
    else:
        return
    step = _step(by, steps, now=now)
    if step is not None:
        to = tuple(
            each.strip() for each in noticing.to_whom(insertion.line.order, *roles).split(",") if each.strip()
        )
        yield Due(
            what=f"{asked} {step.days * 24 + step.seconds // 3600} h",
            due_at=by,
            to=to,
            subject=f"Your {asked} for {publication} is due on {by:%a %-d %b, %H:%M}",
            body=_asking(insertion, asked, by, now=now),
            sender=publication.sender_email,
            insertion=insertion,
        )


def _asking(insertion: Insertion, asked: str, by: datetime.datetime, *, now: datetime.datetime) -> str:
    """The words of the mail, with the sponsor's own link if there is one that holds."""
    publication = insertion.slot.issue.publication
    link = next((each for each in insertion.line.order.portal_links.all() if each.holds(now)), None)
    way = f"Here is your page:\n{portal.url(link)}" if link else "Please answer this mail with it."
    return (
        f"Hello,\n\nyour message in {publication} runs on {insertion.slot.issue.planned_for:%A %-d %B %Y}. "
        f"We need your {asked} by {by:%A %-d %B, %H:%M %Z}.\n\n{way}\n\n{publication.sender_name}\n"
    )


def _of_hold(hold: Hold, *, now: datetime.datetime) -> Iterator[Due]:
    step = _step(hold.expires_at, HOLD, now=now)
    if step is None or hold.owner is None:
        return
    publication = hold.slot.issue.publication
    until = hold.expires_at.astimezone(publication.zone)
    challenged = "\nAnother buyer wants it." if hold.challenged_at else ""
    yield Due(
        what=f"hold {step.seconds // 3600 + step.days * 24} h",
        due_at=hold.expires_at,
        to=(hold.owner.email,) if hold.owner.email and hold.owner.is_active else (),
        subject=f"Your hold for {hold.advertiser} runs out on {until:%a %-d %b, %H:%M}",
        body=f"{hold.slot} is held for {hold.advertiser} until {until:%A %-d %B, %H:%M %Z}.{challenged}\n\n"
        f"{absolute(f'/desk/sponsors/slots/{hold.slot_id}/')}\n",
        sender=publication.sender_email,
        hold=hold,
    )


def _step(
    by: datetime.datetime, steps: tuple[datetime.timedelta, ...], *, now: datetime.datetime
) -> datetime.timedelta | None:
    """The nearest step before ``by`` that has been reached; None before the first, and once it is past."""
    if now >= by:
        return None
    reached = [step for step in steps if now >= by - step]
    return min(reached, default=None)
