"""Somebody watches a send, holds it, thinks about the rest, and lets it go on; the page says what happens, also to ears."""

import datetime
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Locator, expect

from issues.models import Issue
from newsroom.delivery.control import scheduling
from newsroom.delivery.models import Send, SendStatus, Worker
from newsroom.delivery.queue import chunks
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.sender import sending
from newsroom.desk import roles
from tests.delivery.hands import Hand, fresh, settled
from tests.journeys.desk import Composer, at_the_desk
from tests.make import describe, make_approved_issue, make_publication, make_readers

pytestmark = pytest.mark.browser
SENT, FAILED, DOUBT = Mark.SENT, Mark.FAILED, Mark.HANDED_OVER


@pytest.fixture
def send(transactional_db, monkeypatch) -> Send:
    """Of twelve readers four have it."""
    monkeypatch.setattr(chunks, "SIZE", 4)
    now = timezone.now() - datetime.timedelta(minutes=1)
    publication = make_publication()
    make_readers(publication, 12)
    issue = make_approved_issue(publication, now=now, planned_for=now.date())
    made = scheduling.schedule(issue, now + datetime.timedelta(seconds=1), by=None, now=now)
    sending.start(made, now=now + datetime.timedelta(seconds=1))
    scheduling.beat(now=timezone.now() + datetime.timedelta(hours=1))
    settled(made, *[SENT] * 4, now=timezone.now())
    return made


@pytest.fixture
def desk(browser: Browser, live_server, settings, send) -> Iterator[Composer]:
    with at_the_desk(browser, live_server, settings, roles.CHIEF, width=1200) as visitor:
        visitor.goto(f"/desk/issues/{send.issue_id}/sending/")
        yield visitor
        assert visitor.wrong == []


def button(desk: Composer, name: str) -> Locator:
    return desk.page.get_by_role("button", name=name)


def chip(desk: Composer) -> Locator:
    return desk.page.locator("#monitor .chip").first


def heard(desk: Composer) -> Locator:
    return desk.page.locator("[data-announce]")


def well_made(desk: Composer) -> None:
    found = Axe().run(desk.page)
    assert found.violations_count == 0, found.generate_report()


def test_it_follows_the_send_by_itself_and_speaks_only_of_quarters_and_states(desk, send):
    expect(desk.page.get_by_text("4 of 12 readers · 33 %")).to_be_visible()
    expect(heard(desk)).to_be_empty()
    well_made(desk)
    settled(send, *[SENT] * 4, now=timezone.now())
    expect(desk.page.get_by_text("8 of 12 readers · 66 %")).to_be_visible()
    expect(heard(desk)).to_have_text("50 %: 8 of 12.")
    settled(send, SENT, FAILED, SENT, DOUBT, now=timezone.now())
    sending._wrap_up(fresh(send), now=timezone.now())
    expect(chip(desk)).to_have_text("Sent")
    expect(heard(desk)).to_have_text("Sent. 100 %: 12 of 12.")
    expect(desk.page.locator("#progress")).not_to_have_attribute("hx-get", "")
    assert desk.page.locator("#progress[hx-get]").count() == 0
    well_made(desk)


def test_pausing_waits_for_what_is_on_its_way_and_the_rest_is_cancelled_with_open_eyes(desk, send):
    worker = Hand(send)
    worker.claim(timezone.now())
    worker.jobs[0].journal.mark(0, SENT)
    button(desk, "Cancel remaining…").click()
    expect(desk.page.get_by_text("Pausing… 4 already handed over")).to_be_visible()
    worker.leave(timezone.now())
    expect(
        desk.page.get_by_text("5 already have it and cannot be recalled. 7 will not get it.")
    ).to_be_visible()
    expect(button(desk, "Keep sending")).to_be_focused()
    well_made(desk)
    button(desk, "Keep sending").click()
    expect(chip(desk)).to_have_text("Sending")
    button(desk, "Pause").click()
    expect(desk.page.get_by_text("Paused by chris since")).to_be_visible()
    desk.page.get_by_role("link", name="Cancel remaining…").click()
    button(desk, "Cancel remaining 7").click()
    expect(chip(desk)).to_have_text("Stopped")
    assert fresh(send).status == SendStatus.STOPPED
    assert Issue.objects.get().delivered == 5


def test_focus_stays_on_the_button_while_the_figures_change(desk, send):
    button(desk, "Pause").focus()
    settled(send, *[SENT] * 4, now=timezone.now())
    expect(desk.page.get_by_text("8 of 12 readers · 66 %")).to_be_visible()
    expect(button(desk, "Pause")).to_be_focused()


def test_when_the_desk_is_away_the_page_says_so_and_comes_back(desk, send):
    desk.unplug()
    notice = desk.page.get_by_text("sending continues without this page")
    expect(notice.first).to_be_visible()
    expect(desk.page.locator("[data-seen-at]")).not_to_be_empty()
    expect(desk.page.locator("#toast")).to_be_empty()
    desk.plug_in()
    expect(desk.page.locator("[data-offline]")).to_be_hidden()
    desk.offline = False


def test_a_page_that_nobody_sees_asks_seldom(desk):
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url) if "seen=" in request.url else None)
    desk.page.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true })"
    )
    desk.page.evaluate("window.away = true")
    desk.page.wait_for_timeout(500)
    asked.clear()
    desk.page.wait_for_timeout(5000)
    assert asked == []
    desk.page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    desk.page.wait_for_timeout(800)
    assert len(asked) >= 1


def test_a_correction_is_made_approved_and_sent_to_those_who_wait(desk, send):
    button(desk, "Pause").click()
    button(desk, "Correct the issue…").click()
    expect(button(desk, "Approve the correction")).to_be_visible()
    describe(Issue.objects.get(), subject="The crane that learnt", now=timezone.now())
    desk.page.reload()
    button(desk, "Approve the correction").click()
    desk.page.get_by_role("link", name="Sending").click()
    expect(desk.page.get_by_text("A corrected edition is approved")).to_be_visible()
    button(desk, "Resume").click()
    expect(chip(desk)).to_have_text("Sending")
    settled(fresh(send), *[SENT] * 4, now=timezone.now())
    desk.page.reload()
    row = desk.page.get_by_role("row", name="2: The crane that learnt")
    expect(row).to_contain_text("4")
    well_made(desk)


def test_doubts_are_decided_on_a_page_of_their_own(desk, send):
    settled(send, DOUBT, DOUBT, DOUBT, SENT, now=timezone.now())
    desk.page.reload()
    desk.page.get_by_role("link", name="Decide what becomes of them").click()
    well_made(desk)
    button(desk, "Mark as sent").first.click()
    expect(desk.page.get_by_text("1 message marked as sent.")).to_be_visible()
    desk.page.get_by_role("checkbox").first.check()
    button(desk, "Send the ticked again").click()
    expect(desk.page.get_by_text("1 message will be sent again.")).to_be_visible()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("In doubt: 1 message")
    assert not Worker.objects.filter(ended_at__isnull=True).exists()
