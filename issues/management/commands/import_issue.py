"""``manage.py import_issue FILE --publication SLUG``: a draft becomes an issue, as in the browser."""

import datetime
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from issues import importing, starting
from issues.management.files import read_file
from issues.models import Publication
from newsroom.lib.errors import Refused
from newsroom.lib.text import counted


def _day(given: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(given)
    except ValueError:
        raise ArgumentTypeError(
            f"“{given}” is no day. Write it as 2031-05-31, year, month and day."
        ) from None


class Command(BaseCommand):
    help = "Make an issue of a draft: text, Markdown or HTML. Saves all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the draft; - reads standard input")
        parser.add_argument("--publication", required=True, metavar="SLUG")
        parser.add_argument(
            "--on",
            type=_day,
            metavar="YYYY-MM-DD",
            help="day of issue; today if left out",
        )

    def handle(
        self, *args: Any, file: str, publication: str, on: datetime.date | None, **options: Any
    ) -> None:
        owner = Publication.objects.filter(slug=publication).first()
        if owner is None:
            known = ", ".join(Publication.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no publication “{publication}”. There are: {known}.")
        now = timezone.now()
        day = on or now.astimezone(owner.zone).date()
        try:
            draft = importing.read(read_file(file), on=day)
            issue = starting.start_from_draft(owner, draft, planned_for=day, by=None, now=now)
        except Refused as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Issue {issue.pk}, “{issue}”: {counted(len(draft.blocks), 'block')}.")
        for piece in draft.left_out:
            self.stdout.write(f"Left out: {' '.join(piece.split())[:100]}")
