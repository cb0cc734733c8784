"""What stands beside the words: pictures, a test by mail, comments, versions."""

import pytest
from PIL import Image as Pillow
from playwright.sync_api import expect

from issues.models import Comment, Image
from tests.delivery.relays import fake_relay
from tests.make import make_block, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DROP = """async ([selector, bytes, name, type]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  document.querySelector(selector).dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def crane(tmp_path):
    path = tmp_path / "crane.png"
    Pillow.new("RGB", (80, 60), "teal").save(path)
    return path


@pytest.fixture
def picture(edith, issue):
    """The issue with an empty image block."""
    make_block(issue, "image", position=3, image=None, alt="", caption="", credit="")
    edith.open(issue)
    return edith.block("Image")


# pictures


def test_a_picture_that_is_chosen_is_shown_at_once_and_kept(edith, issue, picture, crane):
    picture.get_by_label("Picture").set_input_files(crane)
    expect(picture.locator(".picture-shown:not(.pending)")).to_be_visible()
    picture.get_by_label("Alternative text").fill("A crane.")
    edith.saved()
    data = issue.blocks.get(kind="image").data
    assert (data["image"], data["alt"]) == (Image.objects.get().pk, "A crane.")
    expect(edith.preview.get_by_role("img", name="A crane.")).to_be_visible()
    edith.page.reload()
    expect(picture.locator(".picture-shown")).to_be_visible()


def test_the_file_name_is_never_the_alternative_text(edith, issue, picture, crane):
    picture.get_by_label("Picture").set_input_files(crane)
    expect(picture.locator(".picture-shown:not(.pending)")).to_be_visible()
    expect(picture.get_by_label("Alternative text")).to_have_value("")
    edith.saved()
    expect(picture.get_by_text("A picture needs alternative text")).to_be_visible()


def test_a_picture_is_dropped_into_its_block_or_becomes_one(edith, issue, picture, crane):
    raw = list(crane.read_bytes())
    edith.page.evaluate(DROP, [".block[data-kind=image]", raw, "crane.png", "image/png"])
    expect(picture.locator(".picture-shown:not(.pending)")).to_be_visible()
    edith.page.evaluate(DROP, [".block[data-kind=greeting]", raw, "crane.png", "image/png"])
    expect(edith.block("Image", nth=0).locator(".picture-shown:not(.pending)")).to_be_visible()
    assert edith.blocks == ["greeting", "image", "lead_story", "sign_off", "image"]


@pytest.mark.parametrize(
    ("name", "kind", "content", "why"),
    [
        ("a.svg", "image/svg+xml", b"<svg/>", "Only JPEG, PNG, GIF and WebP"),
        ("a.png", "image/png", b"no picture at all", "This is not a JPEG, PNG, GIF or WebP picture"),
        ("a.jpg", "image/jpeg", b"x" * (8 * 1024 * 1024 + 1), "at most 8 MB"),
    ],
)
def test_what_is_no_picture_is_refused_in_words_and_the_block_stays(edith, picture, name, kind, content, why):
    edith.allow(422)
    picture.get_by_label("Picture").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    expect(picture.locator("[data-upload]")).to_contain_text(why)
    expect(picture.locator("[name$='-image']")).to_have_value("")


def test_an_upload_that_fails_is_tried_again(edith, picture, crane):
    edith.unplug()
    picture.get_by_label("Picture").set_input_files(crane)
    expect(picture.locator("[data-upload]")).to_contain_text("The desk cannot be reached.")
    edith.plug_in()
    picture.get_by_role("button", name="Try again").click()
    expect(picture.locator(".picture-shown:not(.pending)")).to_be_visible()


def test_a_picture_is_undone_like_words(edith, issue, picture, crane):
    picture.get_by_label("Picture").set_input_files(crane)
    expect(picture.locator(".picture-shown:not(.pending)")).to_be_visible()
    edith.press("Control+z")
    expect(picture.locator(".picture-shown")).to_have_count(0)
    edith.press("Control+Shift+z")
    expect(picture.locator(".picture-shown")).to_be_visible()


# a test by mail


@pytest.fixture
def relay(settings):
    with fake_relay() as running:
        settings.RELAY = running.relay
        yield running


def test_a_test_goes_out_with_the_last_words_and_is_marked(edith, issue, relay):
    edith.write("Sign-off", "Goodbye", "Typed a moment ago.")
    edith.page.get_by_role("link", name="Test send…").click()
    dialog = edith.page.get_by_role("dialog", name="Test send")
    dialog.get_by_label("Send a test to").fill("ines@harbour.example")
    dialog.get_by_role("button", name="Send the test").click()
    expect(dialog.get_by_text("The mail server has taken it.")).to_be_visible()
    ((_, message),) = relay.taken
    assert b"[TEST]" in message
    assert b"Typed a moment ago." in message
    assert issue.events.filter(what="test sent", note="ines@harbour.example").exists()


def test_an_address_that_is_none_is_said_in_the_dialog(edith, relay):
    edith.page.get_by_role("link", name="Test send…").click()
    dialog = edith.page.get_by_role("dialog", name="Test send")
    dialog.get_by_label("Send a test to").fill("nobody")
    dialog.get_by_role("button", name="Send the test").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nobody")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


# comments


def test_a_comment_is_made_answered_and_resolved_beside_the_block(edith, chris, issue):
    edith.block("Lead story").focus()
    edith.press("Control+Alt+m")
    edith.page.get_by_label("Comment", exact=True).fill("Is this right, @chris?")
    edith.page.get_by_role("button", name="Comment", exact=True).click()
    expect(edith.block("Lead story").get_by_role("link", name="Comments on Lead story")).to_have_text("1")
    said = Comment.objects.get()
    assert (said.block_uid, said.mentions.get().user.username) == (
        issue.blocks.get(kind="lead_story").uid,
        "chris",
    )
    chris.page.get_by_role("button", name="Comments").click()
    thread = chris.page.get_by_role("article", name="Thread about Lead story")
    thread.get_by_label("Answer").fill("It is.")
    thread.get_by_role("button", name="Answer").click()
    expect(thread).to_contain_text("It is.")
    thread.get_by_role("button", name="Resolve").click()
    expect(chris.page.get_by_text("Resolved (1)")).to_be_visible()
    expect(edith.block("Lead story").get_by_role("link", name="Comments on Lead story")).to_have_text(
        "", timeout=12_000
    )


def test_a_comment_outlives_its_block(edith, issue):
    edith.block("Lead story").focus()
    edith.press("Control+Alt+m")
    edith.page.get_by_label("Comment", exact=True).fill("Too long.")
    edith.page.get_by_role("button", name="Comment", exact=True).click()
    expect(edith.page.get_by_role("article", name="Thread about Lead story")).to_be_visible()
    edith.block("Lead story").focus()
    edith.press("Delete")
    edith.saved()
    edith.page.get_by_role("link", name="On all blocks").click()
    expect(edith.page.get_by_role("heading", name="On deleted blocks")).to_be_visible()
    expect(edith.page.get_by_role("article", name="Thread about Lead story")).to_contain_text("Too long.")


# versions


def test_a_version_is_named_compared_and_restored(edith, issue):
    edith.write("Lead story", "Heading", "First words")
    edith.saved()
    edith.page.locator("#toast").get_by_role("button", name="Name this version…").click()
    edith.page.get_by_label("Its name").fill("Before the cut")
    edith.press("Enter")
    expect(edith.page.locator("#toast")).to_contain_text("Saved as “Before the cut”.")
    edith.write("Lead story", "Heading", "Second words")
    edith.block("Sign-off").focus()
    edith.press("Delete")
    edith.saved()
    edith.page.get_by_role("button", name="History").click()
    edith.page.get_by_role("link", name="Before the cut").click()
    edith.page.get_by_role("link", name="What changed since").click()
    expect(edith.page.locator("#panel del").first).to_contain_text("First")
    expect(edith.page.locator("#panel ins").first).to_contain_text("Second")
    edith.page.get_by_role("button", name="Restore this version").click()
    expect(edith.page.get_by_text("The issue reads as it did then.")).to_be_visible()
    expect(edith.text("Lead story", "Heading")).to_have_value("First words")
    assert edith.blocks == ["greeting", "lead_story", "sign_off"]


def test_one_block_is_restored_while_the_others_stay(edith, issue):
    write(issue, "sign_off", body="<p>Old goodbye.</p>")
    write(issue, "sign_off", by=issue.created_by, body="<p>New goodbye.</p>")
    edith.open(issue)
    edith.write("Lead story", "Heading", "Stays")
    edith.page.get_by_role("button", name="History").click()
    edith.page.get_by_role("link", name="At the start").click()
    edith.page.get_by_role("link", name="What changed since").click()
    change = edith.page.locator("#panel .change").filter(has_text="Sign-off")
    change.get_by_role("button", name="Restore this block").click()
    expect(edith.page.get_by_text("The block reads as it did then.")).to_be_visible()
    expect(edith.text("Sign-off", "Goodbye")).to_contain_text("That is all from the quay.")
    expect(edith.text("Lead story", "Heading")).to_have_value("Stays")
