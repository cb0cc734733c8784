"""Links and pixels of a mail: they lead where the mail says, nobody else's do, and each is recorded."""

import datetime
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from issues.models import Click, Opening
from newsroom.delivery.clicks import footprints
from newsroom.delivery.clicks.footprints import PIXEL, Footprint, reader_of
from newsroom.lib.links import ReaderToken
from tests.delivery.clicks.trail import Trail
from tests.delivery.mail import LINKS, make_mailed, token
from tests.make import NOW

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def trail(monkeypatch) -> Iterator[Trail]:
    """A spool of the test's own, recorded when the test says so."""
    with Trail.fresh(monkeypatch) as made:
        yield made


@pytest.fixture
def client() -> Client:
    return Client(HTTP_USER_AGENT=BROWSER)


def step(printing, reader, link: int = 0, *, after: float = 3600, agent: str = BROWSER, method: str = "GET"):
    return Footprint(printing.pk, reader.pk, link, NOW.timestamp() + after, method, agent)


# the redirect


def test_a_link_leads_where_the_printing_says(client, trail):
    printing, (reader,) = make_mailed()
    for number, (url, _, _) in enumerate(LINKS):
        answer = client.get(f"/c/{token(printing, reader)}/{number}")
        assert (answer.status_code, answer["Location"]) == (302, url)
    assert len(trail) == len(LINKS)


def test_the_redirect_is_private(client):
    printing, (reader,) = make_mailed()
    answer = client.get(f"/c/{token(printing, reader)}/0")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Content-Length"] == "0"
    assert not answer.cookies


def test_head_is_answered_and_recorded_as_such(client, trail):
    printing, (reader,) = make_mailed()
    assert client.head(f"/c/{token(printing, reader)}/0")["Location"] == LINKS[0][0]
    trail.record()
    assert Click.objects.get().verdict == "head"


def test_other_methods_are_refused(client, trail):
    printing, (reader,) = make_mailed()
    assert client.post(f"/c/{token(printing, reader)}/0").status_code == 405
    assert not len(trail)


def test_forged_addresses_are_404_and_leave_no_trace(client, trail, django_assert_num_queries):
    printing, (reader,) = make_mailed()
    good = token(printing, reader)
    forged = [
        f"/c/{good[:-1]}{'A' if good[-1] != 'A' else 'B'}/0", f"/c/{'A' * 27}/0", f"/c/{good}", f"/c/{good}/", f"/c/{good}/x",
        f"/c/{good}/-1", f"/c/{good}/0/", f"/c/{good}/0/https://evil.example/", f"/c/{good}/٣", "/c/", "/c/x/0", "/o/x.gif",
        f"/c/{ReaderToken(printing.pk, reader.pk).hex}/0", "/o/only-a-test.gif", f"/o/{good}.png", "/c/only-a-test/0",
    ]  # fmt: skip
    with django_assert_num_queries(0):
        for path in forged:
            answer = client.get(path)
            assert (answer.status_code, answer.has_header("Location")) == (404, False), path
    assert client.get(f"/c/{good}/{len(LINKS)}").status_code == 404
    assert client.get(f"/c/{ReaderToken(printing.pk + 1, reader.pk).text}/0").status_code == 404
    assert not len(trail)


@given(st.text(max_size=60), st.text(max_size=8))
def test_nothing_that_anybody_writes_into_an_address_breaks_it(given_token, number):
    client = Client()
    for path in (f"/c/{given_token}/{number}", f"/o/{given_token}.gif"):
        assert client.generic("GET", path).status_code in (404, 301, 200)


def test_a_printing_is_read_once(client, django_assert_num_queries):
    printing, readers = make_mailed(3)
    with django_assert_num_queries(1):
        for reader in readers:
            client.get(f"/c/{token(printing, reader)}/1")
            client.get(f"/o/{token(printing, reader)}.gif")


def test_without_a_database_known_links_lead_on_and_others_ask_for_patience(client, monkeypatch):
    printing, (reader,) = make_mailed()
    path = f"/c/{token(printing, reader)}/0"
    client.get(path)

    def gone(**_):
        raise OperationalError("gone")

    monkeypatch.setattr(footprints.Printing.objects, "filter", gone)
    assert client.get(path).status_code == 302
    footprints.forget()
    assert client.get(path).status_code == 503


def test_the_pixel_is_a_gif_of_43_bytes(client, trail):
    printing, (reader,) = make_mailed()
    answer = client.get(f"/o/{token(printing, reader)}.gif")
    assert (answer.status_code, answer["Content-Type"], len(answer.content)) == (200, "image/gif", 43)
    assert answer.content.startswith(b"GIF89a\x01\x00\x01\x00")
    assert answer["Cache-Control"] == "no-store"
    trail.record()
    assert Opening.objects.get().issue == printing.send.issue


# what is written


def test_a_click_is_written_with_its_block_its_mark_and_its_delivery():
    printing, (reader,) = make_mailed()
    footprints.write([step(printing, reader, 2)])
    row = Click.objects.get()
    assert (row.issue, row.url, row.block, row.mark) == (
        printing.send.issue,
        LINKS[2][0],
        "block-two",
        "mark-of-sponsor",
    )
    assert (row.at, row.delivered_at, row.agent, row.verdict) == (NOW + HOUR, NOW, BROWSER, "")


def test_a_reader_is_the_same_within_an_issue_and_a_stranger_in_the_next():
    assert reader_of(1, 5) == reader_of(1, 5)
    assert len({reader_of(1, 5), reader_of(1, 6), reader_of(2, 5)}) == 3


def test_who_follows_a_link_like_a_person_is_engaged():
    printing, (person, machine, quick, idle) = make_mailed(4)
    footprints.write(
        [
            step(printing, person),
            step(printing, machine, agent="Googlebot/2.1"),
            step(printing, quick, after=1),
        ]
    )
    for each in (person, machine, quick, idle):
        each.refresh_from_db()
    assert person.engaged_at == NOW + HOUR
    assert not any(each.engaged_at for each in (machine, quick, idle))
    assert person.opened_at is None


def test_who_lets_the_pixel_be_fetched_has_opened():
    printing, (person, apple) = make_mailed(2)
    footprints.write([step(printing, person, PIXEL), step(printing, apple, PIXEL, agent="Mozilla/5.0")])
    for each in (person, apple):
        each.refresh_from_db()
    assert (person.opened_at, apple.opened_at) == (NOW + HOUR, None)
    assert sorted(Opening.objects.values_list("verdict", flat=True)) == ["", "prefetch"]


def test_a_late_batch_takes_no_engagement_back():
    printing, (reader,) = make_mailed()
    footprints.write([step(printing, reader, after=7200)])
    footprints.write([step(printing, reader, after=3600)])
    reader.refresh_from_db()
    assert reader.engaged_at == NOW + 2 * HOUR


def test_a_sweep_over_two_batches_is_found():
    printing, (reader,) = make_mailed()
    footprints.write([step(printing, reader, n, after=600 + n / 10) for n in range(4)])
    footprints.write([step(printing, reader, 4, after=600.5)])
    assert not Click.objects.human().exists()


def test_a_batch_costs_the_same_queries_however_many_readers(django_assert_max_num_queries):
    printing, readers = make_mailed(40)
    footprints.leads(printing.pk)
    with django_assert_max_num_queries(12):
        footprints.write([step(printing, each, n % 9) for n, each in enumerate(readers)] * 3)
    assert Click.objects.count() == 120


def test_an_erased_reader_and_a_printing_that_is_gone_hold_nothing_up():
    printing, (reader, erased) = make_mailed(2)
    steps = [
        step(printing, reader),
        step(printing, erased),
        step(printing, reader)._replace(printing=999_999),
    ]
    erased.subscriber.delete()
    footprints.write(steps)
    assert Click.objects.count() == 2
