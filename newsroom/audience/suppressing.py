"""Whom nobody writes to, whatever list they stand on: the only writer of the suppression list.

An address is on the list or has active subscriptions, never both: whoever is put on it loses them in the same transaction, and
``subscribing.confirm`` gives one back only in the transaction that takes the address off. Both lock the person first.
"""

import datetime
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b

from django.conf import settings
from django.db import transaction

from newsroom.audience import consents
from newsroom.audience.addresses import as_stored, known, normal_address, of_address
from newsroom.audience.consents import Evidence
from newsroom.audience.models import (
    GONE,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionEvent,
)
from newsroom.lib.errors import Refused
from newsroom.lib.people import Person, called
from newsroom.lib.text import one_line

__all__ = [
    "find",
    "fingerprint",
    "history",
    "lift",
    "locked",
    "proved_wrong",
    "suppress",
    "suppressed_among",
]

BECOMES = {
    Reason.BOUNCED: (Status.BOUNCED, "bounce", "bounced"),
    Reason.COMPLAINED: (Status.COMPLAINED, "complaint", "complained"),
    Reason.ASKED: (Status.UNSUBSCRIBED, "never again", "left"),
    Reason.ERASED: (Status.UNSUBSCRIBED, "erasure", "erased"),
}
"""What a subscription becomes for a reason, how its reader is said to have left, and the step that is written down."""
WEIGHT = (Reason.BOUNCED, Reason.ERASED, Reason.COMPLAINED, Reason.ASKED)
"""Of two reasons the later one here stands: a bounce does not make light of a person's own word."""


def fingerprint(address: str) -> str:
    """32 hexadecimal digits that stand for an address, whatever its capitals (keyed BLAKE2b of 128 bits, RFC 7693).

    Keyed by the house's secret, because addresses can be guessed: whoever gets hold of the table alone cannot try them out.
    After a change of the secret the old one goes on counting as long as it stands in ``SECRET_KEY_FALLBACKS``.
    """
    return _fingerprint(address, _keyed(settings.SECRET_KEY))


def find(address: str) -> Suppression | None:
    """The row that keeps us from writing to the address; None if we may."""
    return Suppression.objects.filter(fingerprint__in=_fingerprints(address)).first()


def history(address: str) -> list[SuppressionEvent]:
    """When the address came onto the list and went from it, latest first."""
    return list(SuppressionEvent.objects.filter(fingerprint__in=_fingerprints(address)).select_related("by"))


def suppressed_among(addresses: Iterable[str]) -> set[str]:
    """Those of the addresses that nobody may write to, as they were given. One query for some thousands of them."""
    given, keys = list(addresses), _keys()
    prints = [(_fingerprint(address, key), address) for key in keys for address in given]
    found = Suppression.objects.filter(fingerprint__among={mark for mark, _ in prints}).order_by()
    standing = set(found.values_list("fingerprint", flat=True))
    return {address for mark, address in prints if mark in standing} if standing else set()


@transaction.atomic
def suppress(
    address: str, reason: Reason, *, now: datetime.datetime, note: str = "", by: Person = None
) -> Suppression:
    """Nobody writes to the address any more: all its subscriptions end, all or nothing. ``note`` says how we know.

    Twice is once; of two reasons the heavier stands. An erased person leaves only the fingerprint. Raises ``Refused``.
    """
    address = normal_address(address)
    person = locked(address)
    row = find(address) or Suppression(fingerprint=fingerprint(address), email=address, at=now)
    if row.pk is None or WEIGHT.index(reason) > WEIGHT.index(Reason(row.reason)):
        row.reason, row.note, row.at = reason, one_line(note, 300), now
    if reason == Reason.ERASED:
        row.email = row.note = ""
    row.save()
    _record(
        row.fingerprint, "suppressed", reason, note="" if reason == Reason.ERASED else note, by=by, now=now
    )
    if person:
        _end_all(person, reason, note=note, now=now)
    return row


@transaction.atomic
def lift(row: Suppression, *, why: str, by: Person, now: datetime.datetime) -> None:
    """An operator takes an address off the list, for a reason. Nobody is subscribed by that: people ask for it themselves.
    Raises ``Refused`` without a reason."""
    why = one_line(why, 300)
    if not why:
        raise Refused("Say why the address may be written to again.")
    if Suppression.objects.filter(pk=row.pk).delete()[0] == 0:
        return
    _record(row.fingerprint, "lifted", Reason(row.reason), note=why, by=by, now=now)
    if row.email and (person := known(row.email)):
        evidence = Evidence(source=f"by {called(by)}", words=why)
        consents.note_all(_numbers(person), "lifted", evidence=evidence, now=now)


def proved_wrong(address: str, *, now: datetime.datetime) -> None:
    """The reader has asked and confirmed by mail that they want to be written to; within the transaction of that."""
    row = find(address)
    if row:
        row.delete()
        _record(
            row.fingerprint,
            "lifted",
            Reason(row.reason),
            note="Asked and confirmed by mail.",
            by=None,
            now=now,
        )


def locked(address: str) -> Subscriber | None:
    """The person of the address, held until the transaction ends: nobody else suppresses or confirms them meanwhile."""
    return of_address(address).select_for_update().first()


def _end_all(person: Subscriber, reason: Reason, *, note: str, now: datetime.datetime) -> None:
    """Readers who had left keep how they left; nobody is mailed a confirmation."""
    status, left_by, what = BECOMES[reason]
    subscriptions = Subscription.objects.filter(subscriber=person)
    ending = list(subscriptions.exclude(status__in=GONE).values_list("pk", flat=True))
    subscriptions.update(mail_due_at=None)
    subscriptions.filter(pk__in=ending).update(status=status, left_at=now, left_by=left_by)
    consents.note_all(ending, what, evidence=Evidence(source="suppression", words=note), now=now)


def _record(mark: str, what: str, reason: Reason, *, note: str, by: Person, now: datetime.datetime) -> None:
    SuppressionEvent.objects.create(
        fingerprint=mark, what=what, reason=reason, note=one_line(note, 300), by=by, at=now
    )


def _numbers(person: Subscriber) -> list[int]:
    return list(person.subscriptions.values_list("pk", flat=True))


def _fingerprints(address: str) -> list[str]:
    return [_fingerprint(address, key) for key in _keys()]


def _fingerprint(address: str, keyed: blake2b) -> str:
    plain = address if address.isascii() else as_stored(address)  # as it stands in mail
    digest = keyed.copy()  # with the key already in it: half the time
    digest.update(plain.strip().lower().encode())
    return digest.hexdigest()


def _keys() -> list[blake2b]:
    """Digests begun with the present secret, then with those of the past."""
    return [_keyed(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@cache
def _keyed(secret: str) -> blake2b:
    key = blake2b(f"suppression:{secret}".encode(), digest_size=32).digest()
    return blake2b(digest_size=16, key=key)
