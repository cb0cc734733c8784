"""Editors compose in the browser, with or without a mouse."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, expect

from issues.models import Issue
from newsroom.desk import roles
from tests.journeys.desk import Composer, at_the_desk
from tests.make import make_block, make_issue, make_person, make_publication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL_WORDS = """all => all.map((block) => {
  const of = ["input:not([type=hidden])", ".ProseMirror", "textarea:not([data-rich])"];
  const fields = block.querySelectorAll(of.map((each) => `.fields ${each}`).join());
  return [block.dataset.kind, ...[...fields].map((field) => field.value ?? field.textContent)];
})"""
"""Kind and words of every block, as they stand in the page."""
DOORS = ["/desk/issues/{}/", "/admin/issues/issue/{}/change/"]


def kinds(issue: Issue) -> list[str]:
    return list(issue.blocks.standing().values_list("kind", flat=True))


def data(issue: Issue, kind: str) -> dict:
    return issue.blocks.standing().filter(kind=kind)[0].data


def test_words_are_saved_while_they_are_written_and_shown_in_the_preview(edith, issue):
    edith.write("Lead story", "Heading", "The tide is early")
    edith.write("Lead story", "Story", "It came at **noon**.")
    expect(edith.preview).to_contain_text("The tide is early")
    expect(edith.preview).to_contain_text("It came at **noon**.")
    expect(edith.saving).to_contain_text(re.compile(r"Saved \d"))
    assert data(issue, "lead_story")["heading"] == "The tide is early"
    expect(edith.page.locator("[data-figures]")).to_contain_text(
        re.compile(r"\d+ words · \d+ min · \d+ of 102 KB")
    )
    expect(edith.page.get_by_role("navigation", name="Outline")).to_contain_text("The tide is early")


def test_what_stands_above_the_blocks_is_saved_too(edith, issue):
    edith.page.get_by_label("Title").fill("A new title")
    edith.page.get_by_label("Subject", exact=True).fill("A subject")
    expect(edith.page.get_by_role("heading", level=1)).to_have_text("A new title")
    edith.saved()
    issue.refresh_from_db()
    assert (issue.title, issue.subject) == ("A new title", "A subject")


def test_blocks_move_by_buttons_and_the_move_is_said(edith, issue):
    edith.page.get_by_role("button", name="Move Sign-off up").click()
    expect(edith.page.locator("[data-announce]")).to_have_text("Sign-off moved to position 2 of 3.")
    assert edith.blocks == ["greeting", "sign_off", "lead_story"]
    assert edith.outlined == ["Greeting", "Sign-off", "Lead story"]
    expect(edith.page.get_by_role("button", name="Move Sign-off up")).to_be_focused()
    edith.saved()
    assert kinds(issue) == ["greeting", "sign_off", "lead_story"]


def test_blocks_move_by_dragging_in_the_outline(edith, issue):
    grip = edith.page.locator("[data-outline] [data-grip]")
    start, end = grip.nth(2).bounding_box(), grip.nth(0).bounding_box()
    edith.page.mouse.move(start["x"] + 5, start["y"] + 8)
    edith.page.mouse.down()
    edith.page.mouse.move(end["x"] + 400, end["y"] + 4, steps=12)
    edith.page.mouse.move(end["x"] + 5, end["y"] - 6, steps=6)
    edith.page.mouse.up()
    assert edith.blocks == ["sign_off", "greeting", "lead_story"]
    assert edith.outlined == ["Sign-off", "Greeting", "Lead story"]
    edith.press("Control+z")
    assert edith.blocks == ["greeting", "lead_story", "sign_off"]


def test_a_drag_that_is_cancelled_moves_nothing(edith):
    start = edith.page.locator("[data-outline] [data-grip]").nth(2).bounding_box()
    edith.page.mouse.move(start["x"] + 5, start["y"] + 8)
    edith.page.mouse.down()
    edith.page.mouse.move(start["x"] + 5, start["y"] - 90, steps=8)
    edith.press("Escape")
    edith.page.mouse.up()
    assert edith.blocks == ["greeting", "lead_story", "sign_off"]


def test_a_block_moves_to_a_place_from_a_list(edith, issue):
    edith.block("Sign-off").get_by_label("More for Sign-off").click()
    edith.page.get_by_role("button", name="Move to…").click()
    edith.page.get_by_role("listbox", name="Place").select_option(index=0)
    edith.page.get_by_role("button", name="Move", exact=True).click()
    assert edith.blocks == ["sign_off", "greeting", "lead_story"]


def test_a_deleted_block_comes_back_without_a_question(edith, issue):
    words = data(issue, "lead_story")
    edith.block("Lead story").get_by_label("More for Lead story").click()
    edith.block("Lead story").get_by_role("button", name="Delete").click()
    assert edith.blocks == ["greeting", "sign_off"]
    edith.saved()
    assert kinds(issue) == ["greeting", "sign_off"]
    edith.press("Control+z")
    assert edith.blocks == ["greeting", "lead_story", "sign_off"]
    edith.saved()
    assert kinds(issue) == ["greeting", "lead_story", "sign_off"]
    assert data(issue, "lead_story") == words


def test_the_toast_undoes_a_deletion(edith):
    edith.block("Sign-off").focus()
    edith.press("Delete")
    edith.page.locator("#toast").get_by_role("button", name="Undo").click()
    assert edith.blocks == ["greeting", "lead_story", "sign_off"]


def test_a_block_is_duplicated_with_its_words(edith, issue):
    edith.write("Sign-off", "Goodbye", "Mind the step.")
    edith.press("Escape", "Control+d")
    assert edith.blocks == ["greeting", "lead_story", "sign_off", "sign_off"]
    edith.saved()
    assert [row.data["body"] for row in issue.blocks.standing()[2:]] == ["<p>Mind the step.</p>"] * 2


def test_a_block_is_added_between_two_others(edith, issue):
    edith.block("Lead story").hover()
    edith.page.get_by_role("button", name="Add a block before Lead story").click()
    edith.page.keyboard.type("quo")
    edith.press("Enter")
    assert edith.blocks == ["greeting", "quote", "lead_story", "sign_off"]
    expect(edith.text("Quote", "Words")).to_be_focused()


def test_a_slash_in_an_empty_paragraph_offers_blocks(edith, issue):
    place = edith.text("Sign-off", "Goodbye")
    place.click()
    edith.press("Control+End", "Enter")
    edith.page.keyboard.type("/")
    expect(edith.page.get_by_role("dialog", name="Add a block")).to_be_visible()
    edith.page.keyboard.type("image")
    edith.press("Enter")
    assert edith.blocks == ["greeting", "lead_story", "sign_off", "image"]
    assert "/" not in place.inner_text()


def test_a_slash_that_is_meant_as_one_stays(edith):
    place = edith.text("Sign-off", "Goodbye")
    place.click()
    edith.press("Control+a", "Delete")
    edith.page.keyboard.type("/")
    edith.press("Escape")
    expect(place).to_be_focused()
    edith.page.keyboard.type("etc")
    expect(place).to_have_text("/etc")


def test_a_folded_block_is_one_line_and_stays_folded(edith, issue):
    edith.page.get_by_role("button", name="Fold Lead story").click()
    expect(edith.text("Lead story", "Heading")).to_be_hidden()
    expect(edith.block("Lead story")).to_contain_text("Two ferry lines")
    edith.page.reload()
    expect(edith.text("Lead story", "Heading")).to_be_hidden()
    edith.page.get_by_role("button", name="Fold Lead story").click()
    expect(edith.text("Lead story", "Heading")).to_be_visible()


def test_funding_rounds_grow_row_by_row(edith, issue):
    make_block(issue, "financial_corner", position=3, heading="Money", rounds=[], notes="")
    edith.open(issue)
    corner = edith.block("Financial corner")
    corner.get_by_label("Company").fill("Saltworks")
    corner.get_by_label("Amount").fill("9.5 million")
    edith.press("Enter")
    expect(corner.get_by_label("Company").nth(1)).to_be_focused()
    edith.page.keyboard.type("Kittiwake")
    corner.get_by_label("Amount").nth(1).fill("€4m")
    expect(edith.preview).to_contain_text("€4 million")
    corner.get_by_role("button", name="Delete this row").nth(0).click()
    edith.saved()
    rounds = data(issue, "financial_corner")["rounds"]
    assert [(each["company"], each["amount"], each["currency"]) for each in rounds] == [
        ("Kittiwake", "4000000", "EUR")
    ]
    edith.press("Control+z")
    edith.saved()
    assert [each["company"] for each in data(issue, "financial_corner")["rounds"]] == [
        "Saltworks",
        "Kittiwake",
    ]


def test_what_cannot_be_read_is_marked_kept_and_stops_nothing_else(edith, issue):
    make_block(issue, "event_promo", position=3)
    edith.open(issue)
    event = edith.block("Event")
    event.get_by_label("Time zone").fill("Mars")
    event.get_by_label("Host").fill("The Night Club")
    edith.saved()
    expect(event.locator(".field-error").get_by_text("There is no time zone called “Mars”.")).to_be_visible()
    edith.page.reload()
    expect(event.get_by_label("Time zone")).to_have_value("Mars")
    expect(event.locator(".field-error").get_by_text("There is no time zone called “Mars”.")).to_be_visible()
    assert data(issue, "event_promo")["host"] == "The Night Club"


def test_a_choice_is_undone_like_words(edith, issue):
    make_block(issue, "sponsor_slot", position=3)
    make_block(issue, "image", position=4, decorative=False)
    edith.open(issue)
    placement = edith.block("Sponsor").get_by_label("Placement")
    placement.select_option("closing")
    edith.block("Image").get_by_label("Decorative").check()
    edith.press("Control+z")
    expect(edith.block("Image").get_by_label("Decorative")).not_to_be_checked()
    edith.press("Control+z")
    expect(placement).to_have_value("primary")
    edith.saved()
    assert data(issue, "sponsor_slot") == {"placement": "primary"}


def test_undo_and_redo_across_ten_mixed_actions(edith, issue):
    """Words, fields, moves, additions and deletions on one stack."""

    def state() -> tuple:
        words = edith.page.locator("[data-blocks] > .block").evaluate_all(ALL_WORDS)
        return tuple(map(tuple, words))

    states = [state()]

    def act(*keys: str) -> None:
        edith.page.wait_for_timeout(650)  # a stroke of its own
        for key in keys:
            edith.page.keyboard.press(key) if len(key) > 1 else edith.page.keyboard.type(key)
        states.append(state())

    edith.text("Lead story", "Heading").click()
    act("A")
    edith.text("Lead story", "Story").click()
    edith.press("Control+End")
    act("B")
    act("Escape", "Alt+ArrowUp")
    act("Control+d")
    edith.text("Greeting", "Today").click()
    act("C")
    act("Escape", "Delete")
    edith.text("Sign-off", "Goodbye").click()
    act("D")
    act("Enter", "E")
    act("Escape", "/", "b", "u", "l", "l", "Enter")
    edith.block("Bullets").focus()
    act("Alt+ArrowUp")
    seen = [now for at, now in enumerate(states) if at == 0 or now != states[at - 1]]
    assert len(seen) == 11
    back = [state()]
    for _ in range(40):
        edith.press("Control+z")
        if state() != back[-1]:
            back.append(state())
        if state() == seen[0]:
            break
    assert [each for each in back if each in seen] == seen[::-1]
    for _ in range(40):
        edith.press("Control+Shift+z")
    assert state() == seen[-1]
    edith.saved()
    assert kinds(issue) == [each[0] for each in seen[-1]]


def test_everything_can_be_done_without_a_mouse(edith, issue):
    edith.block("Greeting").focus()
    edith.press("ArrowDown")
    expect(edith.block("Lead story")).to_be_focused()
    edith.press("End")
    expect(edith.block("Sign-off")).to_be_focused()
    edith.press("Alt+Shift+ArrowUp")
    assert edith.blocks == ["sign_off", "greeting", "lead_story"]
    expect(edith.block("Sign-off")).to_be_focused()
    edith.press("Enter")
    expect(edith.text("Sign-off", "Goodbye")).to_be_focused()
    edith.press("Alt+F10")
    expect(edith.block("Sign-off").get_by_role("button", name="Bold")).to_be_focused()
    edith.press("Escape")
    expect(edith.text("Sign-off", "Goodbye")).to_be_focused()
    edith.press("Escape")
    expect(edith.block("Sign-off")).to_be_focused()
    edith.press("F6")
    expect(edith.page.get_by_role("button", name="Preview", exact=True)).to_be_focused()
    edith.press("Control+/")
    expect(edith.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    edith.press("Escape")
    edith.press("Control+Alt+o")
    edith.press("Enter")
    expect(edith.block("Sign-off")).to_be_focused()


def test_tab_is_never_caught_in_a_text(edith):
    edith.text("Lead story", "Story").click()
    edith.press("Tab")
    expect(edith.text("Lead story", "Written by")).to_be_focused()


def test_the_preview_selects_blocks_and_leads_nowhere(edith):
    edith.preview.get_by_role("link", name="sold by either side").click()
    expect(edith.page.locator("#toast")).to_contain_text("https://example.com/tickets")
    expect(edith.block("Lead story")).to_be_focused()
    assert "/desk/issues/" in edith.page.url


def test_the_preview_shows_phone_dark_and_plain_text(edith):
    edith.page.get_by_role("button", name="Phone").click()
    assert edith.page.locator(".preview iframe").evaluate("frame => frame.contentWindow.innerWidth") == 375
    edith.page.get_by_role("button", name="Dark").click()
    expect(edith.preview).to_have_css("background-color", re.compile(r"rgb\((\d|[1-5]\d), "))
    edith.page.get_by_role("button", name="Plain text").click()
    plain = edith.page.get_by_label("The plain text part")
    expect(plain).to_contain_text("Two ferry lines, one timetable")
    edith.write("Lead story", "Heading", "One boat")
    expect(plain).to_contain_text("One boat")


def test_the_checks_follow_the_words_and_lead_to_the_block(edith, issue):
    edith.write("Lead story", "Heading", "x")
    edith.press("Control+a", "Delete")
    edith.saved()
    edith.page.get_by_role("button", name=re.compile("Checks")).click()
    row = edith.page.get_by_role("listitem").filter(has_text="The lead story has no heading.")
    expect(row).to_be_visible()
    expect(edith.block("Lead story").get_by_text("The lead story has no heading.")).to_be_visible()
    row.get_by_role("link", name="Go to").click()
    expect(edith.block("Lead story")).to_be_focused()
    edith.write("Lead story", "Heading", "A crane")
    edith.saved()
    expect(edith.page.get_by_text("The lead story has no heading.")).to_have_count(0)


def test_steps_wait_for_the_last_words(edith, issue):
    edith.write("Sign-off", "Goodbye", "Typed a moment before.")
    edith.page.get_by_role("button", name="Submit for review").click()
    expect(edith.page.get_by_text("Submitted for review.")).to_be_visible()
    assert data(issue, "sign_off")["body"] == "<p>Typed a moment before.</p>"


def test_an_approved_issue_is_read_only_and_says_how_to_go_on(chris, issue):
    chris.page.get_by_role("button", name="Submit for review").click()
    chris.page.get_by_role("button", name="Approve").click()
    expect(chris.page.get_by_text("“Reopen” makes it a draft again")).to_be_visible()
    expect(chris.block("Lead story")).to_contain_text("Two ferry lines")
    expect(chris.page.locator(".ProseMirror")).to_have_count(0)
    chris.page.get_by_role("button", name="Reopen").click()
    expect(chris.text("Lead story", "Heading")).to_be_editable()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_nothing_scrolls_sideways_and_no_pane_lies_over_another(
    browser: Browser, live_server, settings, issue, width, door
):
    with at_the_desk(browser, live_server, settings, roles.CHIEF, width=width) as chris:
        chris.open(issue, door=door)
        for pane in ("Outline", "Write", "Preview"):
            if width < 1024:
                chris.page.locator(f"[data-pane-of={'side' if pane == 'Preview' else pane.lower()}]").click()
            assert (
                chris.page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                <= 0
            )
            boxes = [box for each in chris.page.locator(".pane").all() if (box := each.bounding_box())]
            assert len(boxes) == (3 if width >= 1024 else 1)
            assert all(box["width"] >= 150 for box in boxes)
            assert all(left["x"] + left["width"] <= right["x"] + 1 for left, right in pairwise(boxes))
        assert chris.page.locator(".canvas").evaluate("pane => pane.scrollWidth - pane.clientWidth") <= 0
        expect(chris.saving).to_be_in_viewport()
        assert chris.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(browser: Browser, live_server, settings, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    every = (
        "greeting",
        "lead_story",
        "sponsor_slot",
        "event_promo",
        "financial_corner",
        "byline",
        "link_roundup",
        "image",
        "quote",
        "bullets",
        "sign_off",
    )
    issue = make_issue(make_publication(), blocks=every)
    with at_the_desk(browser, live_server, settings, roles.CHIEF, width=width, color_scheme=scheme) as chris:
        chris.open(issue)
        for side in ("preview", "checks"):
            if width < 1024:
                chris.page.locator("[data-pane-of=side]").click()
            chris.page.locator(f"[data-side={side}]").click()
            found = Axe().run(chris.page)
            assert found.violations_count == 0, found.generate_report()
        if width < 1024:
            chris.page.locator("[data-pane-of=write]").click()
            assert Axe().run(chris.page).violations_count == 0
        chris.page.locator(".add-last").click()
        assert Axe().run(chris.page).violations_count == 0
        assert chris.wrong == []


@pytest.mark.parametrize("door", DOORS)
def test_both_doors_lead_to_the_same_composer(browser: Browser, live_server, settings, issue, door):
    with at_the_desk(browser, live_server, settings, roles.CHIEF) as chris:
        chris.open(issue, door=door)
        chris.write("Sign-off", "Goodbye", "Mind the step.")
        chris.page.get_by_role("button", name="Move Sign-off up").click()
        chris.saved()
        assert kinds(issue) == ["greeting", "sign_off", "lead_story"]
        assert data(issue, "sign_off")["body"] == "<p>Mind the step.</p>"
        assert chris.wrong == []


def test_a_desk_in_the_house_needs_no_https(edith, issue):
    """Browsers keep some of their abilities from pages without https that are not on the same machine."""
    edith.page.add_init_script("delete Crypto.prototype.randomUUID; delete Navigator.prototype.clipboard;")
    edith.page.reload()
    expect(edith.page.locator("[data-figures]")).not_to_be_empty()
    edith.block("Sign-off").focus()
    edith.press("Control+d")
    edith.saved()
    assert kinds(issue) == ["greeting", "lead_story", "sign_off", "sign_off"]


def test_two_hundred_blocks_stay_usable(browser: Browser, live_server, settings):
    issue = make_issue(make_publication(), blocks=("story", "quote", "link_roundup", "bullets") * 50)
    with at_the_desk(browser, live_server, settings, roles.EDITOR) as edith:
        edith.open(issue)
        edith.page.locator("[data-outline] a").nth(120).click()
        block = edith.page.locator("[data-blocks] > .block").nth(120)
        expect(block).to_be_focused()
        expect(block).to_be_in_viewport()
        edith.press("Enter")
        edith.page.keyboard.type("Number 120")
        expect(edith.preview).to_contain_text("Number 120")
        edith.press("Escape", "Alt+Shift+ArrowUp")
        edith.saved()
        assert "Number 120" in issue.blocks.standing()[0].data["heading"]
        assert edith.page.locator(".ProseMirror").count() < 120, (
            "editors of blocks that nobody sees cost nothing"
        )
        assert edith.wrong == []


def test_without_scripts_the_same_page_is_plain_forms(browser: Browser, live_server, settings, issue):
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    make_person(roles.EDITOR, username="edith")
    context = browser.new_context(java_script_enabled=False)
    edith = Composer(context.new_page(), live_server.url)
    edith.sign_in("edith", "a long password")
    edith.goto(f"/desk/issues/{issue.pk}/")
    edith.block("Sign-off").get_by_label("Goodbye", exact=True).fill("Mind the *step*.")
    edith.page.get_by_role("button", name="Move Sign-off up").click()
    expect(edith.page.get_by_text("Sign-off moved to position 2 of 3.")).to_be_visible()
    edith.page.get_by_label("Kind", exact=True).select_option(label="Quote")
    edith.page.get_by_role("button", name="Add", exact=True).click()
    assert kinds(issue) == ["greeting", "sign_off", "lead_story", "quote"]
    assert data(issue, "sign_off")["body"] == "<p>Mind the <em>step</em>.</p>"
    assert edith.wrong == []
    context.close()
