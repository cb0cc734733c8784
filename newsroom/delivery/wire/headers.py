"""The headers of a mail. Nothing in anybody's name, address or subject can begin another."""

import base64
import binascii
import datetime
import hashlib
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from issues.models import Edition, Publication
from newsroom.delivery.wire.quoting import COLUMNS
from newsroom.lib import links
from newsroom.lib.errors import NewsroomError
from newsroom.lib.text import one_line

__all__ = ["Unaddressable", "addressed_to", "constant", "feedback_id", "plain"]


class Unaddressable(NewsroomError):
    """No header can be made of a reader's name and address."""


def addressed_to(address: str, name: str) -> bytes:
    """The value of To. Raises ``Unaddressable`` for what no header can hold; nothing in a name or address can begin another."""
    if not _ADDRESS.fullmatch(address):
        raise Unaddressable(f"No mail can be addressed to {address[:80]!r}.")
    words = one_line(name)
    if not words:
        return f"<{address}>".encode() if " " in address else address.encode()
    return _phrased(words) + b"\r\n <" + address.encode() + b">"


_ADDRESS = re.compile(r'(?:[A-Za-z0-9.!#$%&\'*+/=?^_`{|}~-]{1,64}|"(?:[^"\\\x00-\x1f\x7f-\U0010ffff]|\\[ -~]){1,62}")'
                      r"@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")  # fmt: skip


def _phrased(words: str) -> bytes:
    """A name as a phrase (RFC 5322, 3.2.5): a quoted string, or encoded words (RFC 2047) of whole characters."""
    if words.isascii() and len(words) < COLUMNS - 8:
        return b'"' + words.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    if len(whole := words.encode()) <= _ENCODED_WORD:
        return b"=?utf-8?b?" + binascii.b2a_base64(whole, newline=False) + b"?="
    pieces, piece = [], b""
    for letter in words:
        encoded = letter.encode()
        if len(piece) + len(encoded) > _ENCODED_WORD:
            pieces.append(piece)
            piece = b""
        piece += encoded
    return b"\r\n ".join(b"=?utf-8?b?" + base64.b64encode(each) + b"?=" for each in (*pieces, piece))


_ENCODED_WORD = 42
"""Bytes in one encoded word, so that it keeps within 75 characters."""


def constant(subject: str, publication: Publication, domain: str, date: datetime.datetime) -> bytes:
    """The headers that are the same for everybody, a test included."""
    headers = [
        _encoded(
            "From", str(Address(display_name=publication.sender_name, addr_spec=publication.sender_email))
        ),
        _encoded("Subject", subject),
        _encoded("List-Id", f"{_list_name(publication.name)} <{publication.slug}.{domain}>"),
        plain("Date", format_datetime(date)),
        plain("List-Archive", f"<{links.absolute(f'/{publication.slug}/')}>"),
        plain("Precedence", "bulk"),
        plain("X-Auto-Response-Suppress", "OOF, AutoReply"),
        plain("MIME-Version", "1.0"),
    ]
    if publication.reply_to:
        headers.append(_encoded("Reply-To", publication.reply_to))
    return b"".join(headers)


def feedback_id(edition: Edition, publication: Publication) -> str:
    """By what Gmail's postmaster tools tell complaints apart: issue, newsletter, kind, and a stable name of 5 to 15 letters."""
    stable = hashlib.sha256(publication.slug.encode()).hexdigest()[:12]
    return f"{edition.issue_id}:{publication.slug}:newsletter:{stable}"


def _list_name(name: str) -> str:
    """A name as an RFC 2919 phrase: what would need quoting is left out."""
    return "".join(letter for letter in name if letter.isalnum() or letter in " -'&").strip()


def _encoded(name: str, value: str) -> bytes:
    """A header with words in it, encoded and folded by the standard library, which refuses line breaks."""
    message = EmailMessage(policy=SMTP)
    message[name] = value
    return message.as_bytes().removesuffix(b"\r\n")


def plain(name: str, value: str) -> bytes:
    """A header without words. Not folded: the standard library would turn a long address into encoded words."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} cannot be {value!r}")
    return f"{name}: {value}\r\n".encode()
