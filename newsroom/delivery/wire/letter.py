"""An edition on the wire: compiled once, then one join per reader.

Every part is cut where readers differ *before* it is encoded, and each piece is quoted-printable of its own (RFC 2045) with a
soft line break before and after the cut. So a message costs a join instead of a MIME generator, no line grows past 76 columns
whatever stands in a cut, no line begins with a dot (RFC 5321, 4.5.2 has nothing to double), and the body is its own relaxed
canonical form (RFC 6376, 3.4.4).

The token is the separator of that one join: it stands in every link, in the Message-ID and in List-Unsubscribe. What else
differs, the address and the name, is formatted apart.
"""

import base64
import datetime
import hashlib
import html
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from issues.models import Edition, Publication
from issues.rendering import HREF, Rendered, slots
from issues.rendering.slots import Slot
from newsroom.delivery.wire import headers
from newsroom.delivery.wire.headers import Unaddressable
from newsroom.delivery.wire.quoting import SOFT_BREAK, quoted
from newsroom.lib import links
from newsroom.lib.errors import Refused
from newsroom.lib.links import reader_bytes
from newsroom.lib.text import one_line

__all__ = [
    "Letter",
    "Link",
    "Numbered",
    "Proof",
    "Unaddressable",
    "compile_letter",
    "compile_proof",
    "numbered",
]

MARK = "[TEST]"
NOBODY = "only-a-test"
"""Stands in a proof where a reader's token would: it opens no page, and nobody leaves by it."""
_SEAM = "\0token\0"  # no words can hold it: neither databases nor forms take a NUL
_NOTE = re.compile(r"https?://[^\s<>]+")


class Link(NamedTuple):
    """Where a link of a printing leads, the uid of the block it stands in, and the mark of what ran there."""

    url: str
    block: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Numbered:
    """The links of an edition: ``table`` by number, and ``order``, the number of each link of the HTML part in turn."""

    table: list[Link]
    order: list[int]


def numbered(edition: Edition) -> Numbered:
    """Number the links: those of the HTML part in order, then what only the text part has.

    A link belongs to the block whose own links come next; the same address in the same block has one number.
    """
    ahead = [
        Link(url, piece["uid"], piece.get("runs", ""))
        for piece in edition.pieces
        for url in piece.get("links", ())
    ]
    numbers: dict[Link, int] = {}
    order = []
    for href in HREF.findall(edition.html):
        url = html.unescape(href)
        mine = next((place for place, link in enumerate(ahead) if link.url == url), None)
        link = Link(url) if mine is None else ahead[mine]
        del ahead[: 0 if mine is None else mine + 1]
        order.append(numbers.setdefault(link, len(numbers)))
    known = {link.url for link in numbers}
    for url in _NOTE.findall(edition.text):
        if url not in known:
            numbers.setdefault(Link(url), len(numbers))
    return Numbered(list(numbers), order)


@dataclass(frozen=True)
class Letter:
    """A compiled edition. ``groups`` stand between the tokens of a message; ``personal`` are those with more that differs."""

    printing: int
    groups: tuple[bytes, ...]
    personal: tuple["_Personal", ...]
    bounces: tuple[bytes, bytes] | None
    sender: bytes

    def message(self, subscription: int, address: str, name: str) -> tuple[bytes, bytes]:
        """Where a bounce of this reader's message comes back to (VERP), and the whole message: CRLF lines, ready for DATA with
        nothing to double. Raises ``Unaddressable``."""
        token = reader_bytes(self.printing, subscription)
        groups = [*self.groups]
        to = headers.addressed_to(address, name)
        for each in self.personal:
            groups[each.place] = each.filled(to, name)
        message = base64.urlsafe_b64encode(token)[:-1].join(groups)
        if self.bounces is None:
            return self.sender, message
        before, after = self.bounces
        return before + token.hex().encode() + after, message


_TO = "to"


@dataclass(frozen=True)
class _Personal:
    """A group with cuts other than the token; ``form`` has a ``%b`` in place of each."""

    place: int
    form: bytes
    cuts: tuple["_Cut", ...]

    def filled(self, to: bytes, name: str) -> bytes:
        return self.form % tuple([to if isinstance(cut, str) else cut(name) for cut in self.cuts])


def compile_letter(
    edition: Edition,
    publication: Publication,
    *,
    printing: int,
    date: datetime.datetime,
) -> Letter:
    """Everything about a printing that is the same for all readers. ``date`` stands in every message, so that a message sent
    again after a crash is the same message.

    Raises ``Refused`` for an edition that offers no way to leave.
    """
    if slots.UNSUBSCRIBE not in edition.html or slots.UNSUBSCRIBE not in edition.text:
        raise Refused("This issue has no link to unsubscribe, so it cannot be sent. The law asks for one.")
    domain = publication.sender_email.rpartition("@")[2]
    boundary = "=_" + hashlib.sha256(f"{printing}:{edition.seal}".encode()).hexdigest()[:32]
    text, page = _tracked(edition, publication)
    pieces: list[bytes | _Cut] = [
        b"To: ", _TO, b"\r\nMessage-ID: <%d." % printing, _SEAM, f"@{domain}>\r\n".encode(),
        f"List-Unsubscribe: <{links.absolute('/u/')}".encode(), _SEAM, b"/>\r\n",
        headers.plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        headers.plain("Feedback-ID", headers.feedback_id(edition, publication)),
        headers.constant(edition.subject, publication, domain, date),
        _multipart_header(boundary),
        _opening(boundary, "plain"), *_quoted_pieces(text, str),
        _opening(boundary, "html"), *_quoted_pieces(page, html.escape),
        _closing(boundary),
    ]  # fmt: skip
    groups, personal = _grouped(pieces)
    return Letter(
        printing=printing, groups=groups, personal=personal, bounces=_bounces(), sender=publication.sender_email.encode()
    )  # fmt: skip


def _tracked(edition: Edition, publication: Publication) -> tuple[str, str]:
    """Text and HTML, with our addresses in place of links and a pixel as far as the publication wants them."""
    text, page = edition.text, edition.html
    if publication.track_clicks:
        found = numbered(edition)
        text, page = _text_with_links(text, found), _html_with_links(page, found)
    if publication.track_opens:
        page = page.replace("</body>", f"{_pixel()}</body>")
    return text, page


_Cut = Callable[[str], bytes] | str
"""What stands in a cut: something made of the name, the token (``_SEAM``) or the value of To (``_TO``)."""


def _grouped(pieces: Iterable[bytes | _Cut]) -> tuple[tuple[bytes, ...], tuple[_Personal, ...]]:
    """Pieces between the tokens, glued where nothing differs."""
    groups: list[list[bytes | _Cut]] = [[]]
    for piece in pieces:
        if piece == _SEAM:
            groups.append([])
        else:
            groups[-1].append(piece)
    personal = [_personal(place, group) for place, group in enumerate(groups)]
    constant = tuple(b"".join(each for each in group if isinstance(each, bytes)) for group in groups)
    return constant, tuple(each for each in personal if each.cuts)


def _personal(place: int, group: Sequence[bytes | _Cut]) -> _Personal:
    form = b"".join(each.replace(b"%", b"%%") if isinstance(each, bytes) else b"%b" for each in group)
    return _Personal(place, form, tuple(each for each in group if not isinstance(each, bytes)))


def _html_with_links(part: str, found: Numbered) -> str:
    """The HTML part with our addresses in place of its links."""
    turn = iter(found.order)
    return HREF.sub(lambda _: f'href="{_counted(next(turn))}"', part)


def _text_with_links(part: str, found: Numbered) -> str:
    number = {link.url: place for place, link in reversed(list(enumerate(found.table)))}
    return _NOTE.sub(lambda match: _counted(number[match[0]]), part)


def _counted(number: int) -> str:
    return links.absolute(f"/c/{_SEAM}/{number}")


def _pixel() -> str:
    source = links.absolute(f"/o/{_SEAM}.gif")
    return f'<img src="{source}" width="1" height="1" alt="" style="display:block">'


@dataclass(frozen=True)
class Proof:
    """A compiled rendering for somebody at the desk, who is no reader of it: marked, and with no way to leave in it."""

    sender: str
    headers: bytes
    body: bytes
    domain: str

    def message(self, address: str) -> bytes:
        """The whole message, CRLF lines; each has an id of its own. Raises ``Unaddressable``."""
        own = (
            b"To: "
            + headers.addressed_to(address, "")
            + b"\r\n"
            + headers.plain("Message-ID", f"<test.{uuid.uuid4().hex}@{self.domain}>")
        )
        return own + self.headers + self.body


def compile_proof(
    rendering: Edition | Rendered, publication: Publication, *, date: datetime.datetime
) -> Proof:
    """The same mail as readers will get, but for what would let a test be taken for it, or unsubscribe somebody."""
    domain = publication.sender_email.rpartition("@")[2]
    boundary = "=_" + uuid.uuid4().hex
    text, page = (quoted(slots.filled(part, _nobodys)) for part in (rendering.text, rendering.html))
    head = headers.constant(f"{MARK} {rendering.subject}".strip(), publication, domain, date)
    parts = [_opening(boundary, "plain"), text, _opening(boundary, "html"), page, _closing(boundary)]
    return Proof(publication.sender_email, head + _multipart_header(boundary), b"".join(parts), domain)


def _nobodys(slot: Slot) -> str:
    """What a proof shows where readers differ."""
    return slot.fallback if slot.name == slots.NAME else links.absolute(f"{_PATHS[slot.name]}{NOBODY}/")


_PATHS = {slots.UNSUBSCRIBE: "/u/", slots.PREFERENCES: "/preferences/"}


def _quoted_pieces(part: str, spelled: Callable[[str], str]) -> Iterator["bytes | _Cut"]:
    """A part cut where readers differ, each piece encoded, with soft breaks beside each cut. ``spelled`` writes a name in it."""
    cuts = list(_cuts(part, spelled))
    for place, piece in enumerate(cuts):
        if not isinstance(piece, str) or piece == _SEAM:
            yield piece
            continue
        before = SOFT_BREAK if place else b""
        after = SOFT_BREAK if place < len(cuts) - 1 else b""
        yield before + quoted(piece) + after


def _cuts(part: str, spelled: Callable[[str], str]) -> Iterator["str | _Cut"]:
    """Words and cuts in turn; there are words, if only empty ones, before and after each cut."""
    words = ""
    for piece in slots.cut(part):
        if isinstance(piece, str):
            words += piece
        elif piece.name == slots.NAME:
            yield from _around_tokens(words)
            yield _Name(piece.fallback, spelled)
            words = ""
        else:
            words += links.absolute(f"{_PATHS[piece.name]}{_SEAM}/")
    yield from _around_tokens(words)


def _around_tokens(words: str) -> Iterator[str]:
    first, *others = words.split(_SEAM)
    yield first
    for each in others:
        yield _SEAM
        yield each


@dataclass(frozen=True)
class _Name:
    """A reader's name in a part: ``spelled`` as the part wants it, then quoted-printable of one or more whole lines."""

    fallback: str
    spelled: Callable[[str], str]

    def __call__(self, name: str) -> bytes:
        return quoted(self.spelled(one_line(name) or self.fallback))


def _opening(boundary: str, subtype: str) -> bytes:
    start = "--" if subtype == "plain" else "\r\n--"
    return (
        f'{start}{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def _closing(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode()


def _multipart_header(boundary: str) -> bytes:
    return f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()


def _bounces() -> tuple[bytes, bytes] | None:
    """The return path around the reader's token, if bounces have an address of their own."""
    local, _, domain = settings.BOUNCE_ADDRESS.partition("@")
    return (f"{local}+".encode(), f"@{domain}".encode()) if domain else None
