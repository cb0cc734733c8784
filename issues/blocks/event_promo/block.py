"""An event readers are asked to: what, when, where to sign up."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError

from issues.blocks.base import BlockType, Facts, Placed, Problem, blocker, warning
from issues.blocks.fields import BlockForm, RichText, one_line, web_address
from issues.models import Issue
from newsroom.lib import wallclock
from newsroom.lib.errors import Refused
from newsroom.lib.text import event_time

USUAL_ZONES = """America/Anchorage America/Bogota America/Chicago America/Denver America/Halifax America/Los_Angeles
America/Mexico_City America/New_York America/Phoenix America/Sao_Paulo America/Toronto Africa/Cairo Africa/Johannesburg
Africa/Lagos Africa/Nairobi Asia/Dubai Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Karachi Asia/Kolkata Asia/Seoul
Asia/Shanghai Asia/Singapore Asia/Tokyo Australia/Melbourne Australia/Perth Australia/Sydney Europe/Athens Europe/Berlin
Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Madrid
Europe/Paris Europe/Rome Europe/Warsaw Pacific/Auckland Pacific/Honolulu UTC""".split()


@dataclass(frozen=True)
class EventPromo:
    """``date`` and ``time`` are local to ``zone``, an IANA name."""

    heading: str = ""
    body: str = ""
    host: str = ""
    date: datetime.date | None = None
    time: datetime.time | None = None
    zone: str = ""
    cta_label: str = ""
    cta_url: str = ""


@cache
def zones() -> Mapping[str, str]:
    """Every zone there is, by its name in small letters. Asked once: the answer takes a walk through a thousand files."""
    return {each.lower(): each for each in available_timezones()}


class ZoneInput(forms.TextInput):
    """A text field that proposes the usual zones."""

    template_name = "forms/zone.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}-zones"
        return {**context, "zones": USUAL_ZONES}


class EventPromoForm(BlockForm):
    heading = one_line()
    body = RichText(label="Words", required=False)
    host = one_line("Host")
    date = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    zone = forms.CharField(
        label="Time zone of the place",
        required=False,
        widget=ZoneInput(),
        help_text="For example Europe/Berlin.",
    )
    cta_label = one_line("Button")
    cta_url = web_address("Button leads to")

    def clean_zone(self) -> str:
        written: str = self.cleaned_data["zone"].strip().replace(" ", "_")
        if not written or written in available_timezones():
            return written
        zone = next((each for each in available_timezones() if each.lower() == written.lower()), None)
        if zone is None:
            raise ValidationError(
                f"There is no time zone called “{written}”. Choose one like America/New_York."
            )
        return zone


class Block(BlockType[EventPromo]):
    label = "Event"
    icon = "calendar"
    hint = "Date, time and a button to sign up"
    order = 60
    data = EventPromo
    form = EventPromoForm
    sample = EventPromo(
        heading="Who owns the quay?",
        body="<p>Four planners, one map, an hour of questions. Bring yours.</p>",
        host="The Harbour Club",
        date=datetime.date(2031, 9, 16),
        time=datetime.time(18, 30),
        zone="Europe/Copenhagen",
        cta_label="Save a seat",
        cta_url="https://example.com/seats",
    )

    def gather(self, issue: Issue, blocks: Sequence[Placed[EventPromo]]) -> dict[UUID, Facts]:
        return {each.uid: _when(each.data) for each in blocks}

    def problems(self, issue: Issue, blocks: Sequence[Placed[EventPromo]]) -> list[Problem]:
        return [problem for each in blocks for problem in _problems(each, issue.planned_for)]


def _when(data: EventPromo) -> Mapping[str, Any]:
    return {"when": event_time(data.date, data.time, _zone_of(data))}


def _zone_of(data: EventPromo) -> ZoneInfo | None:
    return ZoneInfo(zones()[data.zone.lower()]) if data.zone.lower() in zones() else None


def _problems(block: Placed[EventPromo], on: datetime.date) -> list[Problem]:
    event = block.data
    found = []
    if event.date is None:
        found.append(warning("The event has no date.", block))
    elif event.date < on:
        found.append(blocker(f"The event is on {event.date:%-d %B %Y}, before this issue goes out.", block))
    if event.time and not event.zone:
        found.append(warning("The event has a time but no time zone.", block))
    found += [warning(sentence, block) for sentence in _odd_hours(event)]
    if event.cta_label and not event.cta_url:
        found.append(warning(f"The button “{event.cta_label}” leads nowhere yet.", block))
    return found


def _odd_hours(event: EventPromo) -> Iterator[str]:
    """What is wrong with a time in the night in which the clocks of the place are changed."""
    zone = _zone_of(event)
    if not (event.date and event.time and zone):
        return
    time, place = f"{event.time:%H:%M}", zone.key
    try:
        wallclock.moment(event.date, event.time, zone)
    except wallclock.Gap as gap:
        yield f"{time} does not exist that night in {place}: the clock is put forward. Is {gap.instead:%H:%M} meant?"
    except wallclock.Fold as fold:
        first, second = (f"{each:%H:%M %Z}" for each in fold.choices)
        yield (
            f"{time} occurs twice that night in {place}: the clock is put back. Readers see {first}; say so in the words "
            f"if {second} is meant."
        )
    except Refused:
        yield f"Nobody knows the clocks of {event.date.year}; look at the date again."
