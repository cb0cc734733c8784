"""Form fields that speak an editor's language and store a block's data.

``to_form`` turns stored data into what stands in the field; ``clean`` turns what stands there into data again. Nothing
is required: a draft may be unfinished, and what must not be missing is asked by the kind's ``problems``.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory

from issues import richtext
from issues.blocks.typed import Malformed, storable
from newsroom.lib.forms import fields_only

ROWS_AT_MOST = 60
"""Rows that a form offers; a draft or a paste may bring more, and none of those is cut off."""
ROWS_EVER = 1000


class Lines(forms.CharField):
    """Plain lines, one item each; data is ``tuple[str, ...]``."""

    widget = forms.Textarea(attrs={"rows": 4, "data-grow": ""})

    def to_form(self, data: Sequence[str]) -> str:
        return "\n".join(data)

    def clean(self, value: Any) -> Any:
        return tuple(line.strip() for line in super().clean(value).splitlines() if line.strip())


class RichTextarea(forms.Textarea):
    """A textarea that an editor in the browser may take the place of.

    People type light Markdown into it; the editor sends HTML and says so in ``<name>-as``. Either way the form gets
    canonical rich text and nothing else, whatever came in.
    """

    def __init__(self, shape: str, rows: int = 6) -> None:
        super().__init__({"rows": rows, "data-grow": "", "data-rich": shape})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        words = data.get(name)
        if words is None:
            return None
        return self.from_html(words) if data.get(f"{name}-as") == "html" else self.from_markup(words)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, self.to_markup(value) if value else "", attrs)
        context["widget"]["attrs"]["data-html"] = self.to_html(value) if value else ""
        return context

    def from_html(self, html: str) -> Any:
        return richtext.clean(html)

    def from_markup(self, text: str) -> Any:
        return richtext.from_markup(text)

    def to_html(self, value: Any) -> str:
        return str(value)

    def to_markup(self, value: Any) -> str:
        return richtext.to_markup(value)


class RichItemsArea(RichTextarea):
    """The same for items, each of them inline rich text."""

    def from_html(self, html: str) -> Any:
        return richtext.items(richtext.clean(html))

    def from_markup(self, text: str) -> Any:
        return tuple(richtext.inline_from_markup(item) for item in _items(text))

    def to_html(self, value: Any) -> str:
        return "".join(f"<p>{item}</p>" for item in value)

    def to_markup(self, value: Any) -> str:
        return "\n\n".join(richtext.inline_to_markup(item) for item in value)


class RichText(forms.Field):
    """Paragraphs and lists; data is the canonical HTML subset of ``issues.richtext``."""

    widget = RichTextarea("story")

    def clean(self, value: Any) -> str:
        return super().clean(value) or ""


class RichItems(forms.Field):
    """Items with links, parted by a blank line or begun with a dash; data is a tuple of inline HTML."""

    widget = RichItemsArea("items")

    def clean(self, value: Any) -> Any:
        return tuple(item for item in super().clean(value) or () if item)


def _items(text: str) -> list[str]:
    """Split at blank lines and before leading dashes; the dash itself is only a mark."""
    parts = re.split(r"\n\s*\n|\n(?=[-•*] )", text.replace("\r\n", "\n"))
    return [
        item
        for part in parts
        if (item := part.strip().removeprefix("- ").removeprefix("• ").removeprefix("* "))
    ]


class RowsWidget(forms.Widget):
    """A small table of row forms with a blank row at the end, and a template row for the browser to clone."""

    template_name = "forms/rows.html"

    def __init__(self, row_form: type[forms.Form]) -> None:
        super().__init__()
        self.formset = formset_factory(row_form, extra=1, max_num=ROWS_AT_MOST, absolute_max=ROWS_EVER)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> BaseFormSet:  # type: ignore[type-arg]
        return self.formset(data, files, prefix=name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-TOTAL_FORMS" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        formset = value if isinstance(value, BaseFormSet) else self.formset(initial=value or [], prefix=name)
        return {**super().get_context(name, None, attrs), "formset": formset}

    def spread(self, name: str, words: Any) -> dict[str, Any]:
        """Rows as a browser would post them. Raises ``Malformed``."""
        if not isinstance(words, list) or not all(isinstance(row, Mapping) for row in words):
            raise Malformed(f"“{name.rpartition('-')[2]}” needs a list of rows.")
        if len(words) > ROWS_EVER:
            raise Malformed(
                f"“{name.rpartition('-')[2]}” has {len(words)} rows; that is more than a mail holds."
            )
        posted = {f"{name}-TOTAL_FORMS": str(len(words)), f"{name}-INITIAL_FORMS": "0"}
        for number, row in enumerate(words):
            for column, field in self.formset.form.base_fields.items():
                posted |= _spread(field, f"{name}-{number}-{column}", row.get(column, ""))
        return posted

    def words(self, name: str, value: Any) -> list[dict[str, Any]]:
        """The rows that stand in the field, without the blank ones."""
        formset = value if isinstance(value, BaseFormSet) else self.formset(initial=value or [], prefix=name)
        blank = {bound.name: _gathered(bound) for bound in formset.empty_form}
        rows = ({bound.name: _gathered(bound) for bound in form} for form in formset.forms)
        return [row for row in rows if row != blank]

    def mistakes(self, name: str, value: BaseFormSet) -> dict[str, str]:  # type: ignore[type-arg]
        """A sentence for each input of the rows that could not be read, or for all of them together."""
        found = {
            f"{name}-{number}-{column}": " ".join(map(str, errors))
            for number, form in enumerate(value.forms)
            for column, errors in form.errors.items()
        }
        return found or {name: " ".join(map(str, value.non_form_errors()))}

    def id_for_label(self, id_: str) -> str:
        return ""

    @property
    def use_fieldset(self) -> bool:
        return True

    @use_fieldset.setter
    def use_fieldset(self, value: bool) -> None:
        """Always a fieldset: the rows have labels of their own."""


class Rows(forms.Field):
    """Rows of one small form each; data is a tuple of ``row_data`` dataclasses, empty rows dropped."""

    def __init__(self, row_form: type[forms.Form], row_data: type[Any], **options: Any) -> None:
        super().__init__(required=False, widget=RowsWidget(row_form), **options)
        self.row_data = row_data

    def to_form(self, data: Sequence[Any]) -> list[dict[str, Any]]:
        return [{field.name: getattr(row, field.name) for field in dataclasses.fields(row)} for row in data]

    def clean(self, value: Any) -> Any:
        if not isinstance(value, BaseFormSet) or not value.is_valid():
            raise ValidationError("One of the rows needs another look.")
        rows = (self.row_data(**form.cleaned_data) for form in value.forms if form.cleaned_data)
        return tuple(row for row in rows if row != self.row_data())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class BlockForm(forms.Form):
    """The form of one block; its field names are the fields of the kind's data class.

    The composer speaks of a form as *words*: a JSON object with a string, a boolean or a list of such objects (rows) for
    each field, rich text as HTML.
    """

    use_required_attribute = False
    helper = fields_only()

    @classmethod
    def showing(cls, data: Any, *, prefix: str) -> Self:
        """An unbound form that shows ``data``."""
        initial = {
            name: field.to_form(getattr(data, name)) if hasattr(field, "to_form") else getattr(data, name)
            for name, field in cls.base_fields.items()
            if hasattr(data, name)
        }
        return cls(initial=initial, prefix=prefix)

    @classmethod
    def saying(cls, words: Mapping[str, Any], *, prefix: str) -> Self:
        """A form filled in with ``words``. Raises ``Malformed`` if they do not have the shape of its fields."""
        data: dict[str, Any] = {}
        for name, field in cls.base_fields.items():
            if name in words:
                data |= _spread(field, f"{prefix}-{name}", words[name])
        form = cls(data, prefix=prefix)
        form.said = frozenset(words)
        return form

    said: frozenset[str] | None = None
    """Names of the fields that somebody filled in; None for all."""

    @property
    def words(self) -> dict[str, Any]:
        """What stands in the form."""
        return {
            bound.name: _gathered(bound) for bound in self if not isinstance(bound.field, forms.FileField)
        }

    def to_data(self, before: Any) -> Any:
        """The data that the form stands for; fields that it does not show or could not read stay as ``before``."""
        known = {field.name for field in dataclasses.fields(before)}
        if self.said is not None:
            known &= self.said
        return dataclasses.replace(before, **{k: v for k, v in self.cleaned_data.items() if k in known})

    @property
    def unread(self) -> dict[str, Any]:
        """The words of the fields that could not be read."""
        broken = self._broken()
        return {name: words for name, words in self.words.items() if name in broken}

    @property
    def mistakes(self) -> dict[str, str]:
        """What could not be read: a sentence for each input, by its name without the prefix."""
        found = self._broken()
        for bound in self:
            if isinstance(bound.field, Rows) and bound.name in found:
                del found[bound.name]
                found |= bound.field.widget.mistakes(bound.name, bound.value())
        return found

    def _broken(self) -> dict[str, str]:
        """What is wrong with the fields that somebody filled in; a field that nobody mentioned is not wrong."""
        return {
            name: " ".join(map(str, errors))
            for name, errors in self.errors.items()
            if self.said is None or name in self.said
        }


def _spread(field: forms.Field, name: str, words: Any) -> dict[str, Any]:
    """Words of one field as a browser would post them."""
    if isinstance(field, Rows):
        return dict(field.widget.spread(name, words))
    if isinstance(field, forms.BooleanField):
        if not isinstance(words, bool):
            raise Malformed(f"“{name.rpartition('-')[2]}” is either true or false.")
        return {name: "on"} if words else {}
    if not isinstance(words, str):
        raise Malformed(f"“{name.rpartition('-')[2]}” needs text.")
    posted = {name: storable(words)}
    return posted | {f"{name}-as": "html"} if isinstance(field.widget, RichTextarea) else posted


def _gathered(bound: forms.BoundField) -> Any:
    """What stands in one field, as words."""
    value, widget = bound.value(), bound.field.widget
    if isinstance(widget, RowsWidget):
        return widget.words(bound.html_name, value)
    if isinstance(widget, RichTextarea):
        return widget.to_html(value) if value else ""
    if isinstance(widget, forms.CheckboxInput):
        return bool(value)
    shown = widget.format_value(value)
    said = (shown[0] if shown else "") if isinstance(shown, list) else shown
    return storable(str(said or ""))


def is_key(given: Any) -> bool:
    """Whether it can be the id of a row at all: databases answer larger numbers with an error of their own."""
    return str(given).isascii() and str(given).isdecimal() and len(str(given)) < 19


def one_line(label: str = "Heading", **options: Any) -> forms.CharField:
    """A one-line heading."""
    return forms.CharField(label=label, required=False, max_length=200, **options)


def web_address(label: str = "Link", **options: Any) -> forms.URLField:
    """A web address; https is assumed where the scheme is missing, so the browser must not insist on one."""
    words = forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"})
    return forms.URLField(
        label=label, required=False, assume_scheme="https", max_length=2000, widget=words, **options
    )
