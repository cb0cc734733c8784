"""The list of those whom nobody writes to: seen, searched, added to, lifted, handed out."""

import csv
import io
from collections.abc import Iterator

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsroom.audience import access, suppressing
from newsroom.audience.models import Reason, Suppression
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only
from newsroom.lib.papers import sheets
from newsroom.lib.people import person

ROWS_A_PAGE = 100
COLUMNS = ("Address", "Fingerprint", "Reason", "Since", "Note")


class SuppressForm(forms.Form):
    """An address by hand."""

    email = forms.CharField(label="Address", max_length=254)
    reason = forms.ChoiceField(
        choices=[(each, each.label) for each in (Reason.ASKED, Reason.COMPLAINED, Reason.BOUNCED)]
    )
    note = forms.CharField(label="How we know", max_length=300)
    helper = fields_only()


class FilterForm(forms.Form):
    """What to show, and from where on."""

    q = forms.CharField(
        label="Search", required=False, widget=forms.SearchInput(attrs={"placeholder": "Address"})
    )
    reason = forms.ChoiceField(choices=[("", "All"), *Reason.choices], required=False)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The list, latest first, and a form to add an address."""
    access.allow(request.user, access.CHANGE if request.method == "POST" else access.SEE)
    form = SuppressForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(request, form):
        return redirect("desk:suppressions")
    wanted = FilterForm(request.GET)
    valid = wanted.is_valid()
    rows = list(_found(wanted)[: ROWS_A_PAGE + 1]) if valid else []
    values = {
        "form": form,
        "filters": wanted,
        "rows": rows[:ROWS_A_PAGE],
        "older": rows[ROWS_A_PAGE - 1].pk if len(rows) > ROWS_A_PAGE else None,
        "newest": not (valid and wanted.cleaned_data["before"]),
        "section": "subscribers",
        "part": "suppressions",
    }
    return render(request, "desk/suppressions.html", values, status=422 if form.errors else 200)


@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an address off, for a reason."""
    row = access.suppression(request.user, pk, access.CHANGE)
    suppressing.lift(row, why=request.POST.get("words", ""), by=person(request), now=timezone.now())
    messages.success(request, f"{row} may be written to again, as soon as they ask for it.")
    return redirect("desk:suppressions")


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """The whole list as CSV, row by row: it may be longer than memory."""
    access.allow(request.user, access.SEE)
    headers = {"Content-Disposition": 'attachment; filename="never-write-to.csv"'}
    return StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8", headers=headers)


def _lines() -> Iterator[str]:
    yield "\ufeff"  # by which Excel knows UTF-8
    yield _line(COLUMNS)
    for row in Suppression.objects.order_by("pk").iterator(chunk_size=2000):
        yield _line((row.email, row.fingerprint, row.get_reason_display(), row.at.isoformat(), row.note))


def _line(cells: tuple[str, ...]) -> str:
    page = io.StringIO(newline="")
    csv.writer(page, lineterminator="\r\n").writerow([sheets.harmless(cell) for cell in cells])
    return page.getvalue()


def _added(request: HttpRequest, form: SuppressForm) -> bool:
    given = form.cleaned_data
    try:
        row = suppressing.suppress(
            given["email"],
            Reason(given["reason"]),
            note=given["note"],
            by=person(request),
            now=timezone.now(),
        )
    except Refused as error:
        form.add_error("email", str(error))
        return False
    messages.success(request, f"Nobody writes to {row.email or given['email']} any more.")
    return True


def _found(wanted: FilterForm) -> QuerySet[Suppression]:
    """An address is found by its fingerprint, too, so one that was erased can be looked up by who knows it."""
    found, given = Suppression.objects.order_by("-pk"), wanted.cleaned_data
    if given["q"]:
        mark = suppressing.fingerprint(given["q"])
        found = found.filter(Q(email__icontains=given["q"]) | Q(fingerprint=mark))
    if given["reason"]:
        found = found.filter(reason=given["reason"])
    if given["before"]:
        found = found.filter(pk__lt=given["before"])
    return found
