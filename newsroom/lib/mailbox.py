"""A mailbox on another server, as one address: ``imaps://user:password@host/INBOX`` or ``pops://user:password@host``."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS = {"imap": 143, "imaps": 993, "pop": 110, "pops": 995}


@dataclass(frozen=True)
class Mailbox:
    """Where mail is fetched. ``protocol`` is "imap" or "pop"; ``tls`` is "none", "starttls" or "implicit"."""

    protocol: str
    host: str
    port: int
    username: str
    password: str
    folder: str = "INBOX"
    tls: str = "implicit"

    def __str__(self) -> str:
        return f"{self.username} on {self.host}"


def parse_mailbox(url: str) -> Mailbox:
    """Read ``BOUNCE_MAILBOX``. imaps and pops are implicit TLS, imap and pop begin with STARTTLS unless ``?tls=none``. Raises
    ``ImproperlyConfigured``."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    tls = parse_qs(parts.query).get("tls", ["starttls"])[0]
    whole = parts.hostname and parts.username and parts.password and port != -1
    if parts.scheme not in PORTS or not whole or tls not in ("none", "starttls"):
        raise ImproperlyConfigured(
            "BOUNCE_MAILBOX must look like imaps://user:password@mail.example.org/INBOX or pops://user:password@mail.example.org."
        )
    return Mailbox(
        protocol=parts.scheme.removesuffix("s"),
        host=parts.hostname or "",
        port=port or PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls="implicit" if parts.scheme.endswith("s") else tls,
    )
