"""Segments: parts of a list by rules, with their count."""

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsroom.audience import access, rules, segments
from newsroom.audience.models import MailingList, Segment
from newsroom.audience.rules import Attribute, Engaged, Joined, Rule, Seed
from newsroom.lib.errors import NewsroomError, Refused
from newsroom.lib.forms import fields_only
from newsroom.lib.people import person

BLANK_ROWS = 1
TESTS: dict[str, list[tuple[str, str]]] = {
    "What we know of them": [
        ("attribute:is", "is"),
        ("attribute:is not", "is not"),
        ("attribute:contains", "contains"),
        ("attribute:is set", "is set"),
        ("attribute:is not set", "is not set"),
    ],
    "When they joined": [
        ("joined:after", "joined after"),
        ("joined:before", "joined before"),
        ("joined:within", "joined within the last"),
    ],
    "What they did": [
        ("clicked:within", "clicked within the last"),
        ("clicked:not for", "has not clicked for"),
        ("clicked:never", "never clicked"),
        ("opened:within", "opened within the last"),
        ("opened:not for", "has not opened for"),
        ("opened:never", "never opened"),
    ],
    "Addresses of our own": [("seed:is", "is a seed"), ("seed:is not", "is not a seed")],
}


class HeadForm(forms.Form):
    """Which list, and what the segment is called."""

    name = forms.CharField(max_length=80)
    list = forms.ModelChoiceField(MailingList.objects.all(), to_field_name="slug", empty_label=None)
    helper = fields_only()

    def __init__(self, *args: Any, of: Segment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of:  # a send that names it goes to the list it was made for
            mine = MailingList.objects.filter(pk=of.mailing_list_id)
            self.fields["list"] = forms.ModelChoiceField(mine, to_field_name="slug", empty_label=None)


class RuleForm(forms.Form):
    """One rule; one without a test is none."""

    test = forms.ChoiceField(label="Rule", choices=[("", "–"), *TESTS.items()], required=False)
    attribute = forms.CharField(
        max_length=60, required=False, widget=forms.TextInput(attrs={"list": "attributes"})
    )
    words = forms.CharField(max_length=rules.MOST_LETTERS, required=False)
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    days = forms.IntegerField(required=False, min_value=1, max_value=rules.MOST_DAYS)

    def rule(self) -> Rule | None:
        """What was asked. Raises ``Refused`` for what is missing."""
        given = self.cleaned_data
        kind, _, test = given["test"].partition(":")
        match kind:
            case "attribute":
                return Attribute(given["attribute"].strip(), test, given["words"] or "")
            case "joined" if test == "within":
                return Joined(test, days=given["days"] or 0)
            case "joined":
                return Joined(test, day=str(given["day"] or ""))
            case "clicked" | "opened":
                return Engaged(kind, test, 0 if test == "never" else given["days"] or 0)
            case "seed":
                return Seed(test)
        return None

    @staticmethod
    def words_of(rule: Rule) -> dict[str, Any]:
        """The fields in which a stored rule stands."""
        match rule:
            case Attribute():
                return {"test": f"attribute:{rule.test}", "attribute": rule.name, "words": rule.words}
            case Joined():
                day = datetime.date.fromisoformat(rule.day) if rule.day else None
                return {"test": f"joined:{rule.test}", "day": day, "days": rule.days or None}
            case Engaged():
                return {"test": f"{rule.how}:{rule.test}", "days": rule.days or None}
        return {"test": f"seed:{rule.test}"}


RuleFormSet = forms.formset_factory(RuleForm, extra=BLANK_ROWS, max_num=rules.MOST_RULES, validate_max=True)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All segments; each is counted in a piece of its own."""
    access.allow(request.user, access.SEE)
    found = [
        (each, rules.in_words(rules.parse(each.rules)))
        for each in Segment.objects.select_related("mailing_list").order_by("mailing_list__name", "name")
    ]
    values = {"segments": found, "section": "subscribers", "part": "segments"}
    return render(request, "desk/segments.html", values)


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """A new segment."""
    access.allow(request.user, access.CHANGE)
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, other rules."""
    right = access.CHANGE if request.method == "POST" else access.SEE
    return _form(request, access.segment(request.user, pk, right))


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Away with it, unless a send names it."""
    segment = access.segment(request.user, pk, access.CHANGE)
    segments.delete(segment)
    messages.success(request, f"“{segment}” is deleted.")
    return redirect("desk:segments")


@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """How many readers the rules of the form choose, as they stand in it now."""
    access.allow(request.user, access.SEE)
    head, rows = HeadForm(request.POST), RuleFormSet(request.POST)
    said = {"sentence": "Fill in the rules to see how many readers they choose."}
    chosen = head.is_valid() or head.cleaned_data.get("list")
    if chosen and rows.is_valid():
        try:
            said = _counted(head.cleaned_data["list"], _rules(rows))
        except Refused as error:
            said = {"sentence": str(error)}
    return render(request, "desk/_count.html", said)


@require_safe
def count_one(request: HttpRequest, pk: int) -> HttpResponse:
    """How many readers a stored segment chooses now."""
    segment = access.segment(request.user, pk, access.SEE)
    return render(request, "desk/_count.html", {"number": segments.readers(segment).count()})


def _form(request: HttpRequest, segment: Segment | None) -> HttpResponse:
    stored = rules.parse(segment.rules) if segment else ()
    initial = {"name": segment.name, "list": segment.mailing_list.slug} if segment else {}
    posted = request.POST or None
    head = HeadForm(posted, of=segment, initial=initial)
    rows = RuleFormSet(_one_more(posted), initial=[RuleForm.words_of(rule) for rule in stored])
    if posted and "more" not in posted and head.is_valid() and rows.is_valid():
        try:
            _store(request, segment, head, rows)
        except NewsroomError as error:
            head.add_error(None, str(error))
        else:
            return redirect("desk:segments")
    wrong = bool(posted) and "more" not in request.POST
    values = {
        "segment": segment,
        "head": head,
        "rows": rows,
        "names": segments.names_used(segment.mailing_list if segment else None),
        "counted": _counted(segment.mailing_list, stored) if segment and not posted else {},
        "section": "subscribers",
    }
    return render(request, "desk/segment.html", values, status=422 if wrong else 200)


def _store(request: HttpRequest, segment: Segment | None, head: HeadForm, rows: Any) -> None:
    name, asked = head.cleaned_data["name"], _rules(rows)
    if segment:
        segments.change(segment, name, asked)
    else:
        mailing_list = head.cleaned_data["list"]
        segments.make(mailing_list, name, asked, by=person(request), now=timezone.now())
    messages.success(request, f"“{name}” is saved.")


def _one_more(posted: Any) -> Any:
    """The form as it was sent, with one more row where that was asked for: the page needs no script for it."""
    if not posted or "more" not in posted:
        return posted
    longer = posted.copy()
    total = longer.get("form-TOTAL_FORMS", "")
    longer["form-TOTAL_FORMS"] = str(min(int(total) + 1 if total.isdecimal() else 1, rules.MOST_RULES))
    return longer


def _rules(rows: Any) -> tuple[Rule, ...]:
    """The rules of the rows that hold one. Raises ``Refused``."""
    asked = [row.rule() for row in rows if row.has_changed() or row.initial]
    return rules.parse(rules.as_json([rule for rule in asked if rule]))


def _counted(mailing_list: MailingList, asked: tuple[Rule, ...]) -> dict[str, Any]:
    number = segments.matching(mailing_list, asked, now=timezone.now()).count()
    return {"number": number, "words": rules.in_words(asked)}
