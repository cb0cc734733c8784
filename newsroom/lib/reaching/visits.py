"""Whether a web address that a stranger gave us can be reached, found out without becoming the stranger's hands.

A server that visits any address it is told can be sent into its own network. So we look up the host once, judge every address
it has, and connect to exactly the address that was judged: a second lookup might answer differently. Redirects are followed by
hand, because each of them is a stranger's word again.

We use the standard library's sockets and its parser of headers, but neither ``http.client``'s connection nor urllib3: both
count their timeout anew for every read, so a server that sends a byte a second could hold us for ever, and both would resolve
the name themselves. What stands in the head of an answer is all we need; the body is never asked for longer than that.
"""

import functools
import http.client
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address

from newsroom.lib.reaching.answers import Answer, Unclear, question, read
from newsroom.lib.reaching.networks import IPAddress, is_public
from newsroom.lib.reaching.places import Place, Stopped, is_literal, onward, taken_apart

__all__ = ["Reached", "reach"]

PATIENCE = 8.0
"""Seconds for everything: lookups, redirects and answers together."""

PORTS = frozenset({80, 443})
MOST_REDIRECTS = 5
MOST_BYTES = 64 * 1024
MOST_ADDRESSES = 4
"""How many addresses of one host we try; all of them are judged."""

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_MEANT_FOR_PROGRAMS = {401, 403, 405, 406, 429, 451, 503, 999}

Resolver = Callable[[str], Sequence[str]]
"""From a host's name to its addresses; raises ``OSError`` if there are none."""

Judge = Callable[[IPAddress], bool]
"""Whether we may connect to an address."""


@dataclass(frozen=True)
class Reached:
    """What a visit found. ``sentence`` is in plain words, to stand behind the address; ``final_url`` is where the visit ended."""

    ok: bool
    status: int | None
    final_url: str
    sentence: str

    @property
    def turned_away(self) -> bool:
        """Whether somebody is there but would not serve us: a reader with a browser may well be let in."""
        return self.status in _MEANT_FOR_PROGRAMS


def reach(
    url: str,
    *,
    timeout: float = PATIENCE,
    resolver: Resolver | None = None,
    judge: Judge | None = None,
    ports: Collection[int] = PORTS,
    trust: ssl.SSLContext | None = None,
) -> Reached:
    """Visit an address as far as its first real answer; whatever happens is told in words and never raised.

    ``resolver``, ``judge``, ``ports`` and ``trust`` are for tests, whose servers stand where no stranger may send us.
    """
    visitor = _Visitor(
        time.monotonic() + timeout,
        timeout,
        resolver or addresses,
        judge or is_public,
        ports,
        trust,
    )
    place, status = url.strip(), None
    try:
        for _ in range(MOST_REDIRECTS + 1):
            answer = visitor.visit(place)
            status = answer.status
            if answer.location is None:
                return _told(place, answer)
            place = onward(place, answer.location)
    except Stopped as stopped:
        return Reached(False, None, place, str(stopped))
    return Reached(False, status, place, f"redirects more than {MOST_REDIRECTS} times")


def addresses(host: str) -> list[str]:
    """The addresses of a host, as the system knows them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class _Visitor:
    """Goes to places until its time is up."""

    until: float
    patience: float
    resolver: Resolver
    judge: Judge
    ports: Collection[int]
    trust: ssl.SSLContext | None

    def visit(self, url: str) -> Answer:
        """Ask politely for the head only, then properly: many servers refuse HEAD, or answer it wrongly."""
        place = taken_apart(url, self.ports)
        judged = self._judged(place.host)
        try:
            answer = self._asked("HEAD", place, judged)
        except Unclear:
            return self._asked("GET", place, judged)
        # Whoever says that we ask too often should not be asked once more.
        if answer.status < 400 or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return answer
        return self._asked("GET", place, judged)

    def _judged(self, host: str) -> list[IPAddress]:
        """The addresses of a host, all of them fit to visit: one bad address spoils the rest."""
        try:
            found = [ip_address(text) for text in self._looked_up(host)]
        except ValueError:
            raise Stopped("does not exist: its host has no address we can read") from None
        if not found:
            raise Stopped("does not exist: nobody knows its host")
        if not all(self.judge(address) for address in found):
            raise Stopped("leads to an address inside a private network, which we do not visit")
        return found

    def _looked_up(self, host: str) -> Sequence[str]:
        """What the resolver says, in a thread of its own because the system's lookup knows no timeout."""
        if is_literal(host):
            return [host]
        said: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                said.put(self.resolver(host))
            except (OSError, UnicodeError):
                said.put([])

        threading.Thread(target=look_up, daemon=True).start()
        try:
            return said.get(timeout=self._left())
        except queue.Empty:
            raise self._late() from None

    def _asked(self, method: str, place: Place, judged: Sequence[IPAddress]) -> Answer:
        with self._connected(place, judged) as sock:
            try:
                sock.settimeout(self._left())
                sock.sendall(question(method, place))
                return read(self._heads(sock))
            except TimeoutError:
                raise self._late() from None
            except OSError:
                raise Unclear("does not answer") from None

    def _connected(self, place: Place, judged: Sequence[IPAddress]) -> socket.socket:
        """A connection to the first address that takes one; each gets its share of the time that is left."""
        tried = judged[:MOST_ADDRESSES]
        for number, address in enumerate(tried):
            try:
                # The text of a judged address, never a name: nothing is looked up from here on.
                sock = socket.create_connection(
                    (str(address), place.port), self._left() / (len(tried) - number)
                )
            except OSError:
                continue
            return self._secured(sock, place.host) if place.scheme == "https" else sock
        raise Stopped("does not answer")

    def _secured(self, sock: socket.socket, host: str) -> socket.socket:
        try:
            sock.settimeout(self._left())
            return (self.trust or _trust()).wrap_socket(sock, server_hostname=host)
        except TimeoutError:
            raise self._late() from None
        except ssl.SSLCertVerificationError as error:
            raise Stopped(_certificate(error, host)) from None
        except (OSError, ValueError):
            raise Stopped("does not answer to https") from None
        finally:
            # Once wrapped, the plain socket is an empty shell; when the wrapping failed, it is ours to close.
            sock.close()

    def _heads(self, sock: socket.socket) -> Iterator[bytes]:
        """The heads of all answers that come, within our time and our measure of bytes."""
        heard, start = bytearray(), 0
        while len(heard) < MOST_BYTES:
            sock.settimeout(self._left())
            more = sock.recv(min(4096, MOST_BYTES - len(heard)))
            if not more:
                return
            # An end may have begun in what came before; looking at more than that would take a dripping server's time twice.
            looked = max(start, len(heard) - 3)
            heard += more
            while end := _END_OF_HEAD.search(heard, looked):
                yield bytes(heard[start : end.end()])
                looked = start = end.end()

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> Stopped:
        return Stopped(f"does not answer within {self.patience:g} seconds")


def _told(place: str, answer: Answer) -> Reached:
    if answer.status < 400:
        return Reached(True, answer.status, place, "answers")
    words = f"answers with {answer.status} {http.client.responses.get(answer.status, '')}".rstrip()
    return Reached(False, answer.status, place, words)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom the system trusts; reading that takes longer than many an answer."""
    return ssl.create_default_context()


def _certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    """What is wrong with a certificate, in words (OpenSSL's X509_V_ERR numbers)."""
    if error.verify_code == 10:
        return "its certificate has expired"
    if error.verify_code in (62, 64):
        return f"its certificate is not valid for {host}"
    return "its certificate is signed by nobody we trust"
