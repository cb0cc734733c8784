"""An edition on the wire: compiled once, then one join per reader.

The parts are cut at the reader's token *before* they are encoded, and each piece is quoted-printable of its own
(RFC 2045) with a soft line break before and after the token. So a message costs a join instead of a MIME generator,
and no line grows past 76 columns whatever the token is.
"""

import binascii
import datetime
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from issues.models import Edition, Publication
from issues.rendering import Rendered, slots
from newsroom.audience import subscribing
from newsroom.lib import links
from newsroom.lib.errors import NewsroomError

_SOFT_BREAK = b"=\r\n"
MARK = "[TEST]"
NOBODYS_WAY_OUT = "/u/only-a-test/"
"""Where a proof links to instead of the reader's page to leave: no token, so no page, and nobody leaves."""


class Unaddressable(NewsroomError):
    """No header can be made of a reader's name and address."""


@dataclass(frozen=True)
class Letter:
    """A compiled edition: constant headers, and the body as pieces between which the reader's token stands."""

    sender: str
    headers: bytes
    body: tuple[bytes, ...]
    domain: str
    send_id: int

    def message(self, subscription_id: int, address: str, name: str) -> bytes:
        """The whole message to one reader, CRLF lines, ready for DATA (before dot-stuffing). Raises ``Unaddressable``."""
        token = links.token(subscribing.LEAVE, subscription_id)
        own = _addressed(address, name)
        own += _plain("Message-ID", f"<{self.send_id}.{token}@{self.domain}>")
        own += _plain("List-Unsubscribe", f"<{subscribing.leave_url(subscription_id)}>")
        return own + self.headers + token.encode().join(self.body)


def compile_letter(
    edition: Edition, publication: Publication, *, send_id: int, date: datetime.datetime
) -> Letter:
    """Everything about a send that is the same for all readers. ``date`` stands in every message, so that a message sent
    again after a crash is the same message."""
    domain = publication.sender_email.rpartition("@")[2]
    boundary = "=_" + hashlib.sha256(f"{send_id}:{edition.seal}".encode()).hexdigest()[:32]
    return Letter(
        sender=publication.sender_email,
        headers=_constant(edition.subject, publication, domain, date)
        + _plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        + _multipart_header(boundary),
        body=_alternatives(boundary, _pieces(edition.text), _pieces(edition.html)),
        domain=domain,
        send_id=send_id,
    )


@dataclass(frozen=True)
class Proof:
    """A compiled rendering for somebody at the desk, who is no reader of it: marked, and with no way to leave in it."""

    sender: str
    headers: bytes
    body: bytes
    domain: str

    def message(self, address: str) -> bytes:
        """The whole message, CRLF lines; each has an id of its own. Raises ``Unaddressable``."""
        own = _addressed(address, "") + _plain("Message-ID", f"<test.{uuid.uuid4().hex}@{self.domain}>")
        return own + self.headers + self.body


def compile_proof(
    rendering: Edition | Rendered, publication: Publication, *, date: datetime.datetime
) -> Proof:
    """The same mail as readers will get, but for what would let a test be taken for it, or unsubscribe somebody."""
    domain = publication.sender_email.rpartition("@")[2]
    boundary = "=_" + uuid.uuid4().hex
    text, html = (
        [_quoted(part.replace(slots.UNSUBSCRIBE, links.absolute(NOBODYS_WAY_OUT)))]
        for part in (rendering.text, rendering.html)
    )
    subject = f"{MARK} {rendering.subject}".strip()
    return Proof(
        sender=publication.sender_email,
        headers=_constant(subject, publication, domain, date) + _multipart_header(boundary),
        body=b"".join(_alternatives(boundary, text, html)),
        domain=domain,
    )


def _alternatives(boundary: str, text: Sequence[bytes], html: Sequence[bytes]) -> tuple[bytes, ...]:
    """Both parts with what stands around them, cut where theirs are cut."""
    return _join(
        [
            [f"--{boundary}\r\n".encode() + _part_header("plain")],
            text,
            [f"\r\n--{boundary}\r\n".encode() + _part_header("html")],
            html,
            [f"\r\n--{boundary}--\r\n".encode()],
        ]
    )


def _constant(subject: str, publication: Publication, domain: str, date: datetime.datetime) -> bytes:
    headers = [
        _encoded(
            "From", str(Address(display_name=publication.sender_name, addr_spec=publication.sender_email))
        ),
        _encoded("Subject", subject),
        _encoded("List-Id", f"{_phrase(publication.name)} <{publication.slug}.{domain}>"),
        _plain("Date", format_datetime(date)),
        _plain("List-Archive", f"<{links.absolute(f'/{publication.slug}/')}>"),
        _plain("Precedence", "bulk"),
        _plain("MIME-Version", "1.0"),
    ]
    if publication.reply_to:
        headers.append(_encoded("Reply-To", publication.reply_to))
    return b"".join(headers)


def _phrase(name: str) -> str:
    """A name as an RFC 2919 phrase: what would need quoting is left out."""
    return "".join(letter for letter in name if letter.isalnum() or letter in " -'&").strip()


def _addressed(address: str, name: str) -> bytes:
    try:
        return _encoded("To", str(Address(display_name=name, addr_spec=address)))
    except (ValueError, IndexError, MessageError):
        raise Unaddressable(f"No mail can be addressed to {address!r}.") from None


def _encoded(name: str, value: str) -> bytes:
    """A header with words in it, encoded and folded by the standard library, which refuses line breaks."""
    message = EmailMessage(policy=SMTP)
    message[name] = value
    return message.as_bytes().removesuffix(b"\r\n")


def _plain(name: str, value: str) -> bytes:
    """A header without words. Not folded: the standard library would turn a long address into encoded words."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} cannot be {value!r}")
    return f"{name}: {value}\r\n".encode()


def _multipart_header(boundary: str) -> bytes:
    return f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()


def _part_header(subtype: str) -> bytes:
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()


def _pieces(part: str) -> list[bytes]:
    """A part cut at the reader's token, each piece encoded."""
    before, _, after = subscribing.leave_url(0).partition(links.token(subscribing.LEAVE, 0))
    cut = part.split(slots.UNSUBSCRIBE)
    last = len(cut) - 1
    return [
        _quoted((after if n else "") + piece + (before if n < last else "")) for n, piece in enumerate(cut)
    ]


def _quoted(piece: str) -> bytes:
    encoded = binascii.b2a_qp(piece.replace("\r\n", "\n").replace("\r", "\n").encode(), istext=True)
    return encoded.replace(b"\n", b"\r\n")


def _join(parts: Sequence[Sequence[bytes]]) -> tuple[bytes, ...]:
    """Parts in a row: the last piece of one and the first of the next stand together, soft breaks beside each token."""
    pieces = [b""]
    for part in parts:
        pieces[-1] += part[0]
        for piece in part[1:]:
            pieces[-1] += _SOFT_BREAK
            pieces.append(_SOFT_BREAK + piece)
    return tuple(pieces)
