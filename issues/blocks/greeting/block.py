"""The opening: a hello and what today's issue holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from issues import richtext
from issues.blocks.base import BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, Lines, RichText
from issues.models import Issue


@dataclass(frozen=True)
class Greeting:
    """``body`` is rich text; ``today`` the plain items of the "Today:" list."""

    body: str = ""
    today: tuple[str, ...] = ()


class GreetingForm(BlockForm):
    body = RichText(label="Greeting", required=False)
    today = Lines(
        label="Today",
        required=False,
        help_text="One headline a line; readers see them as one sentence.",
    )


class Block(BlockType[Greeting]):
    label = "Greeting"
    icon = "hand"
    hint = "Hello, and what today’s issue holds"
    order = 10
    data = Greeting
    form = GreetingForm
    sample = Greeting(
        body="<p>Good morning from the harbour desk.</p>",
        today=(
            "why two ferry lines share one timetable",
            "a crane that learns",
            "who raised money this week",
        ),
    )

    def summary(self, data: Greeting) -> str:
        return richtext.plain(data.body)

    def problems(self, issue: Issue, blocks: Sequence[Placed[Greeting]]) -> list[Problem]:
        return [
            warning("The greeting is empty.", each)
            for each in blocks
            if not each.data.body and not each.data.today
        ]
