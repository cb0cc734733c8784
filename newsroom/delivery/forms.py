"""When an issue goes out, on the publication's clock; to whom a test goes; and which returns to show."""

import datetime
import re
from typing import Any

from django import forms
from django.db.models import QuerySet

from issues.models import Publication
from newsroom.audience.addresses import domain_in_ascii
from newsroom.audience.models import Segment
from newsroom.audience.subscribing import normal_address
from newsroom.delivery.models import Policy, RateLimit, Return, ReturnKind, Send
from newsroom.delivery.proofing import AT_ONCE
from newsroom.lib import wallclock
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only

POLICIES = [
    (Policy.HOLD, "Ask me. Nobody gets it twice; the few readers in doubt are listed, and I decide."),
    (
        Policy.RESEND,
        "Send it again by itself. Nobody is left out; the few readers in doubt may get it twice.",
    ),
]


class ScheduleForm(forms.Form):
    """Day and time on the clock of the publication, to whom, and how; ``fold`` chooses when the clock shows the time twice."""

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
    segment = forms.ModelChoiceField(
        Segment.objects.none(), required=False, empty_label="All active subscribers", label="To whom"
    )
    canary = forms.BooleanField(
        required=False,
        label="By stages",
        help_text="First to our own addresses, then to 1 %, to 10 % and to all. Each stage is watched for some minutes; if "
        "something is wrong the rest waits for you.",
    )
    policy = forms.ChoiceField(
        choices=POLICIES,
        required=False,
        widget=forms.RadioSelect,
        label="If the machine fails while a message is on its way",
    )

    def __init__(self, *args: Any, publication: Publication, **options: Any) -> None:
        super().__init__(*args, **options)
        self.publication = publication
        segments = Segment.objects.filter(mailing_list__slug=publication.slug)
        if segments.exists():
            self.fields["segment"].queryset = segments  # type: ignore[attr-defined]
        else:
            del self.fields["segment"]
        self.choices: tuple[datetime.datetime, ...] = ()
        self.moment: datetime.datetime | None = None

    @property
    def chosen_segment(self) -> Segment | None:
        """The part of the list that was chosen; None for all of it."""
        return getattr(self, "cleaned_data", {}).get("segment")

    @property
    def how(self) -> dict[str, Any]:
        """What ``scheduling.schedule`` wants to know beside the time."""
        given = self.cleaned_data
        return {
            "segment": self.chosen_segment,
            "canary": given["canary"],
            "policy": given["policy"] or Policy.HOLD,
        }

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


class LimitForm(forms.Form):
    """How many messages a second at most, to one domain or altogether. Data: ``domain`` as it stands in addresses, "" for all."""

    helper = fields_only()
    use_required_attribute = False
    domain = forms.CharField(
        required=False,
        max_length=253,
        label="Domain",
        widget=forms.TextInput(
            attrs={"placeholder": "example.org", "autocapitalize": "none", "spellcheck": "false"}
        ),
        help_text="What stands after the @. Empty for the mail server as a whole.",
    )
    per_second = forms.FloatField(
        label="Messages a second",
        min_value=0.01,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        help_text="0.5 is one message every two seconds.",
    )

    def clean_domain(self) -> str:
        given: str = self.cleaned_data["domain"].strip().strip(".").lower().rpartition("@")[2]
        if not given:
            return ""
        try:
            domain = domain_in_ascii(given)
        except UnicodeError:
            domain = ""
        if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", domain):
            raise forms.ValidationError(f"“{given[:80]}” is not the domain of an address.")
        return domain

    def save(self) -> RateLimit:
        """The limit, new or changed."""
        given = self.cleaned_data
        limit, _ = RateLimit.objects.update_or_create(
            domain=given["domain"], defaults={"per_second": given["per_second"]}
        )
        return limit


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
