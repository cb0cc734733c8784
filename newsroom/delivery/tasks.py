"""The scheduler's tasks: ask the database what is due, and call one verb."""

import datetime
import logging
import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from issues.models import Status as IssueStatus
from newsroom.delivery.control import scheduling, stages, steering, tripwires
from newsroom.delivery.models import Chunk, ChunkState, Send, SendStatus, Worker
from newsroom.delivery.queue import homes
from newsroom.delivery.relay import transport
from newsroom.delivery.relay.smtp import RelayDown
from newsroom.delivery.returns import consequences, mailbox
from newsroom.delivery.sender import recovery, sending
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
    scheduling.beat(now=now, stranger=homes.stranger())
    scheduling.drop_disarmed(now=now)
    for send in scheduling.due(now=now):
        _begin(send)
    _look_after(now)
    for send in sending.free(now=now):
        _carry_on(send)


@shared_task(acks_late=False)
def run_send(send_id: int) -> None:
    """Send until done or told to stop. Not acknowledged late: the database, not the broker, says who sends what."""
    sending.run(send_id, clock=timezone.now, keep_going=lambda: not _closing.is_set())


def _look_after(now: datetime.datetime) -> None:
    """What nobody has in hand: chunks of dead workers, what was brought back after a stop, tripwires, stages."""
    if Worker.objects.filter(ended_at__isnull=True).exists() and not homes.stranger():
        recovery.recover(homes.at_home(now=now), now=now)
    brought_back = Chunk.objects.filter(state=ChunkState.WAITING, send__status=SendStatus.STOPPED).values(
        "send"
    )
    unfinished = Q(issue__status=IssueStatus.GOING_OUT) | Q(pk__in=brought_back)
    for send in Send.objects.filter(unfinished, status=SendStatus.STOPPED):
        steering.sweep(send, now=now)
    for send in Send.objects.filter(status=SendStatus.SENDING):
        if sending.stale(send, now=now):
            _hold(send, now)
        elif not tripwires.check(send, now=now):
            stages.advance(send, now=now)


def _hold(send: Send, now: datetime.datetime) -> None:
    minutes = (send.window_ends - send.scheduled_for).total_seconds() // 60
    why = f"Nothing moved for {counted(int(minutes), 'minute')}; resume it if it should still go out."
    steering.pause(send, by=None, now=now, why=why)


def _begin(send: Send) -> None:
    """Start, if the relay is there to take it; past the window, never."""
    now = timezone.now()
    if now > send.window_ends:
        scheduling.give_up(send, now=now)
        return
    try:
        with transport.connected() as connection:
            connection.open()
        sending.start(send, now=now)
    except RelayDown as error:
        again = now + error.again_after
        Send.objects.filter(pk=send.pk).update(waiting_for=str(error)[:300], not_before=again)
    except (NotNow, Conflict) as error:
        # Reopened or unscheduled in this very moment: then the next tick sees why.
        Send.objects.filter(pk=send.pk).update(waiting_for=str(error)[:300])


def _carry_on(send: Send) -> None:
    if homes.stranger():
        Send.objects.filter(pk=send.pk).update(waiting_for=homes.STRANGER[:300])
        return
    run_send.delay(send.pk)


@shared_task
def suppress_refused() -> None:
    """Every minute: readers whose mailbox does not exist, as a server said when it refused them, are not written to again."""
    consequences.suppress_refused(now=timezone.now())


@shared_task
def fetch_bounces() -> None:
    """Every minute, where there is a mailbox for what comes back."""
    if settings.BOUNCE_MAILBOX:
        try:
            mailbox.fetch(
                settings.BOUNCE_MAILBOX,
                lambda content: consequences.take(content, by="mailbox", now=timezone.now()),
            )
        except mailbox.Unreachable as error:  # what is there waits for the next time
            _log.warning("%s", error)
