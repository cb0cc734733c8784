"""The opening: a hello and what today's issue holds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, ClassVar

from issues import richtext
from issues.blocks.base import Aid, BlockType, Placed, Problem, warning
from issues.blocks.fields import BlockForm, Lines, RichText
from issues.models import Issue
from newsroom.lib.errors import Refused
from newsroom.lib.text import counted


@dataclass(frozen=True)
class Greeting:
    """``body`` is rich text, in which ``{name|there}`` is the reader's name; ``today`` the plain items of the "Today:" list."""

    calls_by_name: ClassVar[bool] = True
    body: str = ""
    today: tuple[str, ...] = ()


class GreetingForm(BlockForm):
    body = RichText(
        label="Greeting",
        required=False,
        help_text="{name|there} becomes the reader’s name, or “there” where we do not know it.",
    )
    today = Lines(
        label="Today",
        required=False,
        help_text="One headline a line; readers see them as one sentence.",
    )


def fill_today(data: Greeting, below: Sequence[Placed[Any]]) -> tuple[Greeting, str]:
    """The headlines below become today's items, in their order. Raises ``Refused`` if that changes nothing.

    An item that is a headline already keeps the editor's spelling; one that is none stays behind the item it stood
    behind, so nothing written by hand is lost, and pressing twice is pressing once.
    """
    headlines = _headlines(below)
    if not headlines:
        raise Refused("None of the blocks below has a headline yet.")
    today = _woven(data.today, headlines)
    if today == data.today:
        raise Refused("Every headline below stands in the list already.")
    new = len(today) - len(data.today)
    said = (
        f"{counted(new, 'line')} added from the headlines below."
        if new > 0
        else "The list follows the headlines below."
    )
    return replace(data, today=today), said


def _headlines(below: Sequence[Placed[Any]]) -> dict[str, str]:
    """What stands at the head of the blocks, each once, by what makes it the same; a slot for a sponsor has no headline."""
    found: dict[str, str] = {}
    for each in below:
        headline = _without_stop(" ".join(getattr(each.data, "heading", "").split()))
        if headline:
            found.setdefault(_same(headline), headline)
    return found


def _woven(lines: Sequence[str], headlines: dict[str, str]) -> tuple[str, ...]:
    written = {_same(line): line for line in reversed(lines)}
    behind: defaultdict[str, list[str]] = defaultdict(list)
    headline = ""
    for line in lines:
        if _same(line) in headlines:
            headline = _same(line)
        else:
            behind[headline].append(line)
    woven = ((written.get(same, told), *behind[same]) for same, told in headlines.items())
    return (*behind[""], *chain.from_iterable(woven))


def _same(line: str) -> str:
    """Editors write a headline small within the sentence; it is the same all the same."""
    return _without_stop(line).casefold()


def _without_stop(headline: str) -> str:
    """Without the full stop of a sentence; that of “U.S.” and the dots of “wait...” stay."""
    bare = headline.removesuffix(".")
    return headline if "." in bare[-3:] else bare


class Block(BlockType[Greeting]):
    label = "Greeting"
    icon = "hand"
    hint = "Hello, and what today’s issue holds"
    order = 10
    data = Greeting
    form = GreetingForm
    aids = (Aid("today", "Fill from the headlines below", fill_today),)
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
