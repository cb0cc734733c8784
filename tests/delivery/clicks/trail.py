"""What a test's own requests lay down, and recording it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

from newsroom.delivery.clicks import footprints, recording, redirecting, spools
from newsroom.delivery.clicks.footprints import Footprint
from newsroom.delivery.clicks.spools import Spool


class Trail:
    """The footprints of this process, from a clean start: no printing is known from another test."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool

    @classmethod
    @contextmanager
    def fresh(cls, monkeypatch: pytest.MonkeyPatch) -> Iterator[Self]:
        footprints.forget()
        spool = Spool()
        monkeypatch.setattr(redirecting, "spool", spool)
        monkeypatch.setattr(spools, "spool", spool)
        monkeypatch.setattr(recording, "EVERY", 0)
        monkeypatch.setattr(recording, "LOOK_AFTER", 0)
        yield cls(spool)
        spool.close()

    def __len__(self) -> int:
        return recording.backlog().footprints

    @property
    def files(self) -> list[Path]:
        return spools.left()

    def lay(self, steps: Sequence[Footprint]) -> None:
        for each in steps:
            self.spool.append(each.line())

    def record(self) -> None:
        """All of it, as when the server has ended."""
        self.spool.close()
        recording.Recorder().run()
