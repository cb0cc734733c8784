"""``manage.py deliver``: take part in sends without a broker, as one more process or on one more machine."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from newsroom.delivery.control import stages
from newsroom.delivery.models import Send, SendStatus
from newsroom.delivery.queue.homes import Stranger
from newsroom.delivery.sender import sending
from newsroom.delivery.sender.letterbox import SILENCE

LOOK_EVERY = 2.0
"""Seconds between two looks for a send that is under way."""


class Command(BaseCommand):
    help = "Take part in sends that are under way, beside whatever else works on them, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="work on what is under way now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises ``CommandError`` on a machine that may not send."""
        asked_to_stop = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: asked_to_stop.set())
        while not asked_to_stop.is_set():
            try:
                for send_id in _under_way():
                    sending.run(send_id, clock=timezone.now, keep_going=lambda: not asked_to_stop.is_set())
            except Stranger as error:
                raise CommandError(str(error)) from None
            except SILENCE:
                connection.close()  # whoever watches us need not start us again: the database will be back
            if options["once"]:
                return
            asked_to_stop.wait(LOOK_EVERY)


def _under_way() -> list[int]:
    now = timezone.now()
    ripe = Send.objects.filter(status=SendStatus.SENDING).exclude(not_before__gt=now)
    return [send.pk for send in ripe.order_by("started_at") if not stages.rests(send, now=now)]
