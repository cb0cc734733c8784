"""One step of ``make bench``, in a process of its own with its own database and relay; prints one line of JSON."""

import json
import resource
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.management.base import BaseCommand
from django.template import Context, Template
from django.utils import timezone

from newsroom.bench import desk
from newsroom.bench import sending as bench
from newsroom.delivery.models import Send
from newsroom.delivery.sender import sending
from newsroom.lib.links import ReaderToken

MB = 1024
EARLY = 20_000
"""Messages after which memory is looked at for the first time: from then on it should not grow."""


def _plan(readers: int) -> dict[str, float]:
    """Make the readers, then plan: only the plan is measured."""
    send = bench.planned_send(readers)
    start = time.perf_counter()
    sending.start(send, now=timezone.now())
    return {"seconds": time.perf_counter() - start, "readers": send.planned}


def _send(readers: int) -> dict[str, float]:
    """Work on the send until nothing is left, or so many messages have gone out."""
    send = Send.objects.get()
    sent_before = sending.tally(send).sent
    before, start = _cpu(), time.perf_counter()
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
    """The usual way: a template of the finished issue, an ``EmailMultiAlternatives`` for each reader, one kept connection."""
    letter = bench.whole_message()
    text, page = (_as_template(letter.get_body((kind,))) for kind in ("plain", "html"))
    before, start = _cpu(), time.perf_counter()
    with get_connection() as connection:
        for number in range(readers):
            reader = Context({"token": ReaderToken(1, number).text, "name": f"Zoë Åkerlund {number}"})
            address = f"{reader['name']} <user{number}@domain.example>"
            leave = f"<{settings.SITE_URL}/u/{reader['token']}/>"
            mail = EmailMultiAlternatives(
                str(letter["Subject"]), text.render(reader), "The bench <bench@bench.example>", [address],
                connection=connection, headers={"List-Unsubscribe": leave},
            )  # fmt: skip
            mail.attach_alternative(page.render(reader), "text/html")
            mail.send()
    return {"messages": readers, "seconds": time.perf_counter() - start, "processor": _cpu() - before}


def _as_template(part: Any) -> Template:
    """A part of the message with a variable wherever the reader's token stands."""
    _, token = bench.on_the_wire()
    return Template(part.get_content().replace(token, "{{ token }}"))


def _message(_: int) -> dict[str, Any]:
    """One whole message as it goes over the wire, and the token in it, for the sender in C."""
    raw, token = bench.on_the_wire()
    return {"message": raw.decode(), "token": token}


def _count(_: int) -> dict[str, int]:
    """How many have been sent by all workers so far, as the database knows it."""
    return {"sent": sending.tally(Send.objects.get()).sent}


def _desk(_: int) -> dict[str, float]:
    """What pages of the desk take beside all these readers."""
    return desk.measure()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> int:
    """The most that this process has taken so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MB


STEPS = {"plan": _plan, "send": _send, "django": _django, "message": _message, "count": _count, "desk": _desk}


class Command(BaseCommand):
    help = "A step of the bench."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("step", choices=list(STEPS))
        parser.add_argument("--readers", type=int, default=0)

    def handle(self, *args: Any, step: str, readers: int, **options: Any) -> None:
        self.stdout.write(json.dumps(STEPS[step](readers)))
