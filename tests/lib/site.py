"""Web servers for tests: one that says exactly the bytes it is told, on a loopback port."""

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import socket

import trustme

Says = Callable[[str, str, socket], None]
"""Answers a method and a target on a connection."""

AUTHORITY = trustme.CA()
"""Made anew for each run; nobody else trusts it."""


@dataclass
class Site:
    """``asked`` are the questions so far, heads and all."""

    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        return [question.split(" ", 1)[0] for question in self.asked]

    def url(self, path: str = "/", *, host: str = "site.example", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def site(says: Says, *, tls: bool = False) -> Iterator[Site]:
    """A server for the time of a test."""
    found = Site()

    class Dialogue(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                head = _head(self.request)
                if head:
                    found.asked.append(head)
                    method, target, _ = head.split(" ", 2)
                    says(method, target, self.request)
            except OSError:
                pass  # the visitor went away, as it may

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def get_request(self):
            sock, address = super().get_request()
            return (context.wrap_socket(sock, server_side=True) if context else sock), address

    context = _context() if tls else None
    with Server(("127.0.0.1", 0), Dialogue) as server:
        found.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield found
        finally:
            server.shutdown()


def saying(status: str, *headers: str, body: bytes = b"") -> Says:
    """Always the same answer."""

    def says(method: str, target: str, sock: socket) -> None:
        sock.sendall("".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *headers, "")).encode() + body)

    return says


def trust() -> ssl.SSLContext:
    """Trusts our authority, besides those that everybody trusts."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("site.example").configure_cert(context)
    return context


def _head(sock: socket) -> str:
    """The question; "" if somebody speaks TLS to a server that does not."""
    read = b""
    while b"\r\n\r\n" not in read and (more := sock.recv(4096)):
        read += more
        if read.startswith(b"\x16"):
            return ""
    return read.decode("latin-1")
