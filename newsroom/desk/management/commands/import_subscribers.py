"""``manage.py import_subscribers FILE --list SLUG --consent "…"``: the import of the desk, without a browser."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsroom.audience.importing import intakes
from newsroom.audience.importing.presets import Role
from newsroom.audience.importing.rows import Reading
from newsroom.audience.models import Intake, IntakeStatus, MailingList
from newsroom.lib.errors import NewsroomError, Refused


class Command(BaseCommand):
    help = "Read a CSV file of subscribers into a list. Columns are known by their heads; rehearses unless --for-good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--list", required=True, dest="slug", metavar="SLUG")
        parser.add_argument(
            "--consent", required=True, help="where these people agreed to get this newsletter"
        )
        parser.add_argument("--update", action="store_true", help="names and attributes replace what we know")
        parser.add_argument(
            "--for-good", action="store_true", help="take them in; without it nothing is changed"
        )

    def handle(
        self, *args: Any, file: Path, slug: str, consent: str, update: bool, for_good: bool, **options: Any
    ) -> None:
        mailing_list = MailingList.objects.filter(slug=slug).first()
        if mailing_list is None:
            raise CommandError(f"There is no list “{slug}”.")
        try:
            intake = intakes.receive(mailing_list, _chunks(file), name=file.name, by=None, now=timezone.now())
            reading = Reading.from_json(intake.reading)
            if Role.EMAIL not in {column.role for column in reading.columns}:
                intakes.discard(intake)
                raise CommandError("No column is called “email”. Name it so, or import the file at the desk.")
            self._rehearse(intake, replace(reading, consent=consent, update=update))
            self._read(intake)
            if for_good:
                intakes.take_in(intake)
                self._read(intake)
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror}.") from None
        except NewsroomError as error:
            raise CommandError(str(error)) from None
        self._tell(intake)

    def _rehearse(self, intake: Intake, reading: Reading) -> None:
        """What is refused is not kept: nobody would come back to the upload."""
        try:
            intakes.rehearse(intake, reading)
        except Refused:
            intakes.discard(intake)
            raise

    def _read(self, intake: Intake) -> None:
        """Beside the workers; if one of them was faster, it reads."""
        if intakes.claim(intake, now=timezone.now()):
            intakes.run(intake, clock=timezone.now, keep_going=lambda: self._say(intake))
        intake.refresh_from_db()
        if intake.status != IntakeStatus.DONE:
            raise CommandError(intake.said or f"Import {intake.pk}: {intake.get_status_display().lower()}.")

    def _say(self, intake: Intake) -> bool:
        how_far = intakes.progress(intake, now=timezone.now())
        self.stderr.write(f"{intake.read_rows:,} rows, {how_far.percent} %")
        return True

    def _tell(self, intake: Intake) -> None:
        self.stdout.write("Rehearsed; nothing was changed." if intake.rehearsal else "Done.")
        for name, number in asdict(intakes.counts_of(intake)).items():
            self.stdout.write(f"  {name:<12}{number:>12,}")
        if path := intakes.refused_file(intake):
            self.stdout.write(f"Rows left out, with reasons: {path}")


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(1024 * 1024):
            yield chunk
