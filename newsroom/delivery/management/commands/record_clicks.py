"""``manage.py record_clicks``: write down the clicks and opens that wait in this machine's spools."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsroom.delivery.clicks import recording


class Command(BaseCommand):
    help = (
        "Record the clicks and opens that wait on this machine, and go on as long as a web server lays down more. The web "
        "server starts this by itself; by hand it is of use where no web server will run again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--lock", type=int, help="the open file by which the web server hands over its lock"
        )

    def handle(self, *, lock: int | None, **_options: Any) -> None:
        if lock is None and recording.hold() is None:
            raise CommandError("The clicks of this machine are being recorded already.")
        recording.Recorder().run()
