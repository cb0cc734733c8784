"""``manage.py bench_intake``: how fast a large file of subscribers comes in."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from newsroom.bench import ground, intake


class Command(BaseCommand):
    help = "Measure the import and the export of invented subscribers, on PostgreSQL if there is one, in a database made for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=1_000_000)
        parser.add_argument(
            "--here", action="store_true", help="in this process and its own database, and as JSON"
        )

    def handle(self, *args: Any, rows: int, here: bool, **options: Any) -> None:
        if here:
            self.stdout.write(json.dumps(intake.measure_here(rows)))
            return
        with ground.postgres() as server:
            figures = intake.measure(rows, server=server)
        self.stdout.write(f"{rows:,} rows ({figures['bytes'] / 1e6:,.0f} MB) on {figures['database']}")
        for name in ("rehearsal", "import", "import again", "export"):
            each = figures[name]
            self.stdout.write(
                f"  {name:<14}{each['seconds']:>8.1f} s {each['rows a second']:>10,} rows/s"
                f"   own processor {each['own processor seconds']:.1f} s   peak {each['peak MB']} MB"
            )
