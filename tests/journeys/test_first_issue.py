"""The first issue goes out: from a pasted draft to a thousand inboxes, the archive and the feed, as a person does it."""

import datetime
import json
import os
import re
import signal
import time
import urllib.request
import uuid
from collections import Counter
from email import policy
from email.parser import BytesParser
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.desk import Visitor
from tests.running import Newsroom, own_ports, processes

pytestmark = pytest.mark.browser

DRAFT = Path(__file__).parent / "draft.txt"
READERS = 1000
CONNECTIONS = 8  # that a worker opens to the relay, unless SMTP_URL says otherwise
ZONE = ZoneInfo("Europe/Copenhagen")


class ChiefEditor(Visitor):
    """Writes, approves and schedules."""

    def paste(self, words: str) -> None:
        self.page.get_by_role("link", name="Paste a draft").click()
        self.page.get_by_label("Draft").fill(words)
        self.page.get_by_role("button", name="Read the draft").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("The ferry that waits")

    def approve(self) -> None:
        self.page.get_by_role("button", name="Submit for review").click()
        self.page.get_by_role("button", name="Approve").click()
        expect(self.page.get_by_text("Approved: this edition is what readers will get.")).to_be_visible()

    def schedule(self, at: datetime.datetime) -> None:
        self.page.get_by_role("link", name="Schedule…").click()
        self.page.get_by_label("Day").fill(f"{at:%Y-%m-%d}")
        self.page.get_by_label("Time").fill(f"{at:%H:%M}")
        self.page.get_by_role("button", name=f"Schedule for {at:%a} {at.day} {at:%b}, {at:%H:%M}").click()
        expect(self.page.locator("#monitor")).to_contain_text(f"to {READERS:,} readers")

    def wait_until_sent(self, *, seconds: float) -> None:
        expect(self.page.locator("#monitor .chip")).to_have_text("Sent", timeout=seconds * 1000)


@pytest.fixture(params=["on one machine", "on PostgreSQL and Redis"])
def running(request, newsroom) -> tuple[Newsroom, str]:
    ports = own_ports()
    started = newsroom(*ports, **({} if "one" in request.param else request.getfixturevalue("servers")))
    started.wait_until_it_says("Ctrl-C stops everything.", seconds=120)
    return started, f"http://127.0.0.1:{ports[0].partition('=')[2]}"


@pytest.fixture
def servers(postgres: str, redis_url: str) -> dict[str, str]:
    """A database of its own on the PostgreSQL server, and the Redis server."""
    name = f"journey_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {"DATABASE_URL": f"{postgres.rpartition('/')[0]}/{name}", "REDIS_URL": redis_url}


@pytest.fixture
def desk(browser: Browser, running) -> ChiefEditor:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    chief = ChiefEditor(context.new_page(), running[1])
    chief.sign_in("chris", "demo-chris")
    yield chief
    context.close()


def in_a_minute() -> datetime.datetime:
    """The next whole minute that leaves time to press the button."""
    soon = datetime.datetime.now(ZONE) + datetime.timedelta(seconds=75)
    return soon.replace(second=0, microsecond=0)


def caught(started: Newsroom) -> Counter[str]:
    """How many messages each reader got."""
    envelopes = (path.read_bytes().split(b"\r\n", 1)[0] for path in messages(started))
    return Counter(json.loads(line.partition(b": ")[2])["to"][0] for line in envelopes)


def messages(started: Newsroom) -> list[Path]:
    """The files of the catcher; one whose name begins with a dot is still being written."""
    return list((started.folder / "var" / "outbox").glob("[0-9]*.eml"))


def a_message(started: Newsroom):
    raw = messages(started)[0].read_bytes().split(b"\r\n", 1)[1]
    return BytesParser(policy=policy.default).parsebytes(raw)


def fetch(url: str, *, data: bytes | None = None) -> str:
    with urllib.request.urlopen(url, data=data, timeout=20) as response:
        return response.read().decode()


def test_a_draft_becomes_a_thousand_mails_and_an_archive_page(running, desk):
    started, address = running
    desk.paste(DRAFT.read_text())
    frame = desk.page.frame_locator(".preview iframe")
    expect(frame.get_by_role("heading", name="The ferry that waits")).to_be_visible()
    desk.page.get_by_role("button", name="Plain text").click()
    plain = desk.page.get_by_label("The plain text part")
    expect(plain).to_contain_text("A MESSAGE FROM BRIGHTWATER BANK (Sponsored)\n---")

    desk.approve()
    desk.schedule(in_a_minute())
    desk.wait_until_sent(seconds=120)

    got = caught(started)
    assert len(got) == READERS
    assert set(got.values()) == {1}

    mail = a_message(started)
    ways_out = {re.search(rb"/u/([\w-]{27})/", path.read_bytes())[1] for path in messages(started)}
    assert len(ways_out) == READERS
    way_out = mail["List-Unsubscribe"].strip("<>")
    assert way_out.startswith(address)
    assert way_out in mail.get_body(("html",)).get_content()
    assert "will get no more issues" in fetch(way_out)
    assert "You have left" in fetch(way_out, data=b"List-Unsubscribe=One-Click")

    assert "The ferry that waits" in fetch(f"{address}/the-quay/")
    page = fetch(f"{address}/the-quay/the-ferry-that-waits/")
    assert "Recent issues" in page
    assert "A MESSAGE FROM BRIGHTWATER BANK" in page
    assert "The ferry that waits" in fetch(f"{address}/the-quay/feed/")
    assert desk.wrong == []


def test_killed_in_the_middle_nobody_gets_it_twice_and_nobody_is_missed(running, desk, newsroom):
    started, _ = running
    desk.paste(DRAFT.read_text())
    desk.approve()
    desk.schedule(in_a_minute())

    for sent_before in (150, 500):
        wait_until(lambda n=sent_before: len(caught(started)) >= n, seconds=150)
        os.kill(worker_of(started), signal.SIGKILL)
    desk.wait_until_sent(seconds=150)

    got = caught(started)
    assert set(got.values()) == {1}
    monitor = desk.page.locator("#monitor").inner_text()
    in_doubt = int(re.search(r"In doubt\s+(\d+)", monitor)[1])
    assert in_doubt <= 2 * CONNECTIONS  # two kills, one message for each open connection
    assert READERS - in_doubt <= len(got) <= READERS
    assert "A worker was killed" in monitor


def worker_of(started: Newsroom) -> int:
    """The process that sends."""
    family = started.family()
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid, _, _ in processes() if pid in family}
    return next(pid for pid, command in commands.items() if b"celery" in command and b"worker" in command)


def wait_until(true, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
