"""Sending a test: marked, to whom one says, through the same rendering and the same wire, and no reader knows of it."""

import datetime
import re
import time
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from issues.models import Issue, IssueEvent
from issues.rendering import Rendered, render, slots
from issues.rendering.slots import UNSUBSCRIBE
from issues.snapshot import take
from newsroom.audience.models import Status, Subscription
from newsroom.delivery import proofing
from newsroom.delivery.forms import ProofForm
from newsroom.delivery.models import Delivery, Send
from newsroom.delivery.wire.letter import NOBODY, compile_proof
from newsroom.desk import roles
from newsroom.lib import links
from newsroom.lib.errors import Refused
from tests.delivery.relays import dead_relay, fake_relay
from tests.delivery.wire.test_letter import PUBLICATION, lines, normal
from tests.make import (
    NOW,
    make_approved_issue,
    make_issue,
    make_person,
    make_publication,
    make_published_issue,
    make_reader,
    write,
)

HOUR = datetime.timedelta(hours=1)
in_rows = pytest.mark.django_db


def parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, rich = (normal(part.get_payload(decode=True).decode()) for part in message.iter_parts())
    return plain, rich


def harmless(part: str) -> str:
    return slots.filled(
        part,
        lambda slot: (
            slot.fallback
            if slot.name == slots.NAME
            else links.absolute(f"/{'u' if slot.name == UNSUBSCRIBE else 'preferences'}/{NOBODY}/")
        ),
    )


# The message


def rendering(**fields: str) -> Rendered:
    words = {"subject": "Hello", "preheader": "", "html": "<p>Hi</p>\n", "text": "Hi\n", "web": ""}
    return Rendered(**{**words, **fields}, minutes=1)


def message(**fields: str) -> EmailMessage:
    return parsed(compile_proof(rendering(**fields), PUBLICATION, date=NOW).message("ada@desk.example"))


@given(text=lines.map("\n".join), html=lines.map("\n".join))
def test_what_is_sent_is_the_rendering(text, html):
    assert parts(message(text=text, html=html)) == (harmless(text), harmless(html))


@given(text=lines.map("\n".join))
def test_it_keeps_to_the_lines_of_smtp(text):
    raw = compile_proof(rendering(text=text), PUBLICATION, date=NOW).message("ada@desk.example")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_it_is_marked_and_says_whose_it_is():
    sent = message(subject="Übersicht: what the gulls cost")
    assert sent["Subject"] == "[TEST] Übersicht: what the gulls cost"
    assert sent["From"] == "Æ the Quay <hello@quay.example>"
    assert sent["To"] == "ada@desk.example"
    assert sent["Reply-To"] == "desk@quay.example"
    assert sent["Date"].datetime == NOW
    assert message(subject="")["Subject"] == "[TEST]"


def test_nothing_in_it_unsubscribes_anybody():
    sent = message(text=f"Leave: {UNSUBSCRIBE}\n", html=f'<a href="{UNSUBSCRIBE}">leave</a>')
    assert not [name for name in sent if name.lower().startswith("list-unsubscribe")]
    assert all(NOBODY in part for part in parts(sent))


@in_rows
def test_its_way_out_is_no_page_and_nobody_leaves():
    reader = make_reader(make_publication())
    for ask in (Client().get, Client().post):
        assert ask(f"/u/{NOBODY}/").status_code == 404
    reader.refresh_from_db()
    assert reader.status == Status.ACTIVE


def test_each_message_has_an_id_of_its_own():
    proof = compile_proof(rendering(), PUBLICATION, date=NOW)
    ids = {parsed(proof.message("ada@desk.example"))["Message-ID"] for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch(r"<test\.[0-9a-f]{32}@quay\.example>", each) for each in ids)


# Sending


@pytest.fixture
def editor(db) -> User:
    return make_person(roles.EDITOR)


def send(issue: Issue, *addresses: str, by: User, now: datetime.datetime = NOW) -> list[proofing.Outcome]:
    return proofing.send(issue, addresses or ("ada@desk.example",), by=by, now=now)


def notes(issue: Issue) -> list[tuple[str, str]]:
    return list(issue.events.filter(what__startswith="test").values_list("what", "note"))


def test_a_draft_goes_out_as_it_stands_and_is_noted(settings, editor):
    issue = make_issue()
    write(issue, "lead_story", heading="Fresh words")
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        outcomes = send(issue, "ada@desk.example", "bo@desk.example", by=editor)
    assert [(each.address, each.accepted) for each in outcomes] == [
        ("ada@desk.example", True),
        ("bo@desk.example", True),
    ]
    assert relay.recipients == ["ada@desk.example", "bo@desk.example"]
    assert relay.connections == 1
    as_it_stands = render(take(issue))
    for _, raw in relay.taken:
        assert parts(parsed(raw)) == (harmless(as_it_stands.text), harmless(as_it_stands.html))
    assert "Fresh words" in as_it_stands.text
    assert notes(issue) == [("test sent", "ada@desk.example"), ("test sent", "bo@desk.example")]
    assert issue.events.last().by == editor


@in_rows
@pytest.mark.parametrize("make", [make_approved_issue, make_published_issue])
def test_an_approved_issue_sends_its_edition(settings, editor, make):
    issue = make()
    issue.refresh_from_db()
    issue.blocks.all().delete()
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        send(issue, by=editor)
    edition = issue.edition
    assert parts(parsed(relay.taken[0][1])) == (harmless(edition.text), harmless(edition.html))


def test_readers_figures_and_the_issue_are_untouched(settings, editor):
    publication = make_publication()
    reader = make_reader(publication, "ada@desk.example", status=Status.UNSUBSCRIBED)
    issue = make_approved_issue(publication)
    before = (issue.status, issue.rev, issue.changed_at)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        send(issue, "ada@desk.example", by=editor)
    issue.refresh_from_db()
    assert (issue.status, issue.rev, issue.changed_at) == before
    assert not Send.objects.exists()
    assert not Delivery.objects.exists()
    assert list(Subscription.objects.values_list("pk", "status")) == [(reader.pk, Status.UNSUBSCRIBED)]


def test_what_one_address_is_refused_for_keeps_nobody_else_from_it(settings, editor):
    issue = make_issue()
    answers = {"ada": b"550 no such user\r\n", "bo": b"451 try later\r\n"}

    def rcpt(line: str) -> bytes:
        return next((said for name, said in answers.items() if name in line), b"250 OK\r\n")

    with fake_relay(rcpt=rcpt) as relay:
        settings.RELAY = relay.relay
        outcomes = send(issue, "ada@desk.example", "bo@desk.example", "cy@desk.example", by=editor)
    assert [each.said for each in outcomes] == [
        "The mail server refuses it: 550 no such user.",
        "The mail server does not take it now: 451 try later.",
        "The mail server has taken it.",
    ]
    assert relay.recipients == ["cy@desk.example"]
    assert notes(issue)[0] == (
        "test not sent",
        "ada@desk.example: The mail server refuses it: 550 no such user.",
    )


def test_a_server_that_is_down_is_asked_once(settings, editor):
    settings.RELAY = dead_relay()
    outcomes = send(make_issue(), "ada@desk.example", "bo@desk.example", by=editor)
    assert not any(each.accepted for each in outcomes)
    assert all("does not answer" in each.said for each in outcomes)


def test_a_connection_lost_after_the_dot_is_in_doubt_and_the_rest_is_not_tried(settings, editor):
    with fake_relay(dot=lambda _: None) as relay:
        settings.RELAY = relay.relay
        one, other = send(make_issue(), "ada@desk.example", "bo@desk.example", by=editor)
    assert one.said.endswith("It may have arrived.")
    assert other.said == "Not tried: the connection to the mail server broke before."
    assert relay.connections == 1


def test_a_server_that_takes_its_time_does_not_keep_the_page(settings, editor, monkeypatch):
    monkeypatch.setattr(proofing, "PATIENCE", 0.3)

    def slowly(_: str) -> bytes:
        time.sleep(0.2)
        return b"250 OK\r\n"

    began = time.monotonic()
    with fake_relay(rcpt=slowly) as relay:
        settings.RELAY = relay.relay
        outcomes = send(make_issue(), *(f"a{number}@desk.example" for number in range(10)), by=editor)
    assert time.monotonic() - began < 2
    assert outcomes[0].accepted
    assert outcomes[-1].said == "Not tried: the mail server takes too long."


def test_a_server_that_says_nothing_is_given_up_after_a_while(settings, editor, monkeypatch):
    monkeypatch.setattr(proofing, "PATIENCE", 0.2)

    def never(_: str) -> bytes:
        time.sleep(0.6)
        return b"250 OK\r\n"

    with fake_relay(mail=never) as relay:
        settings.RELAY = relay.relay
        (outcome,) = send(make_issue(), by=editor)
    assert "does not answer" in outcome.said


# How much


def test_a_person_reaches_thirty_addresses_an_hour_and_nobody_else_pays_for_it(settings, editor):
    issue, other = make_issue(), make_person(roles.EDITOR)
    ten = [f"a{number}@desk.example" for number in range(10)]
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        for _ in range(3):
            send(issue, *ten, by=editor)
        with pytest.raises(Refused, match="at most 30 addresses an hour, and yours went to 30 addresses"):
            send(issue, by=editor, now=NOW + HOUR / 2)
        send(issue, by=other)
        send(issue, by=editor, now=NOW + HOUR)
    assert len(relay.taken) == 32


def test_addresses_that_were_refused_count_as_well(settings, editor):
    settings.RELAY = dead_relay()
    issue = make_issue()
    for _ in range(30):
        send(issue, by=editor)
    with pytest.raises(Refused):
        send(issue, by=editor)
    assert len(notes(issue)) == 30


def test_a_test_that_was_interrupted_is_noted_as_not_sent(settings, editor, monkeypatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(proofing, "_handed_over", killed)
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        issue = make_issue()
        with pytest.raises(KeyboardInterrupt):
            send(issue, by=editor)
    assert notes(issue) == [("test not sent", "ada@desk.example: it was interrupted.")]


# To whom


def addresses(to: str) -> Any:
    form = ProofForm({"to": to})
    return form.cleaned_data["to"] if form.is_valid() else " ".join(form.errors["to"])


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("ada@desk.example", ("ada@desk.example",)),
        (
            " ada@desk.example,bo@desk.example;\r\ncy@desk.example\tdag@desk.example ",
            tuple("ada bo cy dag".split()),
        ),
        ("Ada@Desk.example, ada@desk.example", ("Ada@desk.example",)),
        ("ada@mün.example", ("ada@xn--mn-xka.example",)),
        ("o'neill+test@desk.example", ("o'neill+test@desk.example",)),
    ],
)
def test_addresses_are_parted_by_nearly_anything_and_each_counts_once(to, found):
    assert addresses(to) == tuple(each if "@" in each else f"{each}@desk.example" for each in found)


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("", "Say to whom."),
        (" , ;\n", "Say to whom."),
        ("ada", "“ada” is not an email address."),
        ("ada@desk.example\r\nBcc: all@readers.example", "“Bcc:” is not an email address."),
        ("ada@desk.example%0d%0aBcc:x@y.example", "is not an email address."),
        ("Ada <ada@desk.example>", "“Ada” is not an email address."),
        ("<ada@desk.example>", "is not an email address."),
        ('"ada"@desk.example', "is not an email address that a test can be sent to."),
        ("ada@[127.0.0.1]", "is not an email address that a test can be sent to."),
        ("ådå@desk.example", "We cannot write to such addresses yet."),
        ("\u212aim@desk.example", "We cannot write to such addresses yet."),
        ("ada@desk.example\x00", "Null characters are not allowed."),
        ("a" * 250 + "@desk.example", "is not an email address."),
        (" ".join(f"a{number}@desk.example" for number in range(11)), "at most 10 addresses at once; these are 11."),
    ],
)  # fmt: skip
def test_whatever_else_is_refused_in_a_sentence(to, said):
    assert said in addresses(to)


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    st.sampled_from(["", "@desk.example", "@"]),
)
def test_no_address_that_is_taken_can_add_a_header_or_a_command(to, behind):
    found = addresses(to + behind)
    if isinstance(found, str):
        return
    for address in found:
        raw = compile_proof(rendering(), PUBLICATION, date=NOW).message(address)
        assert parsed(raw)["To"].addresses[0].addr_spec == address
        assert raw.count(b"\r\nTo:") + raw.startswith(b"To:") == 1
        assert address.isascii()
        assert not re.search(r"[\s<>]", address)


# The page


def page_of(issue: Issue) -> str:
    return reverse("delivery:test", args=[issue.pk])


@in_rows
def test_the_page_proposes_ones_own_address(edith):
    User.objects.update(email="edith@desk.example")
    page = edith.get(page_of(make_issue()))
    assert "edith@desk.example</textarea>" in page.content.decode()
    assert page.templates[0].name == "delivery/test.html"


def test_without_scripts_the_page_says_what_became_of_each_and_shows_the_form_again(edith, settings):
    issue = make_issue()
    with fake_relay(rcpt=lambda line: b"550 gone\r\n" if "bo" in line else b"250 OK\r\n") as relay:
        settings.RELAY = relay.relay
        page = edith.post(page_of(issue), {"to": "ada@desk.example bo@desk.example"})
    said = page.content.decode()
    assert page.status_code == 200
    assert "<strong>ada@desk.example</strong> The mail server has taken it." in said
    assert "<strong>bo@desk.example</strong> The mail server refuses it: 550 gone." in said
    assert ">ada@desk.example bo@desk.example</textarea>" in said
    assert relay.recipients == ["ada@desk.example"]


def test_htmx_gets_the_form_alone_and_what_is_wrong_in_it(edith, settings):
    settings.RELAY = dead_relay()
    issue, ask = make_issue(), {"HX-Request": "true"}
    for to, said in (
        ("ada@desk.example", "does not answer"),
        ("nobody", "“nobody” is not an email address."),
    ):
        answer = edith.post(page_of(issue), {"to": to}, headers=ask)
        assert answer.status_code == 200
        assert answer.content.decode().startswith('<form id="test-send"')
        assert said in answer.content.decode()
    assert IssueEvent.objects.filter(what="test not sent").count() == 1


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_sent(edith, settings):
    with fake_relay() as relay:
        settings.RELAY = relay.relay
        page = edith.post(page_of(make_issue()), {"to": "ada@desk.example\r\nBcc: x@y.example"})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.content.decode()
    assert relay.taken == []


def test_too_many_in_an_hour_is_said_beside_the_field(edith, settings):
    issue = make_issue()
    by = User.objects.get()
    for _ in range(30):
        issue.events.create(at=datetime.datetime.now(datetime.UTC), by=by, what="test sent", note="x")
    page = edith.post(page_of(issue), {"to": "ada@desk.example"})
    assert page.status_code == 422
    assert "at most 30 addresses an hour" in page.content.decode()


@in_rows
@pytest.mark.parametrize(("who", "status"), [("edith", 200), ("chris", 200), ("sam", 403), ("olga", 403)])
def test_only_who_writes_sends_tests(request, who, status):
    client, issue = request.getfixturevalue(who), make_issue()
    assert client.get(page_of(issue)).status_code == status
    assert client.post(page_of(issue), {"to": ""}).status_code == (422 if status == 200 else 403)
    assert client.get(reverse("delivery:test", args=[999_999])).status_code == (404 if status == 200 else 403)
