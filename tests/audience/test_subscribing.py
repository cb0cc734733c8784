"""Joining a list: asked for, confirmed by mail, and by a button only."""

import datetime
import re

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client
from django.utils import timezone

from issues.models import Publication
from newsroom.audience import subscribing, tasks
from newsroom.audience.consents import Evidence
from newsroom.audience.models import Status, Subscriber, Subscription
from newsroom.lib import links
from newsroom.lib.errors import Refused
from newsroom.lib.text import one_line
from tests.delivery.relays import dead_relay, fake_relay
from tests.make import NOW, make_list, make_publication, make_reader

pytestmark = pytest.mark.django_db
ANN = "ann@readers.example"


@pytest.fixture
def publication(db) -> Publication:
    return make_publication()


def ask(publication: Publication, address: str = ANN, **more: str):
    return Client().post(f"/{publication.slug}/subscribe/", {"email": address, **more})


def confirmation() -> str:
    """The path of the link in the one mail that was sent."""
    return re.search(r"http://[^/]+(/confirm/\S+)", mail.outbox[-1].body)[1]


def due() -> int:
    return Subscription.objects.filter(mail_due_at__isnull=False).count()


def test_asking_makes_a_mail_due_and_the_task_sends_it_once(publication):
    assert ask(publication).status_code == 200
    assert Subscription.objects.get().status == Status.PENDING
    tasks.send_confirmations()
    tasks.send_confirmations()
    assert [each.to for each in mail.outbox] == [[ANN]]
    assert due() == 0


def test_the_mail_asks_in_the_name_of_the_publication(publication):
    ask(publication)
    tasks.send_confirmations()
    sent = mail.outbox[0]
    assert sent.subject == f"Please confirm: {publication.name}"
    assert sent.from_email == "Harbour Notes <notes@harbour.example>"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("name", ["Notes, Harbour", 'The "Quay"', "Søren & Søn", "a <b@c.example>"])
def test_any_name_of_a_sender_can_be_sent_from(name):
    publication = make_publication(sender_name=name)
    ask(publication)
    tasks.send_confirmations()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].message()["From"].endswith("<notes@harbour.example>")


def test_a_publication_that_changes_its_name_sends_under_the_new_one(publication):
    ask(publication)
    Publication.objects.update(name="Pier News", sender_name="Pier News")
    ask(publication, "bob@readers.example")
    tasks.send_confirmations()
    assert {each.subject for each in mail.outbox} == {"Please confirm: Pier News"}


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(publication):
    make_reader(publication, "known@readers.example")
    left = make_reader(publication, "left@readers.example")
    subscribing.leave(left, by="page", now=NOW)
    answers = {
        ask(publication, f"{who}@readers.example").content for who in ("known", "left", "new", "KNOWN")
    }
    assert len(answers) == 1


def test_who_is_active_already_gets_no_mail(publication):
    make_reader(publication, ANN)
    ask(publication, ANN.upper())
    assert due() == 0
    assert Subscriber.objects.count() == 1


def test_what_only_a_script_fills_in_stores_nobody(publication):
    honest = ask(publication, "bob@readers.example").content
    assert ask(publication, website="https://spam.example").content == honest
    assert not Subscriber.objects.filter(email=ANN).exists()


@pytest.mark.parametrize("odd", ["", "ann", "ann@", "x" * 300 + "@readers.example", "a\0b@readers.example"])
def test_what_is_no_address_is_said_so_and_stores_nobody(publication, odd):
    response = ask(publication, odd)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Subscriber.objects.exists()


def test_a_link_confirms_nobody_by_being_opened(publication):
    ask(publication)
    tasks.send_confirmations()
    for method in ("get", "head"):
        assert getattr(Client(), method)(confirmation()).status_code == 200
    assert Subscription.objects.get().status == Status.PENDING


def test_the_button_confirms(publication):
    ask(publication)
    tasks.send_confirmations()
    client = Client(enforce_csrf_checks=True)
    assert '<form method="post">' in client.get(confirmation()).content.decode()
    assert "You are in" in client.post(confirmation()).content.decode()
    assert Subscription.objects.get().status == Status.ACTIVE


def test_confirming_twice_changes_nothing(publication):
    ask(publication)
    tasks.send_confirmations()
    Client().post(confirmation())
    first = Subscription.objects.get().confirmed_at
    assert Client().post(confirmation()).status_code == 200
    assert Subscription.objects.get().confirmed_at == first


def test_who_left_can_come_back_by_the_same_way(publication):
    left = make_reader(publication, ANN)
    Subscription.objects.update(asked_at=timezone.now() - datetime.timedelta(days=9))
    subscribing.leave(left, by="page", now=timezone.now())
    ask(publication)
    left.refresh_from_db()
    assert left.status == Status.UNSUBSCRIBED
    tasks.send_confirmations()
    Client().post(confirmation())
    left.refresh_from_db()
    assert (left.status, left.left_at, left.left_by) == (Status.ACTIVE, None, "")


def test_asking_again_and_again_fills_nobodys_mailbox(publication):
    for _ in range(5):
        ask(publication)
        tasks.send_confirmations()
    assert len(mail.outbox) == 1


def test_asking_again_later_sends_another_mail(publication):
    ask(publication)
    tasks.send_confirmations()
    Subscription.objects.update(asked_at=F("asked_at") - subscribing.ASKED_AGAIN_AFTER)
    ask(publication)
    tasks.send_confirmations()
    assert len(mail.outbox) == 2


def test_somebody_who_leaves_meanwhile_gets_no_mail(publication):
    ask(publication)
    subscribing.leave(Subscription.objects.get(), by="page", now=NOW)
    tasks.send_confirmations()
    assert mail.outbox == []


def through(relay, settings) -> None:
    settings.EMAIL_BACKEND = "newsroom.delivery.relay.housemail.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = relay.host, relay.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""


def a_minute_later() -> None:
    Subscription.objects.filter(mail_due_at__isnull=False).update(
        mail_due_at=NOW - datetime.timedelta(days=3650)
    )


def test_a_relay_that_is_down_is_asked_again_later(publication, settings):
    ask(publication)
    through(dead_relay(), settings)
    tasks.send_confirmations()
    assert due() == 1
    with fake_relay() as relay:
        through(relay.relay, settings)
        tasks.send_confirmations()
        assert relay.taken == []
        a_minute_later()
        tasks.send_confirmations()
    assert relay.recipients == [ANN]
    assert due() == 0


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(("answer", "left"), [(b"550 never\r\n", 0), (b"451 later\r\n", 1)])
def test_only_a_final_refusal_ends_the_asking(publication, settings, step, answer, left):
    ask(publication)
    with fake_relay(**{step: lambda line: answer}) as relay:
        through(relay.relay, settings)
        tasks.send_confirmations()
    assert due() == left


def test_an_address_is_kept_trimmed_and_with_a_small_domain():
    assert subscribing.normal_address(" Ann.B@Readers.EXAMPLE ") == "Ann.B@readers.example"


def test_asking_for_no_address_is_refused(publication):
    with pytest.raises(Refused, match="not an email address"):
        subscribing.ask(make_list(publication), "ann@@", evidence=Evidence("test"), now=NOW)


def test_a_link_to_leave_does_not_confirm(publication):
    reader = make_reader(publication, ANN, status=Status.PENDING)
    for token in (links.token("leave", reader.pk), links.dated_token("leave", reader.pk, timezone.now())):
        assert Client().post(f"/confirm/{token}/").status_code == 404
    reader.refresh_from_db()
    assert reader.status == Status.PENDING


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ann+news@readers.example", "ann+news@readers.example"),
        ("Ann@B\u00fccher.Example\r\n", "Ann@xn--bcher-kva.example"),
        (
            "ann@fu\u00dfball.example",
            "ann@xn--fuball-cta.example",
        ),  # fussball.example is somebody else (RFC 5894)
        ('"ann.o\'neil"@readers.example', '"ann.o\'neil"@readers.example'),
        ("o'neil@readers.example", "o'neil@readers.example"),
    ],
)
def test_unusual_addresses_are_kept(given, kept):
    assert subscribing.normal_address(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "ann\r\nBcc: all@readers.example",
        "ann@readers.example\nbob@readers.example",
        "a\0nn@readers.example",
        '"a\x01"@readers.example',
        '"a\r\n"@readers.example',
        "ann@" + "ü" * 300 + ".example",
        "ann@readers..example",
        "@readers.example",
        "ann@@readers.example",
    ],
)
def test_addresses_that_could_do_harm_are_refused_in_words_that_cannot(given):
    with pytest.raises(Refused) as refused:
        subscribing.normal_address(given)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "given",
    ["jörg@readers.example", "jo\u0308rg@bücher.example", "用户@readers.example", "\u212aim@readers.example"],
)
def test_of_letters_beyond_ascii_it_is_said_that_we_cannot_write_to_them_yet(publication, given):
    page = Client().post(f"/{publication.slug}/subscribe/", {"email": given}).content.decode()
    assert "We cannot write to such addresses yet." in page
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "odd", ["jörg", "jö rg@readers.example", "“ann@readers.example", "jörg@readers", "ö@@a.example"]
)
def test_with_other_letters_what_is_no_address_is_none(odd):
    with pytest.raises(Refused, match="is not an email address"):
        subscribing.normal_address(odd)


def test_names_keep_their_letters_and_lose_their_lines():
    assert one_line("  \u05d3\u05e0\u05d4\u200f \U0001f469\u200d\U0001f680\r\nBcc:\0x", 120) == (
        "\u05d3\u05e0\u05d4\u200f \U0001f469\u200d\U0001f680 Bcc: x"
    )
