"""Subscribers as a table, row by row: a million of them take no more memory than one.

What a stranger typed must not run in a spreadsheet, so every cell goes through ``harmless``. The heads are those that an
import of ours knows, so that the file can come back.
"""

import csv
import datetime
import json
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from newsroom.audience.models import Subscription
from newsroom.lib.papers.sheets import harmless

__all__ = ["MOST_ATTRIBUTES", "attribute_names", "csv_lines"]

MOST_ATTRIBUTES = 200
_HEADS = ["email", "name", "status", "joined", "confirmed", "left", "source"]
_FIELDS = [
    "subscriber__email",
    "subscriber__name",
    "status",
    "asked_at",
    "confirmed_at",
    "left_at",
    "source",
    "subscriber__attributes",
]
_AT_ONCE = 5000


def csv_lines(subscriptions: QuerySet[Subscription]) -> Iterator[bytes]:
    """The table of these subscriptions in pieces, with a column for each attribute. Oldest first."""
    names = attribute_names(subscriptions)
    yield "\ufeff".encode() + _line([harmless(head) for head in [*_HEADS, *names]])
    lines: list[bytes] = []
    for cells in subscriptions.order_by("pk").values_list(*_FIELDS).iterator(chunk_size=_AT_ONCE):
        lines.append(_line(_cells(cells, names)))
        if len(lines) == _AT_ONCE:
            yield b"".join(lines)
            lines.clear()
    yield b"".join(lines)


def attribute_names(subscriptions: QuerySet[Subscription]) -> list[str]:
    """Names of everything that is known of somebody among these, in order; at most ``MOST_ATTRIBUTES``."""
    people = subscriptions.order_by().values("subscriber_id")
    sql, values = people.query.sql_with_params()
    keys = (
        "SELECT DISTINCT jsonb_object_keys(person.attributes) AS name FROM audience_subscriber person"
        if connection.vendor == "postgresql"
        else "SELECT DISTINCT word.key AS name FROM audience_subscriber person, json_each(person.attributes) word"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{keys} WHERE person.id IN ({sql}) ORDER BY name LIMIT %s", [*values, MOST_ATTRIBUTES]
        )
        return [row[0] for row in cursor.fetchall()]


def _cells(found: tuple[Any, ...], names: list[str]) -> list[str]:
    *plain, attributes = found
    return [*map(_cell, plain), *(_cell(attributes.get(name)) for name in names)]


def _cell(value: object) -> str:
    match value:
        case str():
            return harmless(value)
        case None:
            return ""
        case datetime.datetime():
            return value.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")
    return harmless(json.dumps(value, ensure_ascii=False))


class _Echo:
    """A file that gives back what is written."""

    def write(self, line: str) -> str:
        return line


_writer = csv.writer(_Echo(), lineterminator="\r\n")


def _line(cells: list[str]) -> bytes:
    line: str = _writer.writerow(cells)
    return line.encode("utf-8", "replace")
