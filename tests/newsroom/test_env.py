import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from newsroom import env

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("Yes", True), (" on ", True), ("0", False), ("False", False), ("off", False)],
)
def test_a_flag_reads_the_usual_words(monkeypatch, value, expected):
    monkeypatch.setenv("NEWSROOM_TRIAL", value)
    assert env.flag("NEWSROOM_TRIAL", not expected) is expected


def test_a_command_with_a_setting_that_cannot_be_read_says_so_in_a_sentence(tmp_path):
    asked = [sys.executable, "manage.py", "check"]
    odd = {**os.environ, "VAR": str(tmp_path), "SMTP_URL": "mail.example.org"}
    ended = subprocess.run(asked, cwd=ROOT, env=odd, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("SMTP_URL must look like smtp://")
    assert len(ended.stderr.splitlines()) == 1


def test_unset_and_empty_variables_take_their_default(monkeypatch):
    monkeypatch.setenv("NEWSROOM_TRIAL", " ")
    assert env.flag("NEWSROOM_TRIAL", True) is True
    assert env.number("NEWSROOM_TRIAL", 7) == 7
    assert env.text("NEWSROOM_TRIAL", "plain") == "plain"
    assert env.secret("NEWSROOM_TRIAL") is None
    monkeypatch.delenv("NEWSROOM_TRIAL")
    assert env.flag("NEWSROOM_TRIAL", False) is False
    assert env.text("NEWSROOM_TRIAL") == ""


@pytest.mark.parametrize("read", [lambda name: env.flag(name, True), lambda name: env.number(name, 1)])
def test_a_bad_value_is_refused_with_the_name_of_its_variable(monkeypatch, read):
    monkeypatch.setenv("NEWSROOM_TRIAL", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="NEWSROOM_TRIAL must be"):
        read("NEWSROOM_TRIAL")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", 0), ("no", 0), ("0", 0), ("yes", 1), ("True", 1), ("1", 1), (" 2 ", 2), ("9", 9)],
)
def test_proxies_are_counted_and_yes_is_one(monkeypatch, value, expected):
    monkeypatch.setenv("NEWSROOM_TRIAL", value)
    assert env.proxies("NEWSROOM_TRIAL") == expected


@pytest.mark.parametrize("value", ["-1", "10", "1.5", "two", "²"])
def test_a_strange_number_of_proxies_is_refused(monkeypatch, value):
    monkeypatch.setenv("NEWSROOM_TRIAL", value)
    with pytest.raises(ImproperlyConfigured, match="NEWSROOM_TRIAL must be the number of proxies"):
        env.proxies("NEWSROOM_TRIAL")


def test_a_number_may_be_negative(monkeypatch):
    monkeypatch.setenv("NEWSROOM_TRIAL", "-3")
    assert env.number("NEWSROOM_TRIAL", 1) == -3


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    monkeypatch.setenv("NEWSROOM_TRIAL_FILE", str(tmp_path / "key"))
    assert env.secret("NEWSROOM_TRIAL") == "s3cret"


def test_a_secret_from_two_places_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSROOM_TRIAL", "one")
    monkeypatch.setenv("NEWSROOM_TRIAL_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured, match="either NEWSROOM_TRIAL or NEWSROOM_TRIAL_FILE"):
        env.secret("NEWSROOM_TRIAL")


def test_a_secret_file_that_is_missing_or_empty_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSROOM_TRIAL_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured, match=r"NEWSROOM_TRIAL_FILE points to .* cannot be read"):
        env.secret("NEWSROOM_TRIAL")
    (tmp_path / "key").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match=r"NEWSROOM_TRIAL_FILE points to .* is empty"):
        env.secret("NEWSROOM_TRIAL")


@pytest.fixture
def environ(monkeypatch):
    """An empty environment of our own, so that nothing a test loads outlives it."""
    monkeypatch.setattr(os, "environ", {})
    return os.environ


def loaded(environ):
    return {name: value for name, value in environ.items() if name != "PYTEST_CURRENT_TEST"}


def test_a_dotenv_file_fills_in_what_the_environment_lacks(environ, tmp_path):
    environ["KEPT"] = "from the environment"
    (tmp_path / ".env").write_text(
        "# a comment\n\n  # another\nKEPT=from the file\nPLAIN = two words  # said aloud\nexport SHELL_STYLE=yes\n"
        'QUOTED="a # b"\nSINGLE=\'it "is"\' # so\nURL=postgres://u:p#q@h/n\nEMPTY=\nONLY=# a comment\n'
    )
    env.load(tmp_path / ".env")
    assert loaded(environ) == {
        "KEPT": "from the environment",
        "PLAIN": "two words",
        "SHELL_STYLE": "yes",
        "QUOTED": "a # b",
        "SINGLE": 'it "is"',
        "URL": "postgres://u:p#q@h/n",
        "EMPTY": "",
        "ONLY": "",
    }


def test_a_dotenv_file_need_not_exist(environ, tmp_path):
    env.load(tmp_path / ".env")
    assert loaded(environ) == {}


def test_a_bad_dotenv_line_is_named_but_not_shown(environ, tmp_path):
    (tmp_path / ".env").write_text("FINE=1\nhunter2\n")
    with pytest.raises(ImproperlyConfigured, match=r"Line 2 of .env") as refusal:
        env.load(tmp_path / ".env")
    assert "hunter2" not in str(refusal.value)


def test_no_url_means_sqlite_with_the_write_lock_taken_at_once(tmp_path):
    entry = env.database("", tmp_path)
    assert entry["ENGINE"] == "django.db.backends.sqlite3"
    assert entry["NAME"] == tmp_path / "db.sqlite3"
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]


def test_a_sqlite_url_names_a_file(tmp_path):
    assert (
        str(env.database("sqlite:////srv/news%20room.sqlite3", tmp_path)["NAME"]) == "/srv/news room.sqlite3"
    )


def test_a_postgres_url_becomes_a_pooled_entry(tmp_path):
    entry = env.database("postgres://ed:p%40ss%2Fword@db.example:6432/news?sslmode=require", tmp_path)
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == (
        "ed",
        "p@ss/word",
        "db.example",
        "6432",
    )
    assert entry["NAME"] == "news"
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["pool"]["max_size"] == 10
    assert entry["CONN_MAX_AGE"] == 0


def test_the_pool_can_be_sized_and_switched_off(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_POOL_SIZE", "3")
    assert env.database("postgres://db/news", tmp_path)["OPTIONS"]["pool"]["max_size"] == 3
    monkeypatch.setenv("DATABASE_POOL_SIZE", "0")
    assert "pool" not in env.database("postgres://db/news", tmp_path)["OPTIONS"]


@pytest.mark.parametrize("url", ["postgres://ed@%2Frun%2FPG/news", "postgresql://ed@/news?host=/run/PG"])
def test_a_postgres_url_may_name_a_socket_folder(tmp_path, url):
    entry = env.database(url, tmp_path)
    assert entry["HOST"] == "/run/PG"
    assert "host" not in entry["OPTIONS"]


def test_a_postgres_url_may_name_an_ipv6_address(tmp_path):
    entry = env.database("postgres://ed@[::1]:5432/news", tmp_path)
    assert (entry["HOST"], entry["PORT"]) == ("::1", "5432")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/n",
        "postgres://u:hunter2@h",
        "postgres://u:hunter2@h:port/n",
        "hunter2",
        "sqlite://",
        "sqlite:///news",
    ],
)
def test_a_bad_database_url_is_refused_without_showing_its_password(tmp_path, url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like") as refusal:
        env.database(url, tmp_path)
    assert "hunter2" not in str(refusal.value)


def test_the_broker_listens_in_var(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    assert env.broker_socket(tmp_path / "v").endswith("/v/valkey.sock")


def test_a_long_var_moves_the_broker_socket_to_a_short_stable_place(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 120)
    assert len(os.fsencode(env.broker_socket(long))) <= env.LONGEST_SOCKET
    assert env.broker_socket(long) == env.broker_socket(long)
    assert env.broker_socket(long) != env.broker_socket(tmp_path / ("y" * 120))
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert env.broker_socket(long).startswith("/tmp/newsroom-")


def test_every_variable_that_is_read_is_explained_in_the_example():
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    sources = [path.read_text() for path in (ROOT / "newsroom").rglob("*.py")]
    read = {
        name
        for source in sources
        for name in re.findall(r'env\.(?:text|flag|number|proxies|secret)\(\s*"(\w+)"', source)
    }
    providers = (ROOT / "newsroom/lib/providers.py").read_text()
    of_providers = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', providers))
    told = {name.removesuffix("_FILE") for name in explained}
    assert read | {"DATABASE_POOL_SIZE"} == told - of_providers
    returns = (ROOT / "docs/returns.md").read_text()
    assert [
        name for name in sorted(of_providers) if name not in returns and not name.endswith("_API_URL")
    ] == []
