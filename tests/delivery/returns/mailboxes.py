"""Mailboxes on loopback that speak just enough IMAP and POP3."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from newsroom.lib.mailbox import Mailbox


@dataclass
class Box:
    """The mails in a mailbox by number, and their flags."""

    mails: dict[int, bytes]
    flags: dict[int, set[str]] = field(default_factory=dict)
    password: str = "secret"

    def has(self, number: int, flag: str) -> bool:
        return flag in self.flags.get(number, set())


class _Imap(socketserver.StreamRequestHandler):
    box: Box

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, words = line.decode().strip().partition(" ")
            for said in self._answers(words):
                self.wfile.write(said)
            ok = b"NO" if words.startswith("LOGIN") and self.box.password not in words else b"OK"
            self.wfile.write(f"{tag} {ok.decode()} done\r\n".encode())
            if words == "LOGOUT":
                return

    def _answers(self, words: str) -> Iterator[bytes]:
        box = self.box
        if words == "CAPABILITY":
            yield b"* CAPABILITY IMAP4rev1\r\n"
        elif words.startswith("SELECT"):
            yield f"* {len(box.mails)} EXISTS\r\n".encode()
        elif words.startswith("UID SEARCH"):
            left = [n for n in box.mails if not box.has(n, "\\Deleted") and not box.has(n, "\\Flagged")]
            yield f"* SEARCH {' '.join(map(str, left))}\r\n".encode()
        elif found := re.match(r"UID FETCH (\d+)", words):
            mail = box.mails[int(found[1])]
            yield (
                f"* {found[1]} FETCH (UID {found[1]} BODY[]<0> {{{len(mail)}}}\r\n".encode() + mail + b")\r\n"
            )
        elif found := re.match(r"UID STORE (\d+) \+FLAGS.SILENT \((.+)\)", words):
            box.flags.setdefault(int(found[1]), set()).add(found[2])
        elif words == "EXPUNGE":
            for number in [n for n in box.mails if box.has(n, "\\Deleted")]:
                del box.mails[number]


class _Pop(socketserver.StreamRequestHandler):
    box: Box

    def handle(self) -> None:
        self.wfile.write(b"+OK ready\r\n")
        gone: set[int] = set()
        for line in self.rfile:
            command, _, word = line.decode().strip().partition(" ")
            self.wfile.write(self._answer(command.upper(), word, gone))
            if command.upper() == "QUIT":
                for number in gone:
                    del self.box.mails[number]
                return

    def _answer(self, command: str, word: str, gone: set[int]) -> bytes:
        box = self.box
        if command == "PASS" and word != box.password:
            return b"-ERR wrong\r\n"
        if command in ("LIST", "UIDL"):
            lines = [
                f"{n} {len(mail) if command == 'LIST' else f'name-{n}'}" for n, mail in box.mails.items()
            ]
            return "\r\n".join(["+OK", *lines, ".", ""]).encode()
        if command == "RETR":
            return b"+OK\r\n" + box.mails[int(word)].replace(b"\n.", b"\n..") + b"\r\n.\r\n"
        if command == "DELE":
            gone.add(int(word))
        return b"+OK\r\n"


@contextmanager
def mailbox(box: Box, protocol: str, *, password: str = "secret") -> Iterator[Mailbox]:
    """A server for the box, and how to reach it."""
    handler = type("Session", (_Imap if protocol == "imap" else _Pop,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            host, port = server.server_address[:2]
            yield Mailbox(protocol, str(host), port, "bounces", password, tls="none")
        finally:
            server.shutdown()
            thread.join()
