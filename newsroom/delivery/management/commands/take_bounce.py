"""``manage.py take_bounce``: one bounce or complaint on standard input, from the mail server's pipe."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from newsroom.delivery.returns import consequences

MOST = 1_000_000
"""Bytes that are read."""


class Command(BaseCommand):
    help = (
        "Read one mail from standard input: a bounce or a complaint. Ends with 75 (EX_TEMPFAIL of sysexits) when the database "
        "does not answer, so that the mail server tries again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "recipient", nargs="?", default="", help="the address it came to, if the mail server tells"
        )

    def handle(self, *, recipient: str, **_options: Any) -> None:
        content = sys.stdin.buffer.read(MOST)
        while sys.stdin.buffer.read(MOST):  # or the mail server would see a broken pipe, and bounce
            pass
        recipient = " ".join((recipient or os.environ.get("ORIGINAL_RECIPIENT", "")).split())
        if recipient:
            content = b"X-Original-To: " + recipient.encode("utf-8", "replace") + b"\n" + content
        try:
            taken = consequences.take(content, by="pipe", now=timezone.now())
        except (OperationalError, InterfaceError) as error:
            self.stderr.write(f"The database does not answer: {error}")
            raise SystemExit(os.EX_TEMPFAIL) from error
        self.stdout.write(f"{taken}")
