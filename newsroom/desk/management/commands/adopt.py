"""``manage.py adopt``: take this machine in, so that it may send from this database."""

import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsroom.delivery.control import steering
from newsroom.delivery.models import Home, Send, SendStatus, Worker
from newsroom.delivery.queue import counting, homes
from newsroom.lib.text import counted

WHY = "This machine was taken in while the send was under way. Resume it only if nobody has got the rest from elsewhere."


class Command(BaseCommand):
    """Says in numbers what it does, and refuses while sends are under way unless told that this is all right."""

    help = (
        "Let this machine send from this database. Sends that are under way are paused, and a person decides."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--yes", action="store_true", help="although sends are under way; they are paused"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Raises ``CommandError`` if a send is under way and nobody said yes."""
        now = timezone.now()
        if not homes.stranger() and Home.objects.exists():
            self.stdout.write(f"{socket.gethostname()} is at home here already. Nothing to do.")
            return
        under_way = list(Send.objects.filter(status=SendStatus.SENDING).select_related("edition", "issue"))
        self._say(under_way)
        if under_way and not options["yes"]:
            raise CommandError(
                f"{counted(len(under_way), 'send is', 'sends are')} under way. If no other machine works on them any more, "
                "say so with --yes: they are paused, and you resume them at the desk."
            )
        home = homes.adopt(now=now)
        for send in under_way:
            steering.pause(send, by=None, now=now, why=WHY)
        self.stdout.write(f"{home} may send from now on. {counted(len(under_way), 'send')} paused.")

    def _say(self, under_way: list[Send]) -> None:
        known = ", ".join(str(each) for each in Home.objects.all()) or "none"
        self.stdout.write(f"Machines that may send so far: {known}.")
        for send in under_way:
            counts = counting.tally(send)
            self.stdout.write(
                f"Under way: “{send.edition.subject}”, {counts.sent:,} of {counts.planned:,} sent, {counts.waiting:,} waiting, "
                f"{counts.in_hand:,} of those in the hands of workers. It is paused."
            )
        for worker in Worker.objects.filter(ended_at__isnull=True).select_related("home"):
            self.stdout.write(
                f"Not ended: worker {worker}, last heard {worker.seen_at:%Y-%m-%d %H:%M:%S} UTC."
            )
        waiting = Send.objects.filter(status=SendStatus.SCHEDULED).count()
        paused = Send.objects.filter(status=SendStatus.PAUSED).count()
        self.stdout.write(f"{counted(waiting, 'send')} scheduled, {paused:,} paused: left as they are.")
