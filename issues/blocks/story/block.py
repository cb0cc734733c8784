"""A story after the lead."""

from collections.abc import Sequence
from dataclasses import dataclass

from issues import richtext
from issues.blocks.base import BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, RichText, one_line
from issues.models import Issue


@dataclass(frozen=True)
class Story:
    """``body`` is rich text; the heading may be missing."""

    heading: str = ""
    body: str = ""


class StoryForm(BlockForm):
    heading = one_line()
    body = RichText(label="Story", required=False)


class Block(BlockType[Story]):
    label = "Story"
    icon = "text"
    hint = "A heading and its paragraphs"
    order = 30
    data = Story
    form = StoryForm
    sample = Story(
        heading="A crane that learns",
        body="<p>The newest crane at pier four lifts by itself on calm days, <em>and asks when it is windy</em>.</p>",
    )

    def summary(self, data: Story) -> str:
        return data.heading or richtext.plain(data.body)

    def problems(self, issue: Issue, blocks: Sequence[Placed[Story]]) -> list[Problem]:
        return [warning("A story is empty.", each) for each in blocks if not each.data.body]
