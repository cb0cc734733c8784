"""What a browser without scripts posts for a form: read from its HTML, not from its fields."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from crispy_forms.utils import render_crispy_form
from django.forms import Form
from django.http import QueryDict


def posted(form: Form) -> QueryDict:
    """The form as it is shown and sent at once, nothing touched."""
    reader = _Controls()
    reader.feed(render_crispy_form(form))
    sent = QueryDict(mutable=True)
    for name, value in reader.sent:
        sent.appendlist(name, value.replace("\r\n", "\n").replace("\n", "\r\n"))
    return sent


@dataclass
class _Area:
    name: str
    words: list[str] = field(default_factory=list)


class _Controls(HTMLParser):
    """Inputs, text areas and selects in the order of the page; what stands in a ``<template>`` is not in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.inert = 0
        self.area: _Area | None = None
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        has = dict(attrs)
        if tag == "template":
            self.inert += 1
        if self.inert:
            return
        if tag == "input" and _is_sent(has):
            self.sent.append(
                (has["name"], has.get("value") or ("on" if has.get("type") == "checkbox" else ""))
            )
        elif tag == "textarea":
            self.area = _Area(has["name"])
        elif tag == "select":
            self.select = has["name"]
        elif tag == "option" and "selected" in has:
            self.sent.append((self.select, has.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.inert -= 1
        elif tag == "textarea" and self.area:
            self.sent.append((self.area.name, "".join(self.area.words).removeprefix("\n")))
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area.words.append(data)


def _is_sent(has: dict[str, Any]) -> bool:
    if has.get("type") in ("checkbox", "radio"):
        return "checked" in has
    return has.get("type") not in ("file", "submit", "button") and bool(has.get("name"))
