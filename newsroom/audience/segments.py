"""Parts of a list, asked anew each time: made, changed, counted, deleted."""

import datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.utils import timezone

from newsroom.audience import recipients, rules
from newsroom.audience.models import MailingList, Segment, Subscription
from newsroom.audience.rules import Rule
from newsroom.lib.errors import NotNow, Refused
from newsroom.lib.people import Person
from newsroom.lib.text import one_line

__all__ = ["change", "delete", "make", "matching", "names_used", "readers"]

LOOKED_AT = 500
"""So many of the latest readers are looked at to suggest names of attributes."""


def readers(segment: Segment, *, now: datetime.datetime | None = None) -> QuerySet[Subscription]:
    """Who is active on the segment's list, and all its rules hold for, at this moment. Raises ``Refused``."""
    return recipients.chosen(segment.mailing_list.slug, segment, now=now)


def matching(
    mailing_list: MailingList, asked: tuple[Rule, ...], *, now: datetime.datetime | None = None
) -> QuerySet[Subscription]:
    """The same for rules that are not stored yet."""
    return rules.narrowed(recipients.active(mailing_list.slug), asked, now=now or timezone.now())


def make(
    mailing_list: MailingList, name: str, asked: tuple[Rule, ...], *, by: Person, now: datetime.datetime
) -> Segment:
    """A new segment. Raises ``Refused`` for rules that cannot be, no name, or one that is taken."""
    return _stored(Segment(mailing_list=mailing_list, made_at=now, made_by=by), name, asked)


def change(segment: Segment, name: str, asked: tuple[Rule, ...]) -> Segment:
    """Another name or other rules; a send that is planned follows them until it starts. Raises ``Refused``."""
    return _stored(segment, name, asked)


def delete(segment: Segment) -> None:
    """Raises ``NotNow`` while a send names the segment: the record of who was meant must not vanish."""
    try:
        segment.delete()
    except ProtectedError:
        raise NotNow(f"An issue was or is to be sent to “{segment}”, so it has to stay.") from None


def names_used(mailing_list: MailingList | None = None) -> list[str]:
    """Names of attributes to suggest: what readers are asked for, and what is known of the latest."""
    lists = MailingList.objects.all() if mailing_list is None else [mailing_list]
    latest = Subscription.objects.order_by("-pk")
    if mailing_list:
        latest = latest.filter(mailing_list=mailing_list)
    known = latest.values_list("subscriber__attributes", flat=True)[:LOOKED_AT]
    return sorted({name for each in lists for name in each.asks} | {name for some in known for name in some})


def _stored(segment: Segment, name: str, asked: tuple[Rule, ...]) -> Segment:
    segment.name, segment.rules = one_line(name, 80), rules.as_json(asked)
    if not segment.name:
        raise Refused("Give the segment a name.")
    rules.parse(segment.rules)
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        raise Refused(f"There is a segment “{segment.name}” of this list already.") from None
    return segment
