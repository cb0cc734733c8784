"""What the desk says on every page while something does not work: why things wait, and since when."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from newsroom.delivery.control import scheduling
from newsroom.delivery.models import Send, SendStatus
from newsroom.delivery.reporting import monitoring
from newsroom.lib.people import Visitor

SILENT = (
    "The scheduler was last heard at {:%H:%M:%S} UTC: the broker, beat or the worker is down. "
    "What is due waits and goes out when it returns, within its window."
)
STRANGER = (
    "Nothing is sent from {}: that machine is a stranger to this database. If it is no copy and no backup that was restored, "
    "run “manage.py adopt” there."
)


@dataclass(frozen=True)
class Notice:
    level: str
    sentence: str
    url: str = ""


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: notices for people who are signed in, and whether the mail catcher is on."""
    if not request.path.startswith("/desk/") or not request.user.is_authenticated:
        return {}
    return {"notices": list(_notices(request.user)), "mail_catcher": settings.MAIL_CATCHER}


def _notices(user: Visitor) -> Iterator[Notice]:
    heard = scheduling.last_beat()
    if heard is None:
        yield Notice("warning", "The scheduler has not started yet; what is due waits for it.")
    elif timezone.now() - heard > scheduling.SILENT_AFTER:
        yield Notice("error", SILENT.format(heard))
    if user.has_perm("delivery.schedule_send") and (stranger := scheduling.strange_home()):
        yield Notice("error", STRANGER.format(stranger))
    for send in Send.objects.live().select_related("edition", "issue"):
        if words := _about(send):
            yield Notice("warning", words, reverse("delivery:monitor", args=[send.issue_id]))


def _about(send: Send) -> str:
    """What is to be said of a send that does not simply go its way."""
    subject, why = f"“{send.edition.subject}”", f": {send.waiting_for}" if send.waiting_for else "."
    if send.status == SendStatus.PAUSED:
        return f"{subject} is paused{why}"
    if send.waiting_for:
        return f"{subject} waits{why}"
    if monitoring.state(send, now=timezone.now()) == monitoring.State.STALLED:
        return f"{subject} has stalled: nothing has moved for a minute."
    return ""
