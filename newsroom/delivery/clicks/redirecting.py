"""``/c/<token>/<n>`` and ``/o/<token>.gif``: the addresses in a mail, answered before anything else is asked.

Nothing here needs a session, a form or a template, and a mail sends its readers all at once; so this stands in front of Django's
other middleware. It looks at the token and at a table in memory, and appends a footprint to the spool of its process.
"""

import re
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.encoding import iri_to_uri

from newsroom.delivery.clicks.footprints import PIXEL, Footprint, leads
from newsroom.delivery.clicks.spools import spool
from newsroom.lib.links import TOKEN_LENGTH, reader_token

__all__ = ["ONE_PIXEL", "follow_links"]

ONE_PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00"
    b"\x01\x00\x00\x02\x02D\x01\x00;"
)
"""43 bytes of transparent GIF."""
_OURS = re.compile(r"/(?:c/([^/]+)/([0-9]{1,4})|o/([^/]+)\.gif)")
_PRIVATE = {
    "Cache-Control": "no-store",  # or the next click would not reach us
    "Referrer-Policy": "no-referrer",  # what page a reader's mail is read on is nobody's business
    "X-Robots-Tag": "noindex",
}


def follow_links(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware. Every address below ``/c/`` and ``/o/`` is answered here; whatever we did not make ourselves is a 404."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(("/c/", "/o/")):
            return _answer(request)
        return get_response(request)

    return answer


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return _said(405, "Only GET and HEAD.", Allow="GET, HEAD")
    found = _OURS.fullmatch(request.path_info)
    token = reader_token(found[1] or found[3]) if found else None
    if found is None or token is None or len(found[1] or found[3]) != TOKEN_LENGTH:
        return _not_ours()
    try:
        table = leads(token.printing)
    except (OperationalError, InterfaceError):
        return _said(
            503,
            "This link cannot be looked up just now. Please try again in a minute.",
            **{"Retry-After": "30"},
        )
    number = int(found[2]) if found[2] else PIXEL
    if table is None or number >= len(table.links):
        return _not_ours()
    agent = request.META.get("HTTP_USER_AGENT", "")
    step = Footprint(token.printing, token.subscription, number, time.time(), request.method, agent)
    spool.append(step.line())
    if number == PIXEL:
        return _with(HttpResponse(ONE_PIXEL, content_type="image/gif"))
    return _with(HttpResponse(status=302, headers={"Location": iri_to_uri(table.links[number][0])}))


def _not_ours() -> HttpResponse:
    return _said(404, "There is no such link.")


def _said(status: int, words: str, **headers: str) -> HttpResponse:
    return _with(
        HttpResponse(words, status=status, content_type="text/plain; charset=utf-8", headers=headers)
    )


def _with(response: HttpResponse) -> HttpResponse:
    """With what Django's own middleware would have added."""
    response.headers["Content-Length"] = str(len(response.content))
    for name, value in _PRIVATE.items():
        response.headers[name] = value
    return response
