"""Addresses: those that leave the house, absolute and signed where they say who somebody is; and that of a visitor."""

import base64
import datetime
import hashlib
import hmac
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from django.conf import settings
from django.http import HttpRequest

_ID_BYTES, _MOMENT_BYTES, _MAC_BYTES = 6, 7, 14
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
TOKEN_LENGTH = 27
"""Characters of a token: always the same, all of them safe in an address and in quoted-printable."""


def absolute(path: str) -> str:
    """The full address of a path on our site."""
    return f"{settings.SITE_URL}{path}"


def visitor_address(request: HttpRequest) -> str:
    """Where a request comes from. Behind proxies it is what the outermost of ours says: each adds to X-Forwarded-For whom it
    speaks for, and what stands before that is the visitor's own words."""
    ours = int(settings.BEHIND_PROXY)
    said = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-ours:] if ours else [""]
    return said[0].strip() or request.META.get("REMOTE_ADDR", "")


def token(purpose: str, row_id: int) -> str:
    """A token of 27 characters ``[A-Za-z0-9_-]`` that names a row and cannot be guessed (HMAC of 112 bits)."""
    number = row_id.to_bytes(_ID_BYTES, "big")
    return base64.urlsafe_b64encode(number + _mac(purpose, number)).rstrip(b"=").decode()


def row_id(purpose: str, given: str) -> int | None:
    """The row that a token names; None if we did not make it for that purpose."""
    try:
        raw = base64.b64decode(given + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    number = int.from_bytes(raw[:_ID_BYTES], "big")
    return number if hmac.compare_digest(given.encode(), token(purpose, number).encode()) else None


def dated_token(purpose: str, row: int, at: datetime.datetime) -> str:
    """A token of 36 characters ``[A-Za-z0-9_-]`` that names a row and when it was made, to the microsecond (HMAC of 112 bits)."""
    moment = int((at - _EPOCH) / datetime.timedelta(microseconds=1))
    said = row.to_bytes(_ID_BYTES, "big") + moment.to_bytes(_MOMENT_BYTES, "big")
    return base64.urlsafe_b64encode(said + _mac(f"dated {purpose}", said)).decode()


def dated_row(purpose: str, given: str) -> tuple[int, datetime.datetime] | None:
    """The row that a dated token names and when it was made; None if we did not make it for that purpose."""
    try:
        raw = base64.b64decode(given, altchars=b"-_", validate=True)
    except ValueError:
        return None
    said, mac = raw[: _ID_BYTES + _MOMENT_BYTES], raw[_ID_BYTES + _MOMENT_BYTES :]
    if not hmac.compare_digest(mac, _mac(f"dated {purpose}", said)):
        return None
    moment = datetime.timedelta(microseconds=int.from_bytes(said[_ID_BYTES:], "big"))
    return int.from_bytes(said[:_ID_BYTES], "big"), _EPOCH + moment


@dataclass(frozen=True)
class ReaderToken:
    """One reader of one printing of an issue, in 20 bytes that cannot be guessed (keyed BLAKE2b of 88 bits, RFC 7693): what every
    address in a mail carries, and its return path. ``printing`` and ``subscription`` are row numbers."""

    printing: int
    subscription: int

    @property
    def raw(self) -> bytes:
        return reader_bytes(self.printing, self.subscription)

    @property
    def text(self) -> str:
        """As it stands in addresses of pages: 27 characters ``[A-Za-z0-9_-]``."""
        return base64.urlsafe_b64encode(self.raw).rstrip(b"=").decode()

    @property
    def hex(self) -> str:
        """As it stands in a return path, where a mail server may change the case: 40 characters."""
        return self.raw.hex()


def reader_bytes(printing: int, subscription: int) -> bytes:
    """A reader's token in its twenty bytes; for the sender, which makes one for each message."""
    number = printing.to_bytes(4, "big") + subscription.to_bytes(5, "big")
    mac = _reader_mac().copy()  # with the key already in it: half the time
    mac.update(number)
    return number + mac.digest()


def reader_token(given: str) -> ReaderToken | None:
    """The reader that a token names, in either spelling; None if we did not make it."""
    try:
        raw = (
            bytes.fromhex(given) if len(given) == 40 else base64.b64decode(given + "=", b"-_", validate=True)
        )
    except ValueError:
        return None
    if len(raw) != 20:
        return None
    found = ReaderToken(int.from_bytes(raw[:4], "big"), int.from_bytes(raw[4:9], "big"))
    canonical = len(given) == 40 or given == found.text
    return found if canonical and hmac.compare_digest(raw, found.raw) else None


@cache
def _reader_mac() -> blake2b:
    return blake2b(digest_size=11, key=hashlib.sha256(f"reader:{settings.SECRET_KEY}".encode()).digest())


def _mac(purpose: str, number: bytes) -> bytes:
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.digest(key, number, "sha256")[:_MAC_BYTES]
