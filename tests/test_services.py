"""What the tests borrow from outside is really there, and its absence is said aloud."""

import smtplib

import pytest

from tests import services


def test_a_missing_service_skips_with_its_reason(monkeypatch):
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such thing"):
        services.do_without("no such thing")


def test_a_missing_service_fails_where_all_are_required(monkeypatch):
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="no such thing"):
        services.do_without("no such thing")


def test_a_server_on_another_machine_is_never_used(monkeypatch):
    monkeypatch.setenv("TEST_REDIS_URL", "redis://192.0.2.1:6379/0")
    with pytest.raises(pytest.fail.Exception, match=r"on another machine: 192\.0\.2\.1"):
        services._own_address("TEST_REDIS_URL", default_port=6379)


def test_postgresql_answers(postgres):
    import psycopg

    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_redis_answers(redis_url):
    import redis

    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


def test_postfix_accepts_refuses_and_puts_off(postfix):
    with smtplib.SMTP(postfix.host, postfix.port, timeout=10) as client:
        refused = client.sendmail(
            "desk@news.example",
            ["ann@example.com", "bob@rejected.example", "cy@deferred.example"],
            b"Subject: Issue 42\r\n\r\nGood morning.\r\n",
        )
    assert {address: code for address, (code, _reason) in refused.items()} == {
        "bob@rejected.example": 550,
        "cy@deferred.example": 451,
    }


@pytest.mark.browser
def test_a_browser_shows_a_page(browser, live_server):
    page = browser.new_page()
    page.set_content("<h1>Good morning</h1>")
    assert page.get_by_role("heading").inner_text() == "Good morning"
    page.close()
