"""What the built-in mail catcher has caught, on a machine without a relay."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from newsroom.delivery.relay import catcher
from newsroom.lib.people import allow
from newsroom.lib.policy import FRAMES

MESSAGES_A_PAGE = 50


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """The newest caught messages."""
    _allow(request)
    given = request.GET.get("page", "1")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 7 else 1
    total = catcher.count()
    values = {
        "mails": catcher.newest(page, MESSAGES_A_PAGE),
        "total": total,
        "page": page,
        "more": page * MESSAGES_A_PAGE < total,
        "section": "outbox",
    }
    return render(request, "desk/outbox.html", values)


@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One message: its headers and both parts."""
    return render(request, "desk/mail.html", {"mail": _found(request, name), "section": "outbox"})


@require_safe
def mail_frame(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part, in a frame of its own policy."""
    return HttpResponse(_found(request, name).html, headers={"Content-Security-Policy": FRAMES})


def _found(request: HttpRequest, name: str) -> catcher.CaughtMessage:
    _allow(request)
    found = catcher.find(name)
    if found is None:
        raise Http404("There is no such message.")
    return found


def _allow(request: HttpRequest) -> None:
    if not settings.MAIL_CATCHER:
        raise Http404("Mail goes to a relay; nothing is caught here.")
    allow(request.user, "delivery.view_send")
