"""``make screenshots``: the pictures of the README, taken anew from the demo."""

import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Page

from tests.demo import demo, paste_draft, sign_in
from tests.running import ROOT

PICTURES = ROOT / "docs" / "images"
ZONE = ZoneInfo("Europe/Copenhagen")
"""Where the demo is at home."""


def shoot(page: Page, address: str) -> None:
    """Every picture, in the order in which a person would meet the pages."""
    paste_draft(page, address)
    page.reload()  # without the message of the reader
    while page.locator(".notice").count():  # the scheduler says so while it starts
        page.wait_for_timeout(500)
        page.reload()
    page.frame_locator(".preview iframe").get_by_role("heading", level=1).wait_for()
    page.get_by_role("article", name="Lead story").get_by_label("Heading").click()
    page.screenshot(path=PICTURES / "composer.png")
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Dark").click()
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "composer-dark.png")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light")
    page.screenshot(path=PICTURES / "composer-phone.png")
    page.set_viewport_size({"width": 1480, "height": 920})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}/desk/")
    page.screenshot(path=PICTURES / "desk-dark.png")
    page.emulate_media(color_scheme="light")
    shoot_sponsors(page, address)
    shoot_readers(page, address)
    shoot_sending(page, address)
    page.goto(f"{address}/the-quay/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=PICTURES / "archive-phone.png")


def shoot_sponsors(page: Page, address: str) -> None:
    """The calendar, an insertion, the sponsor's page and a report."""
    sign_in(page, address, "maria")
    page.goto(f"{address}/desk/sponsors/")
    page.screenshot(path=PICTURES / "calendar.png")
    page.locator("td.booked", has_text="Brightwater Bank").get_by_role("link").first.click()
    page.frame_locator(".message-frame").locator("body").wait_for()
    page.screenshot(path=PICTURES / "insertion.png")
    page.get_by_role("link", name="IO-").click()
    page.get_by_label("Name").fill("Ann Reed")
    page.get_by_label("Email").fill("")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("Link for Ann Reed").first.input_value()
    page.goto(f"{address}/desk/sponsors/orders/?q=00006")
    page.get_by_role("link", name="IO-").click()
    page.get_by_role("link", name="Report").click()
    page.screenshot(path=PICTURES / "report.png")
    page.goto(link)
    page.locator(".cards").get_by_role("link").last.click()
    for frame in page.locator(".message-frame").all():
        frame.content_frame.get_by_text("Sponsored").wait_for()
    page.screenshot(path=PICTURES / "portal.png")


def shoot_sending(page: Page, address: str) -> None:
    """The monitor in the middle of a send, slowed so that there is a middle."""
    sign_in(page, address, "olga")
    page.goto(f"{address}/desk/sending/limits/")
    page.get_by_label("Messages a second").first.fill("40")
    page.get_by_role("button", name="Set the limit").click()
    sign_in(page, address, "chris")
    paste_draft(page, address)
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Schedule…").click()
    soon = datetime.datetime.now(ZONE) + datetime.timedelta(seconds=65)
    page.get_by_label("Day").fill(f"{soon:%Y-%m-%d}")
    page.get_by_label("Time").fill(f"{soon:%H:%M}")
    page.get_by_role("button", name="Schedule for").click()
    page.locator("#monitor .chip", has_text="Sending").wait_for(timeout=120_000)
    page.wait_for_timeout(14_000)
    page.screenshot(path=PICTURES / "monitor.png")


def shoot_readers(page: Page, address: str) -> None:
    """What became of an issue, and how the list grows."""
    sign_in(page, address, "chris")
    page.goto(f"{address}/desk/figures/the-quay/")
    page.screenshot(path=PICTURES / "figures.png")
    page.locator("main table").get_by_role("link").first.click()
    page.screenshot(path=PICTURES / "issue-figures.png")
    page.goto(f"{address}/desk/figures/the-quay/growth/")
    page.screenshot(path=PICTURES / "growth.png")


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    with demo() as (page, address):
        shoot(page, address)
