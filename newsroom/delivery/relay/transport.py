"""By which way mail leaves: the relay, or the provider that ``ESP`` names. What stands on either does not know which."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from newsroom.delivery.relay import esp, exchange, smtp
from newsroom.delivery.relay.conversation import Letterbox

__all__ = ["connected", "exchanged"]


def connected(*, patience: float = smtp.PATIENCE) -> smtp.Connection | esp.Connection:
    """One connection, for messages one after the other; ``patience`` is in seconds, for each answer."""
    if settings.PROVIDER:
        return esp.Connection(settings.PROVIDER, patience=patience)
    return smtp.Connection(settings.RELAY, patience=patience)


def exchanged(letterbox: Letterbox[Any], *, tend: Callable[[], None]) -> exchange.Exchange | esp.Exchange:
    """Many at once, out of a letterbox."""
    if settings.PROVIDER:
        return esp.Exchange(settings.PROVIDER, letterbox, tend=tend)
    return exchange.Exchange(settings.RELAY, letterbox, connections=settings.RELAY.connections, tend=tend)
