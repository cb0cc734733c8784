"""Speaking to the relay: what each of its answers, and each silence, means."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from newsroom.delivery.relay.smtp import Connection, InDoubt, Refusal, RelayDown
from newsroom.lib.relay import Relay
from tests.delivery.relays import dead_relay, fake_relay

MESSAGE = b"To: b@readers.example\r\nSubject: Hi\r\n\r\nHi\r\n"


def hand_over(connection: Connection, message: bytes = MESSAGE, to: str = "b@readers.example") -> None:
    connection.hand_over("a@harbour.example", to, message)


def test_a_message_arrives_byte_for_byte_on_one_connection():
    with fake_relay() as relay, Connection(relay.relay) as connection:
        hand_over(connection)
        hand_over(connection, to="c@readers.example")
    assert relay.taken == [("b@readers.example", MESSAGE), ("c@readers.example", MESSAGE)]
    assert relay.connections == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(
    ("answer", "final"),
    [(b"550 no\r\n", True), (b"554-no\r\n554 never\r\n", True), (b"451 later\r\n", False)],
)
def test_a_refusal_is_of_one_message_and_the_next_one_goes(step, answer, final):
    said = [answer]

    def once(line: str) -> bytes:
        return said.pop() if said else b"354 go on\r\n" if step == "data" else b"250 OK\r\n"

    with fake_relay(**{step: once}) as relay, Connection(relay.relay) as connection:
        with pytest.raises(Refusal) as refusal:
            hand_over(connection)
        assert refusal.value.permanent == final
        assert str(refusal.value).startswith(answer[:3].decode())
        hand_over(connection)
    assert len(relay.taken) == 1
    assert relay.connections == 2


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_a_421_is_a_relay_that_does_not_take_it_now(step):
    with (
        fake_relay(**{step: lambda line: b"421 closing\r\n"}) as relay,
        Connection(relay.relay) as connection,
    ):
        with pytest.raises(Refusal) as refusal:
            hand_over(connection)
        relay.answers.clear()
        hand_over(connection)
    assert not refusal.value.permanent
    assert len(relay.taken) == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "dot"])
def test_a_connection_that_drops_leaves_a_doubt(step):
    with fake_relay(**{step: lambda line: None}) as relay, Connection(relay.relay) as connection:
        with pytest.raises(InDoubt, match="does not answer"):
            hand_over(connection)
        relay.answers.clear()
        hand_over(connection)
    assert relay.connections == 2


@pytest.mark.parametrize("answer", [b"hello?\r\n", b"\xff\xfe\r\n", b"354 more\r\n"])
def test_an_answer_that_is_none_after_the_message_leaves_a_doubt_and_is_no_reason_to_send_again(answer):
    says = {b"354 more\r\n": b"154 wait\r\n"}.get(answer, answer)
    with (
        fake_relay(dot=lambda recipient: says) as relay,
        Connection(relay.relay) as connection,
        pytest.raises(InDoubt),
    ):
        hand_over(connection)


def test_a_relay_that_hangs_up_on_those_it_refuses_has_refused_only_them():
    with (
        fake_relay(rcpt=lambda line: b"550 no\r\n", rset=lambda line: None) as relay,
        Connection(relay.relay) as connection,
    ):
        with pytest.raises(Refusal):
            hand_over(connection)
        relay.answers.clear()
        hand_over(connection)
    assert len(relay.taken) == 1


def test_a_relay_that_nobody_runs_is_down():
    with (
        pytest.raises(RelayDown, match=r"127\.0\.0\.1:\d+ does not answer"),
        Connection(dead_relay()) as connection,
    ):
        connection.open()


def test_a_relay_that_greets_with_a_refusal_is_down():
    with (
        talking(b"554 not today\r\n") as relay,
        Connection(relay) as connection,
        pytest.raises(RelayDown, match="takes no mail from us now: 554 not today"),
    ):
        connection.open()


def test_a_relay_that_says_nothing_is_down_after_a_while():
    with talking(b"") as relay, Connection(relay, patience=0.2) as connection:
        began = time.monotonic()
        with pytest.raises(RelayDown):
            connection.open()
    assert time.monotonic() - began < 3


def test_a_relay_that_falls_silent_after_the_message_leaves_a_doubt():
    waiting = threading.Event()
    with (
        fake_relay(dot=lambda recipient: waiting.wait(5) and None) as relay,
        Connection(relay.relay, patience=0.2) as connection,
    ):
        with pytest.raises(InDoubt):
            hand_over(connection)
        waiting.set()


@pytest.mark.parametrize(
    ("relay_of", "said"),
    [
        (lambda address: Relay(address.host, address.port, tls="starttls"), "STARTTLS"),
        (lambda address: Relay(address.host, address.port, username="u", password="p"), "does not answer"),
    ],
)
def test_a_relay_that_cannot_do_what_we_need_is_down_and_gets_nothing(relay_of, said):
    with (
        fake_relay() as relay,
        Connection(relay_of(relay.relay)) as connection,
        pytest.raises(RelayDown, match=said),
    ):
        connection.open()
    assert relay.taken == []


def test_a_wrong_password_is_said_as_such():
    answers = {"ehlo": lambda line: b"250-test\r\n250 AUTH PLAIN\r\n", "auth": lambda line: b"535 no\r\n"}
    with fake_relay(**answers) as relay:
        address = Relay(relay.relay.host, relay.relay.port, username="u", password="p")
        with Connection(address) as connection, pytest.raises(RelayDown, match="user name and password"):
            connection.open()


def test_a_dot_at_the_start_of_a_line_ends_nothing():
    message = b"To: b@readers.example\r\n\r\n.\r\n..\r\n.a\r\n"
    with fake_relay() as relay, Connection(relay.relay) as connection:
        hand_over(connection, message)
    assert relay.taken == [("b@readers.example", message)]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"auth": lambda _: b"535 5.7.8 no\r\n"}, "user name and password: 535 5.7.8 no"),
        ({"auth": lambda _: b"454 4.7.0 later\r\n"}, "takes no mail from us now: 454 4.7.0 later"),
        ({"auth": lambda _: None}, "does not answer: Connection unexpectedly closed."),
    ],
)
def test_why_a_relay_is_down_is_said_in_its_own_words_and_not_in_those_of_a_program(answers, said):
    able = {"ehlo": lambda _: b"250-test\r\n250 AUTH PLAIN\r\n"}
    with fake_relay(**able | answers) as relay:
        address = Relay(relay.relay.host, relay.relay.port, username="u", password="p")
        with Connection(address) as connection, pytest.raises(RelayDown) as down:
            connection.open()
    assert str(down.value).endswith(said)


@contextmanager
def talking(greeting: bytes) -> Iterator[Relay]:
    """A server that says one thing and then nothing."""
    done = threading.Event()

    class Monologue(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(greeting)
            self.request.settimeout(5)
            try:
                while not done.is_set() and self.request.recv(100):
                    pass
            except OSError:
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Monologue) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Relay("127.0.0.1", server.server_address[1])
        finally:
            done.set()
            server.shutdown()
