"""What a sponsor got for the money: figures that can be checked by hand, and files that can be opened."""

import csv
import datetime
import io
import zipfile

import pytest
import time_machine
from django.urls import reverse

from issues import clicks
from issues.clicks import Seen
from issues.models import Issue
from sponsors import reporting
from sponsors.models import Insertion, InsertionOrder, InsertionStatus
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_line,
    make_publication,
    sign_order,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def publication():
    return make_publication(rundown=[])


def ran(
    publication, *, day: int = 0, placement: str = "primary", delivered: int = 1000, line=None
) -> Insertion:
    """An insertion that ran in an issue that went to so many readers."""
    planned_for = TODAY + day * DAY
    issue = publication.issues.filter(planned_for=planned_for).first() or make_issue(
        publication, planned_for=planned_for
    )
    made = make_insertion(issue, placement, line=line or make_line(publication))
    Insertion.objects.filter(pk=made.pk).update(status=InsertionStatus.RAN)
    Issue.objects.filter(pk=issue.pk).update(delivered=delivered)
    return Insertion.objects.whole().get(pk=made.pk)


def clicked(insertion: Insertion, *readers: str, **known) -> None:
    """A click of each of these readers, ten minutes after the delivery."""
    at = NOW + datetime.timedelta(minutes=10)
    clicks.record(
        insertion.slot.issue,
        [Seen("https://oakum.example/", reader, at, mark=insertion.token, **known) for reader in readers],
    )


def figures(insertion: Insertion) -> reporting.Figures:
    return reporting.figures([insertion])[0]


# one insertion


def test_clicks_are_counted_raw_and_filtered_and_people_once(publication):
    insertion = ran(publication)
    clicked(insertion, "ann", "ann", "ben")
    clicked(insertion, "scanner", agent="Barracuda")
    row = figures(insertion)
    assert (row.delivered, row.raw, row.filtered, row.people) == (1000, 4, 3, 2)
    assert row.rate == 0.002


def test_clicks_of_nobody_known_count_as_clicks_and_not_as_one_person(publication):
    line = make_line(publication, max_per_issue=2)
    insertion, twin = (ran(publication, placement=code, line=line) for code in ("primary", "closing"))
    clicked(insertion, "ann", "", "")
    clicked(twin, "")
    assert (figures(insertion).filtered, figures(insertion).people) == (3, 1)
    assert reporting.report(line.order).twins[0].people == 1


def test_clicks_on_other_links_of_the_issue_are_not_the_sponsors(publication):
    insertion, other = ran(publication), ran(publication, placement="closing")
    clicked(other, "ann")
    assert figures(insertion).raw == 0


def test_an_insertion_that_nobody_clicked_has_figures(publication):
    row = figures(ran(publication))
    assert (row.raw, row.filtered, row.people, row.rate, row.against_usual) == (0, 0, 0, 0, None)


def test_without_a_known_delivery_there_is_no_rate(publication):
    insertion = ran(publication)
    Issue.objects.update(delivered=None)
    row = figures(Insertion.objects.whole().get(pk=insertion.pk))
    assert (row.delivered, row.rate, row.against_usual) == (0, None, None)


def test_the_usual_is_the_median_of_the_placements_other_insertions(publication):
    for day, people in enumerate((1, 2, 30), start=1):
        clicked(ran(publication, day=day), *(f"r{n}" for n in range(people)))
    clicked(ran(publication, day=4, placement="closing"), *(f"r{n}" for n in range(99)))
    mine = ran(publication)
    clicked(mine, "a", "b", "c")
    row = figures(mine)
    assert row.usual == 0.002
    assert row.against_usual == 50


def test_the_first_insertion_of_a_placement_is_not_compared_with_itself(publication):
    mine = ran(publication)
    clicked(mine, "a")
    assert (figures(mine).usual, figures(mine).against_usual) == (None, None)


# an order


@pytest.fixture
def order(publication) -> InsertionOrder:
    """Two in the first issue, one in the next, one missed, one to come."""
    line = make_line(publication, make_advertiser("Oakum"), max_per_issue=2)
    twins = [ran(publication, placement=code, line=line) for code in ("primary", "closing")]
    ran(publication, day=1, delivered=500, line=line)
    missed = ran(publication, day=2, line=line)
    Insertion.objects.filter(pk=missed.pk).update(status=InsertionStatus.MISSED)
    make_insertion(make_issue(publication, planned_for=TODAY + 3 * DAY), line=line)
    clicked(twins[0], "ann", "ben")
    clicked(twins[1], "ben", "carl")
    return line.order


def test_sums_count_a_mail_once_though_it_carried_two_messages(order):
    report = reporting.report(order)
    assert (report.delivered, report.raw, report.filtered) == (1500, 4, 4)
    assert (len(report.rows), len(report.missed), report.to_come) == (3, 1, 1)


def test_twins_say_who_clicked_in_either_of_them(order):
    (twins,) = reporting.report(order).twins
    assert twins.people == 3
    assert reporting.twin_words(twins) == "Primary and Closing on Tue 4 Mar"


def test_the_same_reader_in_two_issues_is_no_twin(publication):
    line = make_line(publication)
    for day in (0, 1):
        clicked(ran(publication, day=day, line=line), "ann")
    assert reporting.report(line.order).twins == ()


def test_an_order_of_which_nothing_has_run_has_a_report(publication):
    report = reporting.report(make_insertion(make_issue(publication)).line.order)
    assert (report.rows, report.delivered, report.to_come) == ((), 0, 1)


# page and files


def get(client, order: InsertionOrder, ending: str = ""):
    name = "report_file" if ending else "report"
    return client.get(reverse(f"sponsors:{name}", args=[order.pk, *([ending] if ending else [])]))


def test_the_page_says_the_rule_and_how_opens_are_to_be_taken(sam, order):
    shown = get(sam, order).content.decode()
    assert "says itself that it is a program" in shown
    assert "includes machine opens" in shown
    assert "<strong>3</strong> people clicked in at least one of them" in shown
    assert "did not run" in shown


def test_the_csv_has_a_row_for_each_insertion(sam, order):
    header, *rows = csv.reader(io.StringIO(get(sam, order, "csv").content.decode("utf-8-sig")))
    assert header[0] == "Day"
    assert [(row[0], row[1], row[3], row[4], row[6]) for row in rows] == [
        ("2031-03-04", "Primary", "1000", "2", "2"),
        ("2031-03-04", "Closing", "1000", "2", "2"),
        ("2031-03-05", "Primary", "500", "0", "0"),
    ]


def test_the_workbook_can_be_opened(sam, order):
    with zipfile.ZipFile(io.BytesIO(get(sam, order, "xlsx").content)) as book:
        assert book.testzip() is None
        assert b"Twins" in book.read("xl/workbook.xml")


def test_the_paper_is_a_pdf(sam, order):
    answer = get(sam, order, "pdf")
    assert answer.content.startswith(b"%PDF")
    assert order.number in answer.headers["Content-Disposition"]


def test_there_is_no_other_kind_of_file(sam, order):
    assert get(sam, order, "exe").status_code == 404


HOSTILE = '=HYPERLINK("https://evil.example/","<script>alert(1)</script>")'


@pytest.fixture
def hostile(publication) -> InsertionOrder:
    made = make_insertion(
        make_issue(publication, planned_for=TODAY + 7 * DAY), advertiser=make_advertiser(HOSTILE)
    )
    sign_order(made.line.order)
    Insertion.objects.update(status=InsertionStatus.RAN)
    return made.line.order


@pytest.mark.parametrize("ending", ["csv", "xlsx", "pdf"])
def test_an_advertiser_with_a_formula_for_a_name_gets_a_report(sam, hostile, ending):
    assert get(sam, hostile, ending).status_code == 200
    assert "<script>alert" not in get(sam, hostile).content.decode()


def test_a_formula_for_a_name_is_none_in_the_calendars_csv(sam, hostile):
    rows = csv.reader(io.StringIO(sam.get("/desk/sponsors/bookings.csv").content.decode("utf-8-sig")))
    names = [row[3] for row in rows if "HYPERLINK" in row[3]]
    assert names
    assert all(name.startswith("'=") for name in names)


def test_a_placement_with_a_formula_for_a_name_is_none_in_the_report(sam, order, publication):
    publication.placements.update(name="+1+cmd|' /C calc'!A0")
    assert ",'+1+cmd" in get(sam, order, "csv").content.decode()


def test_reports_are_for_those_who_deal_in_orders(stranger, order):
    assert get(stranger, order).status_code == 403
    assert get(stranger, order, "csv").status_code == 403
