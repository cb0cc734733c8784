"""One person's data: what is known of them, to hand out (GDPR, article 15), and to erase (article 17)."""

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from newsroom.audience import suppressing
from newsroom.audience.models import Consent, Reason, Subscriber, Subscription, Suppression
from newsroom.lib.people import Person
from newsroom.lib.text import counted, listed

__all__ = ["Holdings", "also_tell", "as_file", "correct", "erase", "holdings", "known_of"]

Teller = Callable[[Subscriber], list[dict[str, Any]]]
_tellers: dict[str, Teller] = {}


@dataclass(frozen=True)
class Holdings:
    """How much is kept of one person."""

    subscriptions: int
    consents: int
    elsewhere: dict[str, int]

    def __str__(self) -> str:
        kept = [counted(self.subscriptions, "subscription"), counted(self.consents, "record") + " of consent"]
        return listed(["your address and name", *kept])


def also_tell(title: str, teller: Teller) -> None:
    """Another part of the house keeps something of people, too: it stands in what they are told, below ``title``."""
    _tellers[title] = teller


def known_of(person: Subscriber) -> dict[str, Any]:
    """Everything that is kept of a person, as JSON can hold it; times in UTC (ISO 8601)."""
    lists = person.subscriptions.select_related("mailing_list").prefetch_related("consents").order_by("pk")
    return {
        "email": person.email,
        "name": person.name,
        "attributes": person.attributes,
        "known since": person.added_at.isoformat(),
        "never to be written to": _suppressed(suppressing.find(person.email)),
        "lists": [_subscription(each) for each in lists],
        **{title: teller(person) for title, teller in _tellers.items()},
    }


def as_file(person: Subscriber) -> bytes:
    """The same as JSON in UTF-8, to keep."""
    return json.dumps(known_of(person), indent=2, ensure_ascii=False, default=str).encode()


def holdings(person: Subscriber) -> Holdings:
    """What an erasure would reach, in numbers."""
    return Holdings(
        subscriptions=person.subscriptions.count(),
        consents=Consent.objects.filter(subscription__subscriber=person).count(),
        elsewhere={title: len(teller(person)) for title, teller in _tellers.items()},
    )


def correct(person: Subscriber, *, name: str, attributes: dict[str, str]) -> None:
    """What the person says of themselves; an attribute without words is forgotten, others stay."""
    kept = {**person.attributes, **attributes}
    person.name = name
    person.attributes = {key: words for key, words in kept.items() if words != ""}
    person.save(update_fields=["name", "attributes"])


@transaction.atomic
def erase(person: Subscriber, *, by: Person, now: datetime.datetime) -> None:
    """Forget the person: their row, subscriptions and consents. What remains is a fingerprint, so that no import brings
    them back, and records of other parts of the house under a number that names nobody any more."""
    suppressing.suppress(person.email, Reason.ERASED, now=now, by=by)
    person.delete()


def _subscription(each: Subscription) -> dict[str, Any]:
    return {
        "list": each.mailing_list.name,
        "status": each.get_status_display(),
        "came by": each.source,
        "asked": _when(each.asked_at),
        "confirmed": _when(each.confirmed_at),
        "left": _when(each.left_at),
        "left by": each.left_by,
        "last followed a link": _when(each.engaged_at),
        "last opened": _when(each.opened_at),
        "steps": [_consent(step) for step in each.consents.all()],
    }


def _consent(step: Consent) -> dict[str, Any]:
    return {
        "what": step.what,
        "when": _when(step.at),
        "came by": step.source,
        "words": step.words,
        "from": step.address,
        "program": step.agent,
        "by the mail of printing": step.printing,
    }


def _suppressed(row: Suppression | None) -> dict[str, Any] | None:
    return {"because": row.get_reason_display(), "since": _when(row.at)} if row else None


def _when(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
