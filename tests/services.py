"""Fixtures for what a test may need from outside: a browser, PostgreSQL, Redis, Postfix.

Each skips with its reason where the thing is missing, so that `make test` passes on a bare machine. `.ci/run` starts them all and
sets REQUIRE_SERVICES=1: then a missing one is a failure. Every address must be on this machine.
"""

import os
import shutil
import smtplib
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from django.db import connection

from newsroom.bench.ground import database

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have a small one
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure(config: pytest.Config) -> None:
    # Playwright keeps an event loop in the test's thread, for which Django would refuse to touch the database.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def do_without(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("REQUIRE_SERVICES", "") not in ("", "0"):
        pytest.fail(f"{reason} (REQUIRE_SERVICES is set)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if not path or not shutil.which(path):
        do_without(
            f"no Chromium at {named}" if named else "no Chromium: apt-get install chromium, or set CHROMIUM"
        )
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[object]:
    """A running Playwright browser; each test opens contexts and pages of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The URL of a Redis or Valkey that tests may empty."""
    url = _own_address("TEST_REDIS_URL", default_port=6379)
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        do_without(f"no Redis at TEST_REDIS_URL: {error}")
    return url


@dataclass(frozen=True)
class Postfix:
    """A real mail transfer agent, which throws away whatever it accepts."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}?tls=none"


@pytest.fixture(scope="session")
def postfix() -> Postfix:
    """A Postfix that accepts mail for everyone and delivers none."""
    parts = urlsplit(_own_address("TEST_SMTP_URL", default_port=25))
    found = Postfix(parts.hostname or "", parts.port or 25)
    try:
        with smtplib.SMTP(found.host, found.port, timeout=5) as client:
            client.ehlo()
    except (OSError, smtplib.SMTPException) as error:
        do_without(f"no mail server at TEST_SMTP_URL: {error}")
    return found


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a PostgreSQL in which tests may create databases."""
    url = _own_address("TEST_DATABASE_URL", default_port=5432)
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        do_without(f"no PostgreSQL at TEST_DATABASE_URL: {error}")
    return url


@pytest.fixture(scope="session")
def migrated(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path | None:
    """An SQLite file with our tables and nothing in them, copied from the database of the tests: that takes a moment where
    migrating takes seconds. None where the tests are run on another database. Tests that want it are marked ``django_db``:
    pytest-django makes no database for tests none of which is, and the newsroom's own stands in its place."""
    if connection.vendor != "sqlite":
        return None
    named = connection.settings_dict
    assert named["NAME"] == named["TEST"]["NAME"], "not the database of the tests: mark this test django_db"
    path: Path = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    with django_db_blocker.unblock(), closing(sqlite3.connect(path)) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
    return path


@pytest.fixture
def own_postgres(postgres: str) -> Iterator[str]:
    """The URL of an empty database that is the test's own."""
    with database(postgres) as url:
        yield url


def _own_address(name: str, *, default_port: int) -> str:
    """The URL in variable `name`; tests never talk to another machine, whatever it says."""
    url = os.environ.get(name, "")
    if not url:
        do_without(f"{name} is not set (`make ci` starts a server for it)")
    host = urlsplit(url).hostname or "127.0.0.1"
    addresses = {info[4][0] for info in socket.getaddrinfo(host, default_port)}
    if not all(str(address).startswith("127.") or address == "::1" for address in addresses):
        pytest.fail(f"{name} is on another machine: {host}", pytrace=False)
    return url
