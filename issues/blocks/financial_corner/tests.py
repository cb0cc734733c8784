"""What is particular to the financial corner."""

import html
import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from issues import readiness, richtext
from issues.blocks import registry
from issues.blocks.fields import ROWS_AT_MOST
from issues.blocks.financial_corner.block import AmountField, FinancialCorner, Round, make_rows
from issues.models import FundingRound
from issues.rendering import render
from newsroom.lib.errors import Refused
from tests.issues.sample import block, snapshot
from tests.make import make_block, make_issue, remove, write


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("140 million", 140_000_000),
        ("$1.5bn", 1_500_000_000),
        ("30M", 30_000_000),
        ("800K", 800_000),
        ("9,500,000", 9_500_000),
        ("$1.2345", "1.23"),
        ("", None),
    ],
)
def test_amounts_are_read_as_people_write_them(written, amount):
    assert AmountField(required=False).clean(written) == (None if amount is None else Decimal(amount))


def test_an_amount_that_is_none_is_refused():
    form = registry.kind("financial_corner").form(
        {
            "b-rounds-TOTAL_FORMS": "1",
            "b-rounds-INITIAL_FORMS": "0",
            "b-rounds-0-company": "Saltworks",
            "b-rounds-0-amount": "plenty",
        },
        prefix="b",
    )
    assert not form.is_valid()


@pytest.mark.parametrize(
    ("amount", "currency", "meant"),
    [
        ("€30M", "USD", "EUR"),
        ("30M", "GBP", "GBP"),
        ("30M", "", "USD"),
        ("$30M", "EUR", "USD"),
        ("CHF 5m", "USD", "CHF"),
    ],
)
def test_the_mark_of_an_amount_is_its_currency(amount, currency, meant):
    form = registry.kind("financial_corner").form(
        {
            "b-rounds-TOTAL_FORMS": "1",
            "b-rounds-INITIAL_FORMS": "0",
            "b-rounds-0-company": "Saltworks",
            "b-rounds-0-amount": amount,
            "b-rounds-0-currency": currency,
        },
        prefix="b",
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["rounds"][0].currency == meant


def test_rounds_read_as_sentences():
    text = render(snapshot("financial_corner")).text
    assert "* Quayside Robotics raised $48 million (Series B) to teach cranes about" in text
    assert "* Saltworks raised €9.5 million for its desalination kits. [1]" in text
    assert "* Lantern & Co raised an undisclosed sum for night ferries." in text


@pytest.mark.django_db
def test_rounds_are_projected_into_rows_and_follow_the_block():
    issue = make_issue(blocks=("financial_corner",))
    assert [each.company for each in FundingRound.objects.all()] == [
        "Quayside Robotics",
        "Saltworks",
        "Lantern & Co",
    ]
    remove(issue, "financial_corner")
    assert not FundingRound.objects.exists()
    write(issue, "financial_corner", rounds=[{"company": "Knot", "amount": "€2m"}])
    assert [str(each) for each in FundingRound.objects.all()] == ["Knot"]


# Pasted lines


def sorted_out(*lines: str, **before: object) -> FinancialCorner:
    data, _ = make_rows(FinancialCorner(pasted="\n".join(lines), **before), [])
    return data


def said_of(*lines: str) -> str:
    return make_rows(FinancialCorner(pasted="\n".join(lines)), [])[1]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (
            "TruKKer raised $100 million for its trucking logistics platform.",
            Round("TruKKer", Decimal(100_000_000), "USD", "", "for its trucking logistics platform"),
        ),
        ("Glow raised €30M", Round("Glow", Decimal(30_000_000), "EUR")),
        ("- Knot secured £800K", Round("Knot", Decimal(800_000), "GBP")),
        ("• Bell raised US$12.7m in a pre-seed round", Round("Bell", Decimal(12_700_000), "USD", "pre-seed")),
        ("2. Fog raised an undisclosed amount to see.", Round("Fog", None, "USD", "", "to see")),
        (
            "[Kelp](https://kelp.example/a) raised £3M.",
            Round("Kelp", Decimal(3_000_000), "GBP", "", "", "https://kelp.example/a"),
        ),
        (
            "Rope raised $2M to splice ropes (https://rope.example).",
            Round("Rope", Decimal(2_000_000), "USD", "", "to splice ropes", "https://rope.example"),
        ),
        (
            "Sail\t€1.5m\tSeries A\tfor sails\thttps://sail.example",
            Round("Sail", Decimal(1_500_000), "EUR", "Series A", "for sails", "https://sail.example"),
        ),
        ("| Pier | undisclosed | seed |", Round("Pier", None, "USD", "seed")),
    ],
)
def test_a_pasted_line_becomes_a_row(line, row):
    assert sorted_out(line) == FinancialCorner(rounds=(row,))


def test_headings_of_a_table_say_what_its_columns_hold():
    data = sorted_out(
        "Round\tStartup name\tAmount raised\tLead\tWhat",
        "Seed\tGlow\t30M\tFjord\tlamps for piers",
        "\tKnot\t€2m\t\t",
    )
    assert data.rounds == (
        Round("Glow", Decimal(30_000_000), "USD", "Seed", "lamps for piers"),
        Round("Knot", Decimal(2_000_000), "EUR"),
    )
    assert data.notes == "<p>Glow: Lead Fjord</p>"


@pytest.mark.parametrize(
    ("line", "looks"),
    [
        ("Acme is valued at $2 billion.", "a valuation"),
        ("Buoy has raised $300 million to date.", "a total to date"),
        ("Brine announced $5 billion in revenue.", "revenue"),
        ("Tidewise bought Knot for $40 million.", "a takeover"),
        ("Gull raised $3 billion in its IPO.", "a public offering"),
        ("Mist\tvaluation $2bn\tfog", "a valuation"),
    ],
)
def test_an_amount_that_is_no_round_stays_as_text_and_is_pointed_out(line, looks):
    data = sorted_out(line)
    assert data.rounds == ()
    assert richtext.plain(data.notes).replace(" · ", "\t") == line
    assert f"” looks like {looks} and stays as text." in said_of(line)


def test_what_a_row_has_no_field_for_stays_as_a_paragraph():
    data = sorted_out(
        "Knot, which splices, reportedly raised nearly €2M in a round led by Sail, up from €1M."
    )
    assert data.rounds == (Round("Knot", Decimal(2_000_000), "EUR"),)
    assert data.notes == "<p>Knot: which splices; led by Sail, up from €1M; reportedly nearly €2M</p>"


def test_it_says_what_it_did():
    assert said_of(
        "Glow raised $1M. Knot raised $2M.", "Nobody raised a hand.", "Acme is valued at $2 billion."
    ) == (
        "2 rows made. “Acme is valued at $2 billion” looks like a valuation and stays as text. 1 sentence stays as text."
    )


def test_rows_and_notes_that_are_there_stay_in_front():
    data = sorted_out(
        "Knot raised $2M.", "Hm.", rounds=(Round("Glow"),), notes="<p>First.</p>", heading="Money"
    )
    assert [each.company for each in data.rounds] == ["Glow", "Knot"]
    assert data.notes == "<p>First.</p><p>Hm.</p>"
    assert (data.heading, data.pasted) == ("Money", "")


def test_lines_beyond_the_last_row_wait_in_the_box():
    lines = [f"Company{number} raised ${number}M." for number in range(1, ROWS_AT_MOST + 3)]
    data, said = make_rows(FinancialCorner(pasted="\n".join(lines)), [])
    assert len(data.rounds) == ROWS_AT_MOST
    assert data.pasted.splitlines() == lines[ROWS_AT_MOST:]
    assert "2 lines wait in the box" in said
    with pytest.raises(Refused, match="rows already"):
        make_rows(data, [])


def test_what_no_row_can_hold_stays_as_text():
    line = f"Knot raised $2M to {'splice ' * 60}ropes."
    assert sorted_out(line).rounds == ()
    assert richtext.plain(sorted_out(line).notes) == line


@pytest.mark.parametrize("pasted", ["", " \n\t"])
def test_without_lines_there_is_nothing_to_do(pasted):
    with pytest.raises(Refused, match="Paste lines into the box first"):
        make_rows(FinancialCorner(pasted=pasted), [])


LINES = [
    "TruKKer raised $100 million for its trucking logistics platform.",
    "Knot, which splices, reportedly raised nearly €2M in a round led by Sail, up from €1M.",
    "Glow raised up to $25 million Series B led by Fjord to light piers, at a $1 billion valuation.",
    "Oslo-based Krabbe today announced that it has raised 40 million kronor to feed crabs.",
    "Robotics startup Claw has (finally) raised $4.5M. It was founded in 2019. Acme is valued at $2 billion.",
    "- Rope: $3M seed, via Sail (https://rope.example/a_b) and https://knot.example",
    "[Kelp & Sons](https://kelp.example) picked up £800K from angels *at last*",
    "Mist raised an undisclosed sum of money in a round led by Fog.",
    "Sail\t€1.5m + €2m debt\tSeries A\tfor sails\tBergen\thttps://sail.example",
    "Pier\tundisclosed\t\t",
    "Gull\t$3bn valuation\tfor flights",
    "| Bell | US$12.7m (approx.) | Seed | bells |",
    "<b>Bold</b> & “odd” raised $1M",
]
SAID_BY_A_ROW = re.compile(
    r"\b(?:a|an|announced|announces|financing|for|from|funding|has|have|in|it|its|just|of|picked|raise[ds]?|round|that|the|up|"
    r"with|capital|million|billion|kronor|undisclosed|sum|money|\d{1,3}(?:m|k|bn|b)?|b|m|k|us)\b"
)
lines = st.lists(
    st.sampled_from(LINES) | st.text(alphabet="aB1 .,:;-•*()[]“”$€£MK|\t&<>", max_size=40),
    min_size=1,
    max_size=6,
)


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+", text.casefold()))


@settings(deadline=None)
@given(lines)
@example(LINES)
@example(["a\tB1 raised $1"])
def test_no_word_of_a_pasted_line_is_lost(pasted):
    text = "\n".join(pasted)
    try:
        data = sorted_out(text)
    except Refused:
        assert not text.strip()
        return
    kept = [each for row in data.rounds for each in (row.company, row.series, row.purpose, row.url)]
    told = html.unescape(re.sub(r"</?(?:p|ul|ol|li|strong|em|a)>|<a href=|>", " ", data.notes))
    assert richtext.clean(data.notes) == data.notes
    lost = words_of(text) - words_of(" ".join([*kept, told]))
    assert not [word for word in lost if not SAID_BY_A_ROW.fullmatch(word)]


@pytest.mark.django_db
def test_lines_that_wait_are_pointed_out_and_shown_to_nobody():
    issue = make_issue(blocks=())
    make_block(issue, "financial_corner", pasted="Secretive raised $1M.")
    warnings = [each.sentence for each in readiness.problems(issue) if each.severity == "warning"]
    assert "Pasted lines wait in the financial corner; readers will not see them." in warnings
    made = render(snapshot(blocks=(block("financial_corner", pasted="Secretive raised $1M."),)))
    assert "Secretive" not in made.html + made.text + made.web


def test_the_summary_counts_rounds():
    kind = registry.kind("financial_corner")
    assert kind.summary(kind.sample) == "Financial corner · 3 rounds"
    assert kind.summary(kind.data()) == ""
