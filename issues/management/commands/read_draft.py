"""``manage.py read_draft FILE [--json]``: what the reader makes of a draft, without touching the database."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from issues.importing import Unreadable, outline, read
from issues.management.files import read_file


class Command(BaseCommand):
    help = "Split a draft (text, Markdown or HTML) into title and blocks and print them; the database is not touched."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the draft; “-” reads standard input")
        parser.add_argument("--json", action="store_true", help="print JSON instead of an outline")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = outline(read(read_file(options["file"])))
        except Unreadable as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1))
        else:
            self.stdout.write("\n".join(_lines(found)))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["title"] or "(no title)"
    for place, block in enumerate(found["blocks"], 1):
        yield ""
        yield f"{place:>3}  {block['kind'].replace('_', ' ')}{': ' + block['heading'] if block['heading'] else ''}"
        yield from (f"     {line}" for line in _details(block))
    if found["left_out"]:
        yield ""
        yield "     left out, as it belongs to the page:"
        yield from (f"       {line}" for line in found["left_out"])


def _details(block: dict[str, Any]) -> Iterator[str]:
    yield f"{block['first_words']} …"
    yield from (f"- {item}" for item in block["today"])
    for each in block["rounds"]:
        amount = "undisclosed" if each["amount"] is None else f"{each['amount']:,} {each['currency']}"
        yield f"- {each['company']}: {amount} {each['purpose']}".rstrip()
    if block["sponsor"]:
        yield f"sponsor: {block['sponsor']}"
    if block["event"]:
        yield "event: " + ", ".join(value for value in block["event"].values() if value)
    if block["cta"]:
        yield f"call to action: {block['cta']}"
    if block["items"] and not block["rounds"]:
        yield f"items: {block['items']}"
