"""Who reads what, and bringing readers in from a file."""

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from issues.models import Publication
from newsroom.audience import importing, recipients
from newsroom.audience.models import MailingList, Status, Subscription
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only
from newsroom.lib.people import allow

ROWS_A_PAGE = 100


class ImportForm(forms.Form):
    """A CSV file for a publication."""

    publication = forms.ModelChoiceField(Publication.objects.all(), empty_label=None)
    file = forms.FileField(
        label="CSV file",
        help_text="The first line names the columns: email, and if you have them name and active (yes or no).",
    )
    helper = fields_only()


@require_safe
def subscribers(request: HttpRequest) -> HttpResponse:
    """Subscriptions, searchable, with counts by list."""
    allow(request.user, "audience.view_subscription")
    wanted = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL has no such character
    status = request.GET.get("status", "")
    found = Subscription.objects.select_related("subscriber", "mailing_list").order_by("-pk")
    if wanted:
        found = found.filter(Q(subscriber__email__icontains=wanted) | Q(subscriber__name__icontains=wanted))
    if status in Status.values:
        found = found.filter(status=status)
    counts = {each: Count("subscriptions", filter=Q(subscriptions__status=each)) for each in Status.values}
    values = {
        "lists": MailingList.objects.annotate(**counts),
        "page": Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "q": wanted,
        "status": status,
        "statuses": Status.choices,
        "section": "subscribers",
    }
    return render(request, "desk/subscribers.html", values)


@require_http_methods(["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Import a CSV file; the report says what became of every row."""
    allow(request.user, "audience.add_subscription")
    form = ImportForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            report = _imported(form)
        except Refused as error:
            form.add_error("file", str(error))
    values = {"form": form, "report": report, "section": "subscribers"}
    return render(request, "desk/import.html", values, status=422 if form.errors else 200)


def _imported(form: ImportForm) -> importing.Report:
    publication = form.cleaned_data["publication"]
    mailing_list = recipients.list_of(publication.slug, name=publication.name)
    upload = form.cleaned_data["file"]
    return importing.import_csv(
        mailing_list, upload.read(), now=timezone.now(), label=f"import of {upload.name}"
    )
