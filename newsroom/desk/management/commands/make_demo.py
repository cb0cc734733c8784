"""``manage.py make_demo``: an invented publication to try everything with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsroom.desk.demo import making


class Command(BaseCommand):
    help = "Make the demo publication, unless there is a publication already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=making.DAYS, help="days of issues to look back on")
        parser.add_argument("--readers", type=int, default=making.READERS)

    def handle(self, *args: Any, days: int, readers: int, **options: Any) -> None:
        if days < making.FEWEST_DAYS or readers < 1:
            raise CommandError(f"A demo looks back on at least {making.FEWEST_DAYS} days, and has a reader.")
        if making.made():
            return
        publication = making.make(now=timezone.now(), days=days, readers=readers)
        self.stdout.write(
            f"Made {publication} with {publication.issues.count()} issues and {readers} readers."
        )
