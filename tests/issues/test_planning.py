"""Planning ahead: days of appearance become empty issues, once; what is planned is taken over by whoever starts it."""

import datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse

from issues import planning, starting, workflow
from issues.importing import Draft, Found
from issues.models import Issue, Publication, Status
from tests.make import NOW, TODAY, make_insertion, make_issue, make_publication, whole, write

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
MONDAY = datetime.date(2031, 3, 10)


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def publication() -> Publication:
    """Appears on Tuesdays and Thursdays, and plans two weeks ahead."""
    return make_publication(weekdays=[1, 3], weeks_ahead=2, rundown=["lead_story", "sign_off"])


def days(issues) -> list[str]:
    return [f"{each.planned_for:%a %-d}" for each in issues]


def plan_command(*words: str) -> str:
    said = StringIO()
    call_command("plan_issues", *words, stdout=said)
    return said.getvalue()


# the calendar


def test_each_day_of_appearance_from_tomorrow_gets_an_empty_issue(publication):
    made = planning.plan_ahead(publication, now=NOW)
    assert days(made) == ["Thu 6", "Tue 11", "Thu 13", "Tue 18"]
    assert {(each.title, each.status) for each in made} == {("", Status.DRAFT)}
    assert [block.kind for block in made[0].blocks.all()] == ["lead_story", "sign_off"]


def test_today_is_the_day_on_the_publications_own_calendar():
    late = NOW.replace(hour=23, minute=30)
    there = make_publication(time_zone="Asia/Tokyo", weekdays=list(range(7)), weeks_ahead=1)
    assert days(planning.plan_ahead(there, now=late))[0] == "Thu 6"


def test_holidays_are_skipped(publication):
    publication.holidays.create(day=datetime.date(2031, 3, 11))
    assert days(planning.plan_ahead(publication, now=NOW)) == ["Thu 6", "Thu 13", "Tue 18"]


def test_twice_changes_nothing(publication):
    planning.plan_ahead(publication, now=NOW)
    assert planning.plan_ahead(publication, now=NOW) == []
    assert publication.issues.count() == 4


def test_a_day_later_only_what_is_new_is_planned(publication):
    planning.plan_ahead(publication, now=NOW)
    assert days(planning.plan_ahead(publication, now=NOW + 2 * DAY)) == ["Thu 20"]


def test_a_day_that_has_an_issue_already_gets_no_other(publication):
    make_issue(publication, planned_for=TODAY + 2 * DAY)
    assert "Thu 6" not in days(planning.plan_ahead(publication, now=NOW))


def test_the_day_of_a_cancelled_issue_stays_empty(publication):
    first = planning.plan_ahead(publication, now=NOW)[0]
    workflow.cancel(first, by=None, now=NOW)
    assert planning.plan_ahead(publication, now=NOW) == []


def test_a_publication_that_plans_no_weeks_gets_nothing(publication):
    publication.weeks_ahead = 0
    assert planning.plan_ahead(publication, now=NOW) == []


def test_a_publication_without_days_gets_nothing(publication):
    publication.weekdays = []
    assert planning.plan_ahead(publication, now=NOW) == []


# taking over


@pytest.fixture
def planned(publication) -> Issue:
    return planning.plan_ahead(publication, now=NOW)[0]


def start(publication, planned, title="A crane that learns") -> Issue:
    return starting.start(publication, title=title, planned_for=planned.planned_for, by=None, now=NOW)


def test_whoever_starts_an_issue_takes_over_the_planned_one_with_what_is_sold_in_it(publication, planned):
    sold = make_insertion(planned)
    started = start(publication, planned)
    assert started.pk == planned.pk
    assert (started.title, started.slug) == ("A crane that learns", "a-crane-that-learns")
    assert whole(sold).slot.issue_id == started.pk
    assert [block.kind for block in started.blocks.all()] == ["lead_story", "sign_off"]


def test_a_draft_takes_over_the_planned_issue_with_what_is_sold_in_it(publication, planned):
    sold = make_insertion(planned)
    draft = Draft(
        title="Passing the crane", blocks=(Found("story", {"heading": "Cranes"}, {}, ""),), left_out=()
    )
    started = starting.start_from_draft(publication, draft, planned_for=planned.planned_for, by=None, now=NOW)
    assert started.pk == planned.pk
    assert whole(sold).slot.issue_id == started.pk
    assert [block.kind for block in started.blocks.all()] == ["story"]


def test_an_earlier_issue_copied_onto_a_planned_day_takes_it_over(publication, planned):
    earlier = make_issue(publication, planned_for=TODAY)
    copied = starting.start_from_issue(
        earlier, title="Again", planned_for=planned.planned_for, by=None, now=NOW
    )
    assert copied.pk == planned.pk
    assert copied.blocks.count() == earlier.blocks.count()


def test_an_issue_that_somebody_writes_in_is_not_taken_over(publication, planned):
    write(planned, "lead_story", heading="Mine")
    assert start(publication, planned).pk != planned.pk


def test_a_planned_issue_is_taken_over_once(publication, planned):
    start(publication, planned)
    assert start(publication, planned, title="A second one").pk != planned.pk


def test_a_cancelled_issue_is_not_taken_over(publication, planned):
    workflow.cancel(planned, by=None, now=NOW)
    assert start(publication, planned).pk != planned.pk


# the command


def test_the_command_plans_all_publications_and_says_how_far(publication):
    assert plan_command() == f"{publication}: 4 issues planned, the last for 2031-03-18.\n"
    assert plan_command() == f"{publication}: 0 issues planned.\n"


def test_the_command_plans_those_named_as_many_weeks_as_asked(publication):
    other = make_publication(weekdays=[0], weeks_ahead=1)
    assert f"{other}: 3 issues planned" in plan_command(other.slug, "--weeks", "3")
    assert not publication.issues.exists()
    assert Publication.objects.get(pk=other.pk).weeks_ahead == 1


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["nowhere"], "There is no publication called nowhere."),
        (["--weeks", "-1"], "Name between 0 and 52 weeks."),
        (["--weeks", "53"], "Name between 0 and 52 weeks."),
        (["--weeks", "many"], "invalid int value"),
    ],
)
def test_the_command_refuses_what_it_cannot_do_and_plans_nothing(words, answer):
    with pytest.raises(CommandError, match=answer):
        plan_command(*words)
    assert not Issue.objects.exists()


# the desk's home


def test_the_home_hides_untouched_issues_that_are_far_ahead_but_shows_them_as_drafts(edith):
    publication = make_publication(weekdays=[1], weeks_ahead=8)
    near, *_, far = planning.plan_ahead(publication, now=NOW)
    home = reverse("desk:home")
    address = f"/desk/issues/{far.pk}/"
    shown = edith.get(home).content.decode()
    assert f"/desk/issues/{near.pk}/" in shown
    assert address not in shown
    assert address in edith.get(home, {"status": "draft"}).content.decode()


def test_an_issue_far_ahead_that_somebody_has_begun_is_shown(edith):
    publication = make_publication(weekdays=[1], weeks_ahead=8)
    far = planning.plan_ahead(publication, now=NOW)[-1]
    start(publication, far)
    assert f"/desk/issues/{far.pk}/" in edith.get(reverse("desk:home")).content.decode()
