"""The sponsor's own door: a signed link to one order, which expires and can be revoked. No account, no other order behind it."""

import datetime
import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from newsroom.lib import links
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person
from sponsors import trail
from sponsors.models import Insertion, InsertionOrder, InsertionStatus, PortalLink, PortalMiss

__all__ = ["TooMany", "invite", "opened", "revoke", "shown_in", "url"]

PURPOSE = "sponsor portal"
USUAL_DAYS, LONGEST_DAYS = 60, 400
MISSES, WITHIN = 20, datetime.timedelta(minutes=10)
"""So many links that do not hold, from one place within that time; of more we take no note."""


class TooMany(Refused):
    """Too many links that do not hold came from one place."""


@transaction.atomic
def invite(
    order: InsertionOrder,
    *,
    name: str,
    email: str,
    by: Person,
    now: datetime.datetime,
    days: int = USUAL_DAYS,
) -> PortalLink:
    """A link for somebody at the advertiser; what they decide is signed with their name."""
    if not name.strip():
        raise Refused("Say whom the link is for.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"A link holds between 1 and {LONGEST_DAYS} days.")
    link = PortalLink.objects.create(
        order=order, name=name.strip()[:120], email=email, made_at=now, made_by=by,
        expires_at=now + datetime.timedelta(days=days),
    )  # fmt: skip
    trail.note(
        "portal link made",
        by=by,
        now=now,
        words=f"For {name}, until {link.expires_at:%Y-%m-%d}.",
        order=order,
    )
    return link


@transaction.atomic
def revoke(link: PortalLink, *, by: Person, now: datetime.datetime) -> None:
    """The link no longer opens anything."""
    if link.revoked_at is None:
        link.revoked_at = now
        link.save(update_fields=["revoked_at"])
        trail.note("portal link revoked", by=by, now=now, words=f"{link.name}’s.", order=link.order)


def url(link: PortalLink) -> str:
    """The address to send."""
    return links.absolute(f"/sponsor/{links.token(PURPOSE, link.pk)}/")


def opened(token: str, *, where: str, now: datetime.datetime) -> PortalLink | None:
    """The link that the token names, if it still holds; None for a forged, expired or revoked one, all alike.

    ``where`` is the address that asks. Raises ``TooMany`` once too many that do not hold came from there.

    A link that holds always opens: its signature cannot be guessed, and whoever shares an address with a fool or an attacker
    (an office, a proxy) must not be locked out by them.
    """
    key = links.row_id(PURPOSE, token)
    rows = PortalLink.objects.select_related("order__advertiser", "order__publication")
    link = rows.filter(pk=key).first() if key is not None else None
    if link is None or not link.holds(now):
        _missed(_digest(where), now=now)
        return None
    PortalLink.objects.filter(pk=link.pk).update(last_used_at=now)
    return link


def shown_in(link: PortalLink) -> Sequence[Insertion]:
    """The insertions of the link's order, and of no other: those to come first, then those that ran."""
    rows = Insertion.objects.filter(line__order=link.order_id)
    rows = rows.exclude(status__in=[InsertionStatus.MOVED, InsertionStatus.CANCELLED])
    return list(
        rows.whole()
        .prefetch_related("proofs", "remarks")
        .order_by("slot__issue__planned_for", "slot__placement__position")
    )


def _missed(place: str, *, now: datetime.datetime) -> None:
    """Count it, but write no more rows than the limit."""
    if PortalMiss.objects.filter(where=place, at__gt=now - WITHIN).count() >= MISSES:
        raise TooMany("Too many links that do not hold came from here.")
    PortalMiss.objects.filter(at__lte=now - WITHIN).delete()
    PortalMiss.objects.create(where=place, at=now)


def _digest(where: str) -> str:
    """Addresses are not kept; a keyed digest tells one place from another."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{where}".encode()).hexdigest()
