"""Who raised money: one row a funding round."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from issues.blocks.base import BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, RichText, Rows, one_line, web_address
from issues.blocks.financial_corner.reading import read_amount
from issues.models import FundingRound, Issue
from newsroom.lib.text import amount_in_words

LARGEST = Decimal(10) ** 15
"""What the column holds, and more than anybody raises."""


@dataclass(frozen=True)
class Round:
    """``amount`` in whole units of ``currency`` (ISO 4217), None if undisclosed."""

    company: str = ""
    amount: Decimal | None = None
    currency: str = "USD"
    series: str = ""
    purpose: str = ""
    url: str = ""


@dataclass(frozen=True)
class FinancialCorner:
    """``notes`` is rich text for lines that are not rounds."""

    heading: str = ""
    rounds: tuple[Round, ...] = ()
    notes: str = ""


class AmountField(forms.CharField):
    """An amount as people write it: “140 million”, “1.5bn”, “$30M”; data is a ``Decimal`` or None."""

    def prepare_value(self, value: Any) -> Any:
        return amount_in_words(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        read = read_amount(text) if text else None
        if text and read is None:
            raise ValidationError(
                "Write an amount like “140 million” or “30M”, or leave it empty if undisclosed."
            )
        return read.amount if read else None


class RoundForm(forms.Form):
    use_required_attribute = False
    company = forms.CharField(required=False, max_length=120)
    amount = AmountField(required=False, max_length=40)
    currency = forms.CharField(
        required=False, max_length=3, initial="USD", widget=forms.TextInput(attrs={"size": 4})
    )
    series = forms.CharField(label="Round", required=False, max_length=40)
    purpose = forms.CharField(required=False, max_length=300)
    url = web_address()

    def clean_currency(self) -> str:
        """The mark that stands with the amount, as in “€30M”, says more than the field beside it."""
        written = str(self.data.get(self.add_prefix("amount"), ""))
        read = read_amount(written)
        if read and (read.currency != "USD" or "$" in written):
            return read.currency
        return str(self.cleaned_data["currency"]).strip().upper() or "USD"


class FinancialCornerForm(BlockForm):
    heading = one_line()
    rounds = Rows(RoundForm, Round, label="Rounds")
    notes = RichText(label="Other lines", required=False)


class Block(BlockType[FinancialCorner]):
    label = "Financial corner"
    icon = "coins"
    hint = "Funding rounds, one row each"
    order = 70
    data = FinancialCorner
    form = FinancialCornerForm
    sample = FinancialCorner(
        heading="Financial corner",
        rounds=(
            Round("Quayside Robotics", Decimal(48_000_000), "USD", "Series B", "to teach cranes about wind"),
            Round(
                "Saltworks",
                Decimal(9_500_000),
                "EUR",
                "",
                "for its desalination kits",
                "https://example.com/saltworks",
            ),
            Round("Lantern & Co", None, "USD", "", "for night ferries"),
        ),
    )

    def problems(self, issue: Issue, blocks: Sequence[Placed[FinancialCorner]]) -> list[Problem]:
        nameless = [
            warning(f"Round {row} names no company.", each)
            for each in blocks
            for row, found in enumerate(each.data.rounds, 1)
            if not found.company
        ]
        empty = [
            warning("The financial corner is empty.", each)
            for each in blocks
            if not each.data.rounds and not each.data.notes
        ]
        return nameless + empty

    def project(self, issue: Issue, blocks: Sequence[Placed[FinancialCorner]]) -> None:
        FundingRound.objects.replace_for(
            issue,
            [
                FundingRound(
                    issue=issue,
                    block_uid=each.uid,
                    position=position,
                    company=found.company[:120],
                    amount=found.amount if found.amount is None or found.amount < LARGEST else None,
                    currency=found.currency[:3],
                    series=found.series[:40],
                    purpose=found.purpose[:300],
                    url=found.url[:2000],
                )
                for each in blocks
                for position, found in enumerate(each.data.rounds)
            ],
        )
