"""``manage.py catch_mail``: the built-in mail catcher, on its own."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from newsroom.delivery.relay import catcher


class Command(BaseCommand):
    help = "Take all mail that arrives on a loopback port and keep it in the outbox folder."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = settings.MAIL_CATCHER_PORT
        parser.add_argument(
            "--port", type=int, default=default, help=f"port to listen on (default {default})"
        )

    def handle(self, *, port: int, **_options: Any) -> None:
        try:
            asyncio.run(catcher.catch_until_stopped(port))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Cannot take mail on port {port}: {error}") from error
