"""Personas, and what no test may do: talk to the network, or read the database while rendering."""

import signal
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client

from newsroom.desk import roles
from tests.make import make_person
from tests.running import Newsroom

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path: Path) -> None:
    """Each test has its own outbox and pictures."""
    settings.VAR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory) -> None:
    """SQLite in a file, as in life: in memory, threads share one cache and meet locks that no patience resolves."""
    database = connections["default"].settings_dict
    if "sqlite" in database["ENGINE"]:
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def corpus() -> Path:
    """The folder of real cases beside the project."""
    if not CORPUS.is_dir():
        pytest.skip("../shared/corpus is not here")
    return CORPUS


@pytest.fixture
def edith(db) -> Client:
    """An editor."""
    return _signed_in(roles.EDITOR)


@pytest.fixture
def chris(db) -> Client:
    """The chief editor: approves and schedules."""
    return _signed_in(roles.CHIEF)


@pytest.fixture
def sam(db) -> Client:
    """Sells sponsor slots."""
    return _signed_in(roles.SALES)


@pytest.fixture
def maria(db) -> Client:
    """Approves what is sold."""
    return _signed_in(roles.SALES_MANAGER)


@pytest.fixture
def adam(db) -> Client:
    """Ad operations: reviews creatives and places them."""
    return _signed_in(roles.AD_OPS)


@pytest.fixture
def fiona(db) -> Client:
    """Keeps the books."""
    return _signed_in(roles.FINANCE)


@pytest.fixture
def olga(db) -> Client:
    """Runs the house."""
    return _signed_in(roles.OPERATOR)


@pytest.fixture
def stranger(db) -> Client:
    """Somebody with a login and no role."""
    return _signed_in("")


def _signed_in(role: str) -> Client:
    client = Client()
    client.force_login(make_person(role))
    return client


@pytest.fixture
def newsroom(tmp_path: Path):
    """Start a whole newsroom: ``newsroom("--no-demo")``; each is killed after the test if it still runs."""
    started = []

    def start(*options: str, **variables: str) -> Newsroom:
        started.append(Newsroom(tmp_path, *options, **variables))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)
