"""Whatever happens, no words are lost: they stay in the page, on the device, and reach the desk as soon as they can."""

import json

import pytest
from playwright.sync_api import expect

from issues.models import Issue
from tests.journeys.desk import Composer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BANNER = "that were never saved"


def goodbye(issue: Issue) -> str:
    return issue.blocks.standing().get(kind="sign_off").data["body"]


def leave_in_mid_word(composer: Composer) -> None:
    """Close the tab although the browser asks, with words that the desk does not have; then open the issue again."""
    composer.page.on("dialog", lambda dialog: dialog.accept())
    composer.page.reload()
    expect(composer.page.locator("[data-figures]")).not_to_be_empty()


def refuse_saves(composer: Composer, status: int, body: dict | None = None) -> None:
    composer.allow(status)
    answer = json.dumps(body or {})
    composer.page.route(
        "**/save/", lambda route: route.fulfill(status=status, body=answer, content_type="application/json")
    )


def test_words_written_while_the_network_is_cut_are_saved_when_it_is_back(edith, issue):
    edith.text("Sign-off", "Goodbye").click()
    edith.press("Control+a")
    edith.page.keyboard.type("Half a sentence")
    edith.unplug()
    edith.page.keyboard.type(" and the other half.")
    expect(edith.saving).to_contain_text("Offline: kept on this device", timeout=15_000)
    edith.plug_in()
    expect(edith.saving).to_contain_text("Saved", timeout=20_000)
    assert goodbye(issue) == "<p>Half a sentence and the other half.</p>"


def test_a_save_whose_answer_is_lost_is_not_done_twice(edith, issue):
    edith.offline = True
    lost = []

    def swallow(route) -> None:
        if not lost:
            route.fetch()
            lost.append(route.request.post_data)
            route.abort()
        else:
            lost.append(route.request.post_data)
            route.continue_()

    edith.page.route("**/save/", swallow)
    edith.write("Sign-off", "Goodbye", "Once.")
    expect(edith.saving).to_contain_text("Offline", timeout=10_000)
    expect(edith.saving).to_contain_text("Saved", timeout=20_000)
    assert lost[1] == lost[0]
    assert issue.blocks.get(kind="sign_off").rev == 2
    assert goodbye(issue) == "<p>Once.</p>"


def test_words_written_while_signed_out_are_saved_after_signing_in_again(edith, issue):
    edith.allow(403)
    edith.page.context.clear_cookies()
    edith.write("Sign-off", "Goodbye", "Written while signed out.")
    notice = edith.page.get_by_role("alert").filter(has_text="You are signed out.")
    expect(notice).to_be_visible(timeout=15_000)
    with edith.page.context.expect_page() as opened:
        notice.get_by_role("link", name="Sign in in another tab").click()
    tab = opened.value
    tab.get_by_label("Username").fill("edith")
    tab.get_by_label("Password").fill("a long password")
    tab.get_by_role("button", name="Sign in").click()
    # closing it on its way there may wait for ever
    expect(tab.get_by_role("navigation", name="Desk")).to_be_visible()
    tab.close()
    expect(edith.saving).to_contain_text("Saved", timeout=40_000)
    expect(notice).to_have_count(0)
    assert goodbye(issue) == "<p>Written while signed out.</p>"


def test_words_that_were_never_saved_are_offered_and_never_put_back_unasked(edith, issue):
    edith.unplug()
    edith.write("Sign-off", "Goodbye", "Never saved.")
    expect(edith.saving).to_contain_text("Offline", timeout=15_000)
    edith.page.wait_for_timeout(600)
    edith.page.route("**/save/", lambda route: route.abort())
    edith.plug_in()
    leave_in_mid_word(edith)
    banner = edith.page.get_by_role("alert").filter(has_text=BANNER)
    expect(banner).to_contain_text("Sign-off")
    expect(edith.text("Sign-off", "Goodbye")).to_contain_text("That is all from the quay.")
    edith.page.unroute("**/save/")
    banner.get_by_role("button", name="Put them back").click()
    expect(edith.text("Sign-off", "Goodbye")).to_have_text("Never saved.")
    edith.saved()
    assert goodbye(issue) == "<p>Never saved.</p>"
    edith.press("Control+z")
    expect(edith.text("Sign-off", "Goodbye")).to_contain_text("That is all from the quay.")
    edith.saved()


@pytest.fixture
def left_behind(edith) -> Composer:
    """The issue, opened again on a device that has words of the sign-off and a new block."""
    edith.page.route("**/save/", lambda route: route.abort())
    edith.offline = True
    edith.write("Sign-off", "Goodbye", "Never saved.")
    edith.press("Escape", "/")
    edith.page.keyboard.type("quote")
    edith.press("Enter")
    edith.page.keyboard.type("A quote of its own.")
    edith.page.wait_for_timeout(600)
    leave_in_mid_word(edith)
    edith.page.unroute("**/save/")
    return edith


def test_words_of_the_device_are_compared_with_what_is_saved(left_behind, issue):
    left_behind.page.get_by_role("button", name="Compare").click()
    shown = left_behind.page.get_by_role("group", name="Sign-off: two versions")
    expect(shown).to_contain_text("Unsaved words of this device")
    expect(shown.locator("ins").first).to_contain_text("Never saved")
    shown.get_by_role("button", name="Use these words").click()
    expect(left_behind.text("Sign-off", "Goodbye")).to_have_text("Never saved.")


def test_blocks_of_the_device_come_back_too(left_behind, issue):
    left_behind.page.get_by_role("button", name="Put them back").click()
    assert left_behind.blocks == ["greeting", "lead_story", "sign_off", "quote"]
    left_behind.saved()
    assert issue.blocks.standing().get(kind="quote").data["text"] == "<p>A quote of its own.</p>"


def test_words_of_the_device_may_be_discarded(left_behind, issue):
    left_behind.page.get_by_role("button", name="Discard them").click()
    left_behind.page.reload()
    expect(left_behind.page.locator("[data-figures]")).not_to_be_empty()
    expect(left_behind.page.get_by_text(BANNER)).to_have_count(0)
    assert "quay" in goodbye(issue)


def test_what_is_saved_is_not_offered_again(edith, issue):
    edith.write("Sign-off", "Goodbye", "Saved.")
    edith.saved()
    edith.page.reload()
    expect(edith.page.locator("[data-figures]")).not_to_be_empty()
    expect(edith.page.get_by_text(BANNER)).to_have_count(0)
    expect(edith.text("Sign-off", "Goodbye")).to_have_text("Saved.")


def test_without_the_right_to_write_the_words_stay_in_the_page(edith, issue):
    refuse_saves(edith, 403)
    edith.write("Sign-off", "Goodbye", "No longer mine.")
    expect(edith.page.get_by_role("alert")).to_contain_text(
        "You may not write in this issue any more.", timeout=10_000
    )
    expect(edith.saving).to_contain_text("Not saved")
    expect(edith.text("Sign-off", "Goodbye")).to_have_text("No longer mine.")


def test_a_save_that_is_refused_says_why_and_the_next_one_is_tried(edith, issue):
    refuse_saves(edith, 422, {"why": "An issue has at most 250 blocks."})
    edith.write("Sign-off", "Goodbye", "Refused")
    expect(edith.saving).to_contain_text("Not saved: An issue has at most 250 blocks.", timeout=10_000)
    edith.page.unroute("**/save/")
    edith.page.keyboard.type(", then not.")
    edith.saved()
    assert goodbye(issue) == "<p>Refused, then not.</p>"


def test_an_error_of_the_desk_is_tried_again(edith, issue):
    refuse_saves(edith, 500)
    edith.write("Sign-off", "Goodbye", "Once more.")
    expect(edith.saving).to_contain_text("kept on this device", timeout=10_000)
    edith.page.unroute("**/save/")
    expect(edith.saving).to_contain_text("Saved", timeout=20_000)
    assert goodbye(issue) == "<p>Once more.</p>"


def test_whoever_leaves_by_a_link_leaves_nothing_behind(edith, issue):
    edith.write("Sign-off", "Goodbye", "Before the click.")
    edith.page.get_by_role("link", name="Issues", exact=True).click()
    expect(edith.page.get_by_role("heading", name="Issues")).to_be_visible()
    assert goodbye(issue) == "<p>Before the click.</p>"


def test_words_that_cannot_be_saved_hold_back_what_would_leave_them(edith, issue):
    edith.page.route("**/save/", lambda route: route.abort())
    edith.offline = True
    edith.write("Sign-off", "Goodbye", "Not yet.")
    edith.page.get_by_role("button", name="Submit for review").click()
    expect(edith.page.locator("#toast")).to_contain_text("Your words are not saved yet")
    issue.refresh_from_db()
    assert issue.status == "draft"
    edith.page.unroute("**/save/")
    expect(edith.saving).to_contain_text("Saved", timeout=20_000)
