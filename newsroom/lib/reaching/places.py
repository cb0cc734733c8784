"""Web addresses that strangers give us, taken apart: what may be asked for, and what has no business in one."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urljoin, urlsplit

__all__ = ["Place", "Stopped", "is_literal", "onward", "taken_apart"]

LONGEST_URL = 8000
_NEVER = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Stopped(Exception):
    """The visit ends here, before an answer; the text says why."""


@dataclass(frozen=True)
class Place:
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


def taken_apart(url: str, ports: Collection[int]) -> Place:
    """The address taken apart. Raises ``Stopped`` at anything that has no business in the address of a page."""
    if len(url) > LONGEST_URL or _NEVER.search(url):
        raise Stopped("is no web address: it is too long, or has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Stopped("is no web address") from None
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        raise Stopped("is no web address: its host has no proper name")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Stopped("is no web address: it must begin with http:// or https:// and name a host")
    if "@" in parts.netloc:
        raise Stopped("carries a user name or password, which we do not send")
    port = {"http": 80, "https": 443}[parts.scheme] if port is None else port
    if port not in ports:
        raise Stopped(f"names port {port}, where we do not look for pages")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        "?" + quote(parts.query, safe="/%?:@!$&'()*+,;=~[]") if parts.query else ""
    )
    return Place(parts.scheme, _host(parts.hostname), port, target)


def _host(name: str) -> str:
    """The host in plain letters: an address as it is, a name as the lookup wants it (“xn--…”).

    Python's own codec follows the rules of 2003, under which “straße” is somebody else's “strasse”; browsers do not.
    """
    if is_literal(name):
        return name
    folded = unicodedata.normalize("NFKC", name.lower()).replace("。", ".").lower().removesuffix(".")
    labels = [label if label.isascii() else "xn--" + _punycode(label) for label in folded.split(".")]
    host = ".".join(labels)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Stopped("is no web address: its host has no proper name")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1 to some system, and a page's address to nobody.
    if _NUMBER.fullmatch(labels[-1]) and not is_literal(host):
        raise Stopped("is no web address: its host is a number")
    return host


def _punycode(label: str) -> str:
    if len(label) > 63:
        raise Stopped("is no web address: its host has no proper name")
    try:
        return label.encode("punycode").decode("ascii")
    except UnicodeError:
        raise Stopped("is no web address: its host has no proper name") from None


def is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return host.isascii()


def onward(place: str, location: str) -> str:
    """Where a redirect leads; whether we go there is decided when we do."""
    if not location:
        raise Stopped("redirects, but does not say where")
    try:
        # A header may run over several lines, and ``urljoin`` would silently glue them.
        if not _NEVER.search(location):
            return urljoin(place, location)
    except ValueError:
        pass
    raise Stopped("redirects to something that is no web address")
