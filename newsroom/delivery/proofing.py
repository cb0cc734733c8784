"""Sending an issue to somebody at the desk before readers get it: no send, no delivery, and no reader knows of it."""

import datetime
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from issues.models import Edition, Issue, IssueEvent
from issues.rendering import Rendered, render
from issues.snapshot import take
from newsroom.delivery.relay import esp, smtp, transport
from newsroom.delivery.relay.smtp import InDoubt, Refusal, RelayDown
from newsroom.delivery.wire import dkim
from newsroom.delivery.wire.letter import Proof, Unaddressable, compile_proof
from newsroom.lib.errors import Refused
from newsroom.lib.text import counted

__all__ = ["AN_HOUR", "AT_ONCE", "Outcome", "send"]

AT_ONCE = 10
AN_HOUR = 30
"""Addresses that one person may send to, at once and within an hour: this is no way to reach readers."""
PATIENCE = 10.0
"""Seconds, for an answer of the relay and for all addresses together: somebody waits for the page."""
SENT, NOT_SENT = "test sent", "test not sent"


@dataclass(frozen=True)
class Outcome:
    """What became of the test to one address: ``said`` is a sentence."""

    address: str
    accepted: bool
    said: str


def send(issue: Issue, addresses: Sequence[str], *, by: User, now: datetime.datetime) -> list[Outcome]:
    """Hand the issue to the relay for each address: its edition once it is approved, until then as it stands.

    Every address is an event of the issue. Raises ``Refused`` if that were more than a person may send within an hour.
    """
    proof = compile_proof(_rendering(issue), issue.publication, date=now)
    events = _noted(issue, addresses, by=by, now=now)
    outcomes = []
    for event, outcome in zip(events, _outcomes(proof, addresses), strict=True):
        event.what = SENT if outcome.accepted else NOT_SENT
        event.note = outcome.address if outcome.accepted else f"{outcome.address}: {outcome.said}"[:400]
        event.save(update_fields=["what", "note"])
        outcomes.append(outcome)
    return outcomes


def _rendering(issue: Issue) -> Edition | Rendered:
    return issue.final or render(take(issue))


@transaction.atomic
def _noted(issue: Issue, addresses: Sequence[str], *, by: User, now: datetime.datetime) -> list[IssueEvent]:
    """An event for each address, before anything is sent: two tests at once are counted one after the other."""
    User.objects.select_for_update().get(pk=by.pk)
    lately = IssueEvent.objects.filter(
        by=by, what__in=[SENT, NOT_SENT], at__gt=now - datetime.timedelta(hours=1)
    )
    before = lately.count()
    if before + len(addresses) > AN_HOUR:
        raise Refused(
            f"A person sends tests to at most {AN_HOUR} addresses an hour, and yours went to "
            f"{counted(before, 'address', 'addresses')}. Try again later."
        )
    return [
        IssueEvent.objects.create(
            issue=issue, at=now, by=by, what=NOT_SENT, note=f"{address}: it was interrupted."[:400]
        )
        for address in addresses
    ]


def _outcomes(proof: Proof, addresses: Sequence[str]) -> Iterator[Outcome]:
    """One after the other over one connection; once the relay fails or takes too long, the rest is not tried."""
    ends, broken = time.monotonic() + PATIENCE, ""
    with transport.connected(patience=PATIENCE) as connection:
        for address in addresses:
            if not broken and time.monotonic() > ends:
                broken = "Not tried: the mail server takes too long."
            if broken:
                yield Outcome(address, False, broken)
                continue
            try:
                yield _handed_over(connection, proof, address)
            except RelayDown as error:
                broken = str(error)
                yield Outcome(address, False, broken)
            except InDoubt as doubt:
                broken = "Not tried: the connection to the mail server broke before."
                yield Outcome(address, False, f"{doubt} It may have arrived.")


def _handed_over(connection: smtp.Connection | esp.Connection, proof: Proof, address: str) -> Outcome:
    try:
        connection.hand_over(proof.sender, address, dkim.signed(proof.message(address)))
    except Refusal as refusal:
        how = "refuses it" if refusal.permanent else "does not take it now"
        return Outcome(address, False, f"The mail server {how}: {refusal}.")
    except Unaddressable as error:
        return Outcome(address, False, str(error))
    return Outcome(address, True, "The mail server has taken it.")
