"""``manage.py render_issue ID --format html|text|web|eml``: what readers get, on standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from issues.models import Edition, Issue
from issues.rendering import Rendered, render
from issues.snapshot import take
from newsroom.delivery.wire.letter import compile_letter


class Command(BaseCommand):
    help = "Print an issue as its readers get it: the frozen edition if it is approved, else a rendering of the draft."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pk", type=int, metavar="ID")
        parser.add_argument("--format", dest="part", choices=["html", "text", "web", "eml"], default="html")

    def handle(self, *args: Any, pk: int, part: str, **options: Any) -> None:
        issue = Issue.objects.select_related("publication__logo", "edition").filter(pk=pk).first()
        if issue is None:
            raise CommandError(f"There is no issue {pk}.")
        shown = issue.final or render(take(issue))
        self.stdout.write(_message(issue, shown) if part == "eml" else getattr(shown, part))


def _message(issue: Issue, shown: Edition | Rendered) -> str:
    """A message to nobody in particular: the way out in it belongs to no subscription."""
    edition = Edition(subject=shown.subject, html=shown.html, text=shown.text, seal=shown.seal)
    letter = compile_letter(edition, issue.publication, printing=0, date=timezone.now())
    return letter.message(0, "reader@example.org", "")[1].decode().replace("\r\n", "\n")
