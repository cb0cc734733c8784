"""Proof that it ran: reports of orders on the page, as a spreadsheet, as a paper; and what we owe where it did not."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from newsroom.lib.errors import NewsroomError
from newsroom.lib.papers import attachment, charts, ical, pdf, sheets
from newsroom.lib.people import person
from sponsors import access, billing, calendar, inventory, makegoods, reporting
from sponsors.models import Insertion, MakeGood
from sponsors.reporting import Figures, Report
from sponsors.views.calendar import WEEKS, chosen_publication, since_day

HEADER = (
    "Day", "Placement", "Position", "Delivered", "Clicks, raw", "Clicks, filtered", "People who clicked",
    "People per delivered, %", "Placement’s usual, %",
)  # fmt: skip


@require_safe
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """The report of an order, with charts."""
    shown = reporting.report(access.order(request.user, pk, access.DEALS))
    return render(request, "sponsors/report.html", {**as_page(shown), "section": "sponsors"})


def as_page(shown: Report) -> dict[str, object]:
    """What the page of a report shows, for the desk and for the sponsor alike."""
    bars = [(_place(row), float(row.people)) for row in shown.rows]
    return {
        "report": shown,
        "order": shown.order,
        "chart": charts.bars(bars, title="People who clicked, by insertion") if bars else "",
        "twins": [(reporting.twin_words(each), each.people) for each in shown.twins],
        "rule": reporting.RULE,
        "opens": reporting.OPENS,
    }


@require_safe
def export(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """The report as CSV, XLSX or PDF."""
    return exported(reporting.report(access.order(request.user, pk, access.DEALS)), ending)


def exported(shown: Report, ending: str) -> HttpResponse:
    """The same report as a file to keep."""
    name = f"Report {shown.order.number}.{ending}"
    if ending == "csv":
        return attachment.attachment(sheets.csv_bytes(HEADER, _cells(shown.rows)), name, attachment.CSV)
    if ending == "xlsx":
        pages = [sheets.Sheet(title="Insertions", header=HEADER, rows=_cells(shown.rows)), _twin_sheet(shown)]
        return attachment.attachment(sheets.xlsx_bytes(pages), name, attachment.XLSX)
    if ending == "pdf":
        return attachment.attachment(pdf.pdf_bytes(_paper(shown)), name, attachment.PDF)
    raise Http404("There is no such file.")


@require_safe
def bookings(request: HttpRequest, ending: str) -> HttpResponse:
    """The calendar's weeks as CSV or iCalendar."""
    access.allow(request.user, access.SEE)
    stocked = calendar.publications()
    publication = chosen_publication(request, list(stocked))
    if publication is None or ending not in ("csv", "ics"):
        raise Http404("There is no such file.")
    weeks = WEEKS[1] if request.GET.get("weeks") == str(WEEKS[1]) else WEEKS[0]
    board = calendar.board(
        publication,
        stocked[publication],
        since=since_day(request, publication),
        weeks=weeks,
        now=timezone.now(),
    )
    name = f"Sponsors of {publication} from {board.since:%Y-%m-%d}.{ending}"
    if ending == "csv":
        header = ("Day", "Placement", "State", "Advertiser or reason", "Detail")
        return attachment.attachment(sheets.csv_bytes(header, _slots(board)), name, attachment.CSV)
    return attachment.attachment(
        ical.ical_bytes(f"Sponsors of {publication}", _happenings(board)), name, attachment.ICAL
    )


@require_safe
def owed(request: HttpRequest) -> HttpResponse:
    """Make-goods: what is owed, with the next free slots, and what was settled."""
    access.allow(request.user, access.DEALS)
    rows = MakeGood.objects.select_related(
        "insertion__slot__issue__publication", "insertion__slot__placement", "insertion__line__order__advertiser",
        "replacement__slot__issue", "replacement__slot__placement",
    )  # fmt: skip
    now = timezone.now()
    still = [(each, makegoods.offers(each, now=now)) for each in rows.filter(status="opened")[:50]]
    values = {"owed": still, "settled": rows.exclude(status="opened")[:50], "section": "sponsors"}
    return render(request, "sponsors/make_goods.html", values)


@require_POST
def make_good(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Schedule it in a free slot, let it be waived, or settle it in money that was never asked for."""
    on = access.make_good(request.user, pk, access.SELL)
    by, now = person(request), timezone.now()
    try:
        if verb == "schedule":
            (slot,) = inventory.at([request.POST.get("slot", "")])
            makegoods.schedule(on, slot, by=by, now=now)
            messages.success(request, f"Scheduled for {slot}, at no charge.")
        elif verb == "waive":
            makegoods.waive(on, who=request.POST.get("words", ""), by=by, now=now)
        elif verb == "credit":
            billing.forgo(on, by=by, now=now)
        else:
            raise Http404("There is no such step.")
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("sponsors:make_goods")


def _cells(rows: Sequence[Figures]) -> list[tuple[object, ...]]:
    return [
        (
            row.insertion.slot.issue.planned_for,
            row.insertion.slot.name,
            _position(row.insertion),
            row.delivered,
            row.raw,
            row.filtered,
            row.people,
            _percent(row.rate),
            _percent(row.usual),
        )
        for row in rows
    ]


def _twin_sheet(shown: Report) -> sheets.Sheet:
    rows = [(reporting.twin_words(each), each.people) for each in shown.twins]
    return sheets.Sheet(title="Twins", header=("Insertions", "People who clicked any of them"), rows=rows)


def _paper(shown: Report) -> pdf.Paper:
    order = shown.order
    cells = [[_on_paper(cell) for cell in row] for row in _cells(shown.rows)]
    twins = [[reporting.twin_words(each), f"{each.people:,}"] for each in shown.twins]
    tables = [pdf.Table(header=HEADER, rows=cells, numeric=frozenset(range(3, 9)))]
    if twins:
        tables.append(
            pdf.Table(
                heading="Both messages of one issue",
                header=("Insertions", "People who clicked any"),
                rows=twins,
                numeric=frozenset({1}),
            )
        )
    bars = [(_place(row), float(row.people)) for row in shown.rows]
    return pdf.Paper(
        title=f"{order.advertiser} in {order.publication}",
        subtitle=f"Report on order {order.number}",
        facts=[
            ("Insertions that ran", f"{len(shown.rows):,}"),
            ("Mails delivered", f"{shown.delivered:,}"),
            ("Clicks of people", f"{shown.filtered:,} of {shown.raw:,}"),
        ],
        tables=tables,
        chart=pdf.Chart(heading="People who clicked", series=bars) if bars else None,
        notes=[reporting.RULE, reporting.OPENS],
        footer=order.publication.name,
        made_at=timezone.now(),
    )


def _on_paper(cell: object) -> str:
    """A cell in a narrow column: a day breaks between its words."""
    if isinstance(cell, datetime.date):
        return f"{cell.day} {cell:%b %Y}"
    return "" if cell is None else str(cell)


def _slots(board: calendar.Board) -> list[tuple[object, ...]]:
    return [
        (day.date, column.name, cell.state, cell.words, cell.detail)
        for day in board.days
        for column, cell in zip(board.columns, day.cells, strict=False)
    ]


def _happenings(board: calendar.Board) -> list[ical.Happening]:
    return [
        ical.Happening(
            uid=f"slot-{cell.key}@{board.publication.slug}",
            day=day.date,
            title=f"{column.name}: {cell.words}" + (" (hold)" if cell.state == "held" else ""),
            note=cell.detail,
            changed_at=timezone.now(),
        )
        for day in board.days
        for column, cell in zip(board.columns, day.cells, strict=False)
        if cell.sold or cell.state == "held"
    ]


def _place(row: Figures) -> str:
    day = row.insertion.slot.issue.planned_for
    return f"{day:%a} {day.day} {day:%b}, {row.insertion.slot.name}"


def _position(insertion: Insertion) -> str:
    record = getattr(insertion, "run_record", None)
    return f"{record.place} of {record.places}" if record else ""


def _percent(rate: float | None) -> Decimal | None:
    return None if rate is None else Decimal(f"{100 * rate:.2f}")
