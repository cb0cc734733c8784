"""Subscribers from a file and into one: upload, say what the columns are, rehearse, take in; and the way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from issues.models import Publication
from newsroom.audience import access, exporting, recipients
from newsroom.audience.importing import intakes
from newsroom.audience.importing.presets import PRESETS, Column, Role
from newsroom.audience.importing.rows import Reading
from newsroom.audience.importing.tables import DELIMITERS, ENCODINGS, Form
from newsroom.audience.models import Intake, IntakeStatus, MailingList, Segment, Status, Subscription
from newsroom.lib.errors import NewsroomError, Refused
from newsroom.lib.forms import fields_only
from newsroom.lib.papers.attachment import CSV, file_name
from newsroom.lib.people import person

LATELY, REFUSED_SHOWN = 20, 100
_ROLES = [
    (Role.NOTHING, "Leave out"),
    (Role.EMAIL, "Email address"),
    (Role.NAME, "Name"),
    (Role.FIRST, "First name"),
    (Role.LAST, "Last name"),
    (Role.STATUS, "Status"),
    (Role.JOINED, "Date when they joined"),
    (Role.ATTRIBUTE, "Attribute named …"),
    (Role.ATTRIBUTES, "Several attributes (JSON)"),
]
_EVERYBODY = [
    (Status.ACTIVE, "Active"),
    (Status.UNSUBSCRIBED, "Unsubscribed: never to be written to"),
    (Status.BOUNCED, "Bounced (“cleaned”): never to be written to"),
    (Status.COMPLAINED, "Complained: never to be written to"),
]


class UploadForm(forms.Form):
    """A CSV file for a publication."""

    publication = forms.ModelChoiceField(Publication.objects.all(), empty_label=None)
    file = forms.FileField(
        label="CSV file",
        help_text="Any list as CSV, or the export of Mailchimp, Substack, Ghost, beehiiv, Buttondown or listmonk. "
        "You see how it is read before anything happens.",
    )
    helper = fields_only()


class ReadingForm(forms.Form):
    """How a file is written, and what a person must state about the people in it."""

    encoding = forms.ChoiceField(choices=list(ENCODINGS.items()), label="Letters")
    delimiter = forms.ChoiceField(
        choices=[(mark, name.capitalize()) for mark, name in DELIMITERS.items()], label="Between the cells"
    )
    head = forms.BooleanField(required=False, label="The first line names the columns")
    everybody = forms.ChoiceField(choices=_EVERYBODY, label="Where no column has a status, everybody is")
    update = forms.BooleanField(
        required=False,
        label="Names and attributes of this file replace what we know",
        help_text="Otherwise only what is empty is filled in.",
    )
    consent = forms.CharField(
        max_length=400,
        label="Where did these people agree?",
        help_text="Such as “sign-up form on harbour.example since 2019, confirmed by mail”. It is kept with each subscription.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    asked = forms.BooleanField(label="These people asked for this newsletter")

    @property
    def form(self) -> Form:
        said = self.cleaned_data
        return Form(said["encoding"], said["delimiter"], bool(said["head"]))


class ExportForm(forms.Form):
    """Which subscribers."""

    mailing_list = forms.ModelChoiceField(MailingList.objects.all(), label="List", empty_label=None)
    status = forms.ChoiceField(required=False, choices=[("", "All"), *Status.choices])
    segment = forms.ModelChoiceField(
        Segment.objects.select_related("mailing_list"), required=False, empty_label="Everybody on the list"
    )
    helper = fields_only()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        segment = said.get("segment")
        if segment and segment.mailing_list != said.get("mailing_list"):
            self.add_error("segment", "This segment is of another list.")
        elif segment and said.get("status", "") not in ("", Status.ACTIVE):
            self.add_error(
                "segment",
                "All readers of a segment are active. Choose that status, or everybody on the list.",
            )
        return said


@dataclass(frozen=True)
class Shown:
    """A column on the page: where it stands, its head, some of its cells, what it becomes."""

    at: int
    head: str
    cells: list[str]
    column: Column

    @property
    def attribute(self) -> str:
        return self.column.name or self.head.lower().replace("_", " ")[:80]


@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Upload a file; those of the last weeks."""
    access.allow(request.user, access.ADD)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("desk:intake_columns", _received(request, form).pk)
        except Refused as error:
            form.add_error("file", str(error))
    values = {
        "form": form,
        "intakes": Intake.objects.select_related("mailing_list", "made_by")[:LATELY],
        "section": "subscribers",
    }
    return render(request, "desk/import.html", values, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """What each column is; the button has it rehearsed."""
    found = access.intake(request.user, pk, access.ADD)
    if not intakes.may_be_told(found):
        return redirect("desk:intake", pk)
    reading = Reading.from_json(found.reading)
    form = ReadingForm(request.POST if request.method == "POST" else None, initial=_initial(reading))
    shown = _shown(found, reading.form, reading.columns)
    if request.method == "POST":
        again = "again" in request.POST
        shown, told = _told(request, found, form, propose=again)
        if told and not again:
            try:
                intakes.rehearse(found, told)
                return redirect("desk:intake", pk)
            except NewsroomError as error:
                form.add_error(None, str(error))
        if again:
            form = ReadingForm(initial=_said(request))
    values = {
        "intake": found,
        "form": form,
        "columns": shown,
        "roles": _ROLES,
        "preset": PRESETS[reading.preset].name if reading.preset else "",
        "section": "subscribers",
    }
    return render(request, "desk/intake_columns.html", values, status=422 if form.errors else 200)


@require_safe
def intake(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, and what became of the rows; the part that changes fetches itself anew while it moves."""
    found = access.intake(request.user, pk, access.ADD)
    if found.status == IntakeStatus.UPLOADED:
        return redirect("desk:intake_columns", pk)
    moving = found.status in (IntakeStatus.WAITING, IntakeStatus.READING)
    values = {
        "intake": found,
        "counts": intakes.counts_of(found),
        "progress": intakes.progress(found, now=timezone.now()),
        "moving": moving,
        "may_be_told": intakes.may_be_told(found),
        "goes_on": found.file and found.status in (IntakeStatus.FAILED, IntakeStatus.CANCELLED),
        "refused": [] if moving else intakes.refusals(found, REFUSED_SHOWN),
        "refused_file": intakes.refused_file(found),
        "consent": found.reading.get("consent", ""),
        "section": "subscribers",
    }
    template = "desk/_intake.html" if request.htmx else "desk/intake.html"  # type: ignore[attr-defined]
    return render(request, template, values)


@require_safe
def refused(request: HttpRequest, pk: int) -> FileResponse:
    """The rows that were left out, with the reason for each."""
    found = access.intake(request.user, pk, access.ADD)
    path = intakes.refused_file(found)
    if path is None:
        raise Http404("No row was left out, or the file was deleted.")
    answer = FileResponse(path.open("rb"), content_type=CSV)
    answer["Content-Disposition"] = _disposition(f"left out of {found.name}")
    return answer


@require_POST
def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take in, cancel, go on, or delete the upload."""
    found = access.intake(request.user, pk, access.ADD)
    steps = {
        "take-in": lambda: intakes.take_in(found),
        "cancel": lambda: intakes.cancel(found, now=timezone.now()),
        "go-on": lambda: intakes.try_again(found),
        "discard": lambda: intakes.discard(found),
    }
    if step not in steps:
        raise Http404("There is no such thing to do.")
    try:
        steps[step]()
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("desk:import") if found.pk is None else redirect("desk:intake", pk)


@require_http_methods(["GET", "POST"])
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Subscribers as CSV, streamed; it is written down who took them."""
    access.allow(request.user, access.SEE)
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _exported(request, form)
    values = {"form": form, "section": "subscribers"}
    return render(request, "desk/export.html", values, status=422 if form.errors else 200)


def _received(request: HttpRequest, form: UploadForm) -> Intake:
    publication, upload = form.cleaned_data["publication"], form.cleaned_data["file"]
    mailing_list = recipients.list_of(publication.slug, name=publication.name)
    now = timezone.now()
    return intakes.receive(mailing_list, upload.chunks(), name=upload.name, by=person(request), now=now)


def _initial(reading: Reading) -> dict[str, Any]:
    return {
        "encoding": reading.form.encoding,
        "delimiter": reading.form.delimiter,
        "head": reading.form.head,
        "everybody": reading.everybody,
        "update": reading.update,
        "consent": reading.consent,
        "asked": bool(reading.consent),
    }


def _said(request: HttpRequest) -> dict[str, Any]:
    """What stands in the form, for a page that only shows it anew."""
    plain = {name: request.POST.get(name, "") for name in ("encoding", "delimiter", "everybody", "consent")}
    return plain | {name: name in request.POST for name in ("head", "update", "asked")}


def _shown(found: Intake, form: Form, columns: Sequence[Column]) -> list[Shown]:
    head, rows = intakes.shown(found, form)
    width = max([len(head), len(columns), *map(len, rows)])
    return [
        Shown(
            at,
            head[at] if at < len(head) else f"Column {at + 1}",
            [row[at][:60] if at < len(row) else "" for row in rows],
            columns[at] if at < len(columns) else Column(),
        )
        for at in range(width)
    ]


def _told(
    request: HttpRequest, found: Intake, form: ReadingForm, *, propose: bool
) -> tuple[list[Shown], Reading | None]:
    """The columns as the form has them, and how the file is to be read if the form is whole."""
    before = Reading.from_json(found.reading)
    whole = form.is_valid()
    read = form.cleaned_data if form.is_bound else {}
    written = form.form if {"encoding", "delimiter"} <= read.keys() else before.form
    if propose:
        proposed = intakes.proposal(found, written)
        return _shown(found, written, proposed.columns), None
    shown = _shown(found, written, [])
    columns = tuple(_column(request, each.at) for each in shown)
    shown = _shown(found, written, columns)
    if not whole:
        return shown, None
    said = form.cleaned_data
    reading = Reading(
        written,
        columns,
        preset=before.preset,
        everybody=said["everybody"],
        update=said["update"],
        consent=said["consent"],
    )
    return shown, reading


def _column(request: HttpRequest, at: int) -> Column:
    role = request.POST.get(f"column-{at}", "")
    known = role if role in dict(_ROLES) else Role.NOTHING
    return Column(known, request.POST.get(f"named-{at}", "") if known == Role.ATTRIBUTE else "")


def _exported(request: HttpRequest, form: ExportForm) -> StreamingHttpResponse:
    said = form.cleaned_data
    chosen = _chosen(said)
    who = person(request)
    what = f"exported {said['mailing_list']}, {said['segment'] or said['status'] or 'all'}: {chosen.count():,} rows"
    LogEntry.objects.create(
        user=who,
        content_type=ContentType.objects.get_for_model(MailingList),
        object_id=str(said["mailing_list"].pk),
        object_repr=str(said["mailing_list"])[:200],
        action_flag=CHANGE,
        change_message=what,
    )
    answer = StreamingHttpResponse(exporting.csv_lines(chosen), content_type=CSV)
    answer["Content-Disposition"] = _disposition(f"{said['mailing_list'].slug} {timezone.now():%Y-%m-%d}.csv")
    return answer


def _chosen(said: dict[str, Any]) -> QuerySet[Subscription]:
    mailing_list = said["mailing_list"]
    if said["segment"]:
        return recipients.chosen(mailing_list.slug, said["segment"])
    found = Subscription.objects.filter(mailing_list=mailing_list)
    return found.filter(status=said["status"]) if said["status"] else found


def _disposition(name: str) -> str:
    return content_disposition_header(True, file_name(name)) or "attachment"
