"""A list that stands alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from issues import richtext
from issues.blocks.base import BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, RichItems, one_line
from issues.models import Issue


@dataclass(frozen=True)
class Bullets:
    """``items`` are inline rich text."""

    heading: str = ""
    items: tuple[str, ...] = ()


class BulletsForm(BlockForm):
    heading = one_line()
    items = RichItems(label="Points", required=False, help_text="Each paragraph is a point.")


class Block(BlockType[Bullets]):
    label = "Bullets"
    icon = "list"
    hint = "Short points, one after the other"
    order = 40
    data = Bullets
    form = BulletsForm
    sample = Bullets(
        heading="On the quay this week",
        items=("Pier two closes on Thursday.", "The <strong>night market</strong> is back."),
    )

    def summary(self, data: Bullets) -> str:
        return data.heading or (richtext.plain(data.items[0]) if data.items else "")

    def problems(self, issue: Issue, blocks: Sequence[Placed[Bullets]]) -> list[Problem]:
        return [warning("A list has no points.", each) for each in blocks if not each.data.items]
