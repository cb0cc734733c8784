"""What a mail provider tells us of our messages: ``/returns/<provider>/``, read and verified by django-anymail.

Open only for the provider that we send by, and only if its calls are signed or show a secret.
"""

import logging
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsroom.audience import subscribing
from newsroom.audience.consents import Evidence
from newsroom.delivery.relay.esp import READER
from newsroom.delivery.returns import consequences
from newsroom.delivery.returns.bounces import Finding, Kind, code, sort
from newsroom.lib.links import ReaderToken, reader_token
from newsroom.lib.providers import Provider

__all__ = ["come_back"]

_log = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_http_methods(["HEAD", "POST"])
def come_back(request: HttpRequest, provider: str) -> HttpResponseBase:
    """A call of our provider: 403 if it is not signed as agreed, 404 if we do not send by them, 200 when all of it is written."""
    known: Provider | None = settings.PROVIDER
    if known is None or known.module != provider or not _guarded(known):
        raise Http404("No such provider.")
    try:
        answer: HttpResponseBase = import_string(known.webhook).as_view()(request)
    except (
        AnymailWebhookValidationFailure,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ):
        # what is crooked enough breaks anymail before it has looked at the signature
        _log.warning("A call that says it is from %s is not.", known.name, exc_info=True)
        return HttpResponse("Not signed as agreed.", status=403, content_type="text/plain")
    return answer


def _guarded(provider: Provider) -> bool:
    """Without a key or a secret anybody could call in the provider's name."""
    return bool(settings.ANYMAIL.get(provider.signed_with) or settings.ANYMAIL.get("WEBHOOK_SECRET"))


@receiver(tracking)
def _told(event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """One thing that happened to one message. Without a token of ours it is about somebody else's mail, or forged."""
    token = _token(event)
    if token is None:
        return
    if event.event_type == EventType.UNSUBSCRIBED:
        _leave(token, esp_name)
        return
    found = _found(event)
    if found.kind != Kind.NOTHING:
        key = f"{esp_name}:{event.event_id or event.message_id}:{event.event_type}"
        consequences.record(token, found, by=esp_name, key=key, now=timezone.now())


def _token(event: AnymailTrackingEvent) -> ReaderToken | None:
    attached = [(event.metadata or {}).get(READER), *(event.tags or ())]
    return next(filter(None, (reader_token(str(each)) for each in attached if each)), None)


def _found(event: AnymailTrackingEvent) -> Finding:
    """In the terms of mail: providers say bounced of what is full, too."""
    said = " ".join(filter(None, [event.mta_response, event.description]))
    if event.event_type == EventType.COMPLAINED:
        return Finding(Kind.COMPLAINT, said=said[:400])
    if event.event_type not in (EventType.BOUNCED, EventType.REJECTED):
        return Finding()
    status = code(said) or "5.0.0"
    if event.reject_reason == RejectReason.INVALID:
        return Finding(Kind.HARD, status, said[:400])
    return Finding(sort(status, said), status, said[:400])


def _leave(token: ReaderToken, esp_name: str) -> None:
    """The reader used a way out that the provider offers of its own."""
    subscription = subscribing.find(token.subscription)
    if subscription is not None:
        subscribing.leave(
            subscription,
            by=esp_name[:20],
            evidence=Evidence(source=f"webhook of {esp_name}"),
            now=timezone.now(),
        )
