"""The send gate: nothing is scheduled while something that was sold is not as it was sold."""

import datetime

import pytest
from django.urls import reverse

from issues import workflow
from newsroom.delivery.control import scheduling
from newsroom.delivery.models import Send
from newsroom.lib.errors import NotNow
from sponsors import gate, ordering
from tests.make import (
    NOW,
    make_advertiser,
    make_insertion,
    make_issue,
    make_reader,
    make_ready,
    sign_order,
    whole,
)

pytestmark = pytest.mark.django_db
LATER = NOW + datetime.timedelta(hours=1)


@pytest.fixture
def insertion():
    """A sold slot in an approved issue that somebody reads, whose order was revised after the approval."""
    issue = make_issue(blocks=("lead_story", "sponsor_slot", "sign_off"))
    make_reader(issue.publication)
    made = make_ready(make_insertion(issue, advertiser=make_advertiser("Oakum")))
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)
    ordering.reopen(made.line.order, by=None, now=NOW, why="More.")
    return whole(made)


def test_it_refuses_and_says_what_is_not_as_sold(insertion):
    with pytest.raises(NotNow, match=r"1 sold slot is not as sold\. Oakum, Primary: order .* is draft"):
        scheduling.schedule(insertion.slot.issue, LATER, by=None, now=NOW)
    assert not Send.objects.exists()


def test_once_it_is_as_sold_the_issue_is_scheduled(insertion):
    sign_order(insertion.line.order)
    assert scheduling.schedule(insertion.slot.issue, LATER, by=None, now=NOW).status == "scheduled"


def test_an_override_lets_it_through_and_stands_on_the_page(insertion, chris):
    page = reverse("delivery:schedule", args=[insertion.slot.issue_id])
    said = chris.get(page).content.decode()
    assert "Sold with this issue" in said
    assert "is draft, not approved" in said
    gate.keep(
        insertion,
        f"order {insertion.line.order.number} is draft, not approved.",
        reason="By phone.",
        by=None,
        now=NOW,
    )
    assert "Kept by Somebody: By phone." in chris.get(page).content.decode()
    scheduling.schedule(insertion.slot.issue, LATER, by=None, now=NOW)


def test_what_the_page_refuses_it_says_in_the_form(insertion, chris):
    page = reverse("delivery:schedule", args=[insertion.slot.issue_id])
    response = chris.post(page, {"day": "2099-03-04", "time": "09:00"})
    assert response.status_code == 422
    assert "1 sold slot is not as sold." in response.content.decode()
