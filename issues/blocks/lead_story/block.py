"""The story the issue is named after."""

from collections.abc import Sequence
from dataclasses import dataclass

from issues.blocks.base import BlockType, Placed, Problem, blocker
from issues.blocks.fields import BlockForm, RichText, one_line
from issues.models import Issue


@dataclass(frozen=True)
class LeadStory:
    """``body`` is rich text: paragraphs and lists in any order; ``byline`` a plain name."""

    heading: str = ""
    body: str = ""
    byline: str = ""


class LeadStoryForm(BlockForm):
    heading = one_line()
    body = RichText(label="Story", required=False)
    byline = one_line("Written by")


class Block(BlockType[LeadStory]):
    label = "Lead story"
    icon = "star"
    hint = "Paragraphs and bullets, in any order"
    order = 20
    data = LeadStory
    form = LeadStoryForm
    sample = LeadStory(
        heading="Two ferry lines, one timetable",
        body=(
            "<p>The two companies that cross the sound have agreed on <strong>one timetable</strong> from March.</p>"
            "<p>What changes for commuters:</p>"
            "<ul><li>A boat every twelve minutes at rush hour.</li>"
            '<li>One ticket, <a href="https://example.com/tickets">sold by either side</a>.</li></ul>'
            "<p>Nobody expects the summer to be calm.</p>"
        ),
        byline="Ines Falk",
    )

    def problems(self, issue: Issue, blocks: Sequence[Placed[LeadStory]]) -> list[Problem]:
        empty = [blocker("The lead story has no words.", each) for each in blocks if not each.data.body]
        bare = [blocker("The lead story has no heading.", each) for each in blocks if not each.data.heading]
        return empty + bare
