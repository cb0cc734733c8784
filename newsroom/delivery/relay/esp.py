"""Handing messages to a provider by HTTP, one call for each, in the place of the relay.

The interface is that of ``smtp`` and ``exchange``, and so is what the journal says: from the beginning of a call a message is in
doubt, until the provider has said yes or no. A call without an answer stays so and ends the shift; when the provider is ill, no
more messages are in doubt than calls were under way.
"""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.core.mail import get_connection
from urllib3.exceptions import NewConnectionError

from newsroom.delivery.relay.conversation import Letterbox, Reply
from newsroom.delivery.relay.smtp import InDoubt, Refusal, RelayDown
from newsroom.lib.links import TOKEN_LENGTH
from newsroom.lib.providers import Provider

__all__ = ["CALLS", "READER", "Connection", "Exchange", "as_message"]

CALLS = 8
"""Calls under way at a time."""
READER = "reader"
"""The name under which a message carries its token, and the provider's webhooks give it back."""
IDLE = 0.05
NOT_NOW = (408, 425, 429, 503)
CLOSED = (401, 402, 403)
_TOKEN = re.compile(rf"<\d+\.([\w-]{{{TOKEN_LENGTH}}})@")
_OWN = frozenset(
    "from to subject reply-to date mime-version content-type content-transfer-encoding message-id".split()
)
"""Headers that an API takes by other names, or makes itself."""


def as_message(content: bytes, provider: Provider) -> AnymailMessage:
    """A message of ours as anymail takes it: same words, same headers, and the reader's token beside them."""
    read = message_from_bytes(content, policy=default)
    text, page = read.get_body(("plain",)), read.get_body(("html",))
    message = AnymailMessage(
        subject=str(read["Subject"]), body=_words(text), from_email=str(read["From"]), to=[str(read["To"])],
        reply_to=[str(read["Reply-To"])] if read["Reply-To"] else None,
        headers={name: str(value) for name, value in read.items() if name.lower() not in _OWN},
    )  # fmt: skip
    if page is not None:
        message.attach_alternative(_words(page), "text/html")
    number = str(read["Message-ID"] or "")
    if provider.message_id and number:
        message.extra_headers["Message-ID"] = number
        if provider.name == "Postmark":
            message.extra_headers["X-PM-KeepID"] = "true"
    if token := _TOKEN.match(number):
        if provider.metadata:
            message.metadata = {READER: token[1]}
        else:
            message.tags = [token[1]]
    if provider.unrewritten:
        message.track_clicks = message.track_opens = False
    return message


def _words(part: Any) -> str:
    return part.get_content().replace("\r\n", "\n") if isinstance(part, EmailMessage) else ""


class Connection:
    """``smtp.Connection`` to a provider: one HTTP connection, kept open; ``patience`` is in seconds, for each answer."""

    def __init__(self, provider: Provider, *, patience: float = 30.0) -> None:
        self.provider = provider
        self._backend = get_connection(provider.backend, timeout=patience)
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Nothing is asked of the provider before there is a message."""
        if not self._open:
            self._backend.open()
            self._open = True

    def hand_over(self, sender: str, recipient: str, message: bytes) -> str:
        """Give one message to the provider; returns its answer. Raises ``RelayDown``, ``Refusal`` or ``InDoubt``."""
        self.open()
        ready = as_message(message, self.provider)
        try:
            self._backend.send_messages([ready])
        except AnymailRecipientsRefused as error:
            raise Refusal(550, b"The recipient is refused.") from error
        except AnymailError as error:
            raise self._told(error) from error
        return f"{self.provider.name} {ready.anymail_status.message_id or ''}".strip()

    def _told(self, error: AnymailError) -> Refusal | InDoubt | RelayDown:
        """What an error says of the message: no, perhaps, or that nothing was handed over."""
        name, status = self.provider.name, error.status_code
        words = " ".join(str(error).split())[:200]
        if status in CLOSED:
            return RelayDown(f"{name} does not take mail from us ({status}): {words}")
        if status in NOT_NOW:
            return Refusal(421, words.encode())
        if status is not None and 400 <= status < 500:
            return Refusal(550, words.encode())
        if status is None and not isinstance(error, requests.RequestException):
            # It cannot be said in terms of this provider; nothing was called.
            return Refusal(550, words.encode())
        if _never_left(error):
            return RelayDown(f"{name} cannot be reached: {words}")
        return InDoubt(f"{name} had the message and gave no answer that tells what it did: {words}")

    def close(self) -> None:
        if self._open:
            self._backend.close()
            self._open = False


def _never_left(error: Exception) -> bool:
    """Whether there was no connection to send it over."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause: Any = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(reason, NewConnectionError)


class Exchange:
    """``exchange.Exchange`` for a provider: ``run`` gives it everything in the letterbox, in up to ``calls`` calls at a time.

    The letterbox is touched by one thread only. Raises ``RelayDown`` when the provider is away or does not answer.
    """

    def __init__(
        self,
        provider: Provider,
        letterbox: Letterbox[Any],
        *,
        tend: Callable[[], None],
        tend_every: float = 0.5,
        calls: int = CALLS,
    ) -> None:
        self.provider, self.letterbox, self.calls = provider, letterbox, calls
        self.tend, self.tend_every = tend, tend_every
        self._under_way: dict[Future[str], Any] = {}
        self._ill: RelayDown | None = None
        self._own = threading.local()
        self._connections: list[Connection] = []

    def run(self) -> None:
        """Until the letterbox is closed and the last answer has come."""
        with ThreadPoolExecutor(self.calls, thread_name_prefix="provider") as callers:
            try:
                self._run(callers)
            finally:
                while self._under_way:
                    self._hear(None)
                for each in self._connections:
                    each.close()

    def _run(self, callers: ThreadPoolExecutor) -> None:
        tended = 0.0
        while True:
            if time.monotonic() - tended >= self.tend_every:
                tended = time.monotonic()
                self.tend()
            if self._ill is None:
                self._call(callers)
            if self._under_way:
                self._hear(IDLE)
            elif self._ill is not None:
                raise self._ill
            elif self.letterbox.closed:
                return
            else:
                time.sleep(IDLE)

    def _call(self, callers: ThreadPoolExecutor) -> None:
        while len(self._under_way) < self.calls and (parcel := self.letterbox.take()) is not None:
            self.letterbox.handing_over(parcel)
            self._under_way[callers.submit(self._hand_over, parcel)] = parcel

    def _hand_over(self, parcel: Any) -> str:
        """In a thread of its own, with a connection of its own."""
        if not hasattr(self._own, "connection"):
            self._own.connection = Connection(self.provider)
            self._connections.append(self._own.connection)
        connection: Connection = self._own.connection
        return connection.hand_over(parcel.sender.decode(), parcel.recipient.decode(), parcel.body())

    def _hear(self, seconds: float | None) -> None:
        """Wait for answers and tell the letterbox."""
        answered, _ = wait(self._under_way, timeout=seconds, return_when=FIRST_COMPLETED)
        for call in answered:
            self._settle(self._under_way.pop(call), call)

    def _settle(self, parcel: Any, call: Future[str]) -> None:
        try:
            self.letterbox.accepted(parcel, Reply(250, call.result()))
        except Refusal as refusal:
            self._refused(parcel, refusal)
        except InDoubt as doubt:
            self._ill = RelayDown(str(doubt))
            self.letterbox.doubted(parcel, str(doubt))
        except RelayDown as down:
            self._ill = down
            self.letterbox.put_back(parcel)

    def _refused(self, parcel: Any, refusal: Refusal) -> None:
        code, _, words = str(refusal).partition(" ")
        if refusal.permanent:
            self.letterbox.refused(parcel, Reply(int(code), words))
        else:  # about all of us: it asks us to go slower
            self.letterbox.put_back(parcel)
            self.letterbox.unwelcome(Reply(int(code), words))
