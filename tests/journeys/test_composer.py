"""Editors compose in the browser: everything is saved while they write, and nothing is lost."""

import re

import pytest
from playwright.sync_api import Browser, expect

from issues.models import Block, Issue
from newsroom.desk import roles
from tests.journeys.desk import Visitor, at_the_desk
from tests.make import make_block, make_issue, make_person, make_publication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def issue(transactional_db) -> Issue:
    return make_issue(make_publication(), blocks=("greeting", "lead_story", "sign_off"))


@pytest.fixture
def edith(browser: Browser, live_server, settings, issue) -> Visitor:
    with at_the_desk(browser, live_server, settings, roles.EDITOR) as visitor:
        visitor.goto(f"/desk/issues/{issue.pk}/")
        yield visitor
        assert visitor.wrong == []


def kinds(issue: Issue) -> list[str]:
    return list(issue.blocks.standing().values_list("kind", flat=True))


def card(visitor: Visitor, label: str):
    return visitor.page.get_by_role("article", name=label, exact=True)


def pages(issue: Issue) -> list[str]:
    return ["/desk/", "/desk/issues/paste/", "/desk/sponsors/", f"/{issue.publication.slug}/", "/privacy/"]


def test_words_are_saved_while_they_are_written_and_shown_in_the_preview(edith, issue):
    card(edith, "Lead story").get_by_role("link", name="Edit").click()
    story = card(edith, "Lead story").get_by_label("Story", exact=True)
    story.fill("The tide is **early** today.\n\n- One\n- Two")
    expect(edith.page.locator("[data-saved]")).to_contain_text(re.compile(r"Saved \d"))
    preview = edith.page.frame_locator(".preview iframe")
    expect(preview.locator("body")).to_contain_text("The tide is early today.")
    assert issue.blocks.get(kind="lead_story").data["body"] == (
        "<p>The tide is <strong>early</strong> today.</p><ul><li>One</li><li>Two</li></ul>"
    )
    card(edith, "Lead story").get_by_role("button", name="Done").click()
    expect(card(edith, "Lead story").get_by_role("link", name="Edit")).to_be_visible()
    expect(card(edith, "Lead story")).to_contain_text("The tide is early today.")


def test_the_title_is_saved_while_it_is_written(edith, issue):
    edith.page.get_by_label("Title").fill("A new title")
    expect(edith.page.locator("[data-saved]")).to_contain_text(re.compile(r"Saved \d"))
    expect(edith.page.get_by_role("heading", level=1)).to_have_text("A new title")
    issue.refresh_from_db()
    assert issue.title == "A new title"


def test_blocks_move_and_the_move_is_said(edith, issue):
    edith.page.get_by_role("button", name="Move Sign-off up").click()
    expect(edith.page.locator("#toast")).to_contain_text("Sign-off moved to position 2 of 3.")
    assert kinds(issue) == ["greeting", "sign_off", "lead_story"]


def test_a_removed_block_comes_back_with_one_click(edith, issue):
    words = issue.blocks.get(kind="lead_story").data
    edith.page.get_by_role("button", name="Remove Lead story").click()
    expect(edith.page.locator("#toast")).to_contain_text("Lead story removed.")
    assert kinds(issue) == ["greeting", "sign_off"]
    edith.page.get_by_role("button", name="Undo").click()
    expect(card(edith, "Lead story")).to_be_visible()
    assert kinds(issue) == ["greeting", "lead_story", "sign_off"]
    assert issue.blocks.standing().get(kind="lead_story").data == words


def test_a_new_block_opens_its_form_where_it_was_put(edith, issue):
    edith.page.locator(".add").nth(1).locator("summary").click()
    edith.page.locator(".add").nth(1).get_by_role("button", name="Quote").click()
    expect(card(edith, "Quote").get_by_label("Words")).to_be_focused()
    assert kinds(issue) == ["greeting", "quote", "lead_story", "sign_off"]


def test_funding_rounds_grow_row_by_row(edith, issue):
    make_block(issue, "financial_corner", position=3, heading="Money", rounds=[], notes="")
    edith.page.reload()
    corner = card(edith, "Financial corner")
    corner.get_by_role("link", name="Edit").click()
    corner.get_by_label("Company").fill("Saltworks")
    corner.get_by_label("Amount").fill("9.5 million")
    corner.get_by_role("button", name="Add a row").click()
    corner.get_by_label("Company").nth(1).fill("Kittiwake")
    corner.get_by_label("Amount").nth(1).fill("4m")
    corner.get_by_role("button", name="Done").click()
    expect(corner.get_by_text("$9.5 million")).to_be_visible()
    data = issue.blocks.get(kind="financial_corner").data
    assert data["heading"] == "Money"
    rounds = data["rounds"]
    assert [(each["company"], each["amount"]) for each in rounds] == [
        ("Saltworks", "9500000"),
        ("Kittiwake", "4000000"),
    ]


def test_what_somebody_else_changed_is_not_overwritten(edith, issue):
    card(edith, "Sign-off").get_by_role("link", name="Edit").click()
    goodbye = card(edith, "Sign-off").get_by_label("Goodbye", exact=True)
    expect(goodbye).to_be_visible()
    Block.objects.filter(issue=issue, kind="sign_off").update(data={"body": "<p>Theirs.</p>"}, rev=2)
    goodbye.fill("Mine.")
    expect(edith.page.locator("[data-saved]")).to_contain_text("Somebody else changed this block")
    assert issue.blocks.get(kind="sign_off").data == {"body": "<p>Theirs.</p>"}
    expect(goodbye).to_have_value("Mine.")
    edith.wrong.clear()  # the browser logs the 409 itself


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_no_page_scrolls_sideways(edith, issue, width):
    edith.page.set_viewport_size({"width": width, "height": 900})
    for path in (f"/desk/issues/{issue.pk}/", "/desk/issues/new/", *pages(issue)):
        edith.goto(path)
        wide = edith.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(edith, issue, scheme):
    from axe_playwright_python.sync_playwright import Axe

    edith.page.emulate_media(color_scheme=scheme)
    for path in (f"/desk/issues/{issue.pk}/", *pages(issue)):
        edith.goto(path)
        found = Axe().run(edith.page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_without_scripts_the_same_page_is_plain_forms(browser, live_server, settings, issue):
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    make_person(roles.EDITOR, username="edith")
    context = browser.new_context(java_script_enabled=False)
    visitor = Visitor(context.new_page(), live_server.url)
    visitor.sign_in("edith", "a long password")
    visitor.goto(f"/desk/issues/{issue.pk}/")
    card(visitor, "Sign-off").get_by_role("link", name="Edit").click()
    visitor.page.get_by_label("Goodbye", exact=True).fill("Mind the step.")
    visitor.page.get_by_role("button", name="Done").click()
    expect(card(visitor, "Sign-off")).to_contain_text("Mind the step.")
    visitor.page.get_by_role("button", name="Move Sign-off up").click()
    assert kinds(issue) == ["greeting", "sign_off", "lead_story"]
    context.close()
