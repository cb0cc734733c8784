"""This home's own list of what it has sent, so that a database restored from a backup cannot send it again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from newsroom.delivery.models import Chunk, ChunkState, Send
from newsroom.delivery.queue import homes
from newsroom.lib.errors import NotNow

__all__ = ["FORGOTTEN", "TIME_TRAVEL", "Ledger", "TimeTravel"]

_ENTRY = 12


class TimeTravel(NotNow):
    """This machine has done what the database does not know of."""


class Ledger:
    """The chunks of one send that were closed here: twelve bytes each, number and claim, in a file that only grows.

    Numbers come again in a restored database, so the file is named after what was sent too, by the seal of its first edition.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done = set(_entries(path))

    @classmethod
    def of(cls, send: Send) -> Self:
        return cls(_path(send))

    @classmethod
    def begin(cls, send: Send) -> None:
        """The send starts here. Raises ``TimeTravel`` if it has before."""
        try:
            _path(send).touch(exist_ok=False)
        except FileExistsError:
            raise TimeTravel(TIME_TRAVEL) from None

    def check(self, chunk: Chunk) -> None:
        """Raise ``TimeTravel`` if the chunk, as it was claimed now, was closed here before."""
        if self.knows(chunk):
            raise TimeTravel(TIME_TRAVEL)

    def knows(self, chunk: Chunk) -> bool:
        """Whether a chunk that is open in the database was closed here: in the claim that it is in, or in the next."""
        return _entry(chunk.pk, chunk.claims + (chunk.state == ChunkState.WAITING)) in self._done

    @property
    def last(self) -> int:
        """The highest number of a chunk that was closed here; 0 if none was."""
        return max((int.from_bytes(entry[:8], "big") for entry in self._done), default=0)

    def add(self, chunk: Chunk) -> None:
        """It is closed, and the database knows."""
        entry = _entry(chunk.pk, chunk.claims)
        self._done.add(entry)
        with self.path.open("ab", buffering=0) as file:
            file.write(entry)


TIME_TRAVEL = (
    "This machine has sent more of this issue than the database knows. Was the database restored from a backup? "
    "Nothing more goes out by itself: find out who has got the issue, then send it to the others."
)
FORGOTTEN = "This machine had sent it already when the database was restored from a backup."
"""Of whole chunks: which of their readers were left out or refused, only the lost rows knew."""


def _path(send: Send) -> Path:
    first = send.printings.order_by("number").first()
    edition = first.edition if first else send.edition
    return homes.folder() / "done" / f"{send.pk}-{edition.seal[:16]}"


def _entry(number: int, claim: int) -> bytes:
    return number.to_bytes(8, "big") + claim.to_bytes(4, "big")


def _entries(path: Path) -> Iterator[bytes]:
    content = path.read_bytes() if path.exists() else b""
    for start in range(0, len(content) - _ENTRY + 1, _ENTRY):
        yield content[start : start + _ENTRY]
