"""The page to confirm, by a button, so that a mail scanner that follows links confirms nobody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsroom.audience import consents, subscribing
from newsroom.audience.models import Status
from newsroom.audience.subscribing import Invitation
from newsroom.audience.views.asking import ask_again
from newsroom.lib.errors import NotNow, Refused
from newsroom.lib.forms import posted


@csrf_exempt  # readers have no cookies; the token in the address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button. A link that no longer works offers another mail."""
    invitation = subscribing.find_invitation(token, now=timezone.now())
    if invitation is None:
        raise Http404("No subscription has this address.")
    said = _done(request, invitation) if request.method == "POST" else {}
    invitation.subscription.refresh_from_db()
    subscription = invitation.subscription
    values = {
        "subscription": subscription,
        "active": subscription.status == Status.ACTIVE,
        "holds": invitation.holds,
        "preferences": subscribing.preferences_url(subscription.pk) if invitation.holds else "",
    }
    return render(request, "audience/confirm.html", values | said)


def _done(request: HttpRequest, invitation: Invitation) -> dict[str, object]:
    """Do what the button says; what the page has to say to it."""
    try:
        act = posted(request).get("act")
    except Refused as error:
        return {"error": str(error)}
    if act == "again":
        return ask_again(
            request,
            invitation.subscription,
            source="link to confirm",
            words=f"Send me another mail to confirm {invitation.subscription.mailing_list}",
        )
    _confirmed(request, invitation)
    return {}


def _confirmed(request: HttpRequest, invitation: Invitation) -> None:
    words = f"Subscribe to {invitation.subscription.mailing_list}? Yes, subscribe me"
    evidence = consents.seen(request, source="confirmation mail", words=words)
    try:
        subscribing.confirm(invitation, evidence=evidence, now=timezone.now())
    except NotNow:
        """The page says so, and offers another mail."""
