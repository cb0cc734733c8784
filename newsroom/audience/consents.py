"""The evidence for each step of a subscription: when, from where, by which form, and what the person was told."""

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest

from newsroom.audience.models import Consent, Subscription
from newsroom.lib.links import visitor_address
from newsroom.lib.text import one_line

__all__ = ["Evidence", "note", "note_all", "seen"]


@dataclass(frozen=True)
class Evidence:
    """How we know of a step. ``source`` is the form, file or mail it came by, ``words`` what the person was told,
    ``address`` and ``agent`` are those of their browser, ``printing`` is the number in the token of the mail they came from."""

    source: str = ""
    words: str = ""
    address: str | None = None
    agent: str = ""
    printing: int | None = None


def seen(request: HttpRequest, *, source: str, words: str = "", printing: int | None = None) -> Evidence:
    """The evidence of a request."""
    agent = one_line(request.headers.get("User-Agent", ""), 300)
    return Evidence(source, words, _address(request), agent, printing)


def note(subscription: Subscription, what: str, *, evidence: Evidence, now: datetime.datetime) -> None:
    """Write down one step of one subscription."""
    note_all([subscription.pk], what, evidence=evidence, now=now)


def note_all(subscriptions: Iterable[int], what: str, *, evidence: Evidence, now: datetime.datetime) -> None:
    """Write down the same step of several, by their numbers."""
    Consent.objects.bulk_create(
        Consent(
            subscription_id=pk,
            what=what,
            at=now,
            source=one_line(evidence.source, 200),
            words=one_line(evidence.words, 400),
            address=evidence.address,
            agent=evidence.agent,
            printing=evidence.printing,
        )
        for pk in subscriptions
    )


def _address(request: HttpRequest) -> str | None:
    """None if it cannot be read: a proxy may say “unknown”, and a socket in a folder has none."""
    try:
        return str(ipaddress.ip_address(visitor_address(request).partition("%")[0]))
    except ValueError:
        return None
