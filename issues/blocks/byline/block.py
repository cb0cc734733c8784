"""Who wrote it, and where to find them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms

from issues.blocks.base import BlockType, Placed, Problem, blocker, warning
from issues.blocks.fields import BlockForm, Rows, one_line, web_address
from issues.models import Issue


@dataclass(frozen=True)
class Link:
    """A label and its web address, which may still be missing."""

    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class Byline:
    """A person: name, address for mail, and links such as a social account."""

    name: str = ""
    email: str = ""
    links: tuple[Link, ...] = ()


class LinkForm(forms.Form):
    use_required_attribute = False
    label = forms.CharField(required=False, max_length=60)
    url = web_address("Address")


class BylineForm(BlockForm):
    name = one_line("Name")
    email = forms.EmailField(label="Email", required=False)
    links = Rows(LinkForm, Link, label="Links")


class Block(BlockType[Byline]):
    label = "Byline"
    icon = "person"
    hint = "Name, email and social links"
    order = 90
    data = Byline
    form = BylineForm
    sample = Byline("Ines Falk", "ines@example.com", (Link("mastodon", "https://example.com/@ines"),))

    def summary(self, data: Byline) -> str:
        return data.name

    def problems(self, issue: Issue, blocks: Sequence[Placed[Byline]]) -> list[Problem]:
        nobody = [blocker("A byline names nobody.", each) for each in blocks if not each.data.name]
        dead = [
            warning(
                f"“{link.label}” in the byline of {each.data.name} has no address; readers see it as plain text.",
                each,
            )
            for each in blocks
            for link in each.data.links
            if not link.url
        ]
        return nobody + dead
