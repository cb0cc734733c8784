"""A person at a browser, for the journeys."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from newsroom.desk import roles
from tests.make import make_person

ROLE_NAMES = {roles.EDITOR: "edith", roles.CHIEF: "chris"}


class Visitor:
    """Somebody with a browser. ``wrong`` collects console errors and exceptions of our scripts: a test ends with none."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.wrong: list[str] = []
        page.on(
            "console", lambda message: self.wrong.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def sign_in(self, name: str, password: str) -> None:
        self.goto("/desk/sign-in/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()


@contextmanager
def at_the_desk(
    browser: Browser, live_server, settings, role: str, *, width: int = 1500
) -> Iterator[Visitor]:
    """Somebody of that role, signed in at the test's own server."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    make_person(role, username=ROLE_NAMES[role])
    context = browser.new_context(viewport={"width": width, "height": 950})
    visitor = Visitor(context.new_page(), live_server.url)
    visitor.sign_in(ROLE_NAMES[role], "a long password")
    yield visitor
    context.close()
