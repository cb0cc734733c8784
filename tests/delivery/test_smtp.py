"""Speaking to the relay: what each of its answers, and each silence, means."""

import io
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.delivery import smtp
from newsroom.delivery.smtp import Connection, InDoubt, Refusal, RelayDown
from newsroom.lib.relay import Relay
from tests.delivery.relay import dead_relay, fake_relay

MESSAGE = b"To: b@readers.example\r\nSubject: Hi\r\n\r\nHi\r\n"


def hand_over(connection: Connection, message: bytes = MESSAGE, to: str = "b@readers.example") -> str:
    return connection.hand_over("a@harbour.example", to, message)


def test_a_message_arrives_byte_for_byte_on_one_connection():
    with fake_relay() as relay, Connection(relay.relay) as connection:
        assert hand_over(connection) == "OK"
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
    assert relay.connections == 1


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_421_before_the_message_is_a_relay_that_goes_away(step):
    with (
        fake_relay(**{step: lambda line: b"421 closing\r\n"}) as relay,
        Connection(relay.relay) as connection,
    ):
        with pytest.raises(RelayDown):
            hand_over(connection)
        relay.answers.clear()
        hand_over(connection)
    assert len(relay.taken) == 1
    assert relay.connections == 2


def test_a_421_after_the_message_is_put_off_because_it_was_not_taken():
    closing = {"dot": lambda recipient: b"421 closing\r\n"}
    with (
        fake_relay(**closing) as relay,
        Connection(relay.relay) as connection,
        pytest.raises(Refusal) as refusal,
    ):
        hand_over(connection)
    assert not refusal.value.permanent
    assert relay.taken == []


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_connection_that_drops_before_the_message_has_handed_nothing_over(step):
    drops = {step: lambda line: None}
    with (
        fake_relay(**drops) as relay,
        Connection(relay.relay) as connection,
        pytest.raises(RelayDown, match="does not"),
    ):
        hand_over(connection)
    assert relay.taken == []


def test_a_connection_that_drops_after_the_message_leaves_a_doubt():
    with fake_relay(dot=lambda recipient: None) as relay, Connection(relay.relay) as connection:
        with pytest.raises(InDoubt):
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


def test_any_yes_after_the_message_is_a_yes():
    with (
        fake_relay(dot=lambda recipient: b"251 forwarded\r\n") as relay,
        Connection(relay.relay) as connection,
    ):
        assert hand_over(connection) == "forwarded"


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
    with talking(b"554 not today\r\n") as relay, Connection(relay) as connection, pytest.raises(RelayDown):
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


lines = st.lists(
    st.sampled_from([b"", b".", b"..", b".a", b"a.", b"To: x", b". ", b"...."]), min_size=1, max_size=12
)


@given(lines)
def test_dots_survive_the_way(parts):
    message = b"".join(part + b"\r\n" for part in parts)
    assert unstuffed(smtp._stuffed(message)) == message


@given(lines)
def test_a_message_never_ends_before_its_end(parts):
    message = b"\r\n".join(parts)
    sent = smtp._stuffed(message)
    assert (b"\r\n" + sent).index(b"\r\n.\r\n") == len(sent) - 3
    assert sent.endswith(b".\r\n")


def unstuffed(sent: bytes) -> bytes:
    """As a relay reads it (RFC 5321, 4.5.2): a dot alone ends it, any other leading dot is taken off."""
    taken = []
    for line in io.BytesIO(sent):
        if line == b".\r\n":
            return b"".join(taken)
        taken.append(line.removeprefix(b"."))
    raise AssertionError("it never ends")


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
