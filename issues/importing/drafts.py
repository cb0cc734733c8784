"""What reading a draft gives."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """One block as the draft has it.

    ``data`` is JSON-ready data of the kind; ``found`` what the reader saw that is not block data, such as a sponsor's
    name and words; ``source`` the words as they stood in the draft, pieces parted by a blank line.
    """

    kind: str
    data: dict[str, Any]
    found: dict[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Draft:
    """A title, blocks in reading order, and what was left out because it belongs to the page, not to the issue."""

    title: str | None
    blocks: tuple[Found, ...]
    left_out: tuple[str, ...]
