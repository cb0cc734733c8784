"""Moving a row from one status to the next, once, whoever else is trying."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from newsroom.lib.errors import Conflict, NotNow

Moves = Mapping[str, frozenset[str]]


def move(
    row: Model, to: str, *, moves: Moves, provided: Mapping[str, Any] | None = None, **changes: Any
) -> None:
    """Set ``row.status`` to ``to`` (and ``changes``) by compare-and-swap; the row in hand follows.

    ``provided`` names further columns that must still have these values.

    One ``UPDATE … WHERE id = … AND status = …`` settles every race on every database: SQLite has no row locks.
    Raises ``NotNow`` if ``moves`` has no such step, ``Conflict`` if somebody else moved the row first.
    """
    before: str = row.status  # type: ignore[attr-defined]
    if to not in moves.get(before, frozenset()):
        raise NotNow(f"This {row._meta.verbose_name} is {_words(before)}; it cannot become {_words(to)} now.")
    changes["status"] = to
    moved = type(row)._default_manager.filter(pk=row.pk, status=before, **(provided or {})).update(**changes)
    if moved != 1:
        raise Conflict(
            f"Somebody else changed this {row._meta.verbose_name} a moment ago. Look again, then decide."
        )
    for name, value in changes.items():
        setattr(row, name, value)


def _words(status: str) -> str:
    return status.replace("_", " ")
