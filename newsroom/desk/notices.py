"""What the desk says on every page while something does not work: why things wait, and since when."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from newsroom.delivery import scheduling
from newsroom.delivery.models import Send

SILENT = (
    "The scheduler was last heard at {:%H:%M:%S} UTC: the broker, beat or the worker is down. "
    "What is due waits and goes out when it returns, within its window."
)


@dataclass(frozen=True)
class Notice:
    level: str
    sentence: str


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: notices for people who are signed in, and whether the mail catcher is on."""
    if not request.path.startswith("/desk/") or not request.user.is_authenticated:
        return {}
    return {"notices": list(_notices()), "mail_catcher": settings.MAIL_CATCHER}


def _notices() -> Iterator[Notice]:
    heard = scheduling.last_beat()
    if heard is None:
        yield Notice("warning", "The scheduler has not started yet; what is due waits for it.")
    elif timezone.now() - heard > scheduling.SILENT_AFTER:
        yield Notice("error", SILENT.format(heard))
    for send in Send.objects.live().exclude(waiting_for="").select_related("edition"):
        yield Notice("warning", f"“{send.edition.subject}” waits: {send.waiting_for}")
