"""When an issue goes out, on the publication's clock."""

import datetime
from typing import Any

from django import forms

from issues.models import Publication
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
