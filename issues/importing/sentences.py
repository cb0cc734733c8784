"""Where sentences end."""

import re
from collections.abc import Iterator

_END = re.compile(r"[.!?…][\"”’')\]]{0,2}\s+(?=[\"“‘'(\[]?[^\W_a-z]|[$€£¥₹])")
_NOT_AN_END = re.compile(
    r"(?:^|[\s(\"“‘'])(?:[^\W\d_]|Mr|Mrs|Ms|Dr|St|Inc|Corp|Co|Ltd|vs|No|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Sen|Rep"
    r"|Gov|Gen|Prof|(?:[A-Za-z]\.)+[A-Za-z]|approx|est)\.$"
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every sentence; abbreviations ("Sept. 27", "10 a.m. PT", "J. Doe") do not end one."""
    start = 0
    for end in _END.finditer(text):
        stop = end.start() + 1
        if _NOT_AN_END.search(text, max(start, stop - 14), stop):
            continue
        yield start, end.end() - len(end[0]) + len(end[0].rstrip())
        start = end.end()
    if start < len(text):
        yield start, len(text)


def sentences(text: str) -> list[str]:
    """The sentences of one paragraph, without the blanks between."""
    return [text[start:end].strip() for start, end in spans(text)]
