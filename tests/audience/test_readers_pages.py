"""A reader's own pages: to leave, to choose, to see and to erase; and the desk's pages about them."""

import datetime
import json

import pytest
from django.test import Client
from django.utils import timezone

from newsroom.audience import personal, subscribing, suppressing
from newsroom.audience.models import (
    Consent,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
)
from newsroom.lib import links
from newsroom.lib.links import ReaderToken
from tests.make import NOW, make_list, make_publication, make_reader

ANN = "ann@readers.example"
UNREADABLE = [
    ("--x\r\nrubbish", "multipart/form-data"),
    ("--x\r\nrubbish", "multipart/form-data; boundary=é"),
    ("&".join(f"a{number}=1" for number in range(5000)), "application/x-www-form-urlencoded"),
]
"""Bodies that no browser sends."""


@pytest.fixture
def reader(db) -> Subscription:
    made = make_reader(make_publication(), ANN, name="Ann")
    Subscription.objects.update(asked_at=timezone.now() - datetime.timedelta(days=400))
    return made


def tokens(reader: Subscription) -> list[str]:
    """Every spelling by which a mail may name its reader."""
    own = ReaderToken(7, reader.pk)
    return [subscribing.token_of(reader.pk), own.text, own.hex, own.hex.upper()]


def page(reader: Subscription, *, where: str = "preferences", **posted: str | list[str]) -> str:
    client, path = Client(enforce_csrf_checks=True), f"/{where}/{subscribing.token_of(reader.pk)}/"
    return (client.post(path, posted) if posted else client.get(path)).content.decode()


def encoded(case: dict, kind: str) -> tuple[str, str]:
    """The body that a receiver posts for the case's header, and its type."""
    name, _, value = (case["list_unsubscribe_post"] or "List-Unsubscribe=One-Click").partition("=")
    if kind == "multipart":
        body = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--x--\r\n'
        return body, "multipart/form-data; boundary=x"
    return f"{name}={value}", "application/x-www-form-urlencoded"


@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
def test_every_one_click_case_leaves_at_once_with_every_token(reader, corpus, kind):
    for case in json.loads((corpus / "rfc8058" / "cases.json").read_text())["seen"]:
        for token in tokens(reader):
            Subscription.objects.update(status=Status.ACTIVE, left_by="")
            body, content_type = encoded(case, kind)
            for _ in range(2):
                client = Client(enforce_csrf_checks=True)
                assert client.get(f"/u/{token}/").status_code == 200
                response = client.generic("POST", f"/u/{token}/", body, content_type=content_type)
                assert (response.status_code, response.headers.get("Location")) == (200, None)
                assert not response.cookies
            reader.refresh_from_db()
            assert (reader.status, reader.left_by) == (Status.UNSUBSCRIBED, "one-click"), (
                case["name"],
                token,
            )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "text/plain"),
        ("--x\r\nbroken", "multipart/form-data"),
        ("%%%=&&", "application/x-www-form-urlencoded"),
    ],
)
def test_a_post_with_an_odd_body_leaves_too(reader, body, kind):
    response = Client().generic("POST", f"/u/{tokens(reader)[1]}/", body, content_type=kind)
    reader.refresh_from_db()
    assert (response.status_code, reader.status) == (200, Status.UNSUBSCRIBED)


def test_a_token_of_somebody_erased_is_answered_kindly(reader):
    token = tokens(reader)[1]
    personal.erase(reader.subscriber, by=None, now=NOW)
    for path in (f"/u/{token}/", f"/preferences/{token}/"):
        for answer in (Client().get(path), Client().post(path)):
            assert answer.status_code == 200
            assert "Nothing comes to you any more" in answer.content.decode()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(("body", "kind"), UNREADABLE)
@pytest.mark.parametrize("where", ["preferences", "confirm", "subscribe"])
def test_a_body_that_cannot_be_read_is_answered_in_a_sentence(reader, settings, where, body, kind, debug):
    settings.DEBUG = debug
    reader.status = Status.PENDING
    reader.save()
    paths = {
        "preferences": f"/preferences/{subscribing.token_of(reader.pk)}/",
        "confirm": subscribing.confirm_url(reader.pk, now=timezone.now()).removeprefix(links.absolute("")),
        "subscribe": f"/{reader.mailing_list.slug}/subscribe/",
    }
    response = Client(raise_request_exception=False).generic("POST", paths[where], body, content_type=kind)
    assert "What your browser sent could not be read." in response.content.decode()
    assert response.status_code in (200, 422)
    reader.refresh_from_db()
    assert reader.status == Status.PENDING


@pytest.mark.parametrize("letters", ["iso-8859-1", "no-such-letters"])
def test_a_button_counts_whatever_letters_its_body_says_it_is_written_in(reader, letters):
    reader.status = Status.PENDING
    reader.save()
    kind = f"application/x-www-form-urlencoded; charset={letters}"
    path = subscribing.confirm_url(reader.pk, now=timezone.now()).removeprefix(links.absolute(""))
    assert "You are in" in Client().generic("POST", path, "", content_type=kind).content.decode()
    path = f"/preferences/{subscribing.token_of(reader.pk)}/"
    assert "You have left" in Client().generic("POST", path, "act=leave", content_type=kind).content.decode()
    path = f"/{reader.mailing_list.slug}/subscribe/"
    said = Client().generic("POST", path, "email=bob%40readers.example", content_type=kind)
    assert "bob@readers.example" in Subscriber.objects.values_list("email", flat=True), said.content


@pytest.mark.parametrize("odd", ["nobody", "a" * 27, "é", "0" * 40, "%00"])
@pytest.mark.parametrize("where", ["", "data.json", "erase/"])
@pytest.mark.django_db
def test_a_forged_token_opens_nothing(odd, where):
    assert Client().post(f"/preferences/{odd}/{where}").status_code in (404, 405)
    assert Client().get(f"/preferences/{odd}/{where}").status_code == 404


def test_the_way_out_offers_a_way_back_and_asks_why(reader):
    assert "Was that a mistake?" in page(reader, where="u", act="leave")
    assert "Thank you" in page(reader, where="u", act="why", reason="Too many mails.", words="Really")
    assert Consent.objects.get(what="reason").words == "Too many mails. Really"
    assert "is on its way" in page(reader, where="u", act="again")
    reader.refresh_from_db()
    assert (reader.status, bool(reader.mail_due_at)) == (Status.UNSUBSCRIBED, True)


def test_a_link_past_its_days_says_so_and_sends_another(reader):
    Subscription.objects.update(status=Status.PENDING)
    made = timezone.now() - subscribing.HOLDS
    path = f"/confirm/{links.dated_token('confirm', reader.pk, made)}/"
    assert "no longer works" in Client().get(path).content.decode()
    assert "no longer works" in Client().post(path).content.decode()
    assert "Check your inbox" in Client().post(path, {"act": "again"}).content.decode()
    reader.refresh_from_db()
    assert (reader.status, bool(reader.mail_due_at)) == (Status.PENDING, True)


def test_each_step_is_kept_with_its_evidence(reader):
    other = make_publication(name="Pier News", slug="pier")
    browser = Client(headers={"user-agent": "Good\0 Browser"}, REMOTE_ADDR="203.0.113.9")
    browser.post("/pier/subscribe/", {"email": "bob@readers.example"})
    asked = Consent.objects.get(what="asked")
    assert (asked.source, asked.address, asked.agent) == ("archive form", "203.0.113.9", "Good Browser")
    assert f"Get {other.name} by mail" in asked.words


def test_a_visitor_who_asks_all_the_time_is_told_to_wait(reader):
    make_publication(slug="pier")
    visitor = Client(REMOTE_ADDR="203.0.113.9")
    answers = [
        visitor.post("/pier/subscribe/", {"email": f"r{n}@readers.example"}).status_code for n in range(21)
    ]
    assert answers == [200] * 20 + [429]
    elsewhere = Client(REMOTE_ADDR="203.0.113.10").post("/pier/subscribe/", {"email": "r@readers.example"})
    assert elsewhere.status_code == 200


def test_a_mailbox_gets_five_mails_a_day_whatever_is_behind_its_plus(db):
    for number in range(7):
        publication = make_publication()
        Client().post(f"/{publication.slug}/subscribe/", {"email": f"ann+{number}@readers.example"})
    assert Subscription.objects.filter(mail_due_at__isnull=False).count() == subscribing.MAILS


# Preferences


def test_a_reader_corrects_what_they_told_us(reader):
    reader.mailing_list.asks = ["Company"]
    reader.mailing_list.save()
    assert "Saved." in page(reader, act="about", name=" Ann \r\nReed ", attribute0=" Brightwater\r\n")
    person = Subscriber.objects.get()
    assert (person.name, person.attributes) == ("Ann Reed", {"Company": "Brightwater"})
    page(reader, act="about", name="Ann", attribute0="")
    assert Subscriber.objects.get().attributes == {}


def test_a_reader_chooses_lists_and_joins_by_mail_only(reader):
    pier = make_list(make_publication(name="Pier News"))
    assert "You have left" in page(reader, act="lists", list=[pier.slug])
    reader.refresh_from_db()
    assert (reader.status, reader.left_by) == (Status.UNSUBSCRIBED, "preferences")
    asked = Subscription.objects.get(mailing_list=pier)
    assert (asked.status, bool(asked.mail_due_at)) == (Status.PENDING, True)


def test_a_reader_leaves_everything_or_is_never_written_to_again(reader):
    other = make_reader(make_publication(), ANN)
    assert "You have left everything" in page(reader, act="leave")
    other.refresh_from_db()
    assert other.status == Status.UNSUBSCRIBED
    assert "never write to you again" in page(reader, act="never")
    assert suppressing.find(ANN).reason == Reason.ASKED


def test_opening_pages_changes_nothing(reader):
    for where in ("u", "preferences"):
        page(reader, where=where)
    Client().get(f"/preferences/{subscribing.token_of(reader.pk)}/erase/")
    reader.refresh_from_db()
    assert (reader.status, Suppression.objects.count(), Consent.objects.count()) == (Status.ACTIVE, 0, 0)


def test_a_reader_takes_their_data_and_has_them_erased(reader):
    path = f"/preferences/{tokens(reader)[1]}"
    data = Client().get(f"{path}/data.json")
    assert data.headers["Content-Disposition"].startswith("attachment")
    assert (data.json()["email"], data.json()["issues sent"]) == (ANN, [])
    assert "1 subscription;" in Client().get(f"{path}/erase/").content.decode()
    assert "Your data are erased" in Client().post(f"{path}/erase/").content.decode()
    assert not Subscriber.objects.exists()
    assert suppressing.find(ANN)


@pytest.mark.parametrize("reason", Reason)
def test_how_to_come_back_after_an_erasure_is_said_as_it_is(reader, reason):
    suppressing.suppress(ANN, reason, now=timezone.now())
    said = Client().post(f"/preferences/{subscribing.token_of(reader.pk)}/erase/").content.decode()
    sign_up = {"email": ANN}
    Client().post(f"/{reader.mailing_list.slug}/subscribe/", sign_up)
    comes_back = Subscription.objects.filter(subscriber__email=ANN).exists()
    assert ("subscribe like anybody else" in said, "write to us" in said) == (comes_back, not comes_back)


# At the desk


def test_an_operator_sees_unsubscribes_and_erases_one_person(reader, olga):
    here = f"/desk/subscribers/{reader.subscriber_id}/"
    assert ANN in olga.get(here).content.decode()
    olga.post(f"{here}leave/", {"subscription": reader.pk})
    olga.post(f"{here}seed/", {"subscription": reader.pk})
    reader.refresh_from_db()
    assert (reader.status, reader.left_by, reader.seed) == (Status.UNSUBSCRIBED, "desk", True)
    assert olga.post(f"{here}leave/", {"subscription": "x"}).status_code == 422
    assert olga.get(f"{here}data.json").json()["email"] == ANN
    assert "Erase everything" in olga.get(f"{here}erase/").content.decode()
    olga.post(f"{here}erase/")
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("reason", Reason)
def test_the_desk_says_who_brings_an_erased_address_back(reader, olga, reason):
    suppressing.suppress(ANN, reason, now=timezone.now())
    said = olga.post(f"/desk/subscribers/{reader.subscriber_id}/erase/", follow=True).content.decode()
    Client().post(f"/{reader.mailing_list.slug}/subscribe/", {"email": ANN})
    comes_back = Subscription.objects.filter(subscriber__email=ANN).exists()
    words = ("but its owner, by the form", "not even the form to subscribe")
    assert tuple(each in said for each in words) == (comes_back, not comes_back)


def test_an_address_is_suppressed_searched_exported_and_lifted_by_hand(reader, olga):
    there = "/desk/subscribers/never/"
    assert olga.post(there, {"email": "nobody", "reason": "asked", "note": "x"}).status_code == 422
    olga.post(there, {"email": ANN, "reason": "asked", "note": "=HYPERLINK(1)"})
    reader.refresh_from_db()
    assert reader.status == Status.UNSUBSCRIBED
    assert ANN in olga.get(there, {"q": "ann"}).content.decode()
    csv = b"".join(olga.get("/desk/subscribers/never.csv").streaming_content).decode()
    assert "'=HYPERLINK(1)" in csv
    row = Suppression.objects.get()
    assert olga.post(f"{there}{row.pk}/lift/", {"words": ""}).status_code == 422
    olga.post(f"{there}{row.pk}/lift/", {"words": "They called"})
    assert not Suppression.objects.exists()


def test_subscribers_are_paged_without_counting_them(reader, olga, django_assert_max_num_queries):
    publication = make_publication()
    for _ in range(101):
        make_reader(publication)
    with django_assert_max_num_queries(12) as asked:
        first = olga.get("/desk/subscribers/").content.decode()
    assert not [query for query in asked.captured_queries if "COUNT(" in query["sql"]]
    assert ANN not in first
    before = first.partition("before=")[2].partition('"')[0]
    assert ANN in olga.get("/desk/subscribers/", {"before": before}).content.decode()


FIELDS = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "name": "Danes"}


def test_a_segment_is_counted_made_changed_and_deleted(reader, olga):
    reader.subscriber.attributes = {"country": "DK"}
    reader.subscriber.save()
    asked = {
        **FIELDS,
        "list": reader.mailing_list.slug,
        "form-0-test": "attribute:is",
        "form-0-attribute": "country",
    }
    assert "Say what" in olga.post("/desk/subscribers/segments/count/", asked).content.decode()
    asked["form-0-words"] = "dk"
    counted = olga.post("/desk/subscribers/segments/count/", asked).content.decode()
    assert "<strong>1</strong> reader: country is “dk”" in counted
    longer = olga.post("/desk/subscribers/segments/new/", {**asked, "more": "1"}).content.decode()
    assert 'name="form-1-test"' in longer
    assert olga.post("/desk/subscribers/segments/new/", asked).status_code == 302
    segment = reader.mailing_list.segments.get()
    assert "country is “dk”" in olga.get("/desk/subscribers/segments/").content.decode()
    here = f"/desk/subscribers/segments/{segment.pk}/"
    assert 'value="country"' in olga.get(here).content.decode()
    assert "<strong>1</strong>" in olga.get(f"{here}count/").content.decode()
    assert ANN in olga.get("/desk/subscribers/", {"segment": segment.pk}).content.decode()
    assert olga.post(here, {**asked, "form-0-words": "", "form-INITIAL_FORMS": "1"}).status_code == 422
    assert olga.post(f"{here}delete/").status_code == 302
    assert not reader.mailing_list.segments.exists()


def test_a_chief_says_what_readers_may_tell(reader, chris):
    here = f"/desk/subscribers/lists/{reader.mailing_list.slug}/"
    assert chris.post(here, {"asks": "1st thing"}).status_code == 422
    chris.post(here, {"asks": "Company\nCountry\nCompany\n"})
    assert 'label for="id_attribute1"' in page(reader)
