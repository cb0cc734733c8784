"""Who got what: searched, listed, and as a table to keep."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from newsroom.delivery import access
from newsroom.delivery.models import Outcome
from newsroom.delivery.reporting import receipts
from newsroom.lib.papers import attachment, sheets

ROWS_A_PAGE = 100
OUTCOMES = {each.name.lower().replace("_", "-"): each for each in Outcome}


@require_safe
def readers(request: HttpRequest, pk: int) -> HttpResponse:
    """“Did ada@… get this issue?”, and everybody with one outcome: those who failed, if none is named."""
    access.allow(request.user, access.NAME)
    send = access.send(request.user, pk, access.SEE)
    wanted = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL has no such character
    chosen = request.GET.get("outcome", "failed")
    outcome = OUTCOMES.get(chosen, Outcome.FAILED)
    rows = send.deliveries.filter(outcome=outcome).order_by("subscription_id")
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    values: dict[str, Any] = {
        "send": send,
        "issue": send.issue,
        "publication": send.issue.publication,
        "q": wanted,
        "found": receipts.find(send, wanted) if wanted else [],
        "most": receipts.FOUND_AT_MOST,
        "outcomes": [(name, each.label) for name, each in OUTCOMES.items()],
        "chosen": next(name for name, each in OUTCOMES.items() if each == outcome),
        "label": outcome.label,
        "page": page,
        "receipts": [] if wanted else list(receipts.of(send, page.object_list)),
        "several": send.printings.count() > 1,
    }
    return render(request, "delivery/readers.html", values)


@require_safe
def table(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A CSV of everybody who is settled, or of those with one outcome; written while it is read."""
    access.allow(request.user, access.NAME)
    send = access.send(request.user, pk, access.SEE)
    chosen = request.GET.get("outcome", "")
    if chosen and chosen not in OUTCOMES:
        raise Http404("There is no such outcome.")
    rows = receipts.rows(send, [OUTCOMES[chosen]] if chosen else None)
    name = f"{send.issue.slug} {chosen or 'readers'}.csv"
    return attachment.streamed(sheets.csv_stream(receipts.HEADER, rows), name, attachment.CSV)
