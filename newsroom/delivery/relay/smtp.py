"""Opening connections to the relay, by the standard library's client: it greets, secures and signs in (RFC 5321).

A send leaves the rest to ``conversation``, because there the time is spent; a single mail goes by that client, too.
"""

import datetime
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
    """The relay cannot be reached: nothing was handed over. ``again_after`` is when it is worth another try."""

    again_after = datetime.timedelta(seconds=10)


class SignInRefused(RelayDown):
    """It does not know us. Who asks too often with a wrong password is shut out by many."""

    again_after = datetime.timedelta(minutes=1)


class Refusal(NewsroomError):
    """The relay refused one message. ``permanent`` refusals (5xx) are final."""

    def __init__(self, code: int, reply: bytes) -> None:
        self.permanent = code >= 500
        super().__init__(f"{code} {reply.decode(errors='replace')}"[:300])


class InDoubt(NewsroomError):
    """The relay went away, or gave no answer that is one, while it was handed the message: it may have it, or not."""


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

    def hand_over(self, sender: str, recipient: str, message: bytes) -> None:
        """Give one message to the relay. Raises ``RelayDown``, ``Refusal`` or ``InDoubt``; after the last two the next message
        goes over a new connection, since nobody knows what this one remembers."""
        self.open()
        assert self._smtp is not None
        try:
            self._smtp.sendmail(sender, [recipient], message)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise _refusal(error) or InDoubt(str(_down(self.relay, error))) from error

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


def opened(relay: Relay) -> Opened:
    """Connect, and leave the rest of the conversation to the caller. Raises ``RelayDown``."""
    smtp = _connected(relay, patience=PATIENCE)
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
        raise _down(relay, error) from error
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _greeting(relay: Relay, *, patience: float) -> smtplib.SMTP:
    if relay.tls == "implicit":
        return smtplib.SMTP_SSL(
            relay.host, relay.port, _our_name(), timeout=patience, context=ssl.create_default_context()
        )
    return smtplib.SMTP(relay.host, relay.port, _our_name(), timeout=patience)


def _refusal(error: Exception) -> Refusal | None:
    """What the relay said no to; None if it gave no such answer: it went away, or said what is neither yes nor no."""
    code, reply = -1, b""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        code, reply = error.smtp_code, said if isinstance(said, bytes) else said.encode()
    return Refusal(code, reply) if 400 <= code < 600 else None


def _down(relay: Relay, error: Exception) -> RelayDown:
    """Why nothing is handed over, as a sentence."""
    refusal = _refusal(error)
    if isinstance(error, smtplib.SMTPAuthenticationError) and refusal and refusal.permanent:
        return SignInRefused(f"The mail server {relay} does not accept our user name and password: {refusal}")
    if refusal:
        return RelayDown(f"The mail server {relay} takes no mail from us now: {refusal}")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return RelayDown(f"The certificate of the mail server {relay} does not hold: {why}.")
    why = str(getattr(error, "strerror", None) or error).rstrip(".")
    return RelayDown(f"The mail server {relay} does not answer: {why}.")
