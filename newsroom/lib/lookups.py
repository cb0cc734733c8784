"""``column__among``: rows whose number is one of hundreds, asked with one parameter instead of one each.

Building and binding five hundred parameters costs more than the query: for the sender, a third of its processor time.
PostgreSQL is told the bounds too: of hundreds of numbers alone it thinks that reading the whole table is cheaper, and while a
table grows from nothing it reads all of it each time.
"""

import json
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Field, ForeignKey, Lookup

__all__ = ["Among"]


@ForeignKey.register_lookup
@Field.register_lookup
class Among(Lookup):
    """``rhs`` holds numbers, or words of ASCII letters and digits, in anything but a list or a tuple: Django would look into
    each of those."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        given = self._given()
        asked = f"{left} = ANY(%s)"
        if isinstance(given[0], str):  # which of them comes first is the database's own idea
            return asked, (*params, _array(given))
        bounds = (min(given), max(given))
        return f"({asked} AND {left} BETWEEN %s AND %s)", (*params, _array(given), *params, *bounds)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(self._given()))  # noqa: S608

    def _given(self) -> list[Any]:
        if given := list(self.rhs):
            return given
        raise EmptyResultSet


def _array(given: list[Any]) -> str:
    """As PostgreSQL writes an array; its driver would ask each element what it is. JSON has other brackets."""
    return "{" + json.dumps(given)[1:-1] + "}"
