"""Many connections to the relay at once, in one thread: each has its conversation, and this moves the bytes.

Connections are opened by the standard library's SMTP client, which knows greetings, STARTTLS and AUTH; once that is done the
socket is ours.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from newsroom.delivery.relay.conversation import Dropped, Letterbox, Reply, Talk, Words, converse
from newsroom.delivery.relay.smtp import Opened, RelayDown, opened
from newsroom.lib.relay import Relay

__all__ = ["Exchange"]

PATIENCE = 120.0
"""Seconds without an answer after which a connection counts as gone."""
IDLE = 0.02
"""Seconds between two looks at whether there is something to say again."""
RECONNECT_AFTER = 1.0
AT_ONCE = 4096
"""Bytes read at a time: replies are short."""
ENDLESS = 65536
"""Bytes without a line end that no reply has."""


@dataclass
class Line:
    """One connection: what is still to be written, and the replies that are awaited."""

    sock: socket.socket
    talk: Talk
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    awaited: int = 0
    replies: list[Reply] = field(default_factory=list)
    unread: bytes = b""
    text: list[str] = field(default_factory=list)
    heard: float = 0.0

    def say(self, words: Words) -> bool:
        """Write what the socket takes; False if something is left. TLS has no way to write pieces."""
        if isinstance(self.sock, ssl.SSLSocket):
            self.unsent = memoryview(b"".join(words))
            return self.go_on()
        try:
            written = self.sock.sendmsg(words)
        except BlockingIOError:
            written = 0
        if written == sum(map(len, words)):
            return True
        self.unsent = memoryview(b"".join(words))[written:]
        return self.go_on()

    def go_on(self) -> bool:
        """Write what is left of it; False if something still is."""
        while self.unsent:
            try:
                written = self.sock.send(self.unsent)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            self.unsent = self.unsent[written:]
        return True

    def hear(self) -> None:
        """Read what is there; whole replies are added to ``replies``. Raises ``Dropped`` at the end of the connection."""
        while True:
            try:
                some = self.sock.recv(AT_ONCE)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not some:
                raise Dropped("The mail server closed the connection", self.replies)
            self._understand(some)
            if len(some) < AT_ONCE and not isinstance(self.sock, ssl.SSLSocket):
                return

    def _understand(self, some: bytes) -> None:
        *lines, self.unread = (self.unread + some).split(b"\r\n")
        if len(self.unread) > ENDLESS:
            raise Dropped("The mail server answers without end", self.replies)
        for line in lines:
            if line[3:4] == b"-":
                self.text.append(line[4:].decode(errors="replace"))
                continue
            reply = _reply(line)
            if self.text:
                reply = Reply(reply.code, " ".join([*self.text, reply.text]))
                self.text = []
            self.replies.append(reply)


@lru_cache(maxsize=256)
def _reply(line: bytes) -> Reply:
    """A whole reply, or the last line of one; most say the same each time."""
    return Reply(int(line[:3]) if line[:3].isdigit() else 0, line[4:].decode(errors="replace"))


class Exchange:
    """``run`` gives everything in the letterbox to the relay over up to ``connections`` lines.

    ``tend`` is called every ``tend_every`` seconds, for what has to be done beside. Raises ``RelayDown`` if there is no line and
    none can be opened.
    """

    def __init__(
        self,
        relay: Relay,
        letterbox: Letterbox[Any],
        *,
        connections: int,
        tend: Callable[[], None],
        tend_every: float = 0.5,
    ) -> None:
        self.relay, self.letterbox, self.connections = relay, letterbox, connections
        self.tend, self.tend_every = tend, tend_every
        self._selector = selectors.DefaultSelector()
        self._idle: list[Line] = []
        self._speaking: list[tuple[Line, Words]] = []
        self._lines = 0
        self._opening: set[Future[Opened]] = set()
        self._broken: RelayDown | None = None
        self._next_try = 0.0

    def run(self) -> None:
        """Until the letterbox is closed and the last reply has come."""
        with ThreadPoolExecutor(min(self.connections, 8), thread_name_prefix="relay") as openers:
            try:
                self._run(openers)
            finally:
                self._hang_up()

    def _run(self, openers: ThreadPoolExecutor) -> None:
        tended = looked = 0.0
        while True:
            now = time.monotonic()
            if now - tended >= self.tend_every:
                tended = now
                self.tend()
                self._check_patience(now)
            self._open_more(openers, now)
            if not self._lines and not self._opening and self.letterbox.closed:
                return
            if self._idle and now - looked >= IDLE:
                looked = now
                self._wake()
            self._speak()
            for key, events in self._selector.select(IDLE if self._idle or self._opening else 0.2):
                self._serve(key.data, events)

    def _open_more(self, openers: ThreadPoolExecutor, now: float) -> None:
        for future in [each for each in self._opening if each.done()]:
            self._opening.remove(future)
            try:
                self._begin(future.result())
            except RelayDown as error:
                self._broken, self._next_try = error, now + RECONNECT_AFTER
        useful = (
            0 if self.letterbox.closed else min(self.connections, self.letterbox.backlog + self._lines or 1)
        )
        wanted = useful - self._lines - len(self._opening)
        if self._broken and not self._lines and not self._opening:
            raise self._broken
        if wanted > 0 and now >= self._next_try:
            self._broken = None
            self._opening |= {openers.submit(opened, self.relay) for _ in range(wanted)}

    def _begin(self, connection: Opened) -> None:
        connection.sock.setblocking(False)
        line = Line(connection.sock, converse(self.letterbox, pipelining=connection.pipelining))
        self._lines += 1
        self._selector.register(line.sock, selectors.EVENT_READ, line)
        self._advance(line, None)

    def _serve(self, line: Line, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE and line.go_on():
                self._selector.modify(line.sock, selectors.EVENT_READ, line)
            if events & selectors.EVENT_READ:
                line.hear()
        except (Dropped, OSError) as error:
            self._drop(line, error)
            return
        if line.awaited and len(line.replies) >= line.awaited:
            self._advance(line, line.replies)

    def _advance(self, line: Line, replies: list[Reply] | None) -> None:
        """Let the conversation go on; what it wants said is said together with the others."""
        if replies:
            replies, line.replies = replies[: line.awaited], replies[line.awaited :]
        try:
            words, line.awaited = next(line.talk) if replies is None else line.talk.send(replies)
        except StopIteration:
            self._close(line)
            return
        except Dropped:
            self._close(line)
            self._next_try = max(self._next_try, time.monotonic() + RECONNECT_AFTER)
            return
        line.heard = time.monotonic()
        if words:
            self._speaking.append((line, words))
        else:
            self._idle.append(line)

    def _speak(self) -> None:
        """Say what all conversations want said, in one go: a relay that is called once for ten messages sleeps less in between,
        and to wake it up costs us as much as a third of a message."""
        speaking, self._speaking = self._speaking, []
        for line, words in speaking:
            try:
                if not line.say(words):
                    self._selector.modify(line.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, line)
            except OSError as error:
                self._drop(line, error)
                continue
            if not line.awaited:  # it said goodbye
                self._advance(line, [])

    def _wake(self) -> None:
        """Ask those who had nothing to say whether they have now."""
        idle, self._idle = self._idle, []
        for line in idle:
            self._advance(line, [])

    def _drop(self, line: Line, error: Exception) -> None:
        why = (
            error.why
            if isinstance(error, Dropped)
            else f"The connection to the mail server broke ({_told(error)})"
        )
        if line in self._idle:
            self._idle.remove(line)
        with suppress(Dropped, StopIteration):
            line.talk.throw(Dropped(why, line.replies))
        self._close(line)
        self._next_try = max(self._next_try, time.monotonic() + RECONNECT_AFTER)

    def _check_patience(self, now: float) -> None:
        waiting = [key.data for key in self._selector.get_map().values()]
        for line in waiting:
            if line.awaited and now - line.heard > PATIENCE:
                self._drop(
                    line, Dropped(f"The mail server did not answer within {PATIENCE:g} seconds", line.replies)
                )

    def _close(self, line: Line) -> None:
        self._selector.unregister(line.sock)
        line.sock.close()
        self._lines -= 1

    def _hang_up(self) -> None:
        """Whatever ends the run, no parcel is left without an answer."""
        for key in list(self._selector.get_map().values()):
            self._drop(key.data, Dropped("We closed the connection", key.data.replies))
        for future in self._opening:
            if not future.cancel() and future.done() and not future.exception():
                future.result().sock.close()
        self._selector.close()


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
