"""The page that starts an issue from an earlier one."""

import datetime
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from issues.models import Issue
from newsroom.desk import roles
from tests.make import NOW, TODAY, make_issue, make_person, make_publication, make_published_issue

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
PAGE = reverse("issues:copy_issue")


def offered(page: str) -> list[str]:
    return [each.strip() for each in re.findall(r'<option value="\d+"[^>]*>([^<]+)', page)]


def chosen(page: str) -> int:
    return int(re.findall(r'<option value="(\d+)" selected', page)[0])


def read(client, **query: object) -> str:
    response = client.get(PAGE, query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_words_of_the_earlier_issue_begin_a_new_one(edith):
    earlier = make_issue(blocks=("story", "quote"))
    response = edith.post(
        PAGE, {"earlier": earlier.pk, "planned_for": TODAY + DAY, "title": "Once more"}, follow=True
    )
    copy = Issue.objects.get(title="Once more")
    assert response.redirect_chain == [(reverse("issues:compose", args=[copy.pk]), 302)]
    assert (copy.publication, copy.planned_for) == (earlier.publication, TODAY + DAY)
    assert [each.kind for each in copy.blocks.standing()] == ["story", "quote"]
    assert copy.created_by.username
    assert "What was sold in it stays there." in response.content.decode()


def test_it_offers_the_latest_first_by_publication_and_says_which_went_out(edith):
    quay = make_publication(name="The Quay")
    make_published_issue(quay, title="Tides", at=NOW)
    make_issue(quay, title="Fog", planned_for=TODAY + DAY)
    make_issue(make_publication(name="The Pier"), title="", planned_for=TODAY - DAY)
    page = read(edith)
    assert offered(page) == [
        "Wed 5 Mar 2031 · Fog (draft)",
        "Tue 4 Mar 2031 · Tides",
        "Mon 3 Mar 2031 · Untitled issue (draft)",
    ]
    assert re.findall(r'<optgroup label="([^"]+)"', page) == ["The Quay", "The Pier"]


def test_an_older_one_is_found_by_words_of_its_title_or_named_in_the_address(edith):
    publication = make_publication()
    old = make_issue(publication, title="A crane that learns", planned_for=TODAY - 400 * DAY)
    for number in range(51):
        make_issue(publication, title=f"Gulls {number}", planned_for=TODAY - number * DAY, blocks=())
    assert len(offered(read(edith))) == 50
    assert not [each for each in offered(read(edith)) if "crane" in each]
    (found,) = offered(read(edith, q="LEARNS crane"))
    assert found.endswith("· A crane that learns (draft)")
    assert chosen(read(edith, **{"from": old.pk})) == old.pk
    assert "No issue has “whales” in its title." in read(edith, q="whales")


@pytest.mark.parametrize("given", ["999999", "9" * 40, "x", "-1", ""])
def test_an_address_that_names_no_issue_offers_the_latest(edith, given):
    issue = make_issue()
    assert chosen(read(edith, **{"from": given})) == issue.pk


@time_machine.travel(NOW)
def test_it_proposes_the_next_free_weekday_of_that_publication():
    edith = Client()  # signed in at that time, or the session is long over
    edith.force_login(make_person(roles.EDITOR))
    quay, pier = make_publication(), make_publication()
    make_issue(quay, planned_for=TODAY)
    of_pier = make_issue(pier, planned_for=TODAY - DAY)
    assert 'value="2031-03-05"' in read(edith)
    assert 'value="2031-03-04"' in read(edith, **{"from": of_pier.pk})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"earlier": "999999"}, "This issue is no longer there. Choose another."),
        ({"earlier": "x"}, "This issue is no longer there. Choose another."),
        ({"planned_for": "soon"}, "Enter a valid date."),
        ({"title": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_made(edith, fields, said):
    earlier = make_issue()
    response = edith.post(PAGE, {"earlier": earlier.pk, "planned_for": TODAY, "title": "", **fields})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert Issue.objects.count() == 1


def test_without_a_publication_or_an_issue_it_says_how_to_go_on(edith):
    assert "There is no publication yet" in read(edith)
    make_publication()
    assert "There is no earlier issue yet." in read(edith)


@pytest.mark.parametrize(("who", "status"), [("edith", 200), ("chris", 200), ("sam", 403), ("olga", 403)])
def test_only_who_starts_issues_sees_it(request, who, status):
    client = request.getfixturevalue(who)
    assert client.get(PAGE).status_code == status
    assert client.post(PAGE, {"title": "x"}).status_code == (422 if status == 200 else 403)


@pytest.mark.parametrize("way", ["start", "paste", "copy_issue"])
def test_every_way_to_start_leads_to_the_others(edith, way):
    page = edith.get(reverse(f"issues:{way}")).content.decode()
    for other in ("start", "paste", "copy_issue"):
        assert f'href="{reverse(f"issues:{other}")}"' in page
