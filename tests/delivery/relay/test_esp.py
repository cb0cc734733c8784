"""A provider takes our messages by HTTP: as they are, and with the same word on each as a relay gives."""

import http.server
import json
import threading
import time
from email import message_from_bytes
from email.policy import default
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from newsroom.delivery.relay import esp
from newsroom.delivery.relay.smtp import InDoubt, Refusal, RelayDown
from newsroom.delivery.wire.letter import compile_letter
from newsroom.lib.providers import PROVIDERS, read_provider
from tests.make import NOW, make_approved_issue

KEYS = {
    "MAILGUN_API_KEY": "k", "POSTMARK_SERVER_TOKEN": "t", "BREVO_API_KEY": "k", "MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s",
    "SPARKPOST_API_KEY": "k", "RESEND_API_KEY": "k", "MAILERSEND_API_TOKEN": "t",
}  # fmt: skip


class Fake:
    """An API on loopback. ``answers`` are what it says to each call in turn: status, or None to hang up; then 200."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict, bytes]] = []
        self.answers: list[int | None] = []
        self.slow = 0.0
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def begin(self, path: str, headers: dict, body: bytes) -> int | None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
            self.calls.append((path, headers, body))
            answer = self.answers.pop(0) if self.answers else 200
        time.sleep(self.slow)
        with self._lock:
            self.at_once -= 1
        return answer


@pytest.fixture
def fake():
    made = Fake()

    class Session(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = made.begin(self.path, dict(self.headers), body)
            if status is None:
                self.close_connection = True
                return
            said = json.dumps(
                {"id": "<m@x>", "message": "Queued", "ErrorCode": 0, "Message": "OK", "MessageID": "m"}
            ).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Session)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provider(settings, fake):
    """Chooses a provider whose API is the fake."""

    def choose(name: str):
        url = fake.url if name != "mailgun" else f"{fake.url}/v3"
        settings.PROVIDER, settings.ANYMAIL = read_provider(
            name, {**KEYS, f"{name.upper()}_API_URL": url}.get
        )
        return settings.PROVIDER

    return choose


@pytest.fixture
def letter(db):
    issue = make_approved_issue()
    return compile_letter(issue.edition, issue.publication, printing=7, date=NOW)


def given(letter, reader: int = 1, name: str = "Zoë Falk") -> tuple[str, str, bytes]:
    sender, content = letter.message(reader, f"r{reader}@readers.example", name)
    return sender.decode(), f"r{reader}@readers.example", content


# one message


def test_postmark_gets_the_message_as_it_is(letter, provider, fake):
    message = given(letter)
    with esp.Connection(provider("postmark")) as connection:
        connection.hand_over(*message)
    sent = json.loads(fake.calls[0][2])
    read = message_from_bytes(message[2], policy=default)
    headers = {each["Name"]: each["Value"] for each in sent["Headers"]}
    assert sent["Subject"] == read["Subject"]
    assert sent["HtmlBody"] == read.get_body(("html",)).get_content().replace("\r\n", "\n")
    assert sent["TextBody"] == read.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "r1@readers.example" in sent["To"]
    for name in (
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Id",
        "Feedback-ID",
        "Message-ID",
        "List-Archive",
        "Precedence",
    ):
        assert headers[name] == read[name], name
    assert read["Message-ID"].startswith(f"<7.{sent['Metadata']['reader']}@")
    assert (sent["TrackOpens"], sent["TrackLinks"]) == (False, "None")


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_can_be_told_all_of_it(letter, provider, fake, name):
    chosen = provider(name)
    with esp.Connection(chosen) as connection:
        payload = connection._backend.build_message_payload(
            esp.as_message(given(letter)[2], chosen), connection._backend.send_defaults
        )
    said = json.dumps(getattr(payload, "data", {}), default=str) + str(
        getattr(payload, "serialize_data", str)()
    )
    assert "List-Unsubscribe=One-Click" in said
    assert "/u/" in said


def test_mailgun_takes_it_too(letter, provider, fake):
    with esp.Connection(provider("mailgun")) as connection:
        assert connection.hand_over(*given(letter)).startswith("Mailgun")
    path, _, body = fake.calls[0]
    assert path == "/v3/harbour.example/messages"
    assert b"List-Unsubscribe=One-Click" in body or b"One-Click" in body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (401, RelayDown),
        (429, Refusal),
        (503, Refusal),
        (422, Refusal),
        (500, InDoubt),
        (504, InDoubt),
        (None, InDoubt),
    ],
)
def test_no_is_told_from_perhaps(letter, provider, fake, answer, error):
    fake.answers = [answer]
    with esp.Connection(provider("mailgun")) as connection, pytest.raises(error) as raised:
        connection.hand_over(*given(letter))
    if error is Refusal:
        assert raised.value.permanent == (answer == 422)


def test_a_provider_that_is_away_got_nothing(letter, provider, settings):
    chosen = provider("mailgun")
    settings.ANYMAIL["MAILGUN_API_URL"] = "http://127.0.0.1:9/v3"
    with esp.Connection(chosen) as connection, pytest.raises(RelayDown):
        connection.hand_over(*given(letter))


# many


class Box:
    """A letterbox that keeps what it is told."""

    def __init__(self, letter, readers: int) -> None:
        self._left = [
            SimpleNamespace(
                sender=b"s@x.example", recipient=f"r{n}@readers.example".encode(), number=n,
                body=lambda n=n: letter.message(n, f"r{n}@readers.example", "")[1],
            )
            for n in range(readers)
        ]  # fmt: skip
        self.fate: dict[int, str] = {}
        self.stopped = False
        self.thread = threading.get_ident()

    @property
    def closed(self) -> bool:
        return self.stopped or not self._left

    def take(self):
        self._told()
        return self._left.pop(0) if self._left and not self.stopped else None

    def _told(self) -> None:
        assert threading.get_ident() == self.thread

    def handing_over(self, parcel) -> None:
        self._told()
        self.fate[parcel.number] = "in doubt"

    def accepted(self, parcel, reply) -> None:
        self._told()
        self.fate[parcel.number] = "sent"

    def refused(self, parcel, reply) -> None:
        self.fate[parcel.number] = f"refused {reply.code}"

    def put_back(self, parcel) -> None:
        self.fate[parcel.number] = "back"

    def doubted(self, parcel, why) -> None:
        self.fate[parcel.number] = f"doubted: {why}"

    def unwelcome(self, reply) -> None:
        self.fate[-1] = f"unwelcome {reply.code}"


def test_everybody_in_the_letterbox_gets_one_in_a_few_calls_at_a_time(letter, provider, fake):
    box, fake.slow = Box(letter, 40), 0.02
    esp.Exchange(provider("mailgun"), box, tend=lambda: None, calls=4).run()
    assert box.fate == dict.fromkeys(range(40), "sent")
    assert len(fake.calls) == 40
    assert 2 <= fake.most_at_once <= 4


def test_a_refusal_is_of_one_message(letter, provider, fake):
    fake.answers = [200, 400]
    box = Box(letter, 5)
    esp.Exchange(provider("mailgun"), box, tend=lambda: None, calls=1).run()
    assert box.fate == {0: "sent", 1: "refused 550", 2: "sent", 3: "sent", 4: "sent"}


def test_too_many_requests_slow_us_down_and_lose_nothing(letter, provider, fake):
    fake.answers = [429]
    box = Box(letter, 3)
    esp.Exchange(provider("mailgun"), box, tend=lambda: None, calls=1).run()
    assert box.fate == {0: "back", -1: "unwelcome 421", 1: "sent", 2: "sent"}


@pytest.mark.parametrize(("answer", "fate"), [(None, "doubted"), (502, "doubted"), (401, "back")])
def test_an_ill_provider_ends_the_shift(letter, provider, fake, answer, fate):
    fake.answers = [200, *[answer] * 50]
    box = Box(letter, 50)
    with pytest.raises(RelayDown):
        esp.Exchange(provider("mailgun"), box, tend=lambda: None, calls=3).run()
    touched = [each for number, each in box.fate.items() if number >= 0 and each != "sent"]
    assert 1 <= len(touched) <= 3
    assert all(each.startswith(fate) for each in touched)


def test_it_ends_when_the_letterbox_is_stopped(letter, provider, fake):
    box, fake.slow = Box(letter, 1000), 0.01

    def tend() -> None:
        box.stopped = len(fake.calls) > 10

    esp.Exchange(provider("mailgun"), box, tend=tend, tend_every=0.01, calls=2).run()
    assert set(box.fate.values()) == {"sent"}
    assert len(box.fate) == len(fake.calls) < 1000


# settings


def test_a_provider_needs_its_key():
    with pytest.raises(ImproperlyConfigured, match="MAILJET_API_KEY and MAILJET_SECRET_KEY"):
        read_provider("mailjet", {}.get)
    with pytest.raises(ImproperlyConfigured, match="ESP is one of"):
        read_provider("pigeon", {}.get)
    with pytest.raises(ImproperlyConfigured, match="user:password"):
        read_provider("", {"WEBHOOK_SECRET": "word"}.get)
    assert read_provider("", {}.get) == (None, {})
