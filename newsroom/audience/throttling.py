"""How often somebody may have us write to a mailbox. Rows, so that every web server sees the same; digests, so that no row says
who asked."""

import datetime
import hashlib
import ipaddress

from django.conf import settings

from newsroom.audience.models import Asking
from newsroom.lib.errors import Refused

__all__ = ["TooMany", "let", "visitor"]

VISITOR_ASKS, VISITOR_HOURS = 20, datetime.timedelta(hours=1)
"""So many sign-ups from one place within that time: enough for an office on the day the boss recommends us."""


class TooMany(Refused):
    """Too many sign-ups came from one place."""


def visitor(address: str | None, *, now: datetime.datetime) -> None:
    """Raises ``TooMany`` for a visitor who has asked too often. Whom we cannot tell apart is not held back: who has no address,
    and this machine, which is a proxy that we were not told of."""
    if address is None or ipaddress.ip_address(address).is_loopback:
        return
    if not let(f"visitor {_place(address)}", VISITOR_ASKS, VISITOR_HOURS, now=now):
        raise TooMany("Too many sign-ups came from where you are. Try again in an hour.")


def let(what: str, most: int, within: datetime.timedelta, *, now: datetime.datetime) -> bool:
    """Whether ``what`` may happen once more within that time; if so it is noted. No more rows are written than ``most``."""
    where = hashlib.sha256(f"{settings.SECRET_KEY}:{what}".encode()).hexdigest()
    if Asking.objects.filter(where=where, until__gt=now).count() >= most:
        return False
    Asking.objects.filter(until__lte=now).delete()
    Asking.objects.create(where=where, until=now + within)
    return True


def _place(address: str) -> str:
    """One household: an IPv6 visitor has 2^64 addresses of their own."""
    given = ipaddress.ip_address(address)
    if given.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return address
