"""``make screenshots``: the pictures of the README, taken anew from the demo."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.running import ROOT, Newsroom, own_ports
from tests.services import CHROMIUM_OPTIONS

PICTURES = ROOT / "docs" / "images"
DRAFT = ROOT / "tests" / "journeys" / "draft.txt"


def shoot(page: Page, address: str) -> None:
    """Every picture, in the order in which a person would meet the pages."""
    page.goto(f"{address}/desk/sign-in/")
    page.get_by_label("Username").fill("chris")
    page.get_by_label("Password").fill("demo-chris")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Paste a draft").click()
    page.get_by_label("Draft").fill(DRAFT.read_text())
    page.get_by_role("button", name="Read the draft").click()
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
    page.goto(f"{address}/the-quay/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=PICTURES / "archive-phone.png")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    ports = own_ports()
    with tempfile.TemporaryDirectory() as folder:
        running = Newsroom(Path(folder), *ports)
        try:
            running.wait_until_it_says("Ctrl-C stops everything.")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=CHROMIUM_OPTIONS
                )
                page = browser.new_page(viewport={"width": 1480, "height": 920})
                shoot(page, f"http://127.0.0.1:{ports[0].partition('=')[2]}")
        finally:
            running.end()


if __name__ == "__main__":
    main()
