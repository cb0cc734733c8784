"""One step of ``make bench``, in a process of its own with its own database and relay; prints one line of JSON."""

import json
import resource
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.management.base import BaseCommand
from django.utils import timezone

from newsroom.delivery import sending
from newsroom.delivery.models import Send
from newsroom.desk import benching_sending

MB = 1024
EARLY = 20_000
"""Messages after which memory is looked at for the first time: from then on it should not grow."""


class Command(BaseCommand):
    help = "A step of the bench: plan, send, django or message."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("step", choices=["plan", "send", "django", "message"])
        parser.add_argument("--readers", type=int, default=0)

    def handle(self, *args: Any, step: str, readers: int, **options: Any) -> None:
        steps = {"plan": _plan, "send": _send, "django": _django, "message": _message}
        self.stdout.write(json.dumps(steps[step](readers)))


def _plan(readers: int) -> dict[str, float]:
    """Make the readers, then plan: only the plan is measured."""
    send = benching_sending.planned_send(readers)
    start = time.perf_counter()
    sending.start(send, now=timezone.now())
    return {"seconds": time.perf_counter() - start, "readers": send.planned}


def _send(readers: int) -> dict[str, float]:
    """Work on the send until nothing is left, or so many messages have gone out."""
    send = Send.objects.get()
    before, start = _cpu(), time.perf_counter()
    sent_before = sending.tally(send).sent
    asked = early = 0

    def keep_going() -> bool:
        nonlocal asked, early
        asked += 1
        if asked == EARLY:
            early = _memory()
        return not readers or asked <= readers

    sending.run(send.pk, clock=timezone.now, keep_going=keep_going)
    return {
        "messages": sending.tally(send).sent - sent_before,
        "seconds": time.perf_counter() - start,
        "processor": _cpu() - before,
        "memory": _memory(),
        "early": early or _memory(),
    }


def _django(readers: int) -> dict[str, float]:
    """The usual way: an ``EmailMultiAlternatives`` for each reader on one kept connection."""
    letter = benching_sending.whole_message()
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    words, page = text.get_content(), html.get_content()
    before, start = _cpu(), time.perf_counter()
    with get_connection() as connection:
        for number in range(readers):
            mail = EmailMultiAlternatives(
                str(letter["Subject"]), words, "The bench <bench@bench.example>", [f"user{number}@domain.example"],
                connection=connection, headers={"List-Unsubscribe": f"<{settings.SITE_URL}/u/{number}/>"},
            )  # fmt: skip
            mail.attach_alternative(page, "text/html")
            mail.send()
    return {"messages": readers, "seconds": time.perf_counter() - start, "processor": _cpu() - before}


def _message(_: int) -> dict[str, Any]:
    """One whole message as it goes over the wire, and the token in it, for the sender in C."""
    raw, token = benching_sending.on_the_wire()
    return {"message": raw.decode(), "token": token}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> int:
    """The most that this process has taken so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MB
