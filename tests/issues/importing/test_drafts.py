"""One issue of ours, in every layout that mail tools, scrapers and clipboards give it, is read the same."""

import datetime
import html
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from issues import richtext
from issues.importing import outline, read

QUAY = (Path(__file__).parent / "drafts" / "quay.txt").read_text()
ON = datetime.date(2022, 9, 12)
KINDS = [
    "greeting",
    "lead_story",
    "sponsor_slot",
    "event_promo",
    "financial_corner",
    "byline",
    "link_roundup",
    "sponsor_slot",
    "sign_off",
]


def markdown(text: str) -> str:
    text = text.replace("The crane that would not wake", "# The crane that would not wake")
    for heading in ("Nobody’s crane", "Who pilots the pilots?", "Fresh money", "Recent issues"):
        text = text.replace(f"\n{heading}\n", f"\n## {heading}\n")
    return text.replace(")Around the harbour", ")\n\n## Around the harbour").replace("  • ", "* ")


def page(text: str) -> str:
    out: list[str] = []
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        heading = re.match(r"(#+) ", line)
        if line.startswith(("•", "* ")):
            out.append(f"<ul><li>{html.escape(line[2:])}</li></ul>")
        elif heading:
            out.append(f"<h{len(heading[1])}>{html.escape(line[heading.end() :])}</h{len(heading[1])}>")
        else:
            out.append(f"<p>{html.escape(line)}</p>")
    return "\n".join(out).replace("</ul>\n<ul>", "\n")


def wrapped(text: str) -> str:
    return "\n".join(
        textwrap.fill(line, 72, subsequent_indent="    " if "•" in line else "") for line in text.split("\n")
    )


LAYOUTS: dict[str, Callable[[str], str | bytes]] = {
    "as it is": str,
    "no blank lines": lambda text: re.sub(r"\n+", "\n", text),
    "two blank lines everywhere": lambda text: text.replace("\n\n", "\n\n\n"),
    "wrapped lines": wrapped,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "windows-1252": lambda text: text.encode("cp1252"),
    "mojibake": lambda text: text.encode().decode("cp1252", "ignore"),
    "dashes for bullets": lambda text: text.replace("  • ", "- "),
    "bullets in one line": lambda text: text.replace("\n  • ", " • "),
    "markdown": markdown,
    "bold headings": lambda text: re.sub(r"(?m)^#+ (.*)$", r"**\1**", markdown(text)),
    "a page": page,
    "a page with headings": lambda text: page(markdown(text)),
    "byline on its own line": lambda text: text.replace(")Around", ")\n\nAround"),
    "a date above the greeting": lambda text: text.replace(
        "Good morning", "September 12, 2022\n\nGood morning"
    ),
    "a date before the greeting": lambda text: text.replace("Good morning", "date 2022-09-12 Good morning"),
    "cookies first": lambda text: "This site uses cookies. By browsing you accept them.\n\n" + text,
    "forward notice": lambda text: text.replace(
        "\nNobody’s", "\n(Has a friend forwarded this newsletter? Get your own.)\n\nNobody’s"
    ),
    "forgotten source line": lambda text: "# source: a friend\n" + text,
    "today as bullets": lambda text: re.sub(
        r"Today: (.*?), (why.*?), and (.*?)\.\n", r"Today:\n\n- \1\n- \2\n- \3\n", text, count=1
    ),
    "today as a paragraph": lambda text: text.replace("! Today:", "!\n\nIn today’s issue:"),
}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS)
def found(request: pytest.FixtureRequest) -> dict[str, object]:
    return outline(read(request.param(QUAY), on=ON))


def test_the_same_blocks(found: dict[str, object]) -> None:
    blocks = found["blocks"]
    assert isinstance(blocks, list)
    assert found["title"] == "The crane that would not wake"
    assert [block["kind"] for block in blocks] == KINDS
    assert [block["heading"] for block in blocks] == [
        None,
        "Nobody’s crane",
        "Rope that knows you",
        "Who pilots the pilots?",
        "Fresh money",
        None,
        "Around the harbour",
        "Rope that knows you",
        None,
    ]


def test_the_same_facts(found: dict[str, object]) -> None:
    blocks = found["blocks"]
    assert isinstance(blocks, list)
    greeting, lead, sponsor, event, money, byline, roundup, *_ = blocks
    assert greeting["today"] == [
        "who owns the fog (and who rents it)",
        "why “slow, dull” cranes win",
        "fresh money on the pier",
    ]
    assert lead["items"] == 3
    assert sponsor["sponsor"] == "ROPE & SONS"
    assert event["event"] == {
        "date": "2022-10-04",
        "time": "18:30",
        "zone": "Europe/Berlin",
        "host": "Harbour Club",
    }
    assert event["cta"] == "Save your seat"
    assert [(each["company"], each["amount"], each["currency"]) for each in money["rounds"]] == [
        ("Tidewise", 30_000_000, "EUR"),
        ("Knot & Co", 4_500_000, "USD"),
    ]
    assert byline["author"] == "Ines Falk"
    assert roundup["items"] == 3


def test_the_data_is_what_the_kinds_store() -> None:
    greeting, lead, sponsor, event, money, byline, _, closing, sign_off = read(QUAY, on=ON).blocks
    assert greeting.data["body"] == "<p>Good morning, and welcome to the Quay Letter!</p>"
    assert richtext.shape(lead.data["body"]) == ["p", "p", "ul:3", "p"]
    assert (sponsor.data, closing.data) == ({"placement": "primary"}, {"placement": "closing"})
    assert sponsor.found["body"].startswith("<p>Rope &amp; Sons has spliced")
    assert richtext.shape(event.data["body"]) == ["p", "p"]
    assert "Save your seat" not in event.data["body"]
    assert (
        money.data["notes"]
        == "<p>Knot &amp; Co: led by Fjord</p><p>Fjord itself is now valued at $900 million.</p>"
    )
    assert byline.data == {
        "name": "Ines Falk",
        "email": "",
        "links": [{"label": "email", "url": ""}, {"label": "mastodon", "url": ""}],
    }
    assert sign_off.data == {"body": "<p>That’s all from the quay. See you tomorrow!</p>"}


def test_links_of_a_page_are_kept() -> None:
    draft = read(
        "<h1>Quay</h1><p>Hello there.</p><h2>News</h2><p>The <a href='https://fog.example'>fog</a> is <b>back</b>, all of it.</p>"
        "<p>— Ines Falk (<a href='mailto:ines@example.com'>email</a> | <a href='https://m.example/@i'>mastodon</a>)</p>"
        "<figure><img src='https://example.com/a.png' alt='A boat'><figcaption>A boat, drawn.</figcaption></figure>"
    )
    assert (
        draft.blocks[1].data["body"]
        == '<p>The <a href="https://fog.example">fog</a> is <strong>back</strong>, all of it.</p>'
    )
    assert draft.blocks[2].data["email"] == "ines@example.com"
    assert draft.blocks[2].data["links"] == [{"label": "mastodon", "url": "https://m.example/@i"}]
    assert draft.left_out == ("A boat https://example.com/a.png", "A boat, drawn.")
