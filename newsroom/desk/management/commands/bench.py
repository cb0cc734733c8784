"""``make bench``: the figures of docs/performance.md, measured here and now."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from issues import importing, starting
from issues.models import Publication
from issues.rendering import render
from issues.rendering.render import forget, render_html, render_text, render_web
from issues.snapshot import Snapshot, take
from newsroom.desk import benching

SAMPLE = settings.BASE_DIR.parent / "shared/corpus/newsletters/seed-passing-the-pytorch.txt"
STAND_IN = settings.BASE_DIR / "tests/journeys/draft.txt"


class Undone(Exception):
    """Leaves the transaction without a trace of the issue that was measured."""


class Command(BaseCommand):
    help = "Measure rendering, the sponsor calendar and the archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "draft", nargs="?", type=Path, help="the draft to render; the sample issue if left out"
        )

    def handle(self, *args: Any, draft: Path | None, **options: Any) -> None:
        self._rendering(draft or (SAMPLE if SAMPLE.exists() else STAND_IN))
        self._calendar()
        self._archive()

    def _rendering(self, draft: Path) -> None:
        snapshot = _snapshot(draft)
        made = render(snapshot)
        self._say(
            f"Rendering {draft.name} ({len(snapshot.blocks)} blocks; HTML mail {len(made.html.encode()):,} bytes)"
        )
        self._figure(
            "HTML, text and web", benching.median_ms(lambda: _afresh(render, snapshot)), "ms", at_most=10
        )
        self._figure("  HTML mail", benching.median_ms(lambda: _afresh(render_html, snapshot)), "ms")
        self._figure("  plain text", benching.median_ms(lambda: render_text(snapshot)), "ms")
        self._figure("  web page", benching.median_ms(lambda: _afresh(render_web, snapshot)), "ms")
        self._figure("the same again", benching.median_ms(lambda: render(snapshot)), "ms")

    def _calendar(self) -> None:
        self._say(
            "Sponsor calendar (12 weeks, 8 placements, 400 bookings; the whole request of a sales person)"
        )
        page = _of_a_full_board()
        self._figure("queries", page.queries, "", at_most=12)
        self._figure("on the server, median", page.median, "ms", at_most=150)
        self._figure("  95th percentile", page.p95, "ms", at_most=150)
        self._figure("page, gzipped", page.gzipped / 1024, "KB", at_most=60)

    def _archive(self) -> None:
        self._say(
            f"Archive issue page ({benching.REQUESTS:,} requests, {benching.CONNECTIONS} connections, one gthread worker)"
        )
        with benching.archive() as (port, server):
            path = benching.newest_issue(port)
            whole = benching.load(port, server, path)
            unchanged = benching.load(
                port, server, path, headers={"If-None-Match": benching.etag(port, path)}, expected=304
            )
        self._figure("processor time a request", whole.processor_ms, "ms", at_most=3)
        self._figure("requests a second", whole.per_second, "/s")
        self._figure("processor time a 304", unchanged.processor_ms, "ms")
        self._figure("304s a second", unchanged.per_second, "/s")

    def _say(self, words: str) -> None:
        self.stdout.write(f"\n{words}")

    def _figure(self, name: str, value: float, unit: str, *, at_most: float | None = None) -> None:
        limit = (
            ""
            if at_most is None
            else f"   at most {at_most:g} {unit}: {'kept' if value <= at_most else 'BROKEN'}"
        )
        self.stdout.write(f"  {name:<28}{value:>10,.2f} {unit:<3}{limit}")


def _afresh(rendering: Callable[[Snapshot], object], snapshot: Snapshot) -> None:
    """Render as if no block had been rendered before."""
    forget()
    rendering(snapshot)


def _of_a_full_board() -> benching.Page:
    """The calendar of an invented publication, measured and then undone."""
    taken: list[benching.Page] = []
    try:
        with transaction.atomic():
            taken.append(benching.calendar_page(benching.full_board(now=timezone.now())))
            raise Undone
    except Undone:
        return taken[0]


def _snapshot(draft: Path) -> Snapshot:
    """The draft as an issue of an invented publication, gathered and then undone."""
    taken: list[Snapshot] = []
    try:
        with transaction.atomic():
            publication = Publication.objects.create(
                name="Bench", slug="bench", sender_email="bench@bench.example"
            )
            read = importing.read(draft.read_bytes())
            now = timezone.now()
            issue = starting.start_from_draft(publication, read, planned_for=now.date(), by=None, now=now)
            taken.append(take(issue))
            raise Undone
    except Undone:
        return taken[0]
