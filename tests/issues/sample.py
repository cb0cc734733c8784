"""A snapshot of one block of every kind, without a database: the shape of the issue this project was asked to serve."""

import datetime
import uuid
from typing import Any

from issues.blocks import registry
from issues.blocks.byline.block import Link
from issues.snapshot import Block, Masthead, Snapshot
from issues.theme import Theme

ORDER = [
    "greeting",
    "lead_story",
    "sponsor_slot",
    "event_promo",
    "financial_corner",
    "byline",
    "link_roundup",
    "bullets",
    "image",
    "quote",
    "story",
    "sponsor_slot",
    "sign_off",
]

FACTS: dict[str, dict[str, Any]] = {
    "sponsor_slot": {
        "advertiser": "Brightwater Bank",
        "label": "A MESSAGE FROM BRIGHTWATER BANK",
        "cue": "Sponsored",
        "headline": "Money that floats",
        "body": '<p>We have lent to boats since boats had sails. <a href="https://example.com/loans">Ask us</a>.</p>',
        "url": "https://example.com/bank",
        "cta": "Open an account",
    },
    "byline": {
        "name": "Ines Falk",
        "email": "ines@example.com",
        "links": (Link("mastodon", "https://example.com/@ines"),),
    },
    "event_promo": {"when": "Tuesday, September 16, 2031, 6:30 p.m. CEST"},
    "image": {"small": "/media/a-600.jpg", "large": "/media/a-1200.jpg", "width": 600, "height": 400},
}

MASTHEAD = Masthead(
    name="The Quay",
    words="The Quay",
    tagline="Business by the water, every weekday morning.",
    language="en",
    postal_address="Pier 4, 1000 Harbour Town",
    theme=Theme(accent="#0f5c66", ground="#e9f0f0"),
    home_url="https://quay.example/the-quay/",
)


def snapshot(*kinds: str, **changes: Any) -> Snapshot:
    """Blocks of these kinds, or of all, each with its SAMPLE."""
    fields = {
        "title": "Two ferries, one timetable",
        "subject": "Two ferries, one timetable",
        "preheader": "",
        "day": datetime.date(2031, 3, 4),
        "url": "https://quay.example/the-quay/two-ferries-one-timetable/",
        "site_url": "https://quay.example",
        "masthead": MASTHEAD,
        "blocks": tuple(block(kind, number) for number, kind in enumerate(kinds or ORDER)),
    }
    return Snapshot(**{**fields, **changes})


def block(kind: str, number: int = 0, **data: Any) -> Block:
    known = registry.kind(kind)
    return Block(
        uuid.UUID(int=number), kind, known.load(known.dump(known.sample) | data), FACTS.get(kind, {})
    )
