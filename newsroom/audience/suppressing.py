"""Whom nobody writes to, whatever list they stand on."""

from collections.abc import Iterable
from hashlib import blake2b

from django.conf import settings

from newsroom.audience.models import Suppression

__all__ = ["fingerprint", "suppressed_among"]


def fingerprint(address: str) -> str:
    """32 hexadecimal digits that stand for an address, whatever its capitals."""
    key = blake2b(f"suppression:{settings.SECRET_KEY}".encode(), digest_size=32).digest()
    return blake2b(address.strip().lower().encode(), digest_size=16, key=key).hexdigest()


def suppressed_among(addresses: Iterable[str]) -> set[str]:
    """Those of the addresses that nobody may write to, as they were given."""
    prints = {fingerprint(each): each for each in addresses}
    standing = Suppression.objects.filter(fingerprint__in=list(prints)).values_list("fingerprint", flat=True)
    return {prints[mark] for mark in standing}
