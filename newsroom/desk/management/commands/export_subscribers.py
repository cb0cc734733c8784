"""``manage.py export_subscribers SLUG FILE``: the subscribers of a list as CSV."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsroom.audience import exporting
from newsroom.audience.models import MailingList, Status, Subscription


class Command(BaseCommand):
    help = "Write the subscribers of a list to a CSV file, safe to open in a spreadsheet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the list")
        parser.add_argument("file", type=Path, help="a file that does not exist yet")
        parser.add_argument("--status", choices=Status.values)

    def handle(self, *args: Any, slug: str, file: Path, status: str | None, **options: Any) -> None:
        mailing_list = MailingList.objects.filter(slug=slug).first()
        if mailing_list is None:
            raise CommandError(f"There is no list “{slug}”.")
        found = Subscription.objects.filter(mailing_list=mailing_list)
        if status:
            found = found.filter(status=status)
        try:
            self._write(file, found)
        except FileExistsError:
            raise CommandError(f"{file} exists already.") from None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None

    def _write(self, file: Path, found: Any) -> None:
        written = 0
        with file.open("xb") as page:
            file.chmod(0o600)
            for piece in exporting.csv_lines(found):
                written += page.write(piece)
                self.stderr.write(f"{written / 1e6:,.1f} MB")
        self.stdout.write(f"{found.count():,} subscribers in {file}")
