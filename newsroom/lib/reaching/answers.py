"""What is asked of a web server, and the head of what it answers."""

import http.client
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsroom.lib.reaching.places import Place, Stopped

__all__ = ["Answer", "Unclear", "question", "read"]

AGENT = "newsroom (looks whether links answer)"
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_REDIRECTS = {301, 302, 303, 307, 308}


class Unclear(Stopped):
    """Somebody took the connection and did not answer as one should: another question may fare better."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer; ``location`` only where it redirects."""

    status: int
    location: str | None = None


def question(method: str, place: Place) -> bytes:
    lines = (
        f"{method} {place.target} HTTP/1.1",
        f"Host: {place.authority}",
        f"User-Agent: {AGENT}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


def read(heads: Iterator[bytes]) -> Answer:
    """The first answer that is final: those from 100 to 199 only say that more is to come."""
    for head in heads:
        line = _STATUS_LINE.match(head)
        if not line:
            break
        status = int(line[1])
        if status >= 200:
            return Answer(status, _location(head[line.end() :]) if status in _REDIRECTS else None)
    raise Unclear("answers, but not as a web page does")


def _location(headers: bytes) -> str:
    """Where a redirect leads; "" if it does not say."""
    try:
        said = http.client.parse_headers(io.BytesIO(headers)).get("Location", "")
    except http.client.HTTPException:
        raise Unclear("answers, but not as a web page does") from None
    # Headers are read as Latin-1; addresses in them that are not plain are UTF-8, as in browsers.
    return str(said).encode("latin-1", "replace").decode("utf-8", "replace").strip(" \t")
