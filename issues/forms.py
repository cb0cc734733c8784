"""Forms around the blocks: starting an issue, and what stands above its blocks."""

import calendar
from collections.abc import Iterable
from typing import Any

from django import forms

from issues import images
from issues.blocks import registry
from issues.blocks.fields import Lines
from issues.models import Issue, Publication
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only


class StartForm(forms.Form):
    """A new issue: from the rundown, or from a draft that was pasted or uploaded."""

    publication = forms.ModelChoiceField(Publication.objects.all(), empty_label=None)
    planned_for = forms.DateField(
        label="Day of issue", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    title = forms.CharField(max_length=200, required=False, help_text="May stay empty for now.")
    helper = fields_only()


class CopyForm(forms.Form):
    """A new issue from an earlier one, which may be any; ``offered`` are those to choose from."""

    earlier = forms.ModelChoiceField(
        Issue.objects.select_related("publication"),
        label="Earlier issue",
        error_messages={"invalid_choice": "This issue is no longer there. Choose another."},
    )
    planned_for = forms.DateField(
        label="Day of issue", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    title = forms.CharField(max_length=200, required=False, help_text="May stay empty for now.")
    helper = fields_only()

    def __init__(self, *args: Any, offered: Iterable[Issue], **options: Any) -> None:
        super().__init__(*args, **options)
        shelves: dict[str, list[tuple[int, str]]] = {}
        for each in offered:
            shelves.setdefault(each.publication.name, []).append((each.pk, _told(each)))
        earlier: Any = self.fields["earlier"]
        earlier.choices = list(shelves.items())


def _told(issue: Issue) -> str:
    """“Tue 4 Mar 2031 · A crane that learns”."""
    day = issue.planned_for
    unseen = "" if issue.published_at else f" ({issue.get_status_display().lower()})"
    return f"{day:%a} {day.day} {day:%b %Y} · {issue}{unseen}"


class PasteForm(forms.Form):
    """A draft as text, Markdown or HTML, pasted or as a file."""

    publication = forms.ModelChoiceField(Publication.objects.all(), empty_label=None)
    planned_for = forms.DateField(
        label="Day of issue", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    draft = forms.CharField(
        label="Draft",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "placeholder": "Paste the whole draft here."}),
    )
    file = forms.FileField(label="or a file", required=False, help_text="Text, Markdown or HTML.")
    helper = fields_only()

    def source(self) -> str | bytes:
        """What was given: the file if there is one, else the pasted words."""
        upload: Any = self.cleaned_data["file"]
        return bytes(upload.read()) if upload else str(self.cleaned_data["draft"])


class HeadForm(forms.ModelForm):  # type: ignore[type-arg]
    """What stands above the blocks: title, subject line, preheader and day."""

    class Meta:
        model = Issue
        fields = ["title", "subject", "preheader", "planned_for"]
        labels = {"planned_for": "Day of issue"}
        help_texts = {"planned_for": ""}
        widgets = {
            "planned_for": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "title": forms.TextInput(attrs={"class": "title"}),
            "subject": forms.TextInput(attrs={"data-advised": 60}),
            "preheader": forms.TextInput(attrs={"data-advised": 110}),
        }

    helper = fields_only()

    @staticmethod
    def words_of(issue: Issue) -> dict[str, str]:
        """What stands in the form of that issue, as text."""
        return {
            "title": issue.title,
            "subject": issue.subject,
            "preheader": issue.preheader,
            "planned_for": issue.planned_for.isoformat(),
        }


class Rundown(Lines):
    """Kinds of blocks, one a line."""

    def prepare_value(self, value: Any) -> Any:
        return self.to_form(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        names = [line.lower().replace(" ", "_").replace("-", "_") for line in super().clean(value)]
        known = [kind.kind for kind in registry.kinds()]
        for name in names:
            if name not in known:
                raise forms.ValidationError(f"There is no kind “{name}”. There are: {', '.join(known)}.")
        return names


class Weekdays(forms.TypedMultipleChoiceField):
    """Days of the week, as ticks; data is their numbers, 0 for Monday."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(enumerate(calendar.day_name)), coerce=int, **options)


class PublicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A publication, with its logo as an upload: a picture is decoded before it is kept."""

    logo_upload = forms.FileField(
        label="Logo",
        required=False,
        help_text="JPEG, PNG, GIF or WebP; shown 160 px wide at the head of each mail, instead of the masthead words.",
    )
    weekdays = Weekdays(label="Appears on", required=False)
    no_logo = forms.BooleanField(label="Remove the logo", required=False)
    rundown = Rundown(
        required=False, help_text="Blocks that a new issue starts with, one kind a line, in order."
    )

    class Meta:
        model = Publication
        exclude = ["logo"]  # noqa: DJ006 - the admin's fieldsets name what is shown

    def clean_logo_upload(self) -> images.Decoded | None:
        upload = self.cleaned_data["logo_upload"]
        try:
            return images.decode(upload) if upload else None
        except Refused as error:
            raise forms.ValidationError(str(error)) from error

    def save(self, commit: bool = True) -> Any:
        """Keep the logo that was uploaded, or let go of the one there was."""
        decoded = self.cleaned_data["logo_upload"]
        if decoded:
            self.instance.logo = images.keep(decoded)
        elif self.cleaned_data["no_logo"]:
            self.instance.logo = None
        return super().save(commit)
