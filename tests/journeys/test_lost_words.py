"""Whatever happens while somebody writes, their words stay on the page, and the page says what became of them."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, expect

from issues import composing
from issues.blocks import registry
from issues.models import Issue
from newsroom.desk import roles
from tests.journeys.desk import Visitor, at_the_desk
from tests.make import NOW, make_block, make_issue, make_publication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def issue(transactional_db) -> Issue:
    return make_issue(make_publication(), blocks=("greeting", "sign_off"))


@pytest.fixture
def edith(browser: Browser, live_server, settings, issue) -> Visitor:
    with at_the_desk(browser, live_server, settings, roles.EDITOR) as visitor:
        visitor.goto(f"/desk/issues/{issue.pk}/")
        yield visitor


def card(visitor: Visitor, label: str):
    return visitor.page.get_by_role("article", name=label, exact=True)


def opened(visitor: Visitor, label: str):
    card(visitor, label).get_by_role("link", name="Edit").click()
    expect(card(visitor, label).get_by_role("button", name="Done")).to_be_visible()
    return card(visitor, label)


def saved(visitor: Visitor):
    return expect(visitor.page.locator("[data-saved]"))


def goodbye(issue: Issue) -> str:
    return str(issue.blocks.standing().get(kind="sign_off").data["body"])


def test_words_written_while_signed_out_are_saved_after_signing_in_again(edith, issue):
    words = opened(edith, "Sign-off").get_by_label("Goodbye", exact=True)
    Session.objects.all().delete()
    words.fill("Mind the step.")
    saved(edith).to_contain_text("you are signed out")
    card(edith, "Sign-off").get_by_role("button", name="Done").click()
    saved(edith).to_contain_text("you are signed out")
    expect(words).to_have_value("Mind the step.")
    elsewhere = Visitor(edith.page.context.new_page(), edith.address)
    elsewhere.sign_in("edith", "a long password")
    saved(edith).to_contain_text(re.compile(r"Saved \d"), timeout=10_000)
    assert goodbye(issue) == "<p>Mind the step.</p>"


def test_words_written_while_the_desk_is_away_are_saved_when_it_is_back(edith, issue):
    words = opened(edith, "Sign-off").get_by_label("Goodbye", exact=True)
    edith.page.context.set_offline(True)
    words.fill("Mind the step.")
    saved(edith).to_contain_text("cannot be reached")
    card(edith, "Sign-off").get_by_role("button", name="Done").click()
    expect(words).to_have_value("Mind the step.")
    edith.page.context.set_offline(False)
    saved(edith).to_contain_text(re.compile(r"Saved \d"), timeout=10_000)
    assert goodbye(issue) == "<p>Mind the step.</p>"


def test_words_that_cannot_be_saved_hold_back_what_would_replace_their_form(edith, issue):
    make_block(issue, "financial_corner", position=2, heading="Money", rounds=[], notes="")
    edith.page.reload()
    corner = opened(edith, "Financial corner")
    corner.get_by_label("Company").fill("Saltworks")
    corner.get_by_label("Amount").fill("lots")
    edith.page.get_by_role("button", name="Move Sign-off up").click()
    expect(edith.page.locator("#toast")).to_contain_text("not saved yet")
    expect(corner.get_by_label("Amount")).to_have_value("lots")
    kinds = list(issue.blocks.standing().values_list("kind", flat=True))
    assert kinds == ["greeting", "sign_off", "financial_corner"]


def test_done_with_a_mistake_keeps_the_words_and_goes_to_the_mistake(edith, issue):
    make_block(issue, "financial_corner", position=2, heading="Money", rounds=[], notes="")
    edith.page.reload()
    corner = opened(edith, "Financial corner")
    corner.get_by_label("Company").fill("Saltworks")
    corner.get_by_label("Amount").fill("lots")
    corner.get_by_role("button", name="Done").click()
    saved(edith).to_contain_text("look at what is marked")
    expect(corner.get_by_label("Amount")).to_be_focused()
    asked: list[str] = []
    edith.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    edith.goto("/desk/")
    assert asked == ["beforeunload"]


def test_done_once_more_puts_my_words_in_place_of_theirs(edith, issue):
    words = opened(edith, "Sign-off").get_by_label("Goodbye", exact=True)
    block = issue.blocks.get(kind="sign_off")
    kind = registry.kind("sign_off")
    composing.edit_block(block, kind.load({"body": "<p>Theirs.</p>"}), rev=block.rev, now=NOW)
    words.fill("Mine.")
    saved(edith).to_contain_text("Somebody else changed this block")
    card(edith, "Sign-off").get_by_role("button", name="Done").click()
    expect(card(edith, "Sign-off").get_by_role("alert")).to_contain_text("pressed once more")
    assert goodbye(issue) == "<p>Theirs.</p>"
    card(edith, "Sign-off").get_by_role("button", name="Done").click()
    expect(card(edith, "Sign-off").get_by_role("link", name="Edit")).to_be_visible()
    assert goodbye(issue) == "<p>Mine.</p>"


def test_a_block_that_somebody_removed_says_so(edith, issue):
    words = opened(edith, "Sign-off").get_by_label("Goodbye", exact=True)
    composing.remove_block(issue.blocks.get(kind="sign_off"), now=NOW)
    words.fill("Mine.")
    saved(edith).to_contain_text("Somebody else removed this block.")
    expect(words).to_have_value("Mine.")


def test_a_picture_that_was_chosen_is_kept_when_something_else_moves(edith, issue, tmp_path):
    from PIL import Image as Pillow

    Pillow.new("RGB", (80, 60), "teal").save(tmp_path / "crane.png")
    make_block(issue, "image", position=2)
    edith.page.reload()
    opened(edith, "Image").get_by_label("Picture").set_input_files(tmp_path / "crane.png")
    edith.page.get_by_role("button", name="Move Sign-off up").click()
    expect(card(edith, "Image").locator("img")).to_be_visible()
    assert issue.blocks.get(kind="image").data["image"]


def test_the_checks_follow_when_a_block_is_done(edith, issue):
    make_block(issue, "lead_story", position=2, heading="", body="")
    edith.page.reload()
    checks = edith.page.get_by_role("region", name="Checks")
    expect(checks).to_contain_text("The lead story has no words.")
    story = opened(edith, "Lead story")
    story.get_by_label("Heading").fill("The tide")
    story.get_by_label("Story", exact=True).fill("It is early.")
    story.get_by_role("button", name="Done").click()
    expect(checks).not_to_contain_text("The lead story has no words.")
    expect(edith.page.get_by_role("navigation", name="Outline")).to_contain_text("The tide")


@pytest.mark.parametrize(
    ("button", "then"),
    [
        ("Move Sign-off up", "Move Sign-off up"),
        ("Copy Sign-off", "Copy Sign-off"),
    ],
)
def test_the_focus_stays_with_the_button(edith, issue, button, then):
    edith.page.get_by_role("button", name=button).press("Enter")
    expect(edith.page.locator("#toast")).not_to_be_empty()
    expect(edith.page.get_by_role("button", name=then).first).to_be_focused()


def test_without_a_mouse_the_focus_is_never_lost(edith, issue):
    card(edith, "Sign-off").get_by_role("link", name="Edit").press("Enter")
    expect(card(edith, "Sign-off").get_by_label("Goodbye", exact=True)).to_be_focused()
    card(edith, "Sign-off").get_by_role("button", name="Done").press("Enter")
    expect(card(edith, "Sign-off").get_by_role("link", name="Edit")).to_be_focused()
    edith.page.get_by_role("button", name="Remove Sign-off").press("Enter")
    expect(card(edith, "Greeting")).to_be_focused()
    edith.page.get_by_role("button", name="Undo").press("Enter")
    expect(card(edith, "Sign-off")).to_be_focused()
    edith.page.locator(".add summary").first.press("Enter")
    edith.page.keyboard.press("Tab")
    edith.page.keyboard.press("Escape")
    expect(edith.page.locator(".add summary").first).to_be_focused()
