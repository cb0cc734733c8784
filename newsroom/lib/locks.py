"""Locks on files (flock): whoever has one loses it when its process ends, however that ends, and no lost connection takes it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["hold", "holding", "taken"]


def taken(file: int) -> bool:
    """Whether the lock on an open file is ours now. It lasts until the last copy of the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def hold(path: Path) -> int | None:
    """An open file that has the lock of ``path``, to be closed by whoever asked; None if another has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if taken(file):
        return file
    os.close(file)
    return None


@contextmanager
def holding(path: Path) -> Iterator[bool]:
    """Whether the lock of ``path`` is ours as long as this lasts."""
    file = hold(path)
    try:
        yield file is not None
    finally:
        if file is not None:
            os.close(file)
