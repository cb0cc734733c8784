"""Handing messages to the relay over one kept connection (RFC 5321)."""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Self

from newsroom.lib.errors import NewsroomError
from newsroom.lib.relay import Relay

PATIENCE = 15.0
"""Seconds to wait for an answer of the relay."""


class RelayDown(NewsroomError):
    """The relay cannot be reached, or went away before it took the message: nothing was handed over."""


class Refusal(NewsroomError):
    """The relay refused one message. ``permanent`` refusals (5xx) are final."""

    def __init__(self, code: int, reply: bytes) -> None:
        self.permanent = code >= 500
        super().__init__(f"{code} {reply.decode(errors='replace')}"[:300])


class InDoubt(NewsroomError):
    """The connection broke after the message was on its way and before the relay answered: it may have it, or not."""


class Connection:
    """One connection to the relay, kept open from message to message; ``patience`` is in seconds, for each answer."""

    def __init__(self, relay: Relay, *, patience: float = PATIENCE) -> None:
        self.relay, self.patience = relay, patience
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect unless connected. Raises ``RelayDown``."""
        if self._smtp is None:
            self._smtp = _connected(self.relay, patience=self.patience)

    def hand_over(self, sender: str, recipient: str, message: bytes) -> str:
        """Give one message to the relay; returns its answer. Raises ``RelayDown``, ``Refusal`` or ``InDoubt``."""
        self.open()
        assert self._smtp is not None
        try:
            self._agreed(self._smtp.mail(sender), 250)
            self._agreed(self._smtp.rcpt(recipient), 250, 251)
            self._agreed(self._smtp.docmd("DATA"), 354)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise RelayDown(_down(self.relay, error)) from error
        try:
            self._smtp.send(_stuffed(message))
            code, reply = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise InDoubt(f"The connection to {self.relay} broke before it answered.") from error
        if not 200 <= code < 600:
            self.close()
            raise InDoubt(f"{self.relay} gave an answer that is none: {reply.decode(errors='replace')}"[:300])
        if code >= 300:
            raise Refusal(code, reply)
        return reply.decode(errors="replace")[:300]

    def _agreed(self, answer: tuple[int, bytes], *expected: int) -> None:
        """Go on if the relay agrees. 421 means that it is closing the connection (RFC 5321, 3.8); any other refusal is of
        this message only, and RSET forgets it, or a new connection if the relay hangs up on those it refuses."""
        code, reply = answer
        if code in expected:
            return
        if code in (421, -1):
            raise smtplib.SMTPServerDisconnected(reply.decode(errors="replace"))
        assert self._smtp is not None
        try:
            self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.close()
        raise Refusal(code, reply)

    def close(self) -> None:
        """Say goodbye if anybody listens."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None


@dataclass(frozen=True)
class Opened:
    """A connection that has been greeted, secured and signed in; whether the relay takes commands in groups (RFC 2920)."""

    sock: socket.socket
    pipelining: bool


def opened(relay: Relay, *, patience: float = PATIENCE) -> Opened:
    """Connect, and leave the rest of the conversation to the caller. Raises ``RelayDown``."""
    smtp = _connected(relay, patience=patience)
    assert smtp.sock is not None
    if smtp.file is not None:
        smtp.file.close()  # it would keep the socket open after us
    return Opened(smtp.sock, smtp.has_extn("pipelining"))


@cache
def _our_name() -> str:
    """What we call ourselves; looked up once, since that may take seconds."""
    return socket.getfqdn()


def _connected(relay: Relay, *, patience: float) -> smtplib.SMTP:
    smtp = None
    try:
        smtp = _greeting(relay, patience=patience)
        smtp.ehlo_or_helo_if_needed()
        if relay.tls == "starttls":
            smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo()
        if relay.username:
            smtp.login(relay.username, relay.password)
    except (OSError, smtplib.SMTPException) as error:
        if smtp is not None:
            smtp.close()
        raise RelayDown(_down(relay, error)) from error
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _greeting(relay: Relay, *, patience: float) -> smtplib.SMTP:
    if relay.tls == "implicit":
        return smtplib.SMTP_SSL(
            relay.host, relay.port, _our_name(), timeout=patience, context=ssl.create_default_context()
        )
    return smtplib.SMTP(relay.host, relay.port, _our_name(), timeout=patience)


def _stuffed(message: bytes) -> bytes:
    """Dots doubled at line starts, and the final dot (RFC 5321, 4.5.2)."""
    stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..").removeprefix(b"\r\n")
    return (stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n") + b".\r\n"


def _down(relay: Relay, error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server {relay} does not accept our user name and password."
    why = getattr(error, "strerror", None) or error
    return f"The mail server {relay} does not answer: {why}."
