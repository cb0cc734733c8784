"""The only list that anyone may mail."""

import datetime
from collections.abc import Collection

from django.db.models import QuerySet
from django.utils import timezone

from newsroom.audience import rules, suppressing
from newsroom.audience.models import MailingList, Segment, Status, Subscription

__all__ = ["active", "addressed", "chosen", "list_of"]


def list_of(slug: str, *, name: str, sender: str = "") -> MailingList:
    """The mailing list of a publication, made on first use; its name and sender follow the publication's."""
    mailing_list, made = MailingList.objects.get_or_create(
        slug=slug, defaults={"name": name, "sender": sender}
    )
    if not made and (mailing_list.name, mailing_list.sender) != (name, sender or mailing_list.sender):
        mailing_list.name, mailing_list.sender = name, sender or mailing_list.sender
        mailing_list.save(update_fields=["name", "sender"])
    return mailing_list


def active(slug: str) -> QuerySet[Subscription]:
    """Who has asked for this publication and has not left."""
    return Subscription.objects.filter(mailing_list__slug=slug, status=Status.ACTIVE)


def chosen(
    slug: str, segment: Segment | None, *, now: datetime.datetime | None = None
) -> QuerySet[Subscription]:
    """Those of them whom a segment chooses; all without one. Raises ``Refused`` for rules that cannot be read: a segment that
    we do not understand must not become everybody."""
    if segment is None:
        return active(slug)
    return rules.narrowed(active(slug), rules.parse(segment.rules), now=now or timezone.now())


def addressed(subscriptions: Collection[int]) -> list[tuple[int, str, str]]:
    """Number, address and name of those of the given subscriptions that are active at this moment, and not suppressed.

    Nobody active is on the suppression list, but an import or a restored copy may have crossed with a bounce.
    """
    active = Subscription.objects.filter(pk__among=subscriptions, status=Status.ACTIVE).order_by("pk")
    rows = list(active.values_list("pk", "subscriber__email", "subscriber__name"))
    never = suppressing.suppressed_among(email for _, email, _ in rows)
    return [row for row in rows if row[1] not in never] if never else rows
