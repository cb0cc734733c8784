"""The radar of sponsors: what it sees, and what it must not take for a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sponsors.radar import Party, Sighting, Story, found

CNCF = Party("CNCF", ("Cloud Native Computing Foundation",), ("The Linux Foundation",), (), ("primary",))
LEAD = Story(
    "lead",
    "The Linux Foundation lights up",
    "Meta is handing the reins for PyTorch, its popular open-source AI framework, to the nonprofit open-source software "
    "consortium Linux Foundation. Linux Foundation projects crowd out smaller competitors.",
    lead=True,
)


def names(text: str, *spellings: str, heading: str = "") -> list[str]:
    """What is found of the spellings, each a party of its own."""
    parties = [Party(spelling) for spelling in spellings]
    return [sighting.name_found for sighting in found([Story("a", heading, text)], parties)]


def test_the_lead_that_started_this_names_the_parent_of_its_sponsor_once():
    assert found([LEAD], [CNCF]) == [
        Sighting(
            "lead",
            "Linux Foundation",
            "CNCF",
            "parent",
            True,
            "The Linux Foundation lights up",
            "The lead names the Linux Foundation; CNCF runs beside it.",
        )
    ]


def test_an_advertiser_a_parent_and_a_rival_are_told_apart():
    party = Party("Nvidia", parents=("Holding",), rivals=("Intel",), placements=("primary", "closing"))
    story = Story("a", "Chips", "We hear that Intel and Nvidia and Holding all met.")
    assert [sighting.sentence for sighting in found([story], [party])] == [
        "“Chips” names Intel, a rival of Nvidia, which runs in the same issue (primary and closing).",
        "“Chips” names Nvidia, which runs in the same issue (primary and closing).",
        "“Chips” names Holding; Nvidia runs in the same issue (primary and closing).",
    ]


def test_two_parties_with_one_parent_are_both_reported():
    sightings = found([LEAD], [CNCF, Party("OpenSSF", parents=("Linux Foundation",))])
    assert [sighting.party for sighting in sightings] == ["CNCF", "OpenSSF"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the maker Nvidia, and others", "Nvidia"),
        ("that is Intel's plan", "Intel"),
        ("that is Intel’s plan", "Intel"),
        ("an Intel-backed firm", "Intel"),
        ("a non-Intel chip", "Intel"),
        ("NVIDIA BUYS MORE", "Nvidia"),
        ("we push to Github daily", "GitHub"),
        ("Johnson and Johnson sells", "Johnson & Johnson"),
        ("Procter & Gamble sells", "Procter and Gamble"),
        ("a phone of AT&T here", "AT&T"),
        ("as Siemens said", "Siemens AG"),
        ("as Siemens AG said", "Siemens"),
        ("as Example, Inc. said", "Example Inc."),
        ("at The Linux Foundation", "Linux Foundation"),
        ("at the Linux\nFoundation", "The Linux Foundation"),
        ("at Linux-Foundation events", "Linux Foundation"),
        ("a hotel of Booking.com, cheap", "Booking.com"),
        ("we use monday.com here", "monday.com"),
        ("a bar of Nestle here", "Nestlé"),
        ("a bar of Nestle\u0301 here", "Nestlé"),
        ("ein Büro von МТС und 腾讯 hier", "МТС"),
        ("the L’Oréal brand", "L'Oréal"),
        ("he left Apple for good", "Apple"),
        ("Apple said on Monday", "Apple"),
        ("Apple's plan is odd", "Apple"),
        ("Intel finally serves up a chip", "Intel"),
        ("Apple Unveils Its Next Phone", "Apple"),
        ("the firm pays Stripe monthly", "stripe"),
    ],
)
def test_a_name_is_found(text, name):
    assert len(names(text, name)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("an apple a day", "Apple"),
        ("Apple pie is a dessert we like", "Apple"),
        ("We eat. Apple pie is what we like", "Apple"),
        ("How to Hit Your Target Market", "Target"),
        ("HOW TO HIT YOUR TARGET", "Target"),
        ("Target-rich places are rare", "Target"),
        ("a stripe on the wall", "Stripe"),
        ("what it is", "IT"),
        ("the best buy of the year", "Best Buy"),
        ("two Intels in one box", "Intel"),
        ("the Intelligence report", "Intel"),
        ("the file Intel_x here", "Intel9"),
        ("write to press@Intel.com now", "Intel"),
        ("see https://example.com/Intel/x now", "Intel"),
        ("see www.Intel.com/x now", "Intel"),
        ("see Intel.com now", "Intel"),
        ("see booking.com/hotels now", "Booking.com"),
        ("it runs Linux. Foundation work follows", "Linux Foundation"),
        ("it runs Linux\n\nFoundation work follows", "Linux Foundation"),
        ("Some Information is useful here", "The Information"),
        ("my Résumé is here", "Resume"),
        ("nothing at all", ""),
        ("nothing & nobody", "..."),
    ],
)
def test_what_is_no_name_is_not_found(text, name):
    assert names(text, name) == []


def test_a_capital_at_the_start_counts_once_the_name_stands_elsewhere_too():
    assert names("Target stores are big. We like Target a lot.", "Target") == ["Target"]


def test_the_longest_name_wins():
    assert names("at Linux Foundation Europe today", "Linux Foundation", "Linux Foundation Europe") == [
        "Linux Foundation Europe"
    ]


def test_a_spelling_with_accents_is_preferred_to_one_without():
    sightings = found([Story("a", "", "First Nestle, later Nestlé again.")], [Party("Nestlé")])
    assert [sighting.name_found for sighting in sightings] == ["Nestlé"]


def test_an_excerpt_is_cut_at_words_of_its_line():
    text = "Before.\n" + "lorem ipsum " * 20 + "Nvidia " + "dolor sit " * 20 + "\nAfter."
    excerpt = found([Story("a", "", text)], [Party("Nvidia")])[0].excerpt
    assert (
        excerpt == "ipsum lorem ipsum lorem ipsum lorem ipsum Nvidia dolor sit dolor sit dolor sit dolor"[6:]
    )


WORDS = st.text() | st.text("Aa e\u0301é&-.@’' \nİßI", max_size=30)


@given(WORDS, WORDS, st.lists(WORDS, max_size=4))
def test_every_excerpt_is_part_of_the_story_and_holds_the_name(heading, text, spellings):
    parties = [Party(name, parents=(name[:3],), rivals=(text[:9],)) for name in spellings]
    for sighting in found([Story("a", heading, text)], parties):
        assert sighting.excerpt in heading or sighting.excerpt in text
        assert sighting.name_found in heading or sighting.name_found in text


def test_a_long_text_and_many_names_are_read_word_by_word():
    parties = [Party(f"Maker{number} Works") for number in range(200)]
    text = "lorem Maker7 ipsum a.b.c.d " * 8000 + "a" * 100_000 + "." * 10_000 + " Maker9 Works"
    assert [sighting.party for sighting in found([Story("a", "", text)], parties)] == ["Maker9 Works"]
