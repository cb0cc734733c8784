"""``make bench``: the figures of docs/performance.md, measured here and now."""

import json
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
from newsroom.bench import clicks, desk, ground, intake, pages, sending

SAMPLE = settings.BASE_DIR.parent / "shared/corpus/newsletters/seed-passing-the-pytorch.txt"
RESULTS = settings.BASE_DIR / "bench/results.json"
STAND_IN = settings.BASE_DIR / "tests/journeys/draft.txt"


class Undone(Exception):
    """Leaves the transaction without a trace of the issue that was measured."""


class Command(BaseCommand):
    help = "Measure rendering, the sponsor calendar, the archive, the sender, an import and the redirect."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "draft", nargs="?", type=Path, help="the draft to render; the sample issue if left out"
        )

    def handle(self, *args: Any, draft: Path | None, **options: Any) -> None:
        self._figures: list[dict[str, Any]] = []
        self._rendering(draft or (SAMPLE if SAMPLE.exists() else STAND_IN))
        self._calendar()
        self._archive()
        self._sending()
        self._coming_back()
        self._write()

    def _rendering(self, draft: Path) -> None:
        snapshot = _snapshot(draft)
        made = render(snapshot)
        self._say(
            f"Rendering {draft.name} ({len(snapshot.blocks)} blocks; HTML mail {len(made.html.encode()):,} bytes)"
        )
        self._figure(
            "HTML, text and web", pages.median_ms(lambda: _afresh(render, snapshot)), "ms", at_most=10
        )
        self._figure("  HTML mail", pages.median_ms(lambda: _afresh(render_html, snapshot)), "ms")
        self._figure("  plain text", pages.median_ms(lambda: render_text(snapshot)), "ms")
        self._figure("  web page", pages.median_ms(lambda: _afresh(render_web, snapshot)), "ms")
        self._figure("the same again", pages.median_ms(lambda: render(snapshot)), "ms")

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
            f"Archive issue page ({pages.REQUESTS:,} requests, {pages.CONNECTIONS} connections, one gthread worker)"
        )
        with pages.archive() as (port, server):
            path = pages.newest_issue(port)
            whole = pages.load(port, server, path)
            unchanged = pages.load(
                port, server, path, headers={"If-None-Match": pages.etag(port, path)}, expected=304
            )
        self._figure("processor time a request", whole.processor_ms, "ms", at_most=3)
        self._figure("requests a second", whole.per_second, "/s")
        self._figure("processor time a 304", unchanged.processor_ms, "ms")
        self._figure("304s a second", unchanged.per_second, "/s")

    def _sending(self) -> None:
        size = len(sending.on_the_wire()[0])
        self._say(
            f"Sending (a message of {size:,} bytes with {sending.LINKS} links, {sending.CONNECTIONS} "
            "connections, to a sink that takes everything)"
        )
        with sending.bench() as sqlite:
            django = sqlite.step("django", 1_000)
            c = sending.in_c(sqlite, 100_000)
            sqlite.step("plan", 200_000)
            ours = sqlite.step("send")
        self._sender("SQLite", ours, at_least=8_000)
        with sending.bench(delay=20_000) as far:
            far.step("plan", 4_000)
            late = far.step("send")
        with ground.postgres() as server:
            if server:
                ours = self._sending_on_postgres(server)
                self._intake(server)
        self._figure("  against Django’s own way", _per_core(ours) / _per_core(django), "×", at_least=60)
        self._figure("  against a sender in C", _per_core(c) / _per_core(ours), "×", at_most=3)
        self._figure("20 ms to each reply", late["messages"] / late["seconds"], "/s", at_least=400)

    def _intake(self, server: str) -> None:
        taken = intake.measure(1_000_000, server=server)
        self._figure("import of 1,000,000 rows", taken["import"]["seconds"], "s", at_most=90)
        self._figure("  memory", taken["import"]["peak MB"], "MB")

    def _coming_back(self) -> None:
        self._say("Clicks (the redirect behind the links of a mail; one gthread worker on one core)")
        followed = clicks.measure()
        self._figure("redirects a second", followed["redirects a second"], "/s", at_least=1_500)
        self._figure("  99th percentile at 1,500", followed["p99, ms"], "ms", at_most=20)
        self._figure(
            "  lost of all", followed["clicks followed"] - followed["clicks recorded"], "", at_most=0
        )

    def _sending_on_postgres(self, server: str) -> dict[str, Any]:
        with ground.database(server) as database, sending.bench(database=database) as made:
            plan = made.step("plan", 1_000_000)
            ours = made.step("send", 300_000)
            two, four = (sending.shared_by(made, workers, 60_000) for workers in (2, 4))
            recorded = made.step("count")["sent"]
            beside = made.step("desk")
        self._sender("PostgreSQL", ours, at_least=15_000)
        self._figure("plan of 1,000,000 readers", plan["seconds"], "s", at_most=10)
        self._figure("memory of a worker", ours["memory"], "MB", at_most=150)
        self._figure("  grown since 20,000", ours["memory"] - ours["early"], "MB", at_most=5)
        for workers, shared in ((1, ours), (2, two), (4, four)):
            self._figure(f"{workers} workers together", shared["messages"] / shared["seconds"], "/s")
        self._figure("  taken by the sink, not once", abs(made.taken - recorded), "", at_most=0)
        self._say(f"The desk beside 1,000,000 readers on PostgreSQL, after {desk.CLICKS:,} clicks")
        for page, took in beside.items():
            self._figure(page, took, "ms", at_most=1_000)
        return ours

    def _sender(self, database: str, sent: dict[str, Any], *, at_least: float) -> None:
        self._figure(f"{database}: a core’s second", _per_core(sent), "/s", at_least=at_least)
        self._figure("  by the clock", sent["messages"] / sent["seconds"], "/s")

    def _write(self) -> None:
        """For the README, and for whoever wants to compare."""
        results = {"machine": ground.machine(), "figures": self._figures}
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        self._say(f"Written to {RESULTS.relative_to(settings.BASE_DIR)}")

    def _say(self, words: str) -> None:
        self.stdout.write(f"\n{words}")

    def _figure(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        limit = at_most if at_most is not None else at_least
        kept = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
        said = ""
        if limit is not None:
            bound = "at most" if at_most is not None else "at least"
            said = f"   {bound} {limit:,g} {unit}: {'kept' if kept else 'BROKEN'}"
        self._figures.append(
            {"name": name.strip(), "value": round(value, 2), "unit": unit, "limit": limit, "kept": kept}
        )
        self.stdout.write(f"  {name:<28}{value:>12,.2f} {unit:<3}{said}")


def _per_core(sent: dict[str, Any]) -> float:
    """Messages for each second of processor time."""
    return float(sent["messages"] / sent["processor"])


def _afresh(rendering: Callable[[Snapshot], object], snapshot: Snapshot) -> None:
    """Render as if no block had been rendered before."""
    forget()
    rendering(snapshot)


def _of_a_full_board() -> pages.Page:
    """The calendar of an invented publication, measured and then undone."""
    taken: list[pages.Page] = []
    try:
        with transaction.atomic():
            taken.append(pages.calendar_page(pages.full_board(now=timezone.now())))
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
