"""A reader comes, confirms, chooses, leaves, and comes back."""

import re

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, expect

from newsroom.audience import subscribing, tasks
from newsroom.audience.addresses import known_or_new
from newsroom.audience.models import Consent, Status, Subscription
from newsroom.desk import roles
from tests.journeys.desk import Visitor, at_the_desk
from tests.make import make_list, make_publication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ANN = "ann@readers.example"


@pytest.fixture
def reader(browser: Browser, live_server, settings):
    """Somebody with a browser and a mailbox."""
    settings.SITE_URL = live_server.url
    context = browser.new_context(viewport={"width": 900, "height": 900})
    visitor = Visitor(context.new_page(), live_server.url)
    yield visitor
    assert visitor.wrong == []
    context.close()


def press(who: Visitor, name: str) -> None:
    who.page.get_by_role("button", name=name, exact=True).click()


def open_the_mail(who: Visitor) -> None:
    Subscription.objects.filter(mail_due_at__isnull=False).update(mail_due_at=timezone.now())
    tasks.send_confirmations()
    who.page.goto(re.search(r"http://\S+/confirm/\S+", mail.outbox[-1].body)[0])


def test_a_reader_comes_chooses_leaves_and_comes_back(reader):
    notes = make_list(make_publication(name="Harbour Notes", slug="harbour"))
    notes.asks = ["Company"]
    notes.save()
    make_list(make_publication(name="Pier News", slug="pier"))

    reader.goto("/harbour/")
    reader.page.get_by_label("Email address").fill(ANN)
    press(reader, "Subscribe")
    expect(reader.page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    open_the_mail(reader)
    press(reader, "Yes, subscribe me")
    expect(reader.page.get_by_role("heading", name="You are in")).to_be_visible()

    reader.page.get_by_role("link", name="choose what else you want").click()
    reader.page.get_by_label("Company").fill("Brightwater")
    press(reader, "Save")
    expect(reader.page.get_by_text("Saved.")).to_be_visible()
    reader.page.get_by_label("Pier News").check()
    press(reader, "Save the lists")
    expect(reader.page.get_by_text("confirm Pier News is on its way")).to_be_visible()
    open_the_mail(reader)
    press(reader, "Yes, subscribe me")
    assert Subscription.objects.filter(status=Status.ACTIVE).count() == 2

    mine = Subscription.objects.get(mailing_list=notes)
    reader.page.goto(subscribing.leave_url(mine.pk))
    press(reader, "Unsubscribe")
    expect(reader.page.get_by_role("heading", name="You have left Harbour Notes")).to_be_visible()
    reader.page.get_by_label("Too many mails").check()
    press(reader, "Tell us")
    expect(reader.page.get_by_text("Thank you for telling us.")).to_be_visible()
    press(reader, "Subscribe again")
    expect(reader.page.get_by_text("A mail with a button to subscribe again")).to_be_visible()
    mine.refresh_from_db()
    assert mine.status == Status.UNSUBSCRIBED
    open_the_mail(reader)
    press(reader, "Yes, subscribe me")
    mine.refresh_from_db()
    assert mine.status == Status.ACTIVE
    steps = Consent.objects.filter(subscription=mine).values_list("what", flat=True)
    assert list(steps) == ["asked", "confirmed", "left", "reason", "asked", "confirmed"]


def test_an_operator_counts_a_segment_while_it_is_written(browser, live_server, settings):
    notes = make_list(make_publication(name="Harbour Notes", slug="harbour"))
    for number in range(3):
        person = known_or_new(f"reader{number}@readers.example")
        person.attributes = {"country": "DK" if number else "SE"}
        person.save()
        Subscription.objects.create(
            subscriber=person,
            mailing_list=notes,
            status=Status.ACTIVE,
            source="test",
            asked_at=timezone.now(),
        )
    with at_the_desk(browser, live_server, settings, roles.CHIEF) as chris:
        chris.goto("/desk/subscribers/segments/new/")
        chris.page.get_by_label("Name").fill("Danes")
        chris.page.get_by_label("Rule", exact=True).select_option(label="is")
        chris.page.get_by_label("Attribute").fill("country")
        chris.page.get_by_label("Words").fill("dk")
        expect(chris.page.locator("#count")).to_contain_text("2 readers: country is “dk”")
        chris.page.get_by_role("button", name="Save the segment").click()
        expect(chris.page.get_by_role("cell", name="2 readers")).to_be_visible()
        chris.page.get_by_role("link", name="Danes").click()
        chris.page.get_by_role("link", name="Who they are now").click()
        expect(chris.page.get_by_text("reader2@readers.example")).to_be_visible()
        expect(chris.page.get_by_text("reader0@readers.example")).to_have_count(0)
        assert chris.wrong == []


def test_the_navigation_of_a_phone_shows_where_one_is(browser, live_server, settings):
    make_publication()
    with at_the_desk(browser, live_server, settings, roles.CHIEF, width=390) as chris:
        for page in ("/desk/", "/desk/returns/"):
            chris.goto(page)
            expect(chris.page.locator("nav [aria-current]")).to_be_in_viewport(ratio=1)
        assert chris.wrong == []
