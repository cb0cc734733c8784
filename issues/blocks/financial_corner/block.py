"""Who raised money: one row a funding round."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from issues import richtext
from issues.blocks import typed
from issues.blocks.base import Aid, BlockType, Placed, Problem, warning
from issues.blocks.fields import ROWS_AT_MOST, BlockForm, RichText, Rows, one_line, web_address
from issues.blocks.financial_corner import pasting
from issues.blocks.financial_corner.reading import read_amount
from issues.models import FundingRound, Issue
from newsroom.lib.errors import Refused
from newsroom.lib.text import amount_in_words, counted

CENT = Decimal("0.01")
HINTS_AT_MOST = 3
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
    """``notes`` is rich text for lines that are not rounds; ``pasted`` are lines that nobody has sorted yet, and readers
    never see them."""

    heading: str = ""
    rounds: tuple[Round, ...] = ()
    notes: str = ""
    pasted: str = ""


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
        return (
            read.amount.quantize(CENT)
            if read and read.amount and read.amount % CENT
            else read and read.amount
        )


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
    pasted = forms.CharField(
        label="Paste lines here",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-grow": ""}),
        help_text="Such as “TruKKer raised $100 million for its trucking platform.” Readers do not see this box.",
    )

    def clean_pasted(self) -> str:
        return "\n".join(str(self.cleaned_data["pasted"]).splitlines())


@dataclass
class _Sorting:
    """Pasted lines at work."""

    rounds: list[Round] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    as_text: int = 0

    def take(self, told: pasting.Told) -> None:
        """Make a row of it, and a paragraph of what the row does not say; of what is no row, a paragraph."""
        row = typed.load(Round, told.round) if told.round else None
        if row and fits(row):
            self.rounds.append(row)
            self.notes.append(told.rest)
            return
        self.notes.append(told.text)
        if told.hint and len(self.hints) < HINTS_AT_MOST:
            self.hints.append(
                f"“{_shortened(richtext.plain(told.text))}” looks like {told.hint} and stays as text."
            )
        else:
            self.as_text += 1

    @property
    def said(self) -> str:
        made = f"{counted(len(self.rounds), 'row')} made." if self.rounds else "No round was found."
        also = f"{counted(self.as_text, 'sentence')} {'stays' if self.as_text == 1 else 'stay'} as text."
        full = f"{counted(len(self.waiting), 'line waits', 'lines wait')} in the box: there are {ROWS_AT_MOST} rows."
        return " ".join([made, *self.hints, *[also] * bool(self.as_text), *[full] * bool(self.waiting)])


def make_rows(data: FinancialCorner, _: Sequence[Placed[Any]]) -> tuple[FinancialCorner, str]:
    """Pasted lines become rows below those that are there, and what tells of no round a paragraph of the notes.

    Raises ``Refused`` if nothing was pasted, or no row is left for it.
    """
    if not data.pasted.strip():
        raise Refused("There is nothing to make rows of. Paste lines into the box first.")
    if len(data.rounds) >= ROWS_AT_MOST:
        raise Refused(f"There are {ROWS_AT_MOST} rows already. Start another financial corner for more.")
    sorting = _Sorting()
    for line, told in pasting.tell(data.pasted):
        if sorting.waiting or len(data.rounds) + len(sorting.rounds) + len(told) > ROWS_AT_MOST:
            sorting.waiting.append(line)
            continue
        for each in told:
            sorting.take(each)
    after = replace(
        data,
        rounds=(*data.rounds, *sorting.rounds),
        notes=richtext.clean(data.notes + "".join(sorting.notes)),
        pasted="\n".join(sorting.waiting),
    )
    return after, sorting.said


def fits(row: Round) -> bool:
    """Whether the form gives the row back as it is: what is too long or too odd for it stays text."""
    form = FinancialCornerForm.saying(
        FinancialCornerForm.showing(FinancialCorner(rounds=(row,)), prefix="row").words, prefix="row"
    )
    return form.is_valid() and form.to_data(FinancialCorner()).rounds == (row,)


def _shortened(words: str) -> str:
    words = " ".join(words.split()).rstrip(".")
    return words if len(words) <= 80 else words[:80].rsplit(" ", 1)[0] + "…"


class Block(BlockType[FinancialCorner]):
    label = "Financial corner"
    icon = "coins"
    hint = "Funding rounds, one row each"
    order = 70
    data = FinancialCorner
    form = FinancialCornerForm
    aids = (Aid("rounds", "Make rows of the pasted lines", make_rows),)
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

    def summary(self, data: FinancialCorner) -> str:
        rounds = counted(len(data.rounds), "round") if data.rounds else ""
        return " · ".join(filter(None, [data.heading, rounds]))

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
        pasted = [
            warning("Pasted lines wait in the financial corner; readers will not see them.", each)
            for each in blocks
            if each.data.pasted
        ]
        return nameless + empty + pasted

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
