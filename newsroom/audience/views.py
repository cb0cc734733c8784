"""A reader's own pages: to confirm, and to leave. Nothing but a button press changes anything (RFC 8058: never on GET)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsroom.audience import subscribing
from newsroom.audience.models import Status, Subscription


@csrf_exempt  # mail programs post here without a form of ours; the token in the address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; a POST, from the button or from the mail program (RFC 8058), unsubscribes. Never redirects."""
    subscription = _known(subscribing.find_leaving(token))
    if request.method == "POST":
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        subscribing.leave(subscription, by="one-click" if one_click else "page", now=timezone.now())
        subscription.refresh_from_db()
    gone = subscription.status == Status.UNSUBSCRIBED
    return render(request, "audience/leave.html", {"subscription": subscription, "gone": gone})


@csrf_exempt  # readers have no cookies; the token in the address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button, so that a mail scanner that follows links confirms nobody."""
    subscription = _known(subscribing.find_pending(token))
    if request.method == "POST":
        subscribing.confirm(subscription, now=timezone.now())
        subscription.refresh_from_db()
    active = subscription.status == Status.ACTIVE
    return render(request, "audience/confirm.html", {"subscription": subscription, "active": active})


def _known(subscription: Subscription | None) -> Subscription:
    if subscription is None:
        raise Http404("No subscription has this address.")
    return subscription
