"""Filters of the plain text templates; built in, no ``{% load %}`` needed."""

from textwrap import indent

from django import template

from issues.rendering import typesetting
from issues.rendering.typesetting import Notes
from issues.templatetags import rich

register = template.Library()
for shared in (rich.money, rich.listed, rich.absolute, rich.sentence):
    register.filter(shared)


@register.filter
def underlined(heading: str, mark: str = "-") -> str:
    return typesetting.underlined(heading, mark)


@register.filter
def prose(html: str, notes: Notes) -> str:
    return typesetting.prose(html, notes)


@register.filter
def wrapped(words: str) -> str:
    return typesetting.wrapped(words)


@register.filter
def indented(text: str) -> str:
    """Set four columns in, as a quotation."""
    return indent(text, "    ")


@register.filter
def bullet(words: str) -> str:
    """Words as one item of a list."""
    return typesetting.wrapped(words, first="* ", rest="  ")


@register.filter
def inline(html: str, notes: Notes) -> str:
    return typesetting.inline(html, notes)


@register.filter
def note(url: str, notes: Notes) -> str:
    """“[3]” for an address, nothing for none."""
    return f"[{notes.number(url)}]" if url else ""
