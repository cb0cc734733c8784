"""A newsroom with its demo and a browser in front of it, for pictures and measurements."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.running import ROOT, Newsroom, own_ports
from tests.services import CHROMIUM_OPTIONS

DRAFT = ROOT / "tests" / "journeys" / "draft.txt"


@contextmanager
def demo() -> Iterator[tuple[Page, str]]:
    """A page in which the chief editor is signed in, and the address of the house."""
    ports = own_ports()
    with tempfile.TemporaryDirectory() as folder:
        running = Newsroom(Path(folder), *ports)
        try:
            running.wait_until_it_says("Ctrl-C stops everything.")
            with sync_playwright() as playwright:
                path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
                browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
                page = browser.new_page(viewport={"width": 1480, "height": 920})
                address = f"http://127.0.0.1:{ports[0].partition('=')[2]}"
                sign_in(page, address, "chris")
                yield page, address
        finally:
            running.end()


def sign_in(page: Page, address: str, name: str) -> None:
    """Somebody of the demo signs in, whoever was there before."""
    page.context.clear_cookies()
    page.goto(f"{address}/desk/sign-in/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(f"demo-{name}")
    page.get_by_role("button", name="Sign in").click()


def paste_draft(page: Page, address: str) -> None:
    """Make an issue of the draft, and wait for the composer."""
    page.goto(f"{address}/desk/issues/paste/")
    page.get_by_label("Draft").fill(DRAFT.read_text())
    page.get_by_role("button", name="Read the draft").click()
    page.locator("[data-figures]:not(:empty)").wait_for()
