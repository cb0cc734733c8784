"""Placements: sold once, with approved words, until the issue is approved."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from issues import readiness, starting, workflow
from issues.importing import Draft, Found
from issues.models import Issue
from newsroom.lib.errors import Conflict, NotNow, Refused
from sponsors import selling
from sponsors.models import Advertiser, Booking, Creative
from tests.make import NOW, TODAY, make_approved_issue, make_block, make_issue, make_publication

pytestmark = pytest.mark.django_db
WORDS = {"body": "<p>Boats.</p>", "approved": True}


def book(issue: Issue, advertiser: str = "Brightwater", placement: str = "primary", **words: Any) -> Booking:
    return selling.book(issue, placement, advertiser=advertiser, words=WORDS | words)


def post(client: Client, issue: Issue, **fields: str):
    form = {"placement": "primary", "advertiser": "Brightwater", "body": "Boats.", "approved": "on"}
    return client.post(reverse("sponsors:book", args=[issue.pk]), form | fields)


def sponsored(name: str, placement: str) -> Found:
    return Found(
        "sponsor_slot", {"placement": placement}, {"sponsor": name, "body": "<p>Same words.</p>", "url": ""}
    )


# Selling


def test_a_placement_is_booked_for_an_advertiser_with_words():
    issue = make_issue()
    book(issue, " Brightwater ")
    booking = Booking.objects.get()
    assert (booking.issue, booking.placement, booking.advertiser.name) == (issue, "primary", "Brightwater")
    assert (booking.creative.body, booking.creative.approved) == ("<p>Boats.</p>", True)
    assert selling.free_placements(issue) == ["secondary", "closing"]


def test_booking_a_placement_again_changes_its_words_and_sells_it_no_second_time():
    issue = make_issue()
    book(issue)
    book(issue, body="<p>Bigger boats.</p>")
    assert Booking.objects.get().creative.body == "<p>Bigger boats.</p>"
    assert Advertiser.objects.count() == 1


def test_a_sold_placement_is_not_sold_over_somebodys_head():
    issue = make_issue()
    book(issue, "Brightwater")
    with pytest.raises(Conflict, match="Brightwater has booked this placement"):
        book(issue, "Oakum")
    assert Booking.objects.get().advertiser.name == "Brightwater"


def test_a_sponsor_without_a_name_gets_it_later():
    issue = make_issue()
    book(issue, selling.UNNAMED)
    book(issue, "Oakum")
    assert Booking.objects.get().advertiser.name == "Oakum"


def test_words_that_another_issue_runs_stay_as_they_are():
    one, other = make_issue(), make_issue()
    book(one)
    book(other)
    assert Creative.objects.count() == 1
    book(other, body="<p>Bigger boats.</p>")
    assert Booking.objects.get(issue=one).creative.body == "<p>Boats.</p>"


def test_the_database_forbids_selling_a_placement_twice():
    issue = make_issue()
    first = book(issue)
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.create(issue=issue, placement="primary", advertiser=first.advertiser)


@pytest.mark.parametrize("name", ["", "  \n"])
def test_a_booking_names_its_advertiser(name):
    with pytest.raises(Refused, match="Name the advertiser"):
        book(make_issue(), name)
    assert not Advertiser.objects.exists()


def test_a_release_gives_the_placement_back_and_keeps_the_words():
    issue = make_issue()
    selling.release(book(issue))
    assert "primary" in selling.free_placements(issue)
    assert Creative.objects.exists()


def test_after_approval_nothing_is_sold_and_nothing_given_back():
    issue = make_issue(blocks=("story", "sponsor_slot"))
    booking = book(issue)
    for step in (workflow.submit, workflow.approve):
        step(issue, by=None, now=NOW)
    booking.issue = issue
    with pytest.raises(NotNow):
        book(issue, "Other")
    with pytest.raises(NotNow):
        selling.release(booking)
    assert Booking.objects.get().advertiser.name == "Brightwater"


def test_words_that_are_not_approved_stop_the_issue():
    issue = make_issue(blocks=("story", "sponsor_slot"))
    book(issue, approved=False)
    assert ["has no approved words" in each.sentence for each in readiness.blockers(issue)] == [True]


def test_sponsors_of_one_company_in_one_draft_share_their_words():
    draft = Draft(
        title="Two slots", blocks=(sponsored("ann", "primary"), sponsored("ann", "secondary")), left_out=()
    )
    issue = starting.start_from_draft(make_publication(), draft, planned_for=TODAY, by=None, now=NOW)
    assert [booking.placement for booking in issue.bookings.order_by("placement")] == ["primary", "secondary"]
    assert Creative.objects.get().approved
    assert readiness.blockers(issue) == []


def test_copying_a_sponsor_block_books_nothing_and_stops_the_issue():
    issue = make_issue(blocks=("story", "sponsor_slot"))
    book(issue)
    make_block(issue, "sponsor_slot", position=2)
    assert Booking.objects.count() == 1
    assert "Two blocks stand for the same placement" in readiness.blockers(issue)[0].sentence


# The portal


def test_the_calendar_shows_coming_issues_with_what_is_sold_and_what_is_open(sam):
    today = timezone.localdate()
    coming = make_issue(title="Coming", planned_for=today)
    make_issue(title="Gone", planned_for=today - datetime.timedelta(days=1))
    cancelled = make_issue(title="Cancelled", planned_for=today)
    workflow.cancel(cancelled, by=None, now=NOW)
    book(coming)
    said = sam.get(reverse("sponsors:bookings")).content.decode()
    assert "Coming" in said
    assert "Brightwater" in said
    assert said.count(">open<") == 2
    assert "Gone" not in said
    assert "Cancelled" not in said


def test_the_form_books(sam):
    issue = make_issue()
    assert post(sam, issue, cta="Ask us", url="boats.example").status_code == 302
    creative = Booking.objects.get().creative
    assert (creative.body, creative.cta, creative.url) == ("<p>Boats.</p>", "Ask us", "https://boats.example")


def test_the_form_shows_what_stands_there_and_changes_it(sam):
    issue = make_issue()
    book(issue, headline="Sail with us")
    shown = sam.get(reverse("sponsors:book", args=[issue.pk]), {"placement": "primary"}).content.decode()
    assert 'value="Sail with us"' in shown
    post(sam, issue, headline="Row with us")
    assert Booking.objects.get().creative.headline == "Row with us"


def test_the_form_proposes_the_first_free_placement(sam):
    issue = make_issue()
    book(issue)
    form = sam.get(reverse("sponsors:book", args=[issue.pk])).context["form"]
    assert form["placement"].value() == "secondary"


@pytest.mark.parametrize(
    "wrong",
    [
        {"advertiser": ""},
        {"placement": "front"},
        {"body": ""},
        {"url": "javascript:alert(1)"},
        {"advertiser": "x" * 121},
    ],
)
def test_a_form_that_is_not_right_says_so_and_books_nothing(sam, wrong):
    response = post(sam, make_issue(), **wrong)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Booking.objects.exists()


def test_after_approval_the_portal_says_so(sam):
    issue = make_approved_issue()
    assert (
        "reopen it before its sponsors change"
        in sam.get(reverse("sponsors:book", args=[issue.pk])).content.decode()
    )
    response = post(sam, issue)
    assert response.status_code == 422
    assert "reopen it" in response.content.decode()
    assert not Booking.objects.exists()


def test_the_button_releases_and_after_approval_says_why_not(sam):
    issue = make_issue(blocks=("story", "sponsor_slot"))
    book(issue)
    path = reverse("sponsors:release", args=[issue.pk, "primary"])
    for step in (workflow.submit, workflow.approve):
        step(issue, by=None, now=NOW)
    assert (sam.post(path).status_code, Booking.objects.count()) == (409, 1)
    workflow.reopen(issue, by=None, now=NOW)
    assert (sam.post(path).status_code, Booking.objects.count()) == (302, 0)
    assert sam.post(path).status_code == 404


def test_what_is_sold_stands_in_the_issue_under_its_label(edith):
    issue = make_issue(blocks=("story",))
    make_block(issue, "sponsor_slot", position=1)
    book(issue)
    text = edith.get(reverse("issues:text", args=[issue.pk])).content.decode()
    assert "a message from brightwater" in text.lower()
