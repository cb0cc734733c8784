"""The house's own promotions: made, changed and ended at the desk, and seen where nothing is sold."""

import datetime

import pytest
from django.urls import reverse

from issues.rendering import render
from issues.snapshot import take
from newsroom.lib.errors import NotNow
from sponsors import inventory, promoting
from sponsors.models import Creative
from tests.make import MESSAGE, NOW, make_block, make_issue, make_publication

pytestmark = pytest.mark.django_db
FORM = {"name": "Evening", "priority": "3", "body": "Meet us at Pier 4.", "url": "https://quay.example/"}


@pytest.fixture
def issue():
    made = make_issue(make_publication(rundown=[]), blocks=("lead_story", "sign_off"))
    make_block(made, "sponsor_slot", placement="primary", position=1)
    inventory.stock(made.publication)
    return made


def promote(name: str = "Club", priority: int = 1, **fields):
    words = MESSAGE | {"body": f"<p>Join the {name}.</p>"}
    return promoting.promote(
        words, name=name, priority=priority, **{"publication": None, "by": None, "now": NOW, **fields}
    )


def text(issue) -> str:
    return render(take(issue)).text


def test_the_most_important_stands_where_nothing_is_sold(issue):
    promote("Club", 1)
    promote("Evening", 2)
    assert "Join the Evening." in text(issue)


def test_one_of_another_newsletter_stays_there(issue):
    promote("Evening", publication=make_publication())
    assert "Join the" not in text(issue)
    promote("Club", publication=issue.publication)
    assert "Join the Club." in text(issue)


def test_one_that_ended_runs_no_more_and_is_not_changed(issue):
    creative = promote().creative
    promoting.end(creative, by=None, now=NOW)
    assert "Join the" not in text(issue)
    assert promoting.promotions() == []
    with pytest.raises(NotNow):
        promote(before=creative)


def test_other_words_are_another_version(issue):
    creative = promote("Club").creative
    promote("Evening", before=creative)
    assert creative.versions.count() == 2
    assert "Join the Evening." in text(issue)


def test_ad_operations_make_one_at_the_desk(adam, issue):
    assert adam.post(reverse("sponsors:promote"), FORM).status_code == 302
    assert "Meet us at Pier 4." in text(issue)
    assert "Evening" in adam.get(reverse("sponsors:promotions")).content.decode()


def test_what_does_not_fit_says_so_and_keeps_what_was_typed(adam):
    response = adam.post(
        reverse("sponsors:promote"), FORM | {"url": "http://quay.example/", "headline": "x" * 90}
    )
    said = response.content.decode()
    assert response.status_code == 422
    assert "must begin with https://" in said
    assert "has 90 characters; this format takes at most 80" in said
    assert "Meet us at Pier 4." in said
    assert not Creative.objects.exists()


def test_one_whose_last_day_has_passed_does_not_run(issue):
    words = MESSAGE | {"valid_until": issue.planned_for - datetime.timedelta(days=1)}
    promoting.promote(words, name="Old", priority=9, publication=None, by=None, now=NOW)
    assert "We lend to boats" not in text(issue)
