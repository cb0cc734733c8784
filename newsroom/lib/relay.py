"""The mail relay, as one address: ``smtp://user:password@host:port?tls=starttls``."""

import smtplib
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class Relay:
    """Where mail is handed over. ``tls`` is "none", "starttls" or "implicit"; ``connections`` are how many each worker opens."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: str = "none"
    connections: int = 8

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_relay(url: str) -> Relay:
    """Read ``SMTP_URL``; smtps is implicit TLS, smtp tries STARTTLS unless ``?tls=none``. Raises ``ImproperlyConfigured``."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in PORTS or not parts.hostname or port == -1:
        raise ImproperlyConfigured(
            "SMTP_URL must look like smtp://user:password@mail.example.org:587?tls=starttls."
        )
    tls = "implicit" if parts.scheme == "smtps" else parse_qs(parts.query).get("tls", ["starttls"])[0]
    if tls not in ("none", "starttls", "implicit"):
        raise ImproperlyConfigured("SMTP_URL: tls is none, starttls or implicit.")
    connections = parse_qs(parts.query).get("connections", ["8"])[0]
    if not (connections.isdecimal() and 1 <= int(connections) <= 100):
        raise ImproperlyConfigured("SMTP_URL: connections is a number from 1 to 100.")
    return Relay(
        parts.hostname,
        port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls,
        int(connections),
    )


def never_takes(error: Exception) -> bool:
    """Whether the relay will never take this message: asking every minute would only annoy it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused) and error.smtp_code >= 500
