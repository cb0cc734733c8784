"""The composer in the frame of the Django admin: the same page, and nothing of the frame in its way."""

import pytest
from playwright.sync_api import Browser, expect

from newsroom.desk import roles
from tests.journeys.desk import at_the_desk
from tests.make import make_issue, make_publication

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_blocks_are_edited_and_moved(browser: Browser, live_server, settings, width):
    issue = make_issue(make_publication(), blocks=("greeting", "sign_off"))
    with at_the_desk(browser, live_server, settings, roles.CHIEF, width=width) as visitor:
        visitor.goto(f"/admin/issues/issue/{issue.pk}/change/")
        goodbye = visitor.page.get_by_role("article", name="Sign-off")
        goodbye.get_by_role("link", name="Edit").click()
        goodbye.get_by_label("Goodbye", exact=True).fill("Mind the step.")
        goodbye.get_by_role("button", name="Done").click()
        expect(goodbye).to_contain_text("Mind the step.")
        visitor.page.get_by_role("button", name="Move Sign-off up").click()
        expect(visitor.page.locator("#toast")).to_contain_text("Sign-off moved to position 1 of 2.")
        assert list(issue.blocks.standing().values_list("kind", flat=True)) == ["sign_off", "greeting"]
        assert visitor.wrong == []
