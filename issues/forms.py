"""Forms around the blocks: starting an issue, and what stands above its blocks."""

from typing import Any

from django import forms

from issues.models import Issue, Publication
from newsroom.lib.forms import fields_only


class StartForm(forms.Form):
    """A new issue: from the rundown, or from a draft that was pasted or uploaded."""

    publication = forms.ModelChoiceField(Publication.objects.all(), empty_label=None)
    planned_for = forms.DateField(
        label="Day of issue", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    title = forms.CharField(max_length=200, required=False, help_text="May stay empty for now.")
    helper = fields_only()


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


class DescribeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Title, subject line, preheader and day."""

    class Meta:
        model = Issue
        fields = ["title", "subject", "preheader", "planned_for"]
        labels = {"planned_for": "Day of issue"}
        widgets = {
            "planned_for": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "title": forms.TextInput(attrs={"class": "title"}),
        }

    helper = fields_only()
