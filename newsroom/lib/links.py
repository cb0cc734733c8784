"""Addresses: those that leave the house, absolute and signed where they say who somebody is; and that of a visitor."""

import base64
import hashlib
import hmac

from django.conf import settings
from django.http import HttpRequest

_ID_BYTES, _MAC_BYTES = 6, 14
TOKEN_LENGTH = 27
"""Characters of a token: always the same, all of them safe in an address and in quoted-printable."""


def absolute(path: str) -> str:
    """The full address of a path on our site."""
    return f"{settings.SITE_URL}{path}"


def visitor_address(request: HttpRequest) -> str:
    """Where a request comes from. Behind a proxy it is what the proxy says: the last of X-Forwarded-For, since the earlier
    ones are the visitor's own words."""
    said = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return said.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


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


def _mac(purpose: str, number: bytes) -> bytes:
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.digest(key, number, "sha256")[:_MAC_BYTES]
