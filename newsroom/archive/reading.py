"""What the archive shows: published issues and nothing else."""

from dataclasses import dataclass

from django.db.models import Case, CharField, F, Q, QuerySet, TextField, Value, When

from issues.models import Issue, Publication

RECENT = 6


@dataclass(frozen=True)
class Page:
    """An issue with its frozen words, and the issues to read next."""

    issue: Issue
    web: str
    seal: str
    recent: list[Issue]


def published(publication: Publication) -> QuerySet[Issue]:
    """The publication's issues, the newest first, without their words."""
    return (
        Issue.objects.published()
        .filter(publication=publication)
        .select_related("edition")
        .defer("edition__html", "edition__text", "edition__web")
    )


def page(publication_slug: str, slug: str) -> Page | None:
    """An issue and its recent companions in one query; None if it is not published.

    The words are fetched for the one issue only: the others would bring a hundred kilobytes for six titles.
    """
    archive = Issue.objects.published().filter(publication__slug=publication_slug)
    newest = archive.order_by("-published_at", "-pk").values("pk")[: RECENT + 1]
    this = When(slug=slug, then=F("edition__web"))
    rows = list(
        archive.filter(Q(slug=slug) | Q(pk__in=newest))
        .select_related("publication")
        .annotate(
            web=Case(this, default=Value(""), output_field=TextField()),
            seal=Case(When(slug=slug, then=F("edition__seal")), default=Value(""), output_field=CharField()),
            minutes=F("edition__minutes"),
            preheader_shown=F("edition__preheader"),
        )
    )
    found = next((row for row in rows if row.slug == slug), None)
    if found is None:
        return None
    columns = vars(found)
    return Page(found, columns["web"], columns["seal"], [row for row in rows if row is not found][:RECENT])
