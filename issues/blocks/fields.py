"""Form fields that speak an editor's language and store a block's data.

``to_form`` turns stored data into what stands in the field; ``clean`` turns what stands there into data again. Nothing
is required: a draft may be unfinished, and what must not be missing is asked by the kind's ``problems``.
"""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import BaseFormSet, formset_factory

from issues import richtext
from newsroom.lib.forms import fields_only

ROWS_AT_MOST = 60


class Lines(forms.CharField):
    """Plain lines, one item each; data is ``tuple[str, ...]``."""

    widget = forms.Textarea(attrs={"rows": 4, "data-grow": ""})

    def to_form(self, data: Sequence[str]) -> str:
        return "\n".join(data)

    def clean(self, value: Any) -> Any:
        return tuple(line.strip() for line in super().clean(value).splitlines() if line.strip())


class RichText(forms.CharField):
    """Paragraphs and lists in light Markdown; data is the canonical HTML subset of ``issues.richtext``."""

    widget = forms.Textarea(attrs={"rows": 6, "data-grow": "", "data-rich": ""})

    def to_form(self, data: str) -> str:
        return richtext.to_markup(data)

    def clean(self, value: Any) -> str:
        return richtext.from_markup(super().clean(value))


class RichItems(forms.CharField):
    """Items with links, parted by a blank line or begun with a dash; data is a tuple of inline HTML."""

    widget = forms.Textarea(attrs={"rows": 6, "data-grow": "", "data-rich": ""})

    def to_form(self, data: Sequence[str]) -> str:
        return "\n\n".join(richtext.inline_to_markup(item) for item in data)

    def clean(self, value: Any) -> Any:
        return tuple(richtext.inline_from_markup(item) for item in _items(super().clean(value)))


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
        self.formset = formset_factory(row_form, extra=1, max_num=ROWS_AT_MOST, absolute_max=ROWS_AT_MOST + 1)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> BaseFormSet:  # type: ignore[type-arg]
        return self.formset(data, files, prefix=name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-TOTAL_FORMS" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        formset = value if isinstance(value, BaseFormSet) else self.formset(initial=value or [], prefix=name)
        return {**super().get_context(name, None, attrs), "formset": formset}

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
    """The form of one block; its field names are the fields of the kind's data class."""

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

    def to_data(self, before: Any) -> Any:
        """The data that the valid form stands for; fields that the form does not show stay as ``before``."""
        known = {field.name for field in dataclasses.fields(before)}
        return dataclasses.replace(before, **{k: v for k, v in self.cleaned_data.items() if k in known})


def one_line(label: str = "Heading", **options: Any) -> forms.CharField:
    """A one-line heading."""
    return forms.CharField(label=label, required=False, max_length=200, **options)


def web_address(label: str = "Link", **options: Any) -> forms.URLField:
    """A web address; https is assumed where the scheme is missing, so the browser must not insist on one."""
    words = forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"})
    return forms.URLField(
        label=label, required=False, assume_scheme="https", max_length=2000, widget=words, **options
    )
