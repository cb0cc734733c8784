"""Single traps, each in a draft as short as it can be."""

import datetime
import time

import pytest

from issues import richtext
from issues.importing import Draft, Found, read

TOP = "Quay Letter\n\nHello there, and welcome.\n\nThe big one\n\nA story about cranes that goes on for a sentence.\n\n"
END = "\n\nThe small one\n\nAnother story, about tides, that is just as long."
AD = "Ropely keeps your ropes dry in any weather."


def last(text: str, *, on: datetime.date | None = None) -> Found:
    return read(TOP + text, on=on).blocks[-1]


def only_slot(draft: Draft) -> Found:
    (slot,) = (block for block in draft.blocks if block.kind == "sponsor_slot")
    return slot


@pytest.mark.parametrize(
    ("words", "sponsor"),
    [
        (f"A MESSAGE FROM ROPELY\n\n{AD}", "ROPELY"),
        (f"A message from our sponsor, Ropely:\n\n{AD}", "Ropely"),
        (f"A message from our sponsor, Ropely: {AD}", "Ropely"),
        (f"A MESSAGE FROM ROPELY {AD}", "ROPELY"),
        (f"PRESENTED BY ROPELY\n\n{AD}", "ROPELY"),
        (f"Together with Ropely\n\n{AD}", "Ropely"),
        (f"Today’s issue is sponsored by Ropely.\n\n{AD}", "Ropely"),
        (f"{AD}\n\nPRESENTED BY ROPELY", "ROPELY"),
        (f"{AD} (Sponsored by Ropely)", "Ropely"),
        (f"{AD} (ad)", "Ropely"),
        (f"[Sponsored] {AD}", "Ropely"),
        (f"Sponsored Link\nRopes for all\n{AD}\nropely.example.com", "ropely.example.com"),
    ],
)
def test_a_sponsor_is_known_by_its_label_wherever_it_stands(words: str, sponsor: str) -> None:
    draft = read(TOP + words + END)
    assert [block.kind for block in draft.blocks] == ["greeting", "lead_story", "sponsor_slot", "story"]
    assert only_slot(draft).found["sponsor"] == sponsor
    assert "keeps your ropes dry" in richtext.plain(only_slot(draft).found["body"])
    assert draft.blocks[-1].data["heading"] == "The small one"


def test_three_slots_have_one_primary_and_one_closing() -> None:
    ad = f"A MESSAGE FROM ROPELY\n\n{AD}\n\n"
    blocks = read(
        TOP + ad + "Then\n\nSomething happened at sea.\n\n" + ad + "Later\n\nIt happened again.\n\n" + ad
    ).blocks
    assert [block.data["placement"] for block in blocks if block.kind == "sponsor_slot"] == [
        "primary",
        "",
        "closing",
    ]


def test_a_paid_item_leaves_the_list() -> None:
    draft = read(
        TOP
        + "Links\n\n- [Fog](https://fog.example)\n- [Ropely](https://ropely.example) is hiring (ad)\n- [Sea](https://sea.example)"
    )
    roundup, slot = draft.blocks[-2:]
    assert (roundup.kind, len(roundup.data["items"])) == ("link_roundup", 2)
    assert (slot.found["sponsor"], slot.found["url"]) == ("Ropely", "https://ropely.example")


@pytest.mark.parametrize(
    "story",
    [
        "The bill, sponsored by Senator Mist, failed.",
        "He sent a message from our town.",
        "Ads are everywhere (adverts too).",
    ],
)
def test_not_everything_about_sponsors_is_one(story: str) -> None:
    assert [block.kind for block in read(TOP + "Law\n\n" + story).blocks] == [
        "greeting",
        "lead_story",
        "story",
    ]


@pytest.mark.parametrize(
    ("line", "name", "links"),
    [
        ("— Ines Falk (email | twitter)", "Ines Falk", ["email", "twitter"]),
        ("— Ines Falk", "Ines Falk", []),
        ("By Ines Falk and Mads van der Rohde", "Ines Falk and Mads van der Rohde", []),
        ("- Ines Falk (email | mastodon)", "Ines Falk", ["email", "mastodon"]),
        ("-- Ines Falk-Lund (@ines)", "Ines Falk-Lund", ["@ines"]),
    ],
)
def test_bylines(line: str, name: str, links: list[str]) -> None:
    found = last(line)
    assert found.kind == "byline"
    assert (found.data["name"], [link["label"] for link in found.data["links"]]) == (name, links)


def test_an_address_in_a_byline_is_its_email() -> None:
    assert last("— Ines Falk (ines@example.com)").data == {
        "name": "Ines Falk",
        "email": "ines@example.com",
        "links": [],
    }


@pytest.mark.parametrize(
    "line", ["— and that was that", "By the sea, they waited.", "— Nobody knows (or says) why it rains"]
)
def test_a_dash_or_by_is_not_always_a_byline(line: str) -> None:
    assert all(block.kind != "byline" for block in read(TOP + line).blocks)


def test_a_byline_below_the_lead_heading_belongs_to_the_lead() -> None:
    lead = read(
        "Quay Letter\n\nHello there.\n\nThe big one\n\nBy Ines Falk\n\nA story about cranes, told at length."
    ).blocks[1]
    assert (lead.kind, lead.data["byline"], lead.data["body"]) == (
        "lead_story",
        "Ines Falk",
        "<p>A story about cranes, told at length.</p>",
    )


@pytest.mark.parametrize(
    ("words", "date", "time", "zone", "host", "call"),
    [
        ("Join the Tide Society for a talk on Oct. 4 at 6 p.m. CET. RSVP here.",
         "2022-10-04", "18:00", "Europe/Berlin", "Tide Society", "RSVP here"),
        ("Our webinar is on 12 Oct 2022, 18:00 CEST. Register now!", "2022-10-12", "18:00", "Europe/Berlin", "", "Register now"),
        ("Join us on January 5 at noon ET for a summit. Sign up.", "2023-01-05", "12:00", "America/New_York", "", "Sign up"),
        ("The panel, hosted by Fog Labs, meets on Tuesday, October 4 at 2:30 p.m. ET. Save your spot →",
         "2022-10-04", "14:30", "America/New_York", "Fog Labs", "Save your spot"),
    ],
)  # fmt: skip
def test_events(words: str, date: str, time: str, zone: str, host: str, call: str) -> None:
    found = last("An evening of tides\n\nTides come, tides go.\n\n" + words, on=datetime.date(2022, 9, 12))
    assert found.kind == "event_promo"
    assert {key: found.data[key] for key in ("date", "time", "zone", "host", "cta_label")} == {
        "date": date,
        "time": time,
        "zone": zone,
        "host": host,
        "cta_label": call,
    }


def test_a_call_to_action_keeps_its_link() -> None:
    found = last("An evening\n\nJoin us on Oct. 4 at 6 p.m. CET. [RSVP here](https://rsvp.example).")
    assert (found.data["cta_label"], found.data["cta_url"]) == ("RSVP here", "https://rsvp.example")


def test_a_story_that_mentions_a_date_is_no_event() -> None:
    assert (
        last("Delays\n\nThe bridge opens on Oct. 4 at 6 p.m. CET, the port said. Nobody believes it.").kind
        == "story"
    )


@pytest.mark.parametrize(
    ("text", "today"),
    [
        ("Today: a bell, a buoy, and a boat.", ["a bell", "a buoy", "a boat"]),
        ("Today: fog (thick, wet), ropes, and more.", ["fog (thick, wet)", "ropes", "more"]),
        ("Today: why “slow, dull” wins, and who pays.", ["why “slow, dull” wins", "who pays"]),
        ("Today: a bell, “a, b,” and a boat.", ["a bell", "“a, b,”", "a boat"]),
        ("Today: one; two, or three; and four.", ["one", "two, or three", "four"]),
        ("Today: why it rains and how it stops.", ["why it rains", "how it stops"]),
        ("Today: what the U.S. wants, and the fog.", ["what the U.S. wants", "the fog"]),
        ("In this issue: just one thing!", ["just one thing!"]),
        ("This week:\n\n- fog\n- ropes.", ["fog", "ropes"]),
    ],
)
def test_todays_items(text: str, today: list[str]) -> None:
    greeting = read(
        f"Quay Letter\n\nHello, you. {text}\n\nThe big one\n\nA story about cranes, told at length."
    ).blocks[0]
    assert greeting.kind == "greeting"
    assert greeting.data == {"body": "<p>Hello, you.</p>", "today": today}


def test_words_after_todays_list_stay_in_the_greeting() -> None:
    greeting = read(
        "Quay Letter\n\nHello. Today: fog and ropes. Plus a game.\n\nThe big one\n\nA story about cranes."
    ).blocks[0]
    assert greeting.data["body"] == "<p>Hello. Plus a game.</p>"


@pytest.mark.parametrize(
    "line",
    [
        "Has a friend forwarded this newsletter? Get your own.",
        "View this email in your browser",
        "This site uses cookies to give you the best experience.",
        "Photo: Ada Lane/Agency",
        "Illustration by Ada Lane",
        "November 3, 2031",
        "3 min read",
        "See more",
        "© 2031 The Quay Letter. All rights reserved.",
        "Unsubscribe | Manage preferences",
        "Updated: May 15, 2031 — 10:38 pm",
    ],
)
def test_furniture_goes_wherever_it_stands(line: str) -> None:
    draft = read(TOP + line + END)
    assert draft.left_out == (line,)
    assert [block.kind for block in draft.blocks] == ["greeting", "lead_story", "story"]


@pytest.mark.parametrize(
    "line",
    [
        "Chrome will forget its cookies next year, said the makers.",
        "The photo by Ada Lane won a prize in May.",
    ],
)
def test_a_story_about_furniture_is_a_story(line: str) -> None:
    assert read(TOP + "More\n\n" + line).left_out == ()


def test_recent_issues_end_where_the_issue_goes_on() -> None:
    draft = read(
        TOP
        + "Recent issues\nWho rang?\nNovember 2, 2031\nA bell\nNovember 1, 2031\nSee more\n\nThanks for reading!"
    )
    assert draft.left_out == (
        "Recent issues",
        "Who rang?",
        "November 2, 2031",
        "A bell",
        "November 1, 2031",
        "See more",
    )
    assert draft.blocks[-1].kind == "sign_off"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "A boat.\nPhoto: Ada\n\nWho rang?\n\nThe Quay Letter\n\nHello and welcome to the Quay Letter.",
            "Who rang?",
        ),
        ("Who rang?\nPhoto: Ada\n\nThe Quay Letter\n\nHello and welcome to the Quay Letter.", "Who rang?"),
        ("Subject: Who rang?\n\nHello there.", "Who rang?"),
        ("# Who rang?\n\nHello there.", "Who rang?"),
        ("Who rang?\n=========\n\nHello there.", "Who rang?"),
        ("Hello and welcome to a new issue of Quay Letter!", "Quay Letter"),
        ("Hello and welcome to the Quay Letter!", None),
        ("<h1>Who rang?</h1><p>Hello there.</p><p>More.</p>", "Who rang?"),
    ],
)
def test_titles(text: str, title: str | None) -> None:
    assert read(text + "\n\nThe big one\n\nA story about cranes, told at length.").title == title


def test_a_quotation_stands_alone_with_its_source() -> None:
    found = last("“You cannot hurry a tide.” — Mads Rohde, harbour master")
    assert (found.kind, found.data) == (
        "quote",
        {"text": "<p>You cannot hurry a tide.</p>", "attribution": "Mads Rohde, harbour master"},
    )


def test_a_headed_list_is_bullets_unless_it_links() -> None:
    assert last("What to bring\n\n- A lamp\n- A rope").kind == "bullets"
    assert (
        last("What to read\n\n- [Fog](https://fog.example)\n- [Sea](https://sea.example)").kind
        == "link_roundup"
    )


def test_run_in_labels_are_no_headings() -> None:
    draft = read(
        TOP
        + "State of play: Two talks go on at once.\n\nWhat is next:\n\nNothing is settled at the pier, as ever."
    )
    assert [block.kind for block in draft.blocks] == ["greeting", "lead_story"]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize(
    "top", [TOP, TOP.replace("The big", "## The big") + "## More\n\n- a lamp\n- a rope\n\n"]
)
def test_a_house_advertisement_keeps_its_question(top: str, gap: str) -> None:
    promo = read(f"{top}Do you sell ropes?{gap}You should advertise with us!").blocks[-1]
    assert promo.kind == "event_promo"
    words = f"{promo.data['heading']} {richtext.plain(promo.data['body'])}".split()
    assert words == "Do you sell ropes? You should advertise with us!".split()


@pytest.mark.parametrize("indent", ["", "  "])
def test_items_signed_with_a_name_are_a_round_up(indent: str) -> None:
    words = f"The fog lifts, says the fog.\n\n{indent}Ada Lane — Knot\n\nA bell rang twice.\n\n{indent}Bo Dahl — Quay Letter"
    found = last("Elsewhere\n\n" + words)
    assert found.kind == "link_roundup"
    assert found.data["items"] == [
        "The fog lifts, says the fog.<br>Ada Lane — Knot",
        "A bell rang twice.<br>Bo Dahl — Quay Letter",
    ]


def test_what_nobody_knows_is_a_story() -> None:
    found = last(
        "Strange things\n\nA text that is of no kind at all, and long enough to be read.\n\n- with\n- points\n\nAnd an end."
    )
    assert (found.kind, found.data["heading"]) == ("story", "Strange things")
    assert richtext.shape(found.data["body"]) == ["p", "ul:2", "p"]


@pytest.mark.parametrize(
    "piece", ["a", "-", "<", "(", "Today: a, b, ", "$1 million ", "sponsored by ", "> ", "**a", "[a](", "Aa "]
)
def test_hostile_lines_are_read_in_time(piece: str) -> None:

    text = "Top\n\nHello. " + piece * (100_000 // len(piece))
    start = time.perf_counter()
    assert read(text).blocks
    assert time.perf_counter() - start < 4
