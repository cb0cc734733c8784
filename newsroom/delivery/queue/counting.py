"""Where the readers of a send stand, by number."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from newsroom.delivery.models import ChunkState, Delivery, Outcome, Send

__all__ = ["Tally", "by_edition", "by_printing", "summary", "tally"]


@dataclass(frozen=True)
class Tally:
    """How many readers of a send stand where. ``deferred`` are those of the waiting who were put off, ``in_hand`` those of
    the waiting whose chunk a worker holds."""

    planned: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    deferred: int = 0
    dropped: int = 0
    in_hand: int = 0

    @property
    def done(self) -> int:
        return self.sent + self.failed + self.skipped + self.in_doubt

    @property
    def waiting(self) -> int:
        return max(self.planned - self.done - self.dropped, 0)

    @property
    def handed_over(self) -> int:
        """What the relay was offered: it took it, refused it, or did not say."""
        return self.sent + self.failed + self.in_doubt


def tally(send: Send) -> Tally:
    """Count a send by its chunks, and by what its workers have in hand."""
    waiting, claimed, dropped = (
        Q(state=each) for each in (ChunkState.WAITING, ChunkState.CLAIMED, ChunkState.DROPPED)
    )
    counts = send.chunks.aggregate(
        sent=Sum("sent"), failed=Sum("failed"), skipped=Sum("skipped"), in_doubt=Sum("in_doubt"),
        deferred=Sum("size", filter=waiting & Q(attempt__gt=1)), dropped=Sum("size", filter=dropped),
        in_hand=Sum("size", filter=claimed),
    )  # fmt: skip
    numbers = {name: count or 0 for name, count in counts.items()}
    for name, count in _told(send, at_most=numbers["in_hand"]).items():
        numbers[name] += count
        numbers["in_hand"] -= count
    return Tally(planned=send.planned, **numbers)


def _told(send: Send, *, at_most: int) -> dict[str, int]:
    """What workers say of the chunks in their hands, once a second; a chunk that is closed takes back what was said of it. More
    than they hold is not believed."""
    if not at_most:
        return {}
    said = send.workers.filter(ended_at__isnull=True).aggregate(sent=Sum("sent"), failed=Sum("failed"))
    sent = min(said["sent"] or 0, at_most)
    return {"sent": sent, "failed": min(said["failed"] or 0, at_most - sent)}


def by_printing(send: Send) -> dict[int, int]:
    """How many readers have each printing."""
    got = Delivery.objects.filter(send=send, outcome=Outcome.SENT).order_by().values("printing_id")
    return dict(got.annotate(readers=Count("subscription_id")).values_list("printing_id", "readers"))


def by_edition(send: Send, sent: int) -> dict[int, int]:
    """How many of those who have it got each edition. Of a send that was not corrected no delivery is counted."""
    printings = dict(send.printings.values_list("pk", "edition"))
    if len(printings) == 1:
        return dict.fromkeys(printings.values(), sent)
    got, found = by_printing(send), Counter[int]()
    for printing, edition in printings.items():
        found[edition] += got.get(printing, 0)
    return dict(found)


def summary(counts: Tally) -> str:
    """A send in one sentence."""
    parts = [
        (counts.sent, "sent"),
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.in_doubt, "in doubt"),
    ]
    if counts.dropped:
        parts.append((counts.dropped, "cancelled"))
    return ", ".join(f"{number:,} {word}" for number, word in parts) + "."
