"""What the archive shows: published issues and nothing else."""

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, DateTimeField, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce, NullIf

from issues.models import Issue, Publication
from issues.rendering import lapsing

RECENT = 6

_OWNER = (
    "name",
    "slug",
    "tagline",
    "time_zone",
    "language",
    "postal_address",
    "masthead",
    "accent",
    "ink",
    "paper",
    "ground",
)
_ISSUE, _PUBLICATION = "slug-of-the-issue", "slug-of-the-publication"


@dataclass(frozen=True)
class Entry:
    """An issue as a list shows it."""

    slug: str
    public_title: str
    planned_for: datetime.date
    minutes: int
    preheader: str


@dataclass(frozen=True)
class Page:
    """An issue with its frozen words, and the issues to read next."""

    publication: Publication
    issue: Entry
    web: str
    seal: str
    corrected_at: datetime.datetime | None
    recent: list[Entry]


def published(publication: Publication) -> QuerySet[Issue]:
    """The publication's issues, the newest first, without their words."""
    return (
        Issue.objects.published()
        .filter(publication=publication)
        .select_related("edition")
        .defer("edition__html", "edition__text", "edition__web")
    )


def page(publication: str, slug: str, *, day: datetime.date) -> Page | None:
    """An issue as it reads on that day and its recent companions, in one query; None if it is not published."""
    sql, placeholders = _compiled()
    wanted: dict[Any, Any] = {_ISSUE: slug, _PUBLICATION: publication}
    with connection.cursor() as cursor:
        cursor.execute(sql, [wanted.get(value, value) for value in placeholders])
        rows = cursor.fetchall()
    found = next((row for row in rows if row[0] == slug), None)
    if found is None:
        return None
    return Page(
        publication=Publication(**dict(zip(_OWNER, found[8:], strict=True))),
        issue=_entry(found),
        web=lapsing.as_of(found[5], day),
        seal=found[6],
        corrected_at=_moment(found[7]),
        recent=[_entry(row) for row in rows if row is not found][:RECENT],
    )


def _entry(row: tuple[object, ...]) -> Entry:
    slug, title, day, minutes, preheader = row[:5]
    # Without a model in between, SQLite gives a date as it stores it.
    on = day if isinstance(day, datetime.date) else datetime.date.fromisoformat(str(day))
    return Entry(str(slug), str(title), on, int(str(minutes)), str(preheader))


def _moment(given: object) -> datetime.datetime | None:
    """The same for a moment."""
    if given is None or isinstance(given, datetime.datetime):
        return given
    return datetime.datetime.fromisoformat(str(given)).replace(tzinfo=datetime.UTC)


@cache
def _compiled() -> tuple[str, tuple[object, ...]]:
    """The query, written by the ORM once: building it anew took two thirds of a request's processor time.

    The words are fetched for the one issue only: the others would bring a hundred kilobytes for six titles.
    """
    archive = Issue.objects.published().filter(publication__slug=_PUBLICATION)
    newest = archive.values("pk")[: RECENT + 1]
    this, corrected = Q(slug=_ISSUE), Q(edition__frozen_at__gt=F("published_at"))
    columns = archive.filter(this | Q(pk__in=newest)).values_list(
        "slug",
        Coalesce(NullIf("edition__title", Value("")), "title"),
        "planned_for",
        "edition__minutes",
        "edition__preheader",
        Case(When(this, then=F("edition__web")), default=Value(""), output_field=TextField()),
        Case(When(this, then=F("edition__seal")), default=Value(""), output_field=CharField()),
        Case(When(corrected, then=F("edition__frozen_at")), output_field=DateTimeField()),
        *(f"publication__{name}" for name in _OWNER),
    )
    sql, placeholders = columns.query.sql_with_params()
    return sql, placeholders
