"""The exchange against real servers: plain, encrypted, slow, silent, and those that let nobody in."""

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from newsroom.delivery.relay import exchange
from newsroom.delivery.relay.conversation import Reply
from newsroom.delivery.relay.exchange import Exchange
from newsroom.delivery.relay.smtp import RelayDown
from newsroom.delivery.sender import sending
from newsroom.lib.relay import Relay
from tests.delivery.relays import fake_relay
from tests.delivery.sender.test_sending import run, started
from tests.make import NOW


@dataclass(frozen=True)
class Parcel:
    recipient: bytes
    content: bytes = b"Subject: Hi\r\n\r\nHello.\r\n"
    sender: bytes = b"us@quay.example"

    def body(self) -> bytes:
        return self.content


@dataclass
class Box:
    """A letterbox of so many parcels."""

    parcels: list[Parcel]
    fates: list[str] = field(default_factory=list)

    @property
    def closed(self) -> bool:
        return not self.parcels

    @property
    def backlog(self) -> int:
        return len(self.parcels)

    def take(self) -> Parcel | None:
        return self.parcels.pop() if self.parcels else None

    def handing_over(self, parcel: Parcel) -> None: ...

    def accepted(self, parcel: Parcel, reply: Reply) -> None:
        self.fates.append("accepted")

    def refused(self, parcel: Parcel, reply: Reply) -> None:
        self.fates.append("refused")

    def put_back(self, parcel: Parcel) -> None:
        self.fates.append("put back")

    def doubted(self, parcel: Parcel, why: str) -> None:
        self.fates.append(why)

    def unwelcome(self, reply: Reply) -> None: ...


def parcels(count: int, **more) -> Box:
    return Box([Parcel(b"reader%d@readers.example" % number, **more) for number in range(count)])


def carried(relay: Relay, box: Box, *, connections: int = 3) -> list[str]:
    Exchange(relay, box, connections=connections, tend=lambda: None, tend_every=0.05).run()
    return box.fates


class Taking:
    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    async def handle_DATA(self, _server, _session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append((envelope.rcpt_tos[0], envelope.original_content))
        return "250 OK"


@contextmanager
def served(**options) -> Iterator[tuple[int, Taking]]:
    """aiosmtpd on a loopback port; ``implicit`` is a TLS context for the whole connection."""
    implicit, taking = options.pop("implicit", None), Taking()
    ready, port, stops = threading.Event(), [], []

    async def live() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        server = await loop.create_server(
            lambda: SMTP(taking, hostname="localhost", loop=loop, **options), "127.0.0.1", 0, ssl=implicit
        )
        port.append(server.sockets[0].getsockname()[1])
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield port[0], taking
    finally:
        stops[0]()
        thread.join(5)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch) -> trustme.CA:
    """A certificate authority that this process trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


def certified(authority: trustme.CA, name: str = "localhost", **more) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **more).configure_cert(context)
    return context


def test_a_plain_relay_gets_every_message():
    with served() as (port, taking):
        assert carried(Relay("127.0.0.1", port), parcels(30)) == ["accepted"] * 30
    assert len({recipient for recipient, _ in taking.taken}) == 30


def test_implicit_tls_carries_large_messages_too(authority):
    body = b"x" * 70 + b"\r\n"
    with served(implicit=certified(authority), data_size_limit=None) as (port, taking):
        relay = Relay("localhost", port, tls="implicit")
        assert carried(relay, parcels(6, content=body * 20_000), connections=2) == ["accepted"] * 6
    assert {len(content) for _, content in taking.taken} == {72 * 20_000}


def test_starttls_and_a_password(authority):
    def known(_server, _session, _envelope, _mechanism, given) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"us", b"secret"), handled=False)

    options = {
        "tls_context": certified(authority),
        "require_starttls": True,
        "authenticator": known,
        "auth_required": True,
    }
    with served(**options) as (port, taking):
        relay = Relay("localhost", port, "us", "secret", tls="starttls")
        assert carried(relay, parcels(8)) == ["accepted"] * 8
        assert len(taking.taken) == 8
        with pytest.raises(RelayDown, match="user name and password"):
            carried(Relay("localhost", port, "us", "wrong", tls="starttls"), parcels(3))
        assert len(taking.taken) == 8


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ("expired", "certificate has expired."),
        ("another name", "Hostname mismatch, certificate is not valid for 'localhost'."),
        ("unknown authority", "unable to get local issuer certificate."),
    ],
)
def test_a_certificate_that_does_not_hold_gets_nothing_and_loses_nobody(authority, settings, flaw, said):
    context = {
        "expired": lambda: certified(authority, not_after=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
        "another name": lambda: certified(authority, "elsewhere.example"),
        "unknown authority": lambda: certified(trustme.CA()),
    }[flaw]()
    send = started(readers=3)
    with served(implicit=context) as (port, taking):
        settings.RELAY = Relay("localhost", port, tls="implicit")
        tally = run(send)
    assert taking.taken == []
    assert tally == sending.Tally(planned=3)
    assert f"does not hold: {said}" in send.waiting_for
    assert send.not_before > NOW


def test_a_relay_that_falls_silent_leaves_one_in_doubt_on_each_connection(monkeypatch):
    monkeypatch.setattr(exchange, "PATIENCE", 0.3)
    release = threading.Event()

    def dot(_recipient: str) -> bytes:
        release.wait(5)
        return b"250 OK\r\n"

    box = parcels(3)
    with fake_relay(dot=dot) as relay:
        fates = carried(relay.relay, Stopping(box), connections=1)
        release.set()
    assert fates == [
        "The mail server did not answer within 0.3 seconds. It had the message and had not answered yet.",
        "put back",
    ]
    assert len(box.parcels) == 1


class Stopping(Box):
    """Closes as soon as anything went wrong."""

    def __init__(self, box: Box) -> None:
        super().__init__(box.parcels, box.fates)

    @property
    def closed(self) -> bool:
        return not self.parcels or any(fate != "accepted" for fate in self.fates)

    def take(self) -> Parcel | None:
        return None if self.closed else super().take()


def test_a_relay_that_reads_slowly_gets_all_of_it():
    """What the socket does not take at once is written when it does."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        heard: list[bytes] = []
        threading.Thread(target=read_slowly, args=(door, heard), daemon=True).start()
        content = b"".join(b"line %d of a long message\r\n" % number for number in range(60_000))
        box = parcels(1, content=content)
        assert carried(Relay("127.0.0.1", door.getsockname()[1]), box, connections=1) == ["accepted"]
    assert content in b"".join(heard)


def read_slowly(door: socket.socket, heard: list[bytes]) -> None:
    connection, _ = door.accept()
    with connection:
        connection.sendall(b"220 slow\r\n")
        assert connection.recv(100).startswith(b"ehlo")
        connection.sendall(b"250-slow\r\n250 PIPELINING\r\n")
        envelope = b""
        while not envelope.endswith(b"DATA\r\n"):
            envelope += connection.recv(100)
        connection.sendall(b"250 ok\r\n250 ok\r\n354 go on\r\n")
        while not heard or not b"".join(heard[-2:]).endswith(b"\r\n.\r\n"):
            heard.append(connection.recv(8192))
        connection.sendall(b"250 ok\r\n")
        connection.recv(100)


def test_a_relay_that_answers_without_end_is_dropped():
    with fake_relay(rcpt=lambda line: b"250-" + b"x" * 200_000) as relay:
        assert "put back" in carried(relay.relay, Stopping(parcels(2)), connections=1)


def test_a_relay_nobody_runs_is_down():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    box = parcels(2)
    with pytest.raises(RelayDown):
        carried(Relay("127.0.0.1", port), box)
    assert len(box.parcels) == 2
