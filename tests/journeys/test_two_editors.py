"""Two people in one issue: both are saved, or both versions are shown; nobody is overwritten and nothing is lost."""

import pytest
from playwright.sync_api import expect

from issues.models import Issue, SetAside
from tests.journeys.desk import Composer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def goodbye(issue: Issue) -> str:
    return issue.blocks.get(kind="sign_off").data["body"]


def heading(issue: Issue) -> str:
    return issue.blocks.get(kind="lead_story").data["heading"]


def conflict(composer: Composer, label: str = "Sign-off"):
    return composer.page.get_by_role("group", name=f"{label}: two versions")


def write_offline(composer: Composer, words: str) -> None:
    """Somebody writes in the sign-off while the network is away, and comes back."""
    composer.unplug()
    composer.write("Sign-off", "Goodbye", words)
    expect(composer.saving).to_contain_text("Offline: kept on this device", timeout=15_000)


@pytest.fixture
def contested(edith, chris, issue):
    """Chris has changed the block that Edith has written in while she was offline."""
    edith.allow(409, 423)
    write_offline(edith, "Mine, from the train.")
    chris.write("Sign-off", "Goodbye", "Theirs, from the desk.")
    chris.saved()
    chris.goto("/desk/")
    edith.plug_in()
    expect(conflict(edith)).to_be_visible(timeout=20_000)
    return edith


def test_different_blocks_are_both_saved(edith, chris, issue):
    edith.write("Lead story", "Heading", "Her heading")
    chris.write("Sign-off", "Goodbye", "His goodbye.")
    edith.saved()
    chris.saved()
    assert (heading(issue), goodbye(issue)) == ("Her heading", "<p>His goodbye.</p>")


def test_each_sees_who_else_is_here_and_what_they_changed(edith, chris, issue):
    expect(chris.page.get_by_role("list", name="Also here")).to_contain_text("edith is here")
    edith.write("Lead story", "Heading", "Her heading")
    edith.saved()
    expect(chris.text("Lead story", "Heading")).to_have_value("Her heading", timeout=12_000)
    expect(chris.preview).to_contain_text("Her heading")


def test_blocks_that_one_adds_moves_and_deletes_follow_in_the_other(edith, chris, issue):
    edith.block("Sign-off").focus()
    edith.press("Alt+Shift+ArrowUp", "Control+d", "ArrowDown", "Delete")
    edith.saved()
    assert edith.blocks == ["sign_off", "sign_off", "lead_story"]
    expect(chris.block("Sign-off", nth=1)).to_be_visible(timeout=12_000)
    expect(chris.block("Greeting")).to_have_count(0)
    assert (chris.blocks, chris.outlined) == (edith.blocks, edith.outlined)


def test_a_block_that_somebody_edits_is_read_only_for_the_others(edith, chris, issue):
    edith.write("Sign-off", "Goodbye", "Her words")
    held = chris.block("Sign-off").get_by_text("edith is editing this block.")
    expect(held).to_be_visible(timeout=20_000)
    expect(chris.text("Sign-off", "Goodbye")).not_to_be_editable()
    expect(chris.text("Lead story", "Heading")).to_be_editable()


def test_taking_over_keeps_what_the_other_had_not_saved(edith, chris, issue):
    edith.allow(423)
    edith.write("Sign-off", "Goodbye", "Saved words.")
    edith.saved()
    expect(chris.block("Sign-off").get_by_text("edith is editing this block.")).to_be_visible(timeout=20_000)
    edith.page.route("**/save/", lambda route: route.abort())
    edith.offline = True  # its saves only
    edith.page.keyboard.type(" Not saved yet.")
    chris.block("Sign-off").get_by_role("button", name="Take over").click()
    expect(chris.text("Sign-off", "Goodbye")).to_be_editable()
    edith.page.unroute("**/save/")
    expect(conflict(edith)).to_contain_text("chris is editing this block", timeout=30_000)
    assert SetAside.objects.get().words["body"] == "<p>Saved words. Not saved yet.</p>"
    chris.write("Sign-off", "Goodbye", "His words.")
    chris.saved()
    assert goodbye(issue) == "<p>His words.</p>"


def test_a_conflict_shows_both_versions_word_by_word_and_stops_only_that_block(contested, issue):
    shown = conflict(contested)
    expect(shown).to_contain_text("Changed by chris")
    expect(shown.locator("del").first).to_contain_text("Theirs")
    expect(shown.locator("ins").first).to_contain_text("Mine")
    expect(contested.text("Sign-off", "Goodbye")).to_have_text("Mine, from the train.")
    contested.write("Lead story", "Heading", "Saved all the same")
    contested.page.wait_for_timeout(2500)
    assert (heading(issue), goodbye(issue)) == ("Saved all the same", "<p>Theirs, from the desk.</p>")
    assert SetAside.objects.get().words["body"] == "<p>Mine, from the train.</p>"


def test_my_version_may_take_the_place_of_theirs(contested, issue):
    conflict(contested).get_by_role("button", name="Use mine").click()
    expect(conflict(contested)).to_be_hidden()
    contested.saved()
    assert goodbye(issue) == "<p>Mine, from the train.</p>"


def test_their_version_may_take_the_place_of_mine(contested, issue):
    conflict(contested).get_by_role("button", name="Use chris’s").click()
    expect(contested.text("Sign-off", "Goodbye")).to_have_text("Theirs, from the desk.")
    contested.saved()
    assert goodbye(issue) == "<p>Theirs, from the desk.</p>"


def test_a_title_that_somebody_else_changed_is_asked_about(edith, chris, issue):
    edith.allow(409)
    edith.unplug()
    edith.page.get_by_label("Title").fill("Her title")
    expect(edith.saving).to_contain_text("Offline", timeout=15_000)
    chris.page.get_by_label("Title").fill("His title")
    chris.saved()
    edith.plug_in()
    asked = edith.page.get_by_role("alert").filter(has_text="somebody else wrote “His title”")
    expect(asked).to_be_visible(timeout=20_000)
    asked.get_by_role("button", name="Use mine").click()
    edith.saved()
    issue.refresh_from_db()
    assert issue.title == "Her title"


def test_a_block_that_was_deleted_meanwhile_may_live_on(edith, chris, issue):
    edith.allow(409)
    write_offline(edith, "Still needed.")
    chris.block("Sign-off").focus()
    chris.press("Delete")
    chris.saved()
    edith.plug_in()
    shown = conflict(edith)
    expect(shown).to_contain_text("Removed by chris", timeout=20_000)
    shown.get_by_role("button", name="Use mine").click()
    edith.saved()
    assert goodbye(issue) == "<p>Still needed.</p>"
    assert issue.blocks.standing().filter(kind="sign_off").exists()


def test_an_approval_meanwhile_makes_it_read_only_and_keeps_the_words(edith, chris, issue):
    edith.allow(409)
    edith.unplug()
    edith.write("Sign-off", "Goodbye", "Too late.")
    chris.page.get_by_role("button", name="Submit for review").click()
    chris.page.get_by_role("button", name="Approve").click()
    expect(chris.page.get_by_text("“Reopen” makes it a draft again")).to_be_visible()
    edith.plug_in()
    expect(edith.page.get_by_text("Your last words are kept on this device.")).to_be_visible(timeout=20_000)
    expect(edith.text("Sign-off", "Goodbye")).to_have_text("Too late.")
