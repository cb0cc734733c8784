"""What is particular to the financial corner."""

from decimal import Decimal

import pytest

from issues.blocks import registry
from issues.blocks.financial_corner.block import AmountField
from issues.models import FundingRound
from issues.rendering import render
from tests.issues.sample import snapshot
from tests.make import make_issue, remove, write


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("140 million", 140_000_000),
        ("$1.5bn", 1_500_000_000),
        ("30M", 30_000_000),
        ("800K", 800_000),
        ("9,500,000", 9_500_000),
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
