"""Who wrote it, and where to find them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from issues.blocks.base import BlockType, Facts, Placed, Problem, blocker, warning
from issues.blocks.fields import BlockForm, Rows, is_key, one_line, web_address
from issues.models import Contributor, Issue


@dataclass(frozen=True)
class Link:
    """A label and its web address, which may still be missing."""

    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class Byline:
    """A person: a contributor by the id of their row, or a guest with name, address for mail, and links.

    What is said of a guest stays while a contributor is chosen, and readers do not see it.
    """

    contributor: int | None = None
    name: str = ""
    email: str = ""
    links: tuple[Link, ...] = ()


class LinkForm(forms.Form):
    use_required_attribute = False
    label = forms.CharField(required=False, max_length=60)
    url = web_address("Address")


class ContributorSelect(forms.Select):
    """The active contributors, and whoever is chosen already; asked anew whenever it is shown."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        chosen = [int(each) for each in value if is_key(each)]
        offered = Contributor.objects.filter(active=True) | Contributor.objects.filter(pk__in=chosen)
        self.choices = [("", "A guest, named below"), *((each.pk, str(each)) for each in offered.distinct())]
        return super().optgroups(name, value, attrs)


class ContributorField(forms.Field):
    """A contributor; data is the id of the row, or None."""

    widget = ContributorSelect

    def clean(self, value: Any) -> int | None:
        given = str(super().clean(value) or "").strip()
        if not given:
            return None
        if not is_key(given) or not Contributor.objects.filter(pk=int(given)).exists():
            raise ValidationError("This contributor is no longer there. Choose another, or name a guest.")
        return int(given)


class BylineForm(BlockForm):
    contributor = ContributorField(label="Contributor", required=False)
    name = one_line("Name of a guest", help_text="Only if nobody is chosen above.")
    email = forms.EmailField(label="Email of the guest", required=False)
    links = Rows(LinkForm, Link, label="Links of the guest")


class Block(BlockType[Byline]):
    label = "Byline"
    icon = "person"
    hint = "A contributor or a guest, with email and social links"
    order = 90
    data = Byline
    form = BylineForm
    sample = Byline(None, "Ines Falk", "ines@example.com", (Link("mastodon", "https://example.com/@ines"),))

    def summary(self, data: Byline) -> str:
        return data.name

    def gather(self, issue: Issue, blocks: Sequence[Placed[Byline]]) -> dict[UUID, Facts]:
        chosen = [each.data.contributor for each in blocks if each.data.contributor]
        rows = Contributor.objects.in_bulk(chosen) if chosen else {}
        return {each.uid: facts_of(each.data, rows.get(each.data.contributor or 0)) for each in blocks}

    def problems(self, issue: Issue, blocks: Sequence[Placed[Byline]]) -> list[Problem]:
        facts = self.gather(issue, blocks)
        nobody = [blocker("A byline names nobody.", each) for each in blocks if not facts[each.uid]["name"]]
        return nobody + [problem for each in blocks for problem in _dead_links(each, facts[each.uid])]

    def adopt(self, issue: Issue, data: Byline, found: Mapping[str, Any]) -> Byline:
        """A byline in a draft that is a contributor's, by name and address for mail, is theirs."""
        said = (data.name.casefold(), data.email.casefold())
        active = Contributor.objects.filter(active=True)  # few; to SQLite Å and å are two letters
        known = next((each for each in active if (each.name.casefold(), each.email.casefold()) == said), None)
        return replace(data, contributor=known.pk) if known and all(said) else data


def facts_of(data: Byline, contributor: Contributor | None = None) -> Facts:
    """What readers see: the contributor as they are now, else the guest."""
    if contributor is None:
        return {"name": data.name, "email": data.email, "links": data.links}
    social = Link(contributor.social_label or "web", contributor.social_url)
    return {
        "name": contributor.name,
        "email": contributor.email,
        "links": (social,) if contributor.social_url else (),
    }


def _dead_links(block: Placed[Byline], facts: Facts) -> Iterator[Problem]:
    for link in facts["links"]:
        if not link.url:
            yield warning(
                f"“{link.label}” in the byline of {facts['name']} has no address; readers see it as plain text.",
                block,
            )
