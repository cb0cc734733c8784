"""Figures at the desk: of one issue, of a publication over time, of its list; each as a page and as a file."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from issues.models import Issue, Publication
from newsroom.audience import growth as growing
from newsroom.audience.growth import Week
from newsroom.delivery import access
from newsroom.delivery.reporting import figures
from newsroom.delivery.reporting.figures import Detail, Numbers, Section
from newsroom.lib.papers import attachment, charts, sheets
from newsroom.lib.text import percent

SPANS = (12, 26, 52)
"""So many issues, or weeks, on a page."""
LINKS = ("Place", "Section", "Block", "Link", "People", "Clicks of people", "Clicks of machines")
ISSUES = (
    "Day", "Issue", "Delivered", "Refused at once", "Bounced", "People who clicked", "People per delivered, %",
    "Clicks of people", "Clicks of machines", "Unsubscribed", "Complaints", "Opened, includes machine opens",
)  # fmt: skip
COUNTED = {
    "delivered": "Delivered",
    "people": "People who clicked",
    "clicks": "Clicks of people",
    "machines": "Clicks of machines",
    "bounced": "Bounced",
    "left": "Unsubscribed",
    "complaints": "Complaints",
}
RATES = ("people", "bounced", "left", "complaints", "opened")
"""Numbers that are shown per delivered mail, too."""
WEEKS = ("Week of", "Asked", "Confirmed", "Left", "Bounced", "Complained", "Net", "Size at the end")
SUMMED = ("asked", "confirmed", "left", "bounced", "complained", "net")


@dataclass(frozen=True)
class Chart:
    """A picture and what it shows."""

    title: str
    drawn: SafeString


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The publication that an issue went out of last."""
    access.allow(request.user, access.SEE)
    last = Issue.objects.published().select_related("publication").first()
    chosen = last.publication if last else Publication.objects.first()
    if chosen is None:
        return render(request, "delivery/figures/none.html", {"section": "figures"})
    return redirect("delivery:publication_figures", chosen.slug)


@require_safe
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of one issue, beside what is usual."""
    of = access.issue(request.user, pk, access.SEE)
    values = {"issue": of, "publication": of.publication, "section": "figures"}
    if of.published_at is None:
        return render(request, "delivery/figures/issue.html", values)
    (found,) = figures.numbers([of])
    others = figures.numbers(figures.latest(of.publication, figures.LOOKED_BACK, but=of))
    shown = figures.detail(found)
    values |= {
        "numbers": found,
        "measures": figures.measures(found, others),
        "compared": len(others),
        "detail": shown,
        "notes": figures.NOTES | {"Usual": f"The median of the {figures.LOOKED_BACK} latest other issues."},
        "chart": charts.bars(
            [(each.label, float(each.counts.people)) for each in shown.sections],
            title="People who clicked, by section",
        ),
        "opens_note": figures.OPENS_NOTE if found.opened is not None else "",
    }
    return render(request, "delivery/figures/issue.html", values)


@require_safe
def issue_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Every link of the issue, as CSV."""
    of = access.issue(request.user, pk, access.SEE)
    rows = _link_cells(figures.detail(Numbers(of))) if of.published_at else []
    return _file(LINKS, rows, f"Figures of {of.planned_for:%Y-%m-%d} {of}")


@require_safe
def publication(request: HttpRequest, slug: str) -> HttpResponse:
    """The latest issues side by side, and the sections over all of them."""
    of = access.publication(request.user, slug, access.SEE)
    span = _span(request)
    rows = figures.numbers(figures.latest(of, span))
    sections = figures.sections_over_time(rows)
    opens = any(row.opened is not None for row in rows)
    shown = {**COUNTED, "opened": "Opened, includes machine opens"} if opens else COUNTED
    values = {
        **_frame(of, "issues", span),
        "names": shown.values(),
        "lines": [(row, _cells(row, shown)) for row in rows],
        "usual": [(label, _usual(rows, name)) for name, label in shown.items()],
        "sections": sections,
        "charts": _issue_charts(rows),
        "section_chart": _section_chart(sections),
        "opens_note": figures.OPENS_NOTE if opens else "",
        "notes": figures.NOTES | {"Usual": "The median of the issues shown."},
    }
    return render(request, "delivery/figures/publication.html", values)


@require_safe
def publication_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The same issues as CSV."""
    of = access.publication(request.user, slug, access.SEE)
    rows = figures.numbers(figures.latest(of, _span(request)))
    return _file(ISSUES, [_issue_cells(row) for row in rows], f"Figures of {of}")


@require_safe
def growth(request: HttpRequest, slug: str) -> HttpResponse:
    """How the list has grown, week by week."""
    of = access.publication(request.user, slug, access.SEE)
    span = _span(request)
    weeks = _weeks(of, span)
    values = {
        **_frame(of, "growth", span),
        "weeks": weeks[::-1],
        "anybody": any(week.size or week.asked or week.confirmed or week.net for week in weeks),
        "sums": [(name.capitalize(), sum(getattr(week, name) for week in weeks)) for name in SUMMED],
        "size": weeks[-1].size,
        "charts": _growth_charts(weeks),
        "rule": growing.RULE,
    }
    return render(request, "delivery/figures/growth.html", values)


@require_safe
def growth_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The same weeks as CSV."""
    of = access.publication(request.user, slug, access.SEE)
    rows = [
        (
            each.begins,
            each.asked,
            each.confirmed,
            each.left,
            each.bounced,
            each.complained,
            each.net,
            each.size,
        )
        for each in _weeks(of, _span(request))
    ]
    return _file(WEEKS, rows, f"Growth of {of}")


def _span(request: HttpRequest) -> int:
    asked = request.GET.get("last", "")
    return next((each for each in SPANS if str(each) == asked), SPANS[0])


def _frame(of: Publication, part: str, span: int) -> dict[str, object]:
    """What both pages of a publication have around them."""
    others = Publication.objects.exclude(pk=of.pk)
    return {
        "publication": of,
        "others": others,
        "part": part,
        "span": span,
        "spans": SPANS,
        "section": "figures",
    }


def _weeks(of: Publication, span: int) -> list[Week]:
    return growing.growth(of.slug, weeks=span, zone=of.zone, now=timezone.now())


def _cells(row: Numbers, shown: dict[str, str]) -> list[tuple[str, int | str, str]]:
    """What it is called, how many, and per delivered mail."""
    return [
        (label, _or_dash(getattr(row, name)), _percent(row.rate(name) or None) if name in RATES else "")
        for name, label in shown.items()
    ]


def _usual(rows: Sequence[Numbers], name: str) -> str:
    return _percent(figures.usual(rows, name)) if name in RATES else ""


def _percent(rate: float | None) -> str:
    return "" if rate is None else percent(rate)


def _or_dash(count: int | None) -> int | str:
    return "–" if count is None else count


def _issue_charts(rows: Sequence[Numbers]) -> list[Chart]:
    """From left to right in the order of time."""
    in_time = [(_day(row.issue.planned_for), row) for row in rows[::-1]]
    clicked = [(day, round(100 * (row.rate("people") or 0), 1)) for day, row in in_time]
    gone = [(day, float(row.left)) for day, row in in_time]
    return [
        _columns("People who clicked, per 100 delivered mails", clicked),
        _columns("Unsubscribed, by issue", gone),
    ]


def _section_chart(sections: Sequence[Section]) -> Chart:
    title = "People who clicked, per 1,000 delivered mails"
    return Chart(title, charts.bars([(each.label, each.per_thousand) for each in sections], title=title))


def _growth_charts(weeks: Sequence[Week]) -> list[Chart]:
    sizes = [(_day(each.begins), float(each.size)) for each in weeks]
    return [
        _columns("Readers at the end of each week", sizes),
        _columns("How many more, by week", [(_day(each.begins), float(each.net)) for each in weeks]),
    ]


def _columns(title: str, series: Sequence[tuple[str, float]]) -> Chart:
    return Chart(title, charts.columns(series, title=title))


def _day(day: datetime.date) -> str:
    return f"{day.day} {day:%b}"


def _link_cells(shown: Detail) -> list[tuple[object, ...]]:
    return [
        (
            block.place,
            block.section,
            block.gist,
            link.url,
            link.counts.people,
            link.counts.human,
            link.counts.machines,
        )
        for block in shown.blocks
        for link in block.links
    ]


def _issue_cells(row: Numbers) -> tuple[object, ...]:
    rate = row.rate("people")
    return (
        row.issue.planned_for, str(row.issue), row.delivered, row.refused, row.bounced, row.people,
        None if rate is None else Decimal(f"{100 * rate:.2f}"), row.clicks, row.machines, row.left, row.complaints, row.opened,
    )  # fmt: skip


def _file(header: Sequence[str], rows: Sequence[Sequence[object]], name: str) -> HttpResponse:
    return attachment.attachment(sheets.csv_bytes(header, rows), f"{name}.csv", attachment.CSV)
