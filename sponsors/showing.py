"""A sponsor's message as readers will get it: label, words and tagged links; and the seal that an approval is bound to."""

import hashlib
import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from django.conf import settings

from issues.rendering import Rendered, render
from issues.rendering.render import render_block, render_block_text
from issues.snapshot import Block, Snapshot, masthead
from newsroom.lib.text import printable
from sponsors.models import CreativeVersion, Insertion, Placement

__all__ = ["Shown", "alone", "facts", "house_facts", "seal", "tagged"]

KIND = "sponsor_slot"
_HREF = re.compile(r'href="([^"]*)"')
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class _Data:
    """Stands for a block's data: the templates of the kind look at facts alone."""

    placement: str = ""


def facts(insertion: Insertion, version: CreativeVersion | None = None) -> dict[str, Any]:
    """Plain values for the block's templates: of the version given, else of what will run in the insertion.

    ``runs`` is the insertion's token, by which the edition says what ran.
    """
    version = version or insertion.stand_in or insertion.version
    assert version is not None
    form, name = insertion.slot.placement.format, insertion.advertiser.name
    source = _source(insertion)
    return {
        "runs": insertion.token,
        "advertiser": printable(name),
        "label": form.label(name),
        "cue": form.second_cue,
        **_words(version, source),
    }


def house_facts(version: CreativeVersion, placement: Placement) -> dict[str, Any]:
    """The same for a promotion of the house, which has no label: it is ours, and says so by itself."""
    source = {
        "utm_source": placement.publication.slug,
        "utm_medium": "newsletter",
        "utm_campaign": "house",
        "utm_content": placement.code,
    }
    name = version.creative.advertiser.name
    return {"runs": "", "advertiser": printable(name), "label": "", "cue": "", **_words(version, source)}


def seal(insertion: Insertion, version: CreativeVersion | None = None) -> str:
    """SHA-256 over the message as HTML, text and web page, in hex.

    The token of the insertion and its placement are left out: the same message in another slot is the same message.
    """
    mark = _source(insertion)["utm_content"]
    shown = {
        name: value.replace(mark, "") if isinstance(value, str) else value
        for name, value in {**facts(insertion, version), "runs": ""}.items()
    }
    block, frame = _block(shown), _only(insertion)
    parts = [
        render_block("email_html", "email.html", block, frame),
        render_block("web", "web.html", block, frame),
        render_block_text(block),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Shown:
    """The message in the real frame of a mail, and nothing of the issue around it."""

    rendered: Rendered
    seal: str


def alone(insertion: Insertion, version: CreativeVersion | None = None) -> Shown:
    """What a sponsor may see before publication: their own message in the mail's frame, all editorial words left out."""
    snapshot = _only(insertion, _block(facts(insertion, version)))
    return Shown(render(snapshot), seal(insertion, version))


def tagged(url: str, source: dict[str, str]) -> str:
    """A web address with the UTM values of ``source``; those that it has already are the sponsor's own and stay."""
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url
    if parts.scheme not in ("http", "https"):
        return url
    own = {name for name, _ in given}
    added = [(name, value) for name, value in source.items() if name not in own]
    query = "&".join(filter(None, [parts.query, urlencode(added)]))
    return urlunsplit(parts._replace(query=query))


def _source(insertion: Insertion) -> dict[str, str]:
    return {
        "utm_source": insertion.slot.issue.publication.slug,
        "utm_medium": "newsletter",
        "utm_campaign": insertion.line.order.number.lower(),
        "utm_content": f"{insertion.slot.placement.code}-{insertion.token}",
    }


def _words(version: CreativeVersion, source: dict[str, str]) -> dict[str, Any]:
    body = _HREF.sub(lambda found: f'href="{escape(tagged(unescape(found[1]), source))}"', version.body)
    picture = version.image.facts() if version.image else {}
    return {
        "headline": version.headline,
        "body": body,
        "url": tagged(version.url, source) if version.url else "",
        "cta": version.cta,
        "alt": version.alt,
        "until": version.valid_until.isoformat() if version.valid_until else "",
        **picture,
    }


def _block(shown: dict[str, Any]) -> Block:
    return Block(_NOBODY, KIND, _Data(), shown)


def _only(insertion: Insertion, *blocks: Block) -> Snapshot:
    publication = insertion.slot.issue.publication
    return Snapshot(
        title="",
        subject=publication.name,
        preheader="",
        day=insertion.slot.issue.planned_for,
        url=f"{settings.SITE_URL}/{publication.slug}/",
        site_url=settings.SITE_URL,
        masthead=masthead(publication),
        blocks=blocks,
    )
