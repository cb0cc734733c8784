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
import io
import queue
import re
import socket
import ssl
import threading
import time
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

PATIENCE = 8.0
"""Seconds for everything: lookups, redirects and answers together."""

PORTS = frozenset({80, 443})
MOST_REDIRECTS = 5
MOST_BYTES = 64 * 1024
MOST_ADDRESSES = 4
"""How many addresses of one host we try; all of them are judged."""

LONGEST_URL = 8000
AGENT = "newsroom (looks whether links answer)"

IPAddress = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]
"""From a host's name to its addresses; raises ``OSError`` if there are none."""

Judge = Callable[[IPAddress], bool]
"""Whether we may connect to an address."""

_NAT64 = IPv6Network("64:ff9b::/96")
_INTERNET = IPv6Network("2000::/3")
# What Python's is_global lets pass, in one version or another, though no web page of a stranger lives there.
_NOT_FOR_PAGES_4 = [IPv4Network(block) for block in ("192.0.0.0/24", "192.88.99.0/24")]
_NOT_FOR_PAGES_6 = [IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]

_NEVER = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_REDIRECTS = {301, 302, 303, 307, 308}
_MEANT_FOR_PROGRAMS = {401, 403, 405, 406, 429, 451, 503, 999}


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
            place = _next(place, answer.location)
    except _Stopped as stopped:
        return Reached(False, None, place, str(stopped))
    return Reached(False, status, place, f"redirects more than {MOST_REDIRECTS} times")


def addresses(host: str) -> list[str]:
    """The addresses of a host, as the system knows them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet, and so is every IPv4 address that travels inside it."""
    carried = _carried(address)
    if carried:
        return all(_is_public_4(inner) for inner in carried)
    return _is_public_4(address) if isinstance(address, IPv4Address) else _is_public_6(address)


@dataclass(frozen=True)
class _Place:
    """A web address taken apart, with nothing in it that could end a line of a request."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True)
class _Answer:
    """The head of an answer; ``location`` only where it redirects."""

    status: int
    location: str | None = None


class _Stopped(Exception):
    """The visit ends here, before an answer; the text says why."""


class _Unclear(_Stopped):
    """Somebody took the connection and did not answer as one should: another question may fare better."""


@dataclass(frozen=True)
class _Visitor:
    """Goes to places until its time is up."""

    until: float
    patience: float
    resolver: Resolver
    judge: Judge
    ports: Collection[int]
    trust: ssl.SSLContext | None

    def visit(self, url: str) -> _Answer:
        """Ask politely for the head only, then properly: many servers refuse HEAD, or answer it wrongly."""
        place = _place(url, self.ports)
        judged = self._judged(place.host)
        try:
            answer = self._asked("HEAD", place, judged)
        except _Unclear:
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
            raise _Stopped("does not exist: its host has no address we can read") from None
        if not found:
            raise _Stopped("does not exist: nobody knows its host")
        if not all(self.judge(address) for address in found):
            raise _Stopped("leads to an address inside a private network, which we do not visit")
        return found

    def _looked_up(self, host: str) -> Sequence[str]:
        """What the resolver says, in a thread of its own because the system's lookup knows no timeout."""
        if _is_literal(host):
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

    def _asked(self, method: str, place: _Place, judged: Sequence[IPAddress]) -> _Answer:
        with self._connected(place, judged) as sock:
            try:
                sock.settimeout(self._left())
                sock.sendall(_question(method, place))
                return _read(self._heads(sock))
            except TimeoutError:
                raise self._late() from None
            except OSError:
                raise _Unclear("does not answer") from None

    def _connected(self, place: _Place, judged: Sequence[IPAddress]) -> socket.socket:
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
        raise _Stopped("does not answer")

    def _secured(self, sock: socket.socket, host: str) -> socket.socket:
        try:
            sock.settimeout(self._left())
            return (self.trust or _trust()).wrap_socket(sock, server_hostname=host)
        except TimeoutError:
            raise self._late() from None
        except ssl.SSLCertVerificationError as error:
            raise _Stopped(_certificate(error, host)) from None
        except (OSError, ValueError):
            raise _Stopped("does not answer to https") from None
        finally:
            # Once wrapped, the plain socket is an empty shell; when the wrapping failed, it is ours to close.
            sock.close()

    def _heads(self, sock: socket.socket) -> Iterator[bytes]:
        """The heads of all answers that come, within our time and our measure of bytes."""
        read, start = bytearray(), 0
        while len(read) < MOST_BYTES:
            sock.settimeout(self._left())
            more = sock.recv(min(4096, MOST_BYTES - len(read)))
            if not more:
                return
            # An end may have begun in what came before; looking at more than that would take a dripping server's time twice.
            looked = max(start, len(read) - 3)
            read += more
            while end := _END_OF_HEAD.search(read, looked):
                yield bytes(read[start : end.end()])
                looked = start = end.end()

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> _Stopped:
        return _Stopped(f"does not answer within {self.patience:g} seconds")


def _place(url: str, ports: Collection[int]) -> _Place:
    """Take an address apart, or stop at anything that has no business in the address of a page."""
    if len(url) > LONGEST_URL or _NEVER.search(url):
        raise _Stopped("is no web address: it is too long, or has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _Stopped("is no web address") from None
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        raise _Stopped("is no web address: its host has no proper name")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _Stopped("is no web address: it must begin with http:// or https:// and name a host")
    if "@" in parts.netloc:
        raise _Stopped("carries a user name or password, which we do not send")
    port = {"http": 80, "https": 443}[parts.scheme] if port is None else port
    if port not in ports:
        raise _Stopped(f"names port {port}, where we do not look for pages")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        "?" + quote(parts.query, safe="/%?:@!$&'()*+,;=~[]") if parts.query else ""
    )
    return _Place(parts.scheme, _host(parts.hostname), port, target)


def _host(name: str) -> str:
    """The host in plain letters: an address as it is, a name as the lookup wants it (“xn--…”).

    Python's own codec follows the rules of 2003, under which “straße” is somebody else's “strasse”; browsers do not.
    """
    if _is_literal(name):
        return name
    folded = unicodedata.normalize("NFKC", name.lower()).replace("。", ".").lower().removesuffix(".")
    labels = [label if label.isascii() else "xn--" + _punycode(label) for label in folded.split(".")]
    host = ".".join(labels)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _Stopped("is no web address: its host has no proper name")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1 to some system, and a page's address to nobody.
    if _NUMBER.fullmatch(labels[-1]) and not _is_literal(host):
        raise _Stopped("is no web address: its host is a number")
    return host


def _punycode(label: str) -> str:
    if len(label) > 63:
        raise _Stopped("is no web address: its host has no proper name")
    try:
        return label.encode("punycode").decode("ascii")
    except UnicodeError:
        raise _Stopped("is no web address: its host has no proper name") from None


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return host.isascii()


def _carried(address: IPAddress) -> list[IPv4Address]:
    """The IPv4 addresses where a packet to this one may end: mapped, 6to4, Teredo (server and client), NAT64."""
    if isinstance(address, IPv4Address):
        return []
    if address.teredo:
        return list(address.teredo)
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    inner = address.ipv4_mapped or address.sixtofour
    return [inner] if inner else []


def _is_public_4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in block for block in _NOT_FOR_PAGES_4)
    )


def _is_public_6(address: IPv6Address) -> bool:
    return (
        address in _INTERNET
        and address.is_global
        and not address.scope_id
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in block for block in _NOT_FOR_PAGES_6)
    )


def _question(method: str, place: _Place) -> bytes:
    lines = (
        f"{method} {place.target} HTTP/1.1",
        f"Host: {place.authority}",
        f"User-Agent: {AGENT}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def _read(heads: Iterator[bytes]) -> _Answer:
    """The first answer that is final: those from 100 to 199 only say that more is to come."""
    for head in heads:
        line = _STATUS_LINE.match(head)
        if not line:
            break
        status = int(line[1])
        if status >= 200:
            return _Answer(status, _location(head[line.end() :]) if status in _REDIRECTS else None)
    raise _Unclear("answers, but not as a web page does")


def _location(headers: bytes) -> str:
    """Where a redirect leads; "" if it does not say."""
    try:
        said = http.client.parse_headers(io.BytesIO(headers)).get("Location", "")
    except http.client.HTTPException:
        raise _Unclear("answers, but not as a web page does") from None
    # Headers are read as Latin-1; addresses in them that are not plain are UTF-8, as in browsers.
    return str(said).encode("latin-1", "replace").decode("utf-8", "replace").strip(" \t")


def _told(place: str, answer: _Answer) -> Reached:
    if answer.status < 400:
        return Reached(True, answer.status, place, "answers")
    words = f"answers with {answer.status} {http.client.responses.get(answer.status, '')}".rstrip()
    return Reached(False, answer.status, place, words)


def _next(place: str, location: str) -> str:
    """Where a redirect leads; whether we go there is decided when we do."""
    if not location:
        raise _Stopped("redirects, but does not say where")
    try:
        # A header may run over several lines, and ``urljoin`` would silently glue them.
        if not _NEVER.search(location):
            return urljoin(place, location)
    except ValueError:
        pass
    raise _Stopped("redirects to something that is no web address")


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
