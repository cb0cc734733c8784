"""The archive for feed readers (Atom, RFC 4287) and for search engines."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.sitemaps import Sitemap
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from issues.models import Issue, Publication
from issues.rendering import lapsing
from newsroom.archive import reading
from newsroom.lib.links import absolute
from newsroom.lib.text import printable

ENTRIES = 20


class IssueFeed(Feed):  # type: ignore[type-arg]
    """The newest issues of a publication, whole."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest, publication: str) -> Publication:
        found = Publication.objects.filter(slug=publication).first()
        if found is None:
            raise Http404("There is no such publication.")
        return found

    def title(self, publication: Publication) -> str:
        return printable(publication.name)

    def subtitle(self, publication: Publication) -> str:
        return printable(publication.tagline)

    def link(self, publication: Publication) -> str:
        return absolute(reverse("archive:front", args=[publication.slug]))

    def feed_url(self, publication: Publication) -> str:
        return absolute(reverse("archive:feed", args=[publication.slug]))

    def author_name(self, publication: Publication) -> str:
        return printable(publication.name)

    def items(self, publication: Publication) -> Iterable[Issue]:
        return reading.published(publication).defer(None).select_related("publication", "edition")[:ENTRIES]

    def item_title(self, item: Any) -> str:
        return printable(item.public_title)

    def item_description(self, item: Issue) -> str:
        """The words, with addresses that hold outside our pages."""
        today = lapsing.last_day_over(timezone.now())
        words = printable(lapsing.as_of(item.edition.web, today)) if item.edition else ""
        return words.replace('src="/', f'src="{absolute("/")}').replace('href="/', f'href="{absolute("/")}')

    def item_link(self, item: Issue) -> str:
        return absolute(reverse("archive:issue", args=[item.publication.slug, item.slug]))

    def item_guid(self, item: Issue) -> str:
        return self.item_link(item)

    def item_pubdate(self, item: Issue) -> datetime | None:
        return item.published_at

    def item_updateddate(self, item: Issue) -> datetime | None:
        """When it was corrected, if it was: a whole edition is frozen before it appears."""
        corrected = item.published_at and item.edition and item.edition.frozen_at > item.published_at
        return item.edition.frozen_at if corrected and item.edition else item.published_at


class IssueSitemap(Sitemap):  # type: ignore[type-arg]
    """Every published issue."""

    changefreq = "never"
    limit = 5000

    def items(self) -> Iterable[Issue]:
        return Issue.objects.published().select_related("publication")

    def location(self, item: Issue) -> str:
        return reverse("archive:issue", args=[item.publication.slug, item.slug])

    def lastmod(self, item: Issue) -> datetime | None:
        return item.published_at
