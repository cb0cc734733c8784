"""A reader who has had mail of ours asks for another one to confirm."""

from django.http import HttpRequest
from django.utils import timezone

from newsroom.audience import consents, subscribing
from newsroom.audience.models import Subscription
from newsroom.lib.errors import Refused


def ask_again(
    request: HttpRequest, subscription: Subscription, *, source: str, words: str
) -> dict[str, object]:
    """Ask for it; what the page has to say. ``words`` are those of the button, ``source`` the page it stands on."""
    evidence = consents.seen(request, source=source, words=words)
    try:
        subscribing.ask(
            subscription.mailing_list,
            subscription.subscriber.email,
            evidence=evidence,
            now=timezone.now(),
            proven=True,
        )
    except Refused as error:
        return {"error": str(error)}
    return {"asked": True}
