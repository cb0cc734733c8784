"""Addresses of readers: how they are written, and whose they are."""

import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from newsroom.audience.models import Subscriber
from newsroom.lib.errors import Refused

__all__ = [
    "as_stored",
    "domain_in_ascii",
    "is_address",
    "known",
    "known_or_new",
    "mailbox",
    "normal_address",
    "of_address",
]

validate_length = MaxLengthValidator(254)


def normal_address(given: str) -> str:
    """The address as it is stored: trimmed, domain in small letters and ASCII (RFC 5890). Raises ``Refused``."""
    local, _, domain = given.strip().rpartition("@")
    try:
        address = f"{local}@{domain_in_ascii(domain)}"
        validate_email(address)
        validate_length(address)
        # RFC 5321 lets quoted names hold control characters; headers do not. Django takes a Kelvin sign for a k
        if not address.isprintable() or not address.isascii():
            raise ValidationError("not for a header")
    except (ValidationError, UnicodeError):
        shown = "".join(letter for letter in given.strip()[:80] if letter.isprintable())
        if _is_address_beyond_ascii(local, domain):  # RFC 6531; our sender does not speak SMTPUTF8
            raise Refused(
                f"“{shown}” has other letters than a to z before the @. We cannot write to such addresses yet."
            ) from None
        raise Refused(f"“{shown}” is not an email address.") from None
    return address


def _is_address_beyond_ascii(local: str, domain: str) -> bool:
    """Whether it would be an address if its letters beyond ASCII were others."""
    letters = [letter for letter in unicodedata.normalize("NFC", local) if not letter.isascii()]
    plain = "".join(letter if letter.isascii() else "x" for letter in local)
    return not local.isascii() and all(map(str.isalpha, letters)) and is_address(f"{plain}@{domain}")


def domain_in_ascii(domain: str) -> str:
    """A domain as it stands in mail. Not by Python's own codec, which knows only the rules of 2003: by those fußball.example is
    fussball.example, which is somebody else. Raises ``UnicodeError``."""
    return domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()


def as_stored(given: str) -> str:
    """The words of a person who looks for somebody: an address as it is stored, anything else as it is."""
    try:
        return normal_address(given)
    except Refused:
        return given


def is_address(given: str) -> bool:
    """Whether mail could be written to it."""
    try:
        normal_address(given)
    except Refused:
        return False
    return True


def mailbox(address: str) -> str:
    """Where the address ends up as far as one can tell from it: ann+news@ and Ann@ are read by the same person."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def of_address(address: str) -> QuerySet[Subscriber]:
    """The one person of that address, whatever its capitals. ``iexact`` would not find the index, which is on small letters."""
    return Subscriber.objects.alias(small=Lower("email")).filter(small=address.lower())


def known(address: str) -> Subscriber | None:
    """The person of that address, if we know one."""
    return of_address(address).first()


def known_or_new(address: str) -> Subscriber:
    """The person of that address; we know them from now on."""
    if found := known(address):
        return found
    try:
        with transaction.atomic():
            return Subscriber.objects.create(email=address)
    except IntegrityError:
        return of_address(address).get()
