"""Offers that have ended: the page says so, the edition stays what it was."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from issues import workflow
from issues.rendering import lapsing
from tests.make import make_advertiser, make_block, make_insertion, make_issue, make_ready

OFFER = (
    '<aside class="sponsor" data-until="2031-03-10" aria-label="From A &gt; B">\n'
    '<p class="label">A MESSAGE</p>\n<p>Register now</p>\n</aside>'
)
LAST = datetime.date(2031, 3, 10)


def test_an_offer_stands_through_its_last_day():
    assert lapsing.as_of(OFFER, LAST) == OFFER


def test_afterwards_it_says_that_it_has_ended_and_keeps_its_label():
    said = lapsing.as_of(f"<p>News</p>{OFFER}<p>More</p>", LAST + datetime.timedelta(days=1))
    assert "Register now" not in said
    assert '<p class="label">A MESSAGE</p>' in said
    assert "This message has ended." in said
    assert said.startswith("<p>News</p><aside")
    assert said.endswith("</aside><p>More</p>")


def test_what_has_no_last_day_stays():
    lasting = OFFER.replace(' data-until="2031-03-10"', "")
    assert lapsing.as_of(lasting, datetime.date(2099, 1, 1)) == lasting


def test_the_last_day_ends_where_it_ends_last():
    morning_after = datetime.datetime(2031, 3, 11, 11, 59, tzinfo=datetime.UTC)
    assert lapsing.last_day_over(morning_after) == LAST
    assert lapsing.last_day_over(morning_after + datetime.timedelta(minutes=1)) > LAST


@pytest.mark.django_db
def test_the_archive_and_the_feed_say_it_and_the_edition_keeps_the_words():
    now = timezone.now().replace(hour=7) - datetime.timedelta(days=30)
    day = now.date()
    issue = make_issue(planned_for=day, blocks=("lead_story", "sign_off"), now=now)
    make_block(issue, "sponsor_slot", position=1)
    issue.blocks.filter(kind="sign_off").update(position=9)
    make_ready(make_insertion(issue, advertiser=make_advertiser("Oakum"), now=now), now=now, valid_until=day)
    workflow.submit(issue, by=None, now=now)
    edition = workflow.approve(issue, by=None, now=now)
    workflow.go_out(issue, now=now)
    place = [issue.publication.slug]
    page = Client().get(reverse("archive:issue", args=[*place, issue.slug])).content.decode()
    feed = Client().get(reverse("archive:feed", args=place)).content.decode()
    assert "We lend to boats" in edition.web
    for said in (page, feed):
        assert "We lend to boats" not in said
        assert "This message has ended." in said
        assert "A MESSAGE FROM OAKUM" in said
