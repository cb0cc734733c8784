"""The scheduler's tasks: ask the database what is due, and call one verb."""

import logging
import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.utils import timezone

from newsroom.delivery import mailbox, returns, scheduling, sending, steering
from newsroom.delivery.models import Send
from newsroom.delivery.smtp import Connection, RelayDown
from newsroom.lib.errors import Conflict, NotNow
from newsroom.lib.text import counted

_closing = threading.Event()
_log = logging.getLogger(__name__)


@worker_shutting_down.connect
def _finish_the_message_in_flight(**_: Any) -> None:
    _closing.set()


@shared_task
def tick() -> None:
    """Every few seconds: start what is due, hand over what nobody holds, give up what is past its window."""
    now = timezone.now()
    scheduling.beat(now=now)
    scheduling.drop_disarmed(now=now)
    for send in scheduling.due(now=now):
        _begin(send)
    for send in sending.free(now=now):
        _carry_on(send)


@shared_task(acks_late=False)
def run_send(send_id: int) -> None:
    """Send until done or told to stop. Not acknowledged late: the database, not the broker, says who sends what."""
    sending.run(send_id, clock=timezone.now, keep_going=lambda: not _closing.is_set())


def _begin(send: Send) -> None:
    """Start, if the relay is there to take it; past the window, never."""
    now = timezone.now()
    if now > send.window_ends:
        scheduling.give_up(send, now=now)
        return
    try:
        with Connection(settings.RELAY) as connection:
            connection.open()
        sending.start(send, now=now)
    except (RelayDown, NotNow, Conflict) as error:
        # Reopened or unscheduled in this very moment: then the next tick sees why.
        Send.objects.filter(pk=send.pk).update(waiting_for=str(error)[:300])


def _carry_on(send: Send) -> None:
    now = timezone.now()
    if sending.stale(send, now=now):
        minutes = (send.window_ends - send.scheduled_for).total_seconds() // 60
        steering.pause(
            send,
            by=None,
            now=now,
            why=f"Nothing moved for {counted(int(minutes), 'minute')}; resume it if it should still go out.",
        )
        return
    run_send.delay(send.pk)


@shared_task
def fetch_bounces() -> None:
    """Every minute, where there is a mailbox for what comes back."""
    if settings.BOUNCE_MAILBOX:
        try:
            mailbox.fetch(
                settings.BOUNCE_MAILBOX,
                lambda content: returns.take(content, by="mailbox", now=timezone.now()),
            )
        except mailbox.Unreachable as error:  # what is there waits for the next time
            _log.warning("%s", error)
