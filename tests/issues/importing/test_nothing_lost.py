"""Whatever stands in a draft stands in the title, in a block, or among what was left out."""

import html
import json
import re
from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from issues.importing import Draft, Unreadable, read

LINES = [
    "The lanterns come home",
    "## Harbour notes",
    "# Quay Letter",
    "**Around the pier**",
    "Hello and welcome to the Quay Letter! Today: who owns the fog, how (and why) cranes learn, and fresh money.",
    "This week: a bell, a buoy and a boat.",
    "A crane fell asleep on Tuesday, and nobody at the pier noticed until the tide came back in the evening.",
    "- Ferries run late.",
    "  - So do the captains.",
    "• One • Two • Three",
    "1. Count the boats",
    "> Nobody asked the gulls.",
    "A MESSAGE FROM ACME",
    "Sponsored Link",
    "Acme keeps your ropes dry. Try it today. (ad)",
    "PRESENTED BY ACME",
    "Acme sells ropes to people who like ropes.",
    "Join the Harbour Club for a talk on Oct. 4 at 6 p.m. CET about tides. RSVP here.",
    "🎧 The fog, explained in a podcast.",
    "Glow raised $12.5 million in a Series A led by Fjord to build lamps.",
    "Tidewise, a maker of clocks, secured €3M in seed funding. Its valuation is $40 million.",
    "Financial corner",
    "— Ines Falk (email | mastodon)Around the harbour",
    "By Mads Rohde",
    "“You cannot hurry a tide,” he said.",
    "“You cannot hurry a tide.” — Mads Rohde, harbour master",
    "Read [the log](https://example.com/log) and https://example.com/tide_table today.",
    "Thanks for reading, see you on Monday!",
    "Recent issues",
    "November 3, 2031",
    "See more",
    "Photo: Ada Lane",
    "17 hours ago",
    "This site uses cookies. Accept?",
    "---",
    "",
    "",
]
MARKS = re.compile(r"^[\s>]*\d{1,3}[.)]\s|</?p>|(?<=\])\(https?://[^()]*\)", re.MULTILINE)
"""Numbers of a list are kept by its order, tags by the blocks they made; a link in a heading keeps only its words."""
TAGS = re.compile(r'</?(?:p|ul|ol|li|br|strong|em|a)>|<a href="')
JOINING = Counter(["and"] * 1000)
"""The word before the last of today's items."""
DRAFTS = st.lists(
    st.one_of(st.sampled_from(LINES), st.text(alphabet="aB1 .,:;!?-—•#>()[]“”\"'$€|&", max_size=40)),
    max_size=22,
)


@given(DRAFTS.map("\n".join))
@example("a\n\n**A**")
@example("# source: x\nTitle\n\nBody of it.")
@example("Title\nPhoto: Ada\n\nHello. Today: a, b, and c.")
@example("<p>Hello</p><p>" + "</p><p>".join(line for line in LINES if line) + "</p>")
def test_every_word_comes_out_again(text: str) -> None:
    try:
        draft = read(text)
    except Unreadable:
        assert not _words(text)
        return
    lost = Counter(_words(html.unescape(MARKS.sub(" ", text)))) - Counter(_words_of(draft))
    assert not lost - JOINING


@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused_with_a_sentence(raw: bytes) -> None:
    assert _outcome(raw).endswith((".", "something"))


def _outcome(raw: bytes) -> str:
    try:
        draft = read(raw)
    except Unreadable as error:
        return str(error)
    return "something" if draft.title or draft.blocks or draft.left_out else "nothing"


def _words_of(draft: Draft) -> list[str]:
    everything = [draft.title, [[block.data, block.found] for block in draft.blocks], draft.left_out]
    text = json.dumps(everything, ensure_ascii=False).replace('\\"', '"').replace("\\n", " ")
    return _words(html.unescape(TAGS.sub(" ", text)))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)
