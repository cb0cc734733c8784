"""Short items, each usually with one link."""

from collections.abc import Sequence
from dataclasses import dataclass

from issues import richtext
from issues.blocks.base import BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, RichItems, one_line
from issues.models import Issue


@dataclass(frozen=True)
class LinkRoundup:
    """``items`` are inline rich text."""

    heading: str = ""
    items: tuple[str, ...] = ()


class LinkRoundupForm(BlockForm):
    heading = one_line()
    items = RichItems(label="Items", required=False, help_text="Each paragraph is an item.")


class Block(BlockType[LinkRoundup]):
    label = "Link round-up"
    icon = "link"
    hint = "What others wrote, in a line or two"
    order = 80
    data = LinkRoundup
    form = LinkRoundupForm
    sample = LinkRoundup(
        heading="Around the harbour",
        items=(
            'The pilots’ union <a href="https://example.com/pilots">voted for longer shifts</a>, to everyone’s surprise.',
            'A lighthouse keeper’s diary is <a href="https://example.com/diary">online</a>.',
        ),
    )

    def summary(self, data: LinkRoundup) -> str:
        return data.heading or (richtext.plain(data.items[0]) if data.items else "")

    def problems(self, issue: Issue, blocks: Sequence[Placed[LinkRoundup]]) -> list[Problem]:
        return [warning("The round-up has no items.", each) for each in blocks if not each.data.items]
