"""Relays for tests: real SMTP servers on a loopback port, one that takes everything and some that misbehave."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from newsroom.lib.relay import Relay

Answer = Callable[[str], bytes | None]
"""What to say to a command line, instead of the usual; None closes the connection without a word."""


@dataclass
class FakeRelay:
    """Speaks just enough SMTP. ``taken`` are (recipient, message); ``answers`` override by the command's first word."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    connections: int = 0
    relay: Relay = field(default_factory=lambda: Relay("127.0.0.1", 0))

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]


class _Dialogue(socketserver.StreamRequestHandler):
    fake: FakeRelay

    def handle(self) -> None:
        self.fake.connections += 1
        self.wfile.write(b"220 test\r\n")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            recipient = line.partition(":")[2].strip("<> ") if word == "RCPT" else recipient
            answer = self._answer(word, line)
            if answer is None:
                return
            self.wfile.write(answer)
            if word == "DATA" and answer.startswith(b"354"):
                message = self._message()
                final = self._answer("DOT", recipient)
                if final is None:
                    return
                if final.startswith(b"250"):
                    self.fake.taken.append((recipient, message))
                self.wfile.write(final)

    def _answer(self, word: str, line: str) -> bytes | None:
        special = self.fake.answers.get(word)
        usual = {"EHLO": b"250 test\r\n", "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}.get(
            word, b"250 OK\r\n"
        )
        return special(line) if special else usual

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


@contextmanager
def fake_relay(**answers: Answer) -> Iterator[FakeRelay]:
    """A relay for the time of a test."""
    fake = FakeRelay(answers={word.upper(): answer for word, answer in answers.items()})
    handler = type("Dialogue", (_Dialogue,), {"fake": fake})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        fake.relay = Relay("127.0.0.1", server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield fake
        finally:
            server.shutdown()


def dead_relay() -> Relay:
    """An address where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return Relay("127.0.0.1", sock.getsockname()[1])
