"""``manage.py plan_issues``: make the issues of the weeks ahead, so that they can be sold and written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from issues import planning
from issues.models import Publication
from newsroom.lib.text import counted


class Command(BaseCommand):
    help = "Plan issues from the days on which each publication appears, skipping its holidays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("publication", nargs="*", help="Slugs; all publications if none is named.")
        parser.add_argument(
            "--weeks", type=int, help="So many weeks ahead instead of what each publication says."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        weeks = options["weeks"]
        if weeks is not None and not 0 <= weeks <= 52:
            raise CommandError("Name between 0 and 52 weeks.")
        for publication in _named(options["publication"]):
            if weeks is not None:
                publication.weeks_ahead = weeks
            made = planning.plan_ahead(publication, now=timezone.now())
            last = f", the last for {max(each.planned_for for each in made):%Y-%m-%d}" if made else ""
            self.stdout.write(f"{publication}: {counted(len(made), 'issue')} planned{last}.")


def _named(slugs: list[str]) -> list[Publication]:
    found = list(Publication.objects.filter(slug__in=slugs) if slugs else Publication.objects.all())
    missing = set(slugs) - {each.slug for each in found}
    if missing:
        raise CommandError(f"There is no publication called {', '.join(sorted(missing))}.")
    return found
