"""Signing our own mail (RFC 6376, relaxed/relaxed), for those whose relay does not.

A message of a letter is its own relaxed body (``letter``), so the body is hashed as it is; what all of them begin with is hashed
once. RSA costs a third of a millisecond a message, and then limits the sender. Ed25519 (RFC 8463) is much faster, but
the large mailbox providers do not verify it.
"""

import base64
import dataclasses
import hashlib
import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from newsroom.delivery.wire.letter import Letter

__all__ = ["Signer", "own_signer", "signed", "signed_letter"]

SIGNED = (
    b"From", b"To", b"Cc", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"List-Id", b"List-Unsubscribe",
    b"List-Unsubscribe-Post", b"List-Archive", b"Feedback-ID", b"MIME-Version", b"Content-Type",
)  # fmt: skip
"""RFC 8058 wants both of List-Unsubscribe covered. From is signed once more than it occurs, so that nobody can add a second."""
SMALLEST = 1024
_FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r]|\r\n[ \t])*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")


class Signer:
    """Signs with one key for one domain. ``clock`` gives seconds since 1970."""

    def __init__(
        self, pem: str, *, domain: str, selector: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._sign, algorithm = _signing(pem)
        self._clock = clock
        self._before = f"v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector}; t=".encode()
        self._shared, self._begun, self._last = b"", hashlib.sha256(), b""

    def header(self, message: bytes) -> bytes:
        """The DKIM-Signature of a message as ``letter`` makes it, with its line end."""
        head, _, body = message.partition(b"\r\n\r\n")
        fields = {name.lower(): value for name, value in _FIELD.findall(head + b"\r\n")}
        names = [name for name in SIGNED if name.lower() in fields]
        canonical = b"".join(name.lower() + b":" + _relaxed(fields[name.lower()]) + b"\r\n" for name in names)
        value = b"%b%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (
            self._before, int(self._clock()), b":".join([*names, b"From"]), base64.b64encode(self._body_hash(body)),
        )  # fmt: skip
        to_sign = canonical + b"dkim-signature:" + _relaxed(value)  # without the line end (RFC 6376, 3.7)
        signature = base64.b64encode(self._sign(to_sign))
        lines = b"".join(b"\r\n  " + signature[at : at + 72] for at in range(0, len(signature), 72))
        return b"DKIM-Signature: " + value + lines + b"\r\n"

    def _body_hash(self, body: bytes) -> bytes:
        body = body.rstrip(b"\r\n")
        body += b"\r\n" if body else b""
        if not body.startswith(self._shared) or not self._shared:
            self._share(body)
        digest = self._begun.copy()
        digest.update(memoryview(body)[len(self._shared) :])
        return digest.digest()

    def _share(self, body: bytes) -> None:
        """What this body and the one before begin with, in whole kilobytes."""
        alike = 0
        while body[alike : alike + 1024] == self._last[alike : alike + 1024] and alike < len(body):
            alike += 1024
        self._shared, self._last = body[:alike], body
        self._begun = hashlib.sha256(self._shared)


def _relaxed(value: bytes) -> bytes:
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """As relays may change it (RFC 6376, 3.4.4). The ends of the last lines are seen to where it is hashed."""
    return b"\r\n".join(_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n"))


def _signing(pem: str) -> tuple[Callable[[bytes], bytes], str]:
    """What signs with a key, and its name in the header. Raises ``ImproperlyConfigured``."""
    try:
        key: Any = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured("DKIM_KEY is no private key in PEM.") from error
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return lambda words: key.sign(hashlib.sha256(words).digest()), "ed25519-sha256"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SMALLEST:
        return lambda words: key.sign(words, padding.PKCS1v15(), hashes.SHA256()), "rsa-sha256"
    raise ImproperlyConfigured(
        f"DKIM_KEY is neither an RSA key of at least {SMALLEST} bits nor an Ed25519 key."
    )


def own_signer() -> Signer | None:
    """The one that the settings name; None if the relay signs. Raises ``ImproperlyConfigured``."""
    given = (settings.DKIM_KEY, settings.DKIM_DOMAIN, settings.DKIM_SELECTOR)
    if not any(given):
        return None
    if not all(given):
        raise ImproperlyConfigured("DKIM_KEY, DKIM_DOMAIN and DKIM_SELECTOR are set together or not at all.")
    return _signer(*given)


@lru_cache(maxsize=2)
def _signer(pem: str, domain: str, selector: str) -> Signer:
    return Signer(pem, domain=domain, selector=selector)


@checks.register
def _key_can_sign(**_: Any) -> list[checks.CheckMessage]:
    try:
        own_signer()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="delivery.E001")]
    return []


def signed(message: bytes) -> bytes:
    """Any message with our signature, or as it is if the relay signs."""
    signer = own_signer()
    if signer is None:
        return message
    head, end, body = message.partition(b"\r\n\r\n")
    return signer.header(head + end + _relaxed_body(body)) + message


def signed_letter(letter: Letter) -> Letter:
    """A letter whose messages are signed, or the very same if the relay signs: that path costs nothing."""
    signer = own_signer()
    if signer is None:
        return letter
    parts = {each.name: getattr(letter, each.name) for each in dataclasses.fields(letter)}
    return _Signed(**parts, signer=signer)


@dataclasses.dataclass(frozen=True)
class _Signed(Letter):
    signer: Signer

    def message(self, subscription: int, address: str, name: str) -> tuple[bytes, bytes]:
        sender, content = super().message(subscription, address, name)
        return sender, self.signer.header(content) + content
