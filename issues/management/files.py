"""Reading the file that a command was given."""

import sys
from pathlib import Path

from django.core.management.base import CommandError


def read_file(name: str) -> bytes:
    """The bytes of a file; “-” is standard input. Raises ``CommandError`` in a sentence."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be opened: {error.strerror}.") from error
