"""Who got what: for one reader who asks, and for all as a table."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsroom.audience.addresses import as_stored
from newsroom.audience.models import Subscription
from newsroom.delivery.models import ChunkState, Delivery, Outcome, Send
from newsroom.delivery.queue import chunks

__all__ = ["FOUND_AT_MOST", "HEADER", "Receipt", "find", "of", "rows"]

FOUND_AT_MOST = 50
ERASED = "(erased)"
HEADER = ("Address", "Outcome", "At", "Printing", "Edition", "Reply")
_AT_ONCE = 2000
_NOT_YET = {
    ChunkState.WAITING: "Waiting: not sent yet",
    ChunkState.CLAIMED: "In the hands of a worker",
    ChunkState.DROPPED: "Not sent: the rest was cancelled",
}


@dataclass(frozen=True)
class Receipt:
    """What became of the message to one reader, in words; ``printing`` and ``edition`` are numbers, 0 if it has none."""

    reader: int
    address: str
    outcome: str
    at: datetime.datetime | None = None
    printing: int = 0
    edition: int = 0
    reply: str = ""


def find(send: Send, words: str) -> list[Receipt]:
    """Readers of the list whose address has these words in it, at most ``FOUND_AT_MOST``, and what each of them got."""
    listed = Subscription.objects.filter(mailing_list__slug=send.issue.publication.slug)
    matching = listed.filter(subscriber__email__icontains=as_stored(words)).order_by("subscriber__email")
    addresses = dict(matching.values_list("pk", "subscriber__email")[:FOUND_AT_MOST])
    known = {
        each.reader: each
        for each in of(send, Delivery.objects.filter(send=send, subscription_id__in=addresses))
    }
    waiting = _waiting(send, set(addresses) - set(known))
    return [
        known.get(reader)
        or Receipt(reader, address, waiting.get(reader, "Not among the readers of this send"))
        for reader, address in addresses.items()
    ]


def rows(send: Send, outcomes: Sequence[int] | None = None) -> Iterator[Sequence[object]]:
    """A row of ``HEADER`` for each reader that is settled, a few thousand read at a time."""
    last = 0
    while True:
        page = Delivery.objects.filter(send=send, subscription_id__gt=last).order_by("subscription_id")
        if outcomes is not None:
            page = page.filter(outcome__in=outcomes)
        found = list(of(send, page[:_AT_ONCE]))
        for each in found:
            yield each.address, each.outcome, each.at, each.printing, each.edition, each.reply
        if len(found) < _AT_ONCE:
            return
        last = found[-1].reader


def of(send: Send, deliveries: Iterable[Delivery]) -> Iterator[Receipt]:
    """What these rows say. Addresses are read apart: a person whose data were erased has none, and the row stays."""
    found = list(deliveries)
    printings = {
        pk: (number, edition)
        for pk, number, edition in send.printings.values_list("pk", "number", "edition__number")
    }
    readers = Subscription.objects.filter(pk__in=[each.subscription_id for each in found])
    addresses = dict(readers.values_list("pk", "subscriber__email"))
    for each in found:
        printing, edition = printings.get(each.printing_id, (0, 0))
        address = addresses.get(each.subscription_id, ERASED)
        outcome = Outcome(each.outcome).label
        yield Receipt(each.subscription_id, address, outcome, each.at, printing, edition, each.reply)


def _waiting(send: Send, readers: set[int]) -> dict[int, str]:
    """For readers without an outcome: where the chunk stands that they are in. Chunks hold bytes, so each is looked through."""
    if not readers:
        return {}
    found = {}
    for chunk in send.chunks.filter(state__in=_NOT_YET).iterator(chunk_size=100):
        for reader in readers.intersection(chunks.ids_of(chunk)):
            found[reader] = _NOT_YET[ChunkState(chunk.state)]
    return found
