"""What a worker has done with a chunk, in a file that outlives it.

One byte a reader, in memory that the kernel keeps for the file: it costs a tenth of a microsecond to write and is all there after
``kill -9``. After a loss of power it proves nothing, and then the whole chunk is in doubt.
"""

import mmap
import os
import struct
from array import array
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Self

__all__ = ["Journal", "Mark", "read"]

_MAGIC = b"newsroom journal 1\n"
_HEAD = len(_MAGIC) + 8


class Mark(IntEnum):
    """What became of one message."""

    UNTOUCHED = 0
    HANDED_OVER = 1
    SENT = 2
    FAILED = 3
    PUT_OFF = 4


class Journal:
    """Marks by place, for subscriptions ``ids`` in their order."""

    def __init__(self, path: Path, marks: mmap.mmap, offset: int) -> None:
        self.path, self._marks, self._offset = path, marks, offset

    @classmethod
    def begin(cls, path: Path, ids: Sequence[int]) -> Self:
        """Every byte is written before it is mapped: on a full disk this raises ``OSError``, and no later store can fail."""
        content = _MAGIC + struct.pack("<Q", len(ids)) + array("q", ids).tobytes() + bytes(len(ids))
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with memoryview(content) as left:
                done = 0
                while done < len(content):
                    done += os.write(descriptor, left[done:])
            return cls(path, mmap.mmap(descriptor, len(content)), _HEAD + 8 * len(ids))
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def mark(self, place: int, mark: Mark) -> None:
        self._marks[self._offset + place] = mark

    @property
    def marks(self) -> bytes:
        """All of them, in their places."""
        return self._marks[self._offset :]

    def end(self) -> None:
        """All of it stands in the database."""
        self._marks.close()
        self.path.unlink(missing_ok=True)


def read(path: Path) -> dict[int, Mark] | None:
    """Marks by subscription; None if there is no whole journal."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if not content.startswith(_MAGIC) or len(content) < _HEAD:
        return None
    (count,) = struct.unpack_from("<Q", content, len(_MAGIC))
    if len(content) != _HEAD + 9 * count:
        return None
    ids = array("q", content[_HEAD : _HEAD + 8 * count])
    return dict(zip(ids, map(Mark, content[_HEAD + 8 * count :]), strict=True))
