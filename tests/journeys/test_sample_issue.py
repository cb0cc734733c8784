"""The sample issue, from nothing, with the keyboard alone; and the same from a pasted draft."""

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from issues import readiness
from issues.models import Issue
from newsroom.desk import roles
from tests.journeys.desk import Composer, at_the_desk
from tests.make import make_advertiser, make_contributor, make_insertion, make_publication, make_ready

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DRAFT = Path(__file__).parent / "draft.txt"
ROUNDS = """Quayside raised $48 million to teach cranes about the wind.
Saltworks raised €9.5M for its kits that make fresh water.
Lantern is valued at $2 billion."""


@pytest.fixture
def chris(browser: Browser, live_server, settings, transactional_db):
    make_publication(name="The Quay", slug="the-quay", time_zone="Europe/Copenhagen")
    make_contributor(name="Ines Falk", email="ines@harbour.example")
    with at_the_desk(browser, live_server, settings, roles.CHIEF) as composer:
        yield composer
        assert composer.wrong == []


def type_in(composer: Composer, *lines: str) -> None:
    """Type, and go on to the next field with Tab; "↵" is Enter inside a text."""
    for line in lines:
        for at, part in enumerate(line.split("↵")):
            if at:
                composer.press("Enter")
            composer.page.keyboard.type(part)
        composer.press("Tab")


def open_block(composer: Composer, label: str) -> None:
    """From one block to another with the arrows, and into its first field."""
    composer.press("Escape", "Home")
    while not composer.page.evaluate(f"document.activeElement.dataset.label === {label!r}"):
        composer.press("ArrowDown")
    composer.press("Enter")


def skip_toolbar(composer: Composer) -> None:
    """From a one-line field into the text behind it, past its toolbar."""
    composer.press("Tab")


def test_the_sample_issue_is_composed_with_the_keyboard_alone(chris):
    chris.goto("/desk/issues/new/")
    chris.page.get_by_label("Publication").focus()
    chris.press("Tab", "Tab", "Tab", "Tab")
    chris.page.get_by_label("Title").focus()
    type_in(chris, "The ferry that waits")
    chris.press("Enter")
    expect(chris.page.get_by_role("heading", level=1)).to_have_text("The ferry that waits")
    expect(chris.page.locator("[data-figures]")).not_to_be_empty()
    issue = Issue.objects.get()
    make_ready(
        make_insertion(issue, advertiser=make_advertiser("Brightwater"), now=timezone.now()),
        now=timezone.now(),
        body="<p>Boats.</p>",
    )

    chris.page.get_by_label("Preheader").focus()
    chris.page.keyboard.type("Why one captain no longer leaves on time, and who raised money by the water.")

    chris.block("Greeting").focus()
    open_block(chris, "Lead story")
    type_in(chris, "A boat with patience")
    skip_toolbar(chris)
    type_in(
        chris,
        "The northern line waits for the late train.↵- Four minutes at most.↵The captain decides.↵↵Not everybody is pleased.",
        "Ines Falk",
    )

    open_block(chris, "Event")
    type_in(chris, "A night among planners")
    skip_toolbar(chris)
    type_in(chris, "Four planners bring maps.", "The Harbour Club")
    chris.page.keyboard.type("09162099")
    chris.block("Event").get_by_label("Time", exact=True).focus()
    chris.page.keyboard.type("0600PM")
    chris.block("Event").get_by_label("Time zone").focus()
    type_in(chris, "Europe/Copenhagen", "Save a seat", "example.com/seats")

    open_block(chris, "Financial corner")
    type_in(chris, "Financial corner")
    chris.block("Financial corner").get_by_label("Paste lines here").focus()
    chris.page.keyboard.insert_text(ROUNDS)
    chris.block("Financial corner").get_by_role("button", name="Make rows of the pasted lines").press("Enter")
    expect(chris.block("Financial corner").get_by_label("Company").nth(1)).to_have_value("Saltworks")
    expect(chris.page.locator("#toast")).to_contain_text("valuation")

    open_block(chris, "Byline")
    chris.page.keyboard.type("Ines")

    open_block(chris, "Link round-up")
    type_in(chris, "Around the harbour")
    skip_toolbar(chris)
    chris.page.keyboard.type("The pilots voted for longer shifts")
    chris.press("Shift+Home", "Control+k")
    chris.page.keyboard.type("example.com/pilots")
    chris.press("Enter", "End", "Enter")
    chris.page.keyboard.type("A diary is online.")

    open_block(chris, "Sign-off")
    chris.page.keyboard.type("That is all. Back tomorrow!")

    open_block(chris, "Greeting")
    chris.page.keyboard.type("Good morning from the quay.")
    chris.block("Greeting").get_by_role("button", name="Fill from the headlines below").press("Enter")
    expect(chris.block("Greeting").get_by_label("Today")).to_have_value(
        "A boat with patience\nA night among planners\nFinancial corner\nAround the harbour"
    )
    chris.saved()

    preview = chris.preview
    for words in (
        "A boat with patience",
        "Four minutes at most.",
        "A MESSAGE FROM BRIGHTWATER",
        "September 16, 2099",
        "€9.5 million",
        "Ines Falk",
        "voted for longer shifts",
    ):
        expect(preview).to_contain_text(words)
    assert issue.blocks.get(kind="lead_story").data["body"] == (
        "<p>The northern line waits for the late train.</p><ul><li>Four minutes at most.</li><li>The captain decides.</li></ul>"
        "<p>Not everybody is pleased.</p>"
    )
    assert issue.blocks.get(kind="link_roundup").data["items"] == [
        '<a href="https://example.com/pilots">The pilots voted for longer shifts</a>',
        "A diary is online.",
    ]
    assert [each.company for each in issue.funding_rounds.all()] == ["Quayside", "Saltworks"]
    assert "Lantern is valued at $2 billion." in issue.blocks.get(kind="financial_corner").data["notes"]
    assert readiness.blockers(Issue.objects.get()) == []


def test_a_pasted_draft_becomes_the_same_blocks(chris):
    chris.goto("/desk/issues/paste/")
    chris.page.get_by_label("Draft").fill(DRAFT.read_text())
    chris.page.get_by_role("button", name="Read the draft").click()
    expect(chris.page.locator("[data-figures]")).not_to_be_empty()
    assert chris.blocks[:6] == [
        "greeting",
        "lead_story",
        "sponsor_slot",
        "event_promo",
        "financial_corner",
        "byline",
    ]
    expect(chris.block("Sponsor")).to_contain_text("Brightwater Bank has lent to boats")
    expect(chris.block("Sponsor").locator(".ProseMirror")).to_have_count(0)


def test_an_earlier_issue_is_the_beginning_of_the_next(chris):
    chris.goto("/desk/issues/paste/")
    chris.page.get_by_label("Draft").fill(DRAFT.read_text())
    chris.page.get_by_role("button", name="Read the draft").click()
    expect(chris.page.get_by_role("heading", level=1)).to_have_text("The ferry that waits")
    chris.goto("/desk/issues/copy/")
    chris.page.get_by_label("Title", exact=True).fill("The next one")
    chris.page.get_by_role("button", name="Copy the issue").click()
    expect(chris.page.get_by_role("heading", level=1)).to_have_text("The next one")
    expect(chris.block("Sponsor")).to_contain_text("Not sold yet")
