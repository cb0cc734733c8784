"""Putting a batch of rows on a list, with a few statements for all of them. Only this module, of the import, writes readers.

The rows go into a temporary table, by COPY on PostgreSQL; from there on both databases understand the same statements. These have
no joins: the planner knows little of a table that was just filled, and would begin at the wrong end. All of it happens inside the
caller's transaction, so that a batch is in with the note that it is, or not at all.
"""

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from newsroom.audience.importing.rows import Row
from newsroom.audience.models import GONE, MailingList
from newsroom.audience.suppressing import suppressed_among

__all__ = ["Batch", "Outcome", "store"]

_GONE = {str(status) for status in GONE}
_MAKE = """CREATE TEMPORARY TABLE intake_rows (line bigint, email text, name text, status text,
    joined {moment}, confirmed {moment}, gone {moment}, attributes {json}, person bigint, standing text)"""
_COLUMNS = "line, email, name, status, joined, confirmed, gone, attributes"
_FIND_PEOPLE = """UPDATE intake_rows SET person =
    (SELECT s.id FROM audience_subscriber s WHERE LOWER(s.email) = LOWER(intake_rows.email)) WHERE person IS NULL"""
"""LOWER on both sides: SQLite leaves its index alone if one of them has a type and the other has none."""
_FIND_STANDING = """UPDATE intake_rows SET standing =
    (SELECT on_list.status FROM audience_subscription on_list
    WHERE on_list.subscriber_id = intake_rows.person AND on_list.mailing_list_id = %s) WHERE person IS NOT NULL"""
_MET = """SELECT line, person, standing,
    (SELECT name FROM audience_subscriber s WHERE s.id = person),
    (SELECT attributes FROM audience_subscriber s WHERE s.id = person)
    FROM intake_rows WHERE person IS NOT NULL"""
_CHANGE = "UPDATE audience_subscriber SET name = %s, attributes = %s WHERE id = %s"
_ADD_PEOPLE = """INSERT INTO audience_subscriber (email, name, attributes, added_at)
    SELECT email, name, attributes, %s FROM intake_rows WHERE person IS NULL ON CONFLICT DO NOTHING"""
_ADD_SUBSCRIPTIONS = """INSERT INTO audience_subscription
    (subscriber_id, mailing_list_id, status, source, asked_at, confirmed_at, left_at, left_by, seed)
    SELECT person, %s, status, %s, joined, confirmed, gone, CASE WHEN gone IS NULL THEN '' ELSE 'import' END, %s
    FROM intake_rows WHERE standing IS NULL ON CONFLICT DO NOTHING"""
_ADD_CONSENTS = """INSERT INTO audience_consent (subscription_id, what, at, source, words, agent)
    SELECT id, 'imported', %s, %s, %s, '' FROM """
_AS_WE_SAY = """SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SET LOCAL jit = off"""
"""PostgreSQL knows nothing yet of a table just filled, and would read all readers for each batch, or for each row."""


@dataclass(frozen=True)
class Batch:
    """Some rows, no two with one address, and what to write down beside them. ``source`` is that of the subscription;
    ``evidence`` and ``consent`` say in the consent which file they came in, and where the people agreed."""

    mailing_list: MailingList
    rows: Sequence[Row]
    now: datetime.datetime
    source: str
    evidence: str
    consent: str
    update: bool = False


@dataclass
class Outcome:
    """What became of a batch, in numbers of rows; ``gone`` and ``suppressed`` name the rows that stay away."""

    added: int = 0
    inactive: int = 0
    known: int = 0
    updated: int = 0
    gone: list[tuple[Row, str]] = field(default_factory=list)
    suppressed: list[Row] = field(default_factory=list)


class _Met(NamedTuple):
    """A row whose person we know: their number, their status on the list if they are on it, and their new name and attributes."""

    row: Row
    person: int
    status: str | None
    news: tuple[str, str] | None


def store(batch: Batch, *, rehearsal: bool = False) -> Outcome:
    """Put the rows on the list: nobody who left is brought back, nobody is unsubscribed, nobody suppressed is added.

    A rehearsal writes nothing and tells the same.
    """
    outcome = Outcome()
    rows = _allowed(batch.rows, outcome)
    if not rows:
        return outcome
    with connection.cursor() as cursor:
        _stage(cursor, rows, now=batch.now)
        met = _meet(cursor, batch, rows)
        _count(met, rows, outcome)
        if not rehearsal:
            _add(cursor, batch, met)
        cursor.execute("DROP TABLE intake_rows")
    return outcome


def _allowed(rows: Sequence[Row], outcome: Outcome) -> list[Row]:
    never = suppressed_among(row.email for row in rows)
    outcome.suppressed = [row for row in rows if row.email in never]
    return [row for row in rows if row.email not in never] if never else list(rows)


def _stage(cursor: Any, rows: Iterable[Row], *, now: datetime.datetime) -> None:
    postgresql = connection.vendor == "postgresql"
    moment, data = ("timestamptz", "jsonb") if postgresql else ("text", "text")
    cursor.execute(_MAKE.format(moment=moment, json=data))
    stored = connection.ops.adapt_datetimefield_value
    staged = (_staged(row, stored(row.joined or now), stored(now)) for row in rows)
    if postgresql:
        with cursor.copy(f"COPY intake_rows ({_COLUMNS}) FROM STDIN") as copy:
            for each in staged:
                copy.write_row(each)
        cursor.execute(_AS_WE_SAY)
    else:
        places = ", ".join(["%s"] * len(_COLUMNS.split(",")))
        cursor.executemany(f"INSERT INTO intake_rows ({_COLUMNS}) VALUES ({places})", list(staged))  # noqa: S608


def _staged(row: Row, joined: object, now: object) -> tuple[object, ...]:
    gone = row.status in _GONE
    return (
        row.line,
        row.email,
        row.name,
        row.status,
        joined,
        None if gone else joined,
        now if gone else None,
        json.dumps(row.attributes) if row.attributes else "{}",
    )


def _meet(cursor: Any, batch: Batch, rows: Sequence[Row]) -> list[_Met]:
    """The rows whose person we know, with what the file knows of them beyond what we do."""
    cursor.execute(_FIND_PEOPLE)
    cursor.execute(_FIND_STANDING, [batch.mailing_list.pk])
    cursor.execute(_MET)
    found = cursor.fetchall()
    by_line = {row.line: row for row in rows} if found else {}
    return [
        _Met(by_line[line], person, status, _news(by_line[line], name, json.loads(attributes), batch.update))
        for line, person, status, name, attributes in found
    ]


def _news(row: Row, name: str, attributes: dict[str, Any], update: bool) -> tuple[str, str] | None:
    """Name and attributes as they should be; None if they are so already."""
    better_name = (row.name or name) if update else (name or row.name)
    better = {**attributes, **row.attributes} if update else {**row.attributes, **_filled(attributes)}
    if better_name == name and (better == attributes or not row.attributes):
        return None
    return better_name, json.dumps(better)


def _filled(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value not in ("", None)}


def _count(met: Sequence[_Met], rows: Sequence[Row], outcome: Outcome) -> None:
    on_list = {each.row.line for each in met if each.status}
    outcome.gone = [(each.row, each.status) for each in met if each.status in _GONE]
    staying = [each for each in met if each.status and each.status not in _GONE]
    outcome.updated = sum(each.news is not None for each in staying)
    outcome.known = len(staying) - outcome.updated
    new = [row for row in rows if row.line not in on_list]
    outcome.added, outcome.inactive = len(new), sum(row.status in _GONE for row in new)


def _add(cursor: Any, batch: Batch, met: Sequence[_Met]) -> None:
    now, on_list = connection.ops.adapt_datetimefield_value(batch.now), batch.mailing_list.pk
    news = [(*each.news, each.person) for each in met if each.news and each.status not in _GONE]
    if news:
        cursor.executemany(_CHANGE, news)
    cursor.execute(_ADD_PEOPLE, [now])
    cursor.execute(_FIND_PEOPLE)
    _subscribe(cursor, [on_list, batch.source, False], [now, batch.evidence, batch.consent])


def _subscribe(cursor: Any, subscription: list[object], consent: list[object]) -> None:
    """A consent for each subscription that is really ours: somebody may have subscribed this very moment by themselves."""
    if connection.vendor == "postgresql":
        made = f"WITH made AS ({_ADD_SUBSCRIPTIONS} RETURNING id) "
        cursor.execute(f"{made}{_ADD_CONSENTS} made", subscription + consent)
        return
    cursor.execute("SELECT COALESCE(MAX(id), 0) FROM audience_subscription")
    (newest,) = cursor.fetchone()  # nobody else writes while we do
    cursor.execute(_ADD_SUBSCRIPTIONS, subscription)
    cursor.execute(f"{_ADD_CONSENTS} audience_subscription WHERE id > %s", [*consent, newest])
