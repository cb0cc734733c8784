"""What a block kind is: its data, its form, how it is summed up, and what it takes from and writes to rows."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from issues.blocks import typed
from issues.blocks.fields import BlockForm
from newsroom.lib.errors import Refused

if TYPE_CHECKING:
    from issues.models import Issue

D = TypeVar("D")
Facts = Mapping[str, Any]
"""Plain values that a kind gathered from rows for one block."""


@dataclass(frozen=True)
class Placed(Generic[D]):
    """One block in its place: ``uid`` is stable for life, ``position`` counts from 0."""

    uid: uuid.UUID
    kind: str
    data: D
    position: int = 0


@dataclass(frozen=True)
class Mend:
    """What one click does about a problem: the block moves ``to`` that place, counted from 0."""

    label: str
    to: int


@dataclass(frozen=True)
class Problem:
    """Something readers would notice. A ``blocker`` keeps the issue from going out, a ``warning`` does not."""

    severity: Literal["blocker", "warning"]
    sentence: str
    uid: uuid.UUID | None = None
    mend: Mend | None = None
    url: str = ""
    """Where it is settled, if not in the composer."""
    seen_by: tuple[str, ...] = ()
    """Rights of which one is needed to see it; nobody's eyes are kept from it if there is none."""


@dataclass(frozen=True)
class Reason:
    """Why a commitment is not kept. ``kept`` says who decided to go out all the same, and why; empty if nobody did."""

    sentence: str
    kept: str = ""
    mend: Mend | None = None


@dataclass(frozen=True)
class Commitment:
    """Something that was sold with the issue, and what keeps it from going out as sold. ``url`` leads to where it is settled."""

    title: str
    reasons: tuple[Reason, ...] = ()
    uid: uuid.UUID | None = None
    url: str = ""

    @property
    def open_reasons(self) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if not reason.kept)


def blocker(sentence: str, block: Placed[Any] | None = None) -> Problem:
    """A problem that keeps the issue from going out."""
    return Problem("blocker", sentence, block.uid if block else None)


def warning(sentence: str, block: Placed[Any] | None = None) -> Problem:
    """A problem that a person may decide to live with."""
    return Problem("warning", sentence, block.uid if block else None)


def broken(promised: Sequence[Commitment]) -> list[Problem]:
    """What stands against commitments, as problems of the issue: a blocker each, or a warning where somebody decided."""
    return [
        Problem(
            "warning" if reason.kept else "blocker",
            f"{each.title}: {reason.sentence} {reason.kept}".strip(),
            each.uid,
            reason.mend,
        )
        for each in promised
        for reason in each.reasons
    ]


@dataclass(frozen=True)
class Aid(Generic[D]):
    """Something the desk does for an editor inside a block, at the press of a button.

    ``do`` gets the block's data and the blocks below it; it returns the new data and a sentence that says what it did.
    Raises ``Refused`` if there is nothing to do.
    """

    name: str
    label: str
    do: Callable[[D, "Sequence[Placed[Any]]"], tuple[D, str]]


class BlockType(Generic[D]):
    """One kind of block. A subclass in ``<app>/blocks/<kind>/block.py`` is all that a new kind needs."""

    kind: str
    """Set by the registry: the name of the kind's folder."""
    folder: Path
    """Set by the registry: where the kind's templates are."""

    label: ClassVar[str]
    icon: ClassVar[str]
    hint: ClassVar[str]
    """One line in the add menu."""
    order: ClassVar[int] = 100
    """Place in the add menu."""

    data: type[D]
    form: type[BlockForm]
    sample: D

    aids: ClassVar[Sequence[Aid[Any]]] = ()
    """Buttons below its form."""
    shows_card: ClassVar[bool] = False
    """Whether the composer shows its card above the form: what it says comes from rows, and nobody writes it there."""

    version: ClassVar[int] = 1
    upgrades: ClassVar[Sequence[Callable[[dict[str, Any]], dict[str, Any]]]] = ()
    """``upgrades[n]`` turns raw data of version n + 1 into version n + 2."""

    def load(self, raw: Mapping[str, Any], version: int | None = None) -> D:
        """Parse stored JSON, lifting older versions first. Raises ``Malformed``."""
        if not isinstance(raw, Mapping):
            raise typed.Malformed(f"The data of a {self.label} must be an object.")
        data = dict(raw)
        for upgrade in self.upgrades[(version or self.version) - 1 :]:
            data = upgrade(data)
        return typed.load(self.data, data)

    def dump(self, data: D) -> dict[str, Any]:
        """The JSON that ``load`` reads."""
        return typed.dump(data)

    def summary(self, data: D) -> str:
        """One short line for the outline; empty while the block is empty."""
        return str(getattr(data, "heading", ""))

    def gather(self, issue: "Issue", blocks: Sequence[Placed[D]]) -> dict[uuid.UUID, Facts]:
        """Plain values from rows for the blocks of this kind, by uid. The only place where a kind reads rows to render."""
        return {}

    def problems(self, issue: "Issue", blocks: Sequence[Placed[D]]) -> list[Problem]:
        """What is wrong with this kind's blocks in this issue; asked once per kind even when there are none."""
        return []

    def commitments(self, issue: "Issue", blocks: Sequence[Placed[D]]) -> list[Commitment]:
        """What was sold with the issue; asked once per kind even when it has no such block. While one has an open reason, the
        issue is neither scheduled nor, by ``problems`` of the same kind, approved."""
        return []

    def project(self, issue: "Issue", blocks: Sequence[Placed[D]]) -> None:
        """Rewrite the rows that repeat this kind's facts for queries; called inside the saving transaction."""

    def adopt(self, issue: "Issue", data: D, found: Mapping[str, Any]) -> D:
        """Take what the draft reader ``found`` beside the data into rows the kind owns; returns the data to store."""
        return data


class UnknownKind(Refused):
    """A block of a kind that no installed app offers."""
