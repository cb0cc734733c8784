"""When an issue goes out, on the publication's clock; to whom a test goes; and which returns to show."""

import datetime
import re
from typing import Any

from django import forms
from django.db.models import QuerySet

from issues.models import Publication
from newsroom.audience.subscribing import normal_address
from newsroom.delivery.models import Return, ReturnKind, Send
from newsroom.delivery.testing import AT_ONCE
from newsroom.lib import wallclock
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only


class ScheduleForm(forms.Form):
    """Day and time on the clock of the publication; ``fold`` chooses when the clock shows the time twice."""

    helper = fields_only()
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    fold = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("0", "earlier"), ("1", "later")],
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, publication: Publication, **options: Any) -> None:
        super().__init__(*args, **options)
        self.publication = publication
        self.choices: tuple[datetime.datetime, ...] = ()
        self.moment: datetime.datetime | None = None

    def clean(self) -> dict[str, Any]:
        """Find the moment that is meant. A time in a gap says which time comes after it; one in a fold asks which."""
        given = super().clean() or {}
        if "day" not in given or "time" not in given:
            return given
        try:
            self.moment = wallclock.moment(
                given["day"], given["time"], self.publication.zone, fold=given.get("fold")
            )
        except wallclock.Fold as fold:
            self.choices = fold.choices
            self.add_error(None, str(fold))
        except Refused as error:  # a gap, or a year out of reach
            self.add_error("time", str(error))
        return given


class Addresses(forms.CharField):
    """Mail addresses, parted by commas, semicolons, blanks or line ends; data is each of them once."""

    widget = forms.Textarea(
        attrs={"rows": 2, "autocapitalize": "none", "autocomplete": "email", "spellcheck": "false"}
    )

    def clean(self, value: Any) -> Any:
        given = re.findall(r"[^\s,;]+", super().clean(value))
        if not given:
            raise forms.ValidationError(self.error_messages["required"])
        if len(given) > AT_ONCE:
            raise forms.ValidationError(
                f"A test goes to at most {AT_ONCE} addresses at once; these are {len(given)}."
            )
        found: dict[str, str] = {}
        for each in given:
            address = _usual_address(each)
            found.setdefault(address.lower(), address)
        return tuple(found.values())


def _usual_address(given: str) -> str:
    """The address as a mail server takes it. What is only allowed on paper (quoted names, numbers for hosts) is refused."""
    try:
        address = normal_address(given)
    except Refused as error:
        raise forms.ValidationError(str(error)) from error
    if not (address.isascii() and address.isprintable()) or set(address) & set('"[]()<>\\'):
        raise forms.ValidationError(f"“{given[:80]}” is not an email address that a test can be sent to.")
    return address


class ProofForm(forms.Form):
    """To whom a test goes."""

    helper = fields_only()
    use_required_attribute = False
    to = Addresses(
        label="Send a test to",
        max_length=4000,
        error_messages={"required": "Say to whom."},
        help_text=f"One or more addresses, at most {AT_ONCE}.",
    )


class ReturnsForm(forms.Form):
    """Which bounces and complaints to show."""

    send = forms.ModelChoiceField(Send.objects.none(), required=False, empty_label="All issues")
    kind = forms.ChoiceField(choices=[("", "Everything"), *ReturnKind.choices], required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["send"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Send.objects.filter(returns__isnull=False).select_related("edition").distinct()

    def found(self) -> QuerySet[Return]:
        """What was asked for; a filter that makes no sense shows everything."""
        rows = Return.objects.select_related("send__edition", "send__issue", "subscription__subscriber")
        self.is_valid()
        if send := self.cleaned_data.get("send"):
            rows = rows.filter(send=send)
        if kind := self.cleaned_data.get("kind"):
            rows = rows.filter(kind=kind)
        return rows
