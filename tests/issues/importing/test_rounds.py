"""Lines about money: which are funding rounds, and what they say."""

from decimal import Decimal

import pytest

from issues.blocks.financial_corner.reading import Amount, read_amount, read_round
from issues.importing import read


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$140 million", 140_000_000, "USD"),
        ("€30M", 30_000_000, "EUR"),
        ("£800K", 800_000, "GBP"),
        ("US$12.7m", 12_700_000, "USD"),
        ("A$7M", 7_000_000, "AUD"),
        ("$1,250,000", 1_250_000, "USD"),
        ("30,5 million €", 30_500_000, "EUR"),
        ("2.5 billion yen", 2_500_000_000, "JPY"),
        ("₹12 crore", 120_000_000, "INR"),
        ("SEK 40m", 40_000_000, "SEK"),
        ("5 million euros", 5_000_000, "EUR"),
        ("$30-million", 30_000_000, "USD"),
        ("1.5bn", 1_500_000_000, "USD"),
        ("140 million", 140_000_000, "USD"),
        ("$0.1 million", 100_000, "USD"),
    ],
)
def test_amounts_are_exact(text: str, amount: int, currency: str) -> None:
    assert read_amount(text) == Amount(Decimal(amount), currency)


def test_an_undisclosed_amount_is_an_amount() -> None:
    assert read_amount("undisclosed") == Amount(None, "USD")


@pytest.mark.parametrize("text", ["", "$", "a lot", "27 boats", "€", "million"])
def test_other_words_are_no_amount(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize(
    ("sentence", "company", "amount", "currency", "series", "purpose"),
    [
        (
            "Tidewise raised $140 million to wind clocks.",
            "Tidewise",
            "140000000",
            "USD",
            "",
            "to wind clocks",
        ),
        (
            "Kelp & Sons has raised €30M in seed funding for its farms.",
            "Kelp & Sons",
            "30000000",
            "EUR",
            "seed",
            "for its farms",
        ),
        ("Quayside secured £800K from angels.", "Quayside", "800000", "GBP", "", ""),
        ("Knot closed a US$12.7m Series A-1 round led by Sail.", "Knot", "12700000", "USD", "Series A-1", ""),
        (
            "Glow raised a $25 million Series B led by Fjord to light piers.",
            "Glow",
            "25000000",
            "USD",
            "Series B",
            "to light piers",
        ),
        (
            "Buoy announced a $5M seed round to map the sea floor.",
            "Buoy",
            "5000000",
            "USD",
            "seed",
            "to map the sea floor",
        ),
        ("Fog raised an undisclosed sum in a round led by Mist to see.", "Fog", None, "USD", "", "to see"),
        (
            "Rope announced that it has raised $3 million to splice.",
            "Rope",
            "3000000",
            "USD",
            "",
            "to splice",
        ),
        (
            "Gull raised a Series C of $60 million at a $1 billion valuation to fly.",
            "Gull",
            "60000000",
            "USD",
            "Series C",
            "to fly",
        ),
        ("7knots raised $80 million to hurry, led by Fjord.", "7knots", "80000000", "USD", "", "to hurry"),
        (
            "Oslo-based Krabbe raised 40 million kronor to feed crabs.",
            "Krabbe",
            "40000000",
            "SEK",
            "",
            "to feed crabs",
        ),
        ("Robotics startup Claw has raised $4.5M.", "Claw", "4500000", "USD", "", ""),
        ("Glow: $30M Series B led by Fjord", "Glow", "30000000", "USD", "Series B", ""),
        (
            "Brine picked up €2 million in debt and equity for its pumps",
            "Brine",
            "2000000",
            "EUR",
            "debt",
            "for its pumps",
        ),
    ],
)
def test_rounds(
    sentence: str, company: str, amount: str | None, currency: str, series: str, purpose: str
) -> None:
    assert read_round(sentence) == {
        "company": company,
        "amount": amount,
        "currency": currency,
        "series": series,
        "purpose": purpose,
        "url": "",
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "Fjord’s $5.4 billion takeover of Mist is done.",
        "Tidewise bought Knot for $40 million.",
        "Glow is now valued at $2 billion.",
        "The company has raised $300 million to date.",
        "Glow has now raised $300 million in total.",
        "Gull raised its forecast to $3 billion.",
        "Gull raised $3 billion in its IPO.",
        "Buoy closed its $2 billion acquisition of Bell.",
        "Brine announced $5 billion in revenue.",
        "Brine secured a $40 million contract with the port.",
        "Shares of Gull closed at $30.",
        "It raised $20 million last year.",
        "Total funding now stands at $80 million.",
        "Nobody raised a hand.",
        "",
    ],
)
def test_not_every_amount_is_a_round(sentence: str) -> None:
    assert read_round(sentence) is None


def test_what_is_no_round_stays_as_a_note() -> None:
    draft = read(
        "Quay Letter\n\nHello there.\n\nThe big one\n\nA long story about cranes, told in one sentence.\n\nFinancial corner\n\n"
        "Tidewise raised $3 million to wind clocks. Glow is valued at $2 billion.\n"
        "Knot, which splices, raised €1M in a round led by Sail."
    )
    corner = draft.blocks[-1]
    assert corner.kind == "financial_corner"
    assert [each["company"] for each in corner.data["rounds"]] == ["Tidewise", "Knot"]
    assert (
        corner.data["notes"] == "<p>Glow is valued at $2 billion.</p><p>Knot: which splices; led by Sail</p>"
    )


def test_amounts_in_a_story_stay_in_the_story() -> None:
    draft = read(
        "Quay Letter\n\nHello there.\n\nThe big one\n\nTidewise raised $3 million to wind clocks. It is now worth $20 million, "
        "said people who know it well.\n\nThe port paid $40 million for cranes. They do not work yet."
    )
    assert [block.kind for block in draft.blocks] == ["greeting", "lead_story"]


def test_a_linked_company_keeps_its_link() -> None:
    draft = read(
        "Quay Letter\n\nHello there.\n\nNews\n\nThe fog is back, and so are we, all of us.\n\nFunding\n\n"
        "- [Tidewise](https://tide.example) raised $3 million.\n- Knot raised $1 million."
    )
    assert [each["url"] for each in draft.blocks[-1].data["rounds"]] == ["https://tide.example", ""]
