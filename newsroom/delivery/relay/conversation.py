"""What is said to the relay over one connection, as one function: pipelined (RFC 2920) where the relay allows it.

The body of one message goes out together with the envelope of the next, so a message costs one round trip. Of the two messages on
a connection only the one whose body was handed over can be in doubt; the other has not left.

CHUNKING (RFC 3030) is left alone: one message at a time it takes the same round trip, and several at a time would put as many
in doubt when a worker is killed.
"""

from collections.abc import Generator, Sequence
from itertools import chain
from typing import Generic, NamedTuple, Protocol, TypeVar

__all__ = ["Dropped", "Letterbox", "Parcel", "Reply", "Talk", "converse"]

END = b".\r\n"
RSET = b"RSET\r\n"
DATA = b"DATA\r\n"
QUIT = b"QUIT\r\n"
GO_ON = 354

Words = Sequence[bytes]
"""What is said in one breath, in pieces: a body of tens of kilobytes is not copied for the sake of three letters behind it."""
Talk = Generator[tuple[Words, int], list["Reply"], None]
"""Yields what to say and how many replies to wait for; is sent those replies. Nothing to say and to wait for: ask again later."""


class Reply(NamedTuple):
    """One answer of the relay: its code (RFC 5321, 4.2), and its text on one line, enhanced code included."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()[:300]

    @property
    def agreed(self) -> bool:
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        return 500 <= self.code < 600

    @property
    def closing(self) -> bool:
        """The relay is about to hang up (421), or what it says is no answer."""
        return self.code == 421 or not 200 <= self.code < 600


class Dropped(Exception):
    """The connection is gone, or was silent for too long. ``replies`` came before that."""

    def __init__(self, why: str, replies: Sequence[Reply] = ()) -> None:
        self.why, self.replies = why, list(replies)
        super().__init__(why)


class Parcel(Protocol):
    """One message on its way to one reader. ``body`` is all of it in CRLF lines, nothing to double."""

    sender: bytes
    recipient: bytes

    def body(self) -> bytes: ...


P = TypeVar("P", bound=Parcel)


class Letterbox(Protocol, Generic[P]):
    """Where parcels come from and where their fate is told: one of ``accepted``, ``refused``, ``put_back``, ``doubted`` for each
    that was taken."""

    @property
    def closed(self) -> bool:
        """There will be no more."""

    @property
    def backlog(self) -> int:
        """How many are known to be waiting: there is no use in more connections than that."""

    def take(self) -> P | None:
        """The next parcel; None if there is none now."""

    def handing_over(self, parcel: P) -> None:
        """It is about to leave: from here on it is in doubt."""

    def accepted(self, parcel: P, reply: Reply) -> None: ...

    def refused(self, parcel: P, reply: Reply) -> None: ...

    def put_back(self, parcel: P) -> None:
        """It has not left."""

    def doubted(self, parcel: P, why: str) -> None: ...

    def unwelcome(self, reply: Reply) -> None:
        """The relay takes no mail from this sender, or none now; nothing was about the reader."""


def converse(letterbox: Letterbox[P], *, pipelining: bool) -> Talk:
    """Give the relay one parcel after the other until the letterbox is closed. Raises ``Dropped`` when the relay hangs up."""
    agreed: P | None = None
    upset = False
    while True:
        upcoming = letterbox.take()
        if agreed is None and upcoming is None:
            if letterbox.closed:
                yield (QUIT,), 0
                return
            yield (), 0
            continue
        requests: list[Words] = []
        if agreed is not None:
            letterbox.handing_over(agreed)
            requests.append((agreed.body(), END))
        if upcoming is not None:
            requests += _envelope(upcoming, upset=upset)
        try:
            replies = yield from _said(requests, pipelining=pipelining)
        except Dropped as dropped:
            _interrupted(letterbox, agreed, upcoming, dropped.replies[upset:], dropped.why)
            raise
        if agreed is not None:
            _settle(letterbox, agreed, replies[0])
        agreed = upcoming
        if upset and upcoming is not None and not replies[0].agreed:
            letterbox.put_back(upcoming)
            raise Dropped(f"The mail server does not forget the message before ({replies[0]})")
        upset = False
        if upcoming is not None and (refused := _refused(replies[-3:])):
            yield from _turned_away(letterbox, upcoming, refused, replies[-1])
            agreed, upset = None, True


def _envelope(parcel: Parcel, *, upset: bool) -> list[Words]:
    """DATA comes last in a group (RFC 2920, 3.1). After a refusal RSET forgets what the relay took of the one before."""
    requests: list[Words] = [
        (b"MAIL FROM:<%b>\r\n" % parcel.sender,),
        (b"RCPT TO:<%b>\r\n" % parcel.recipient,),
        (DATA,),
    ]
    return [(RSET,), *requests] if upset else requests


def _said(
    requests: list[Words], *, pipelining: bool
) -> Generator[tuple[Words, int], list[Reply], list[Reply]]:
    """Each has a reply of its own. Say them at once, or one after the other to a relay that does not pipeline."""
    if pipelining:
        return (yield list(chain.from_iterable(requests)), len(requests))
    replies: list[Reply] = []
    for each in requests:
        try:
            replies += yield each, 1
        except Dropped as dropped:
            raise Dropped(dropped.why, [*replies, *dropped.replies]) from dropped
    return replies


def _settle(letterbox: Letterbox[P], parcel: P, reply: Reply) -> None:
    """The reply to a body is the relay's last word on it."""
    if reply.agreed:
        letterbox.accepted(parcel, reply)
    elif reply.code < 400 or reply.code > 599:
        letterbox.doubted(parcel, f"The mail server gave an answer that is none: {reply}")
    else:
        letterbox.refused(parcel, reply)


MAIL, RCPT, BODY = range(3)
_ALL_AGREED = [250, 250, GO_ON]


def _refused(envelope: Sequence[Reply]) -> tuple[int, Reply] | None:
    """Which of MAIL, RCPT and DATA is refused first, and how."""
    if [reply.code for reply in envelope] == _ALL_AGREED:
        return None
    for step, reply in enumerate(envelope):
        if not reply.agreed and not (step == BODY and reply.code == GO_ON):
            return step, reply
    return None


def _turned_away(letterbox: Letterbox[P], parcel: P, refused: tuple[int, Reply], data: Reply) -> Talk:
    """The envelope was refused. A relay that wants the body all the same gets none: a lone dot ends it (RFC 2920, 3.1), or if we
    do not know for whom it is, the connection."""
    step, reply = refused
    if reply.closing or step == MAIL:
        letterbox.put_back(parcel)
        letterbox.unwelcome(reply)
    else:
        letterbox.refused(parcel, reply)
    if reply.closing or (step == MAIL and data.code == GO_ON):
        raise Dropped(str(reply))
    if data.code == GO_ON:
        yield from _said([(END,)], pipelining=False)


def _interrupted(
    letterbox: Letterbox[P], agreed: P | None, upcoming: P | None, replies: list[Reply], why: str
) -> None:
    """The connection is gone: what was answered stands, a body without an answer is in doubt, an envelope has not left."""
    if agreed is not None:
        if replies:
            _settle(letterbox, agreed, replies.pop(0))
        else:
            letterbox.doubted(agreed, f"{why}. It had the message and had not answered yet.")
    if upcoming is None:
        return
    step, refusal = _refused(replies) or (None, None)
    if step == RCPT and refusal and not refusal.closing:
        letterbox.refused(upcoming, refusal)  # it hangs up on those it refuses
        return
    letterbox.put_back(upcoming)
    if refusal:
        letterbox.unwelcome(refusal)
