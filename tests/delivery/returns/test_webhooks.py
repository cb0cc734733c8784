"""A provider's word on our messages counts if it is signed as agreed, and names a message of ours."""

import base64
import hashlib
import hmac
import json

import pytest
from django.test import Client

from newsroom.audience.models import Status
from newsroom.delivery.models import Return, ReturnKind
from newsroom.lib.providers import read_provider
from tests.delivery.mail import make_mailed, token

pytestmark = pytest.mark.django_db

VARIABLES = {
    "MAILGUN_API_KEY": "key", "MAILGUN_WEBHOOK_SIGNING_KEY": "signing", "POSTMARK_SERVER_TOKEN": "server",
    "MAILERSEND_API_TOKEN": "token", "MAILERSEND_SIGNING_SECRET": "signing",
}  # fmt: skip


@pytest.fixture
def by(settings):
    """We send by this provider."""

    def choose(name: str, **variables: str) -> None:
        settings.PROVIDER, settings.ANYMAIL = read_provider(name, {**VARIABLES, **variables}.get)

    return choose


def mailgun(event: str, token: str, *, key: str = "signing", **more) -> dict:
    signature = hmac.new(key.encode(), b"1700000000once", hashlib.sha256).hexdigest()
    data = {
        "event": event, "id": "event-1", "timestamp": 1700000000, "recipient": "ann@readers.example", "message": {"headers": {}},
        "user-variables": {"reader": token}, **more,
    }  # fmt: skip
    return {
        "signature": {"timestamp": "1700000000", "token": "once", "signature": signature},
        "event-data": data,
    }


def post(name: str, payload: object, **headers: str):
    return Client().post(
        f"/returns/{name}/", json.dumps(payload), content_type="application/json", headers=headers
    )


GONE = {
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 No such user"},
}
FULL = {
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {"code": 552, "message": "5.2.2 Mailbox full"},
}


def test_a_signed_bounce_is_recorded_once(by):
    by("mailgun")
    printing, (reader,) = make_mailed()
    for _ in range(2):
        assert post("mailgun", mailgun("failed", token(printing, reader), **GONE)).status_code == 200
    row = Return.objects.get()
    assert (row.kind, row.by, row.send, row.subscription) == (
        ReturnKind.HARD,
        "Mailgun",
        printing.send,
        reader,
    )
    reader.refresh_from_db()
    assert reader.status == Status.BOUNCED


def test_what_the_provider_calls_permanent_may_be_a_full_mailbox(by):
    by("mailgun")
    printing, (reader,) = make_mailed()
    post("mailgun", mailgun("failed", token(printing, reader), **FULL))
    assert (Return.objects.get().kind, Return.objects.get().status) == (ReturnKind.SOFT, "5.2.2")
    reader.refresh_from_db()
    assert reader.status == Status.ACTIVE


def test_a_complaint_and_a_way_out_are_heard(by):
    by("mailgun")
    printing, (angry, tired) = make_mailed(2)
    post("mailgun", mailgun("complained", token(printing, angry)))
    post("mailgun", mailgun("unsubscribed", token(printing, tired)))
    for each in (angry, tired):
        each.refresh_from_db()
    assert (angry.status, tired.status, tired.left_by) == (Status.COMPLAINED, Status.UNSUBSCRIBED, "Mailgun")


@pytest.mark.parametrize("event", ["delivered", "opened", "clicked"])
def test_good_news_is_no_return(by, event):
    by("mailgun")
    printing, (reader,) = make_mailed()
    assert post("mailgun", mailgun(event, token(printing, reader))).status_code == 200
    assert not Return.objects.exists()


def test_forged_calls_are_403_and_leave_no_trace(by):
    by("mailgun")
    printing, (reader,) = make_mailed()
    good = token(printing, reader)
    forged = [
        mailgun("failed", good, key="guessed", **GONE), {}, [], "x", 7, {"signature": []}, {"signature": {"token": 1}},
        {"signature": {"timestamp": "é", "token": "é", "signature": "é"}},
    ]  # fmt: skip
    assert [post("mailgun", each).status_code for each in forged] == [403] * len(forged)
    for raw in (b"\xff\xfe", b'{"signature":' * 5000):
        assert Client().post("/returns/mailgun/", raw, content_type="application/json").status_code == 403
    assert Client().post("/returns/mailgun/", {"token": "x"}).status_code == 403
    assert not Return.objects.exists()


def test_a_signed_call_about_a_message_that_is_not_ours_changes_nothing(by):
    by("mailgun")
    printing, (reader,) = make_mailed()
    for strange in ("", "A" * 27, token(printing, reader)[:-1] + "!"):
        assert post("mailgun", mailgun("complained", strange)).status_code == 200
    assert not Return.objects.exists()


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(secret.encode()).decode()


def postmark(token: str) -> dict:
    return {
        "RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "MessageID": "m", "Email": "ann@readers.example",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 The email account does not exist", "Metadata": {"reader": token},
        "BouncedAt": "2031-03-04T07:00:00Z",
    }  # fmt: skip


def test_who_does_not_sign_shows_a_secret(by):
    by("postmark", WEBHOOK_SECRET="postmark:secret")
    printing, (reader,) = make_mailed()
    said = postmark(token(printing, reader))
    assert post("postmark", said).status_code == 403
    assert post("postmark", said, Authorization=basic("postmark:guessed")).status_code == 403
    assert not Return.objects.exists()
    assert post("postmark", said, Authorization=basic("postmark:secret")).status_code == 200
    assert Return.objects.get().kind == ReturnKind.HARD


def test_without_a_secret_the_door_is_closed(by):
    by("postmark")
    printing, (reader,) = make_mailed()
    assert post("postmark", postmark(token(printing, reader))).status_code == 404


def test_only_the_provider_that_we_send_by_has_a_door(by, settings):
    by("mailgun")
    assert post("postmark", {}).status_code == 404
    assert post("nobody", {}).status_code == 404
    settings.PROVIDER = None
    assert post("mailgun", {}).status_code == 404
    assert Client().get("/returns/mailgun/").status_code == 405


def test_mailersend_gives_back_a_tag(by):
    by("mailersend")
    printing, (reader,) = make_mailed()
    payload = {
        "type": "activity.hard_bounced", "created_at": "2031-03-04T07:00:00.000000Z", "webhook_id": "w",
        "data": {
            "object": "activity", "id": "a", "type": "hard_bounced", "created_at": "2031-03-04T07:00:00.000000Z",
            "email": {
                "id": "e", "message": {"id": "m"}, "tags": [token(printing, reader)],
                "recipient": {"email": "ann@readers.example"},
            },
            "morph": {"object": "recipient_bounce", "reason": "550 5.1.1 User unknown"},
        },
    }  # fmt: skip
    body = json.dumps(payload).encode()
    signature = hmac.new(b"signing", body, hashlib.sha256).hexdigest()
    answer = Client().post(
        "/returns/mailersend/", body, content_type="application/json", headers={"Signature": signature}
    )
    assert answer.status_code == 200
    assert Return.objects.get().kind == ReturnKind.HARD
