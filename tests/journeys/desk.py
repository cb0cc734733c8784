"""People at a browser, for the journeys."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from issues.models import Issue
from newsroom.desk import roles
from tests.make import make_person

ROLE_NAMES = {
    roles.EDITOR: "edith",
    roles.CHIEF: "chris",
    roles.SALES: "sam",
    roles.SALES_MANAGER: "maria",
    roles.AD_OPS: "adam",
}
EXPECTED = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED")
"""What the browser itself logs when a test takes the network away."""


class Visitor:
    """Somebody with a browser. ``wrong`` collects console errors, exceptions, reports of our policy and failed requests:
    a test ends with none. ``allow`` names statuses that a test provokes."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.wrong: list[str] = []
        self.allowed: set[int] = set()
        self.offline = False
        page.on("console", lambda message: self._console(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("response", lambda response: self._response(response.status, response.url))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))

    def allow(self, *statuses: int) -> None:
        self.allowed |= set(statuses)

    def _console(self, words: str) -> None:
        if not any(f"status of {status}" in words for status in self.allowed) and not self.offline:
            self.wrong.append(words)

    def _response(self, status: int, url: str) -> None:
        if status >= 400 and status not in self.allowed:
            self.wrong.append(f"{status} {url}")

    def _failed(self, url: str, why: str) -> None:
        if not self.offline and "ERR_ABORTED" not in why:  # a page that is left drops what it had asked for
            self.wrong.append(f"{why} {url}")

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def sign_in(self, name: str, password: str) -> None:
        self.goto("/desk/sign-in/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def unplug(self) -> None:
        """Take the network away."""
        self.offline = True
        self.page.context.set_offline(True)

    def plug_in(self) -> None:
        self.page.context.set_offline(False)


class Composer(Visitor):
    """Somebody who composes an issue."""

    def open(self, issue: Issue, *, door: str = "/desk/issues/{}/") -> None:
        self.goto(door.format(issue.pk))
        expect(self.page.locator("[data-figures]")).not_to_be_empty()

    def block(self, label: str, *, nth: int = 0) -> Locator:
        return self.page.get_by_role("article", name=label, exact=True).nth(nth)

    def text(self, label: str, field: str, *, nth: int = 0) -> Locator:
        return self.block(label, nth=nth).get_by_role("textbox", name=field, exact=True)

    def write(self, label: str, field: str, words: str) -> None:
        """Put the words in the place of what stands in the field, key by key."""
        place = self.text(label, field)
        place.click()
        place.press("Control+a")
        self.page.keyboard.type(words)

    @property
    def blocks(self) -> list[str]:
        return self.page.locator("[data-blocks] > .block").evaluate_all(
            "all => all.map(each => each.dataset.kind)"
        )

    @property
    def outlined(self) -> list[str]:
        return self.page.locator("[data-outline] .kind").all_inner_texts()

    @property
    def saving(self) -> Locator:
        return self.page.locator("[data-saving]")

    @property
    def preview(self) -> Locator:
        return self.page.frame_locator(".preview iframe").locator("body")

    def saved(self) -> None:
        """Wait until the desk has every word."""
        self.page.evaluate("document.getElementById('toast').replaceChildren()")
        self.page.keyboard.press("Control+s")
        expect(self.page.locator("#toast")).to_contain_text("Everything is saved.")

    def press(self, *keys: str) -> None:
        """As fast as fingers: browsers tell of a moved caret only after the key."""
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(20)


@contextmanager
def at_the_desk(
    browser: Browser, live_server, settings, role: str, *, width: int = 1500, height: int = 950, **options
) -> Iterator[Composer]:
    """Somebody of that role, signed in at the test's own server."""
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    make_person(role, username=ROLE_NAMES[role])
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    visitor = Composer(context.new_page(), live_server.url)
    visitor.sign_in(ROLE_NAMES[role], "a long password")
    yield visitor
    context.close()
