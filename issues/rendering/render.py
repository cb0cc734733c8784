"""``render(snapshot)``: subject, preheader, HTML mail, plain text and web page of one issue."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from html import unescape
from typing import Any

import css_inline
from django.template import Context, Template, engines
from django.template.backends.django import DjangoTemplates
from django.utils.html import strip_tags

from issues import richtext
from issues.rendering import slots
from issues.rendering.typesetting import Notes, tidy
from issues.snapshot import Block, Snapshot
from newsroom.lib.text import listed, minutes_to_read, one_line

PREHEADER_AT_MOST = 140
HREF = re.compile(r'href="(https?://[^"]+)"')
"""A link of an HTML mail that leads out, also within conditional comments."""


@dataclass(frozen=True)
class Piece:
    """One block that readers see. ``runs`` names what a kind ran in it (facts of that name), such as a sponsor's insertion;
    only then are its own renderings kept. ``links`` are the addresses that its mail leads to, in order."""

    uid: str
    kind: str
    gist: str
    runs: str = ""
    web: str = ""
    text: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rendered:
    """One issue as readers get it. ``html`` is a whole document, ``web`` the content of an ``<article>``, ``pieces`` its
    blocks one by one."""

    subject: str
    preheader: str
    html: str
    text: str
    web: str
    minutes: int
    pieces: tuple["Piece", ...] = ()

    @property
    def seal(self) -> str:
        """SHA-256 over all renderings, in hex."""
        parts = (self.subject, self.preheader, self.html, self.text, self.web)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def render(snapshot: Snapshot) -> Rendered:
    """Render an issue. The same snapshot always gives the same bytes."""
    text = render_text(snapshot)
    return Rendered(
        subject=one_line(snapshot.subject),
        preheader=preheader(snapshot),
        html=render_html(snapshot),
        text=text,
        web=render_web(snapshot),
        minutes=minutes_to_read(len(text.split())),
        pieces=tuple(_pieces(snapshot)),
    )


MARK = ' data-block="{}"'


@dataclass(frozen=True)
class Cell:
    """One block in the frame of the mail, named by ``uid`` where somebody has to find it again."""

    html: str
    uid: str = ""


@dataclass(frozen=True)
class Marked:
    """The HTML mail with ``data-block`` at each block, and the size in bytes that it has without."""

    html: str
    size: int


def render_html(snapshot: Snapshot) -> str:
    """The HTML mail: block templates in one frame, styles inlined; dark and phone rules stay in a ``<style>`` of their own."""
    return _framed(snapshot, [Cell(html) for _, html in _cells(snapshot)])


def render_marked(snapshot: Snapshot) -> Marked:
    """The same HTML mail for the composer, which has to know where each block stands."""
    cells = [Cell(html, str(block.uid)) for block, html in _cells(snapshot)]
    html = _framed(snapshot, cells)
    return Marked(html, len(html.encode()) - sum(len(MARK.format(cell.uid)) for cell in cells))


def _cells(snapshot: Snapshot) -> Iterator[tuple[Block, str]]:
    for block in snapshot.blocks:
        html = _block("email_html", "email.html", block, snapshot)
        if html.strip():
            yield block, html


def _framed(snapshot: Snapshot, cells: Sequence[Cell]) -> str:
    context = {
        "issue": _disarmed(snapshot),
        "cells": cells,
        "preheader": preheader(snapshot),
        "unsubscribe": slots.UNSUBSCRIBE,
        "preferences": slots.PREFERENCES,
    }
    document = _fill("email_html", "issue.html", context)
    return _inliner().inline(document).replace(' data-css-inline="keep"', "")


def render_text(snapshot: Snapshot) -> str:
    """The plain text part, at most 72 columns: headings underlined, links as numbered notes."""
    notes = Notes()
    blocks = [_text_block(block, notes) for block in snapshot.blocks]
    context = {
        "issue": _disarmed(snapshot),
        "blocks": [block for block in blocks if block],
        "notes": notes,
        "unsubscribe": slots.UNSUBSCRIBE,
        "preferences": slots.PREFERENCES,
    }
    return tidy(_fill("email_text", "issue.txt", context)) + "\n"


def render_web(snapshot: Snapshot) -> str:
    """The blocks as semantic HTML for the archive and the feed; an empty block leaves no trace."""
    sections = [_block("web", "web.html", block, snapshot).strip() for block in snapshot.blocks]
    return "\n".join(section for section in sections if _shows_something(section)) + "\n"


def _pieces(snapshot: Snapshot) -> Iterator[Piece]:
    for block in snapshot.blocks:
        web = _block("web", "web.html", block, snapshot).strip()
        if not _shows_something(web):
            continue
        runs = str(block.facts.get("runs", ""))
        gist = _cut(one_line(getattr(block.data, "heading", "") or strip_tags(web)))
        kept = {"web": web, "text": _text_block(block, Notes())} if runs else {}
        yield Piece(str(block.uid), block.kind, gist, runs, links=_links(block, snapshot), **kept)


def _links(block: Block, snapshot: Snapshot) -> tuple[str, ...]:
    hrefs = HREF.findall(_block("email_html", "email.html", block, snapshot))
    return tuple(unescape(href) for href in hrefs)


def _shows_something(html: str) -> bool:
    return "<img" in html or bool(strip_tags(html).strip())


def render_block(engine: str, file: str, block: Block, snapshot: Snapshot) -> str:
    """One block alone, by one of its templates."""
    return _block(engine, file, block, snapshot)


def render_block_text(block: Block) -> str:
    """One block alone as plain text, its links as notes from 1."""
    return _text_block(block, Notes())


def preheader(snapshot: Snapshot) -> str:
    """What inboxes show after the subject: as written, else the first words of the issue."""
    if snapshot.preheader:
        return slots.disarmed(one_line(snapshot.preheader))
    for block in snapshot.blocks:
        words = listed(getattr(block.data, "today", ())) or richtext.plain(getattr(block.data, "body", ""))
        if words:
            words = slots.impersonal(slots.disarmed(one_line(words)))
            return _cut(words[:1].upper() + words[1:])
    return ""


def _cut(words: str) -> str:
    if len(words) <= PREHEADER_AT_MOST:
        return words
    return words[:PREHEADER_AT_MOST].rsplit(" ", 1)[0].rstrip(",;:–— ") + "…"


def _disarmed(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, title=slots.disarmed(snapshot.title), subject=slots.disarmed(snapshot.subject))


def _block(engine: str, file: str, block: Block, snapshot: Snapshot) -> str:
    """One block by a template that looks at nothing else; the same content is rendered once."""
    return _from_content(
        engine,
        f"blocks/{block.kind}/{file}",
        block.data,
        tuple(sorted(block.facts.items())),
        snapshot.site_url,
    )


@lru_cache(maxsize=2048)
def _from_content(engine: str, name: str, data: Any, facts: Any, site_url: str) -> str:
    context = {"block": data, "facts": dict(facts), "site_url": site_url}
    words = slots.disarmed(_fill(engine, name, context))
    return _addressed(words, data, web=engine == "web")


def _addressed(words: str, data: Any, *, web: bool = False) -> str:
    """Where a kind may call readers by their name, the slot for it; on the web, what stands there for anybody."""
    if not getattr(data, "calls_by_name", False):
        return words
    return slots.impersonal(words) if web else slots.personal(words)


def forget() -> None:
    """Forget the blocks that were rendered, so that a measurement starts from nothing."""
    _from_content.cache_clear()


def _text_block(block: Block, notes: Notes) -> str:
    """One block as plain text; its links become notes of the whole issue."""
    context = {"block": block.data, "facts": block.facts, "notes": notes}
    words = slots.disarmed(_fill("email_text", f"blocks/{block.kind}/email.txt", context))
    return tidy(_addressed(words, block.data))


def _fill(engine: str, name: str, values: dict[str, Any]) -> str:
    """Render without the wrapper that adds a request: nothing of a request may reach a rendering."""
    template = _template(engine, name)
    return str(template.render(Context(values, autoescape=template.engine.autoescape)))


@cache
def _template(engine: str, name: str) -> Template:
    backend = engines[engine]
    assert isinstance(backend, DjangoTemplates)
    return backend.engine.get_template(name)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        keep_style_tags=False,
        load_remote_stylesheets=False,  # a stylesheet address in a draft must never make us fetch it
        apply_width_attributes=True,
    )
