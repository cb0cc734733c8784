"""The page to leave: one button, or one click in the mail program (RFC 8058). Never by opening it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsroom.audience import consents, subscribing
from newsroom.audience.models import GONE, Subscription
from newsroom.audience.views.asking import ask_again
from newsroom.lib.errors import Refused
from newsroom.lib.forms import posted

REASONS = [
    "Too many mails",
    "Not what I expected",
    "I never asked for it",
    "I read it elsewhere",
]
ONE_CLICK = ("list-unsubscribe", "one-click")


@csrf_exempt  # mail programs post here without a form of ours; the token in the address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; a POST, from the button or from the mail program (RFC 8058), unsubscribes. Never redirects.

    Any POST that is not plainly something else leaves, however odd its body: better once too often than a reader who cannot.
    """
    pk = subscribing.named(token)
    if pk is None:
        raise Http404("No subscription has this address.")
    subscription = subscribing.find(pk)
    if subscription is None:
        return render(request, "audience/nobody.html")
    said = _done(request, token, subscription, _fields(request)) if request.method == "POST" else {}
    subscription.refresh_from_db()
    values = {
        "subscription": subscription,
        "token": token,
        "gone": subscription.status in GONE,
        "reasons": REASONS,
    }
    return render(request, "audience/leave.html", values | said)


def _done(
    request: HttpRequest, token: str, subscription: Subscription, fields: dict[str, str]
) -> dict[str, Any]:
    """Do what the button says; what the page has to say to it."""
    now = timezone.now()
    evidence = consents.seen(request, source="page to leave", printing=subscribing.printing_of(token))
    match fields.get("act"):
        case "again":
            return ask_again(
                request,
                subscription,
                source="page to leave",
                words=f"Subscribe to {subscription.mailing_list} again",
            )
        case "why":
            words = " ".join(filter(None, [fields.get("reason", ""), fields.get("words", "").strip()]))
            subscribing.say_why(subscription, words, evidence=evidence, now=now)
            return {"thanks": True}
    one_click = ONE_CLICK in {(name.lower(), value.lower()) for name, value in fields.items()}
    subscribing.leave(subscription, by="one-click" if one_click else "page", now=now, evidence=evidence)
    return {}


def _fields(request: HttpRequest) -> dict[str, str]:
    """What was posted; nothing if that cannot be read."""
    try:
        return {name: str(value) for name, value in posted(request).items()}
    except Refused:
        return {}
