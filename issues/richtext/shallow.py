"""Keeping the HTML parser's work linear.

The HTML standard looks through all open elements at many a tag: 40,000 nested lists keep a conforming parser busy for
eight seconds, and unclosed formatting multiplies. Nobody writes that way, so a page with very many tags is rewritten
first with every tag balanced, at most ``DEPTH`` deep, and only the attributes we read. Safety does not depend on it:
the real parser and the allow-list follow.
"""

import re
from html import escape, unescape

TAGS = 1000
"""Pages with fewer tags go to the parser as they are."""
DEPTH = 40

_TAG = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:-]*)([^<>]*)|[!?][^<>]*)>")
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])(href|style|src|alt)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_CLOSES_ITS_LIKE = frozenset("dd dt li option p td th tr".split())


def shallow(html: str) -> str:
    """``html``, or an equal page that is shallow and balanced if it has very many tags; linear in its length."""
    return _rewritten(_without_comments(html)) if html.count("<") > TAGS else html


def _without_comments(html: str) -> str:
    first, *rest = html.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)


def _rewritten(html: str) -> str:
    out: list[str] = []
    standing: list[str] = []
    at = 0
    for tag in _TAG.finditer(html):
        out.append(html[at : tag.start()].replace("<", "&lt;"))
        at = tag.end()
        if tag[2] is None:
            continue
        name = tag[2].lower()
        if tag[1]:
            _close(name, standing, out)
        else:
            _open(name, tag[3], standing, out)
    out.append(html[at:].replace("<", "&lt;"))
    out += [f"</{name}>" for name in reversed(standing)]
    return "".join(out)


def _open(name: str, attributes: str, standing: list[str], out: list[str]) -> None:
    if name in _CLOSES_ITS_LIKE and standing and standing[-1] == name:
        _close(name, standing, out)
    if name in _VOID:
        out.append(f"<{name}{_kept(attributes)}>")
    elif len(standing) < DEPTH:
        standing.append(name)
        out.append(f"<{name}{_kept(attributes)}>")


def _close(name: str, standing: list[str], out: list[str]) -> None:
    if name in standing:
        while standing[-1] != name:
            out.append(f"</{standing.pop()}>")
        out.append(f"</{standing.pop()}>")


def _kept(attributes: str) -> str:
    found = ((name.lower(), unescape(value.strip("\"'"))) for name, value in _ATTRIBUTE.findall(attributes))
    return "".join(f' {name}="{escape(value)}"' for name, value in found)
