"""Somebody's words, set apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from issues import richtext
from issues.blocks.base import BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, RichText, one_line
from issues.models import Issue


@dataclass(frozen=True)
class Quote:
    """``text`` is rich text without quotation marks; ``attribution`` says whose words they are."""

    text: str = ""
    attribution: str = ""


class QuoteForm(BlockForm):
    text = RichText(label="Words", required=False)
    attribution = one_line("Said by")


class Block(BlockType[Quote]):
    label = "Quote"
    icon = "quote"
    hint = "Somebody’s words, set apart"
    order = 50
    data = Quote
    form = QuoteForm
    sample = Quote(
        "<p>You cannot hurry a tide, but you can read the table.</p>", "Mads Rohde, harbour master"
    )

    def summary(self, data: Quote) -> str:
        return richtext.plain(data.text)

    def problems(self, issue: Issue, blocks: Sequence[Placed[Quote]]) -> list[Problem]:
        return [
            warning("A quote does not say whose words it is.", each)
            for each in blocks
            if not each.data.attribution
        ]
