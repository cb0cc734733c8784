"""The mail catcher, spoken to over a real loopback socket."""

import asyncio
import queue
import smtplib
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from newsroom.delivery.relay import catcher


@pytest.fixture
def outbox(settings, tmp_path):
    settings.VAR = tmp_path
    return tmp_path / "outbox"


@pytest.fixture
def port(outbox):
    """A catcher on a port of its own, in a thread: a browser test may have left a loop running in ours."""
    started: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = queue.Queue()

    async def serve() -> None:
        server = await catcher.catch(outbox, 0)
        stop = asyncio.Event()
        started.put((asyncio.get_running_loop(), stop, server.sockets[0].getsockname()[1]))
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, stop, number = started.get(timeout=10)
    yield number
    loop.call_soon_threadsafe(stop.set)
    thread.join()


@pytest.fixture
def relay(port):
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        yield client


def a_letter(subject="Issue 42"):
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = subject, "desk@news.example", "Ann <ann@example.com>"
    letter.set_content("Good morning.\n")
    letter.add_alternative("<p>Good morning, Zoë.</p>\n", subtype="html")
    return letter


def test_it_keeps_the_message_and_its_envelope(relay):
    before = datetime.now(UTC)
    relay.send_message(a_letter(), "bounce+7@news.example", ["ann@example.com", '"b c"@example.com'])
    [caught] = catcher.newest()
    assert caught.sender == "bounce+7@news.example"
    assert caught.recipients == ["ann@example.com", '"b c"@example.com']
    assert caught.subject == "Issue 42"
    assert caught.text == "Good morning.\n"
    assert caught.html == "<p>Good morning, Zoë.</p>\n"
    assert before - timedelta(milliseconds=1) <= caught.received_at <= datetime.now(UTC)


def test_the_bytes_of_a_message_come_back_exactly(relay):
    content = b"Subject: dots\r\n\r\n.one\r\n..two\r\n\r\n\r\nnot \xff ASCII\r\n"
    relay.sendmail("a@example.com", ["b@example.com"], content)
    assert catcher.newest()[0].content == content


def test_an_empty_sender_is_a_bounce_and_is_kept(relay):
    relay.sendmail("", ["b@example.com"], b"Subject: undeliverable\r\n\r\n")
    assert catcher.newest()[0].sender == ""


def test_it_takes_commands_in_one_go(port):
    commands = (
        b"EHLO me\r\n",
        b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n",
        b"Subject: one\r\n\r\n.\r\n",
        b"MAIL FROM:<a@example.com>\r\nRCPT TO:<d@example.com>\r\nDATA\r\nSubject: two\r\n\r\n.\r\nQUIT\r\n",
    )
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"".join(commands))
        said = b"".join(iter(lambda: client.recv(4096), b"")).decode()
    assert "250-PIPELINING" in said
    assert [letter.subject for letter in catcher.newest()] == ["two", "one"]
    assert catcher.newest()[1].recipients == ["b@example.com", "c@example.com"]


def test_it_takes_addresses_beyond_ascii(relay):
    relay.sendmail("a@example.com", ["zoë@exämple.com"], b"Subject: hi\r\n\r\n", mail_options=["SMTPUTF8"])
    assert catcher.newest()[0].recipients == ["zoë@exämple.com"]


def test_it_refuses_what_is_too_large(relay, monkeypatch):
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        relay.sendmail(
            "a@example.com", ["b@example.com"], b"x" * 70 + b"\r\n", [f"size={catcher.LARGEST + 1}"]
        )
    assert refusal.value.smtp_code == 552
    assert catcher.count() == 0


def test_pages_show_the_newest_first(outbox):
    outbox.mkdir()
    for number in range(7):
        catcher.keep(outbox, "a@example.com", ["b@example.com"], f"Subject: {number}\r\n\r\n".encode())
    assert [letter.subject for letter in catcher.newest(page=1, per_page=3)] == ["6", "5", "4"]
    assert [letter.subject for letter in catcher.newest(page=3, per_page=3)] == ["0"]
    assert catcher.newest(page=4, per_page=3) == []
    assert [letter.subject for letter in catcher.newest(page=-1, per_page=1)] == ["6"]


def test_a_message_is_found_by_its_name_only(outbox):
    outbox.mkdir()
    name = catcher.keep(outbox, "a@example.com", [], b"Subject: found\r\n\r\n")
    assert catcher.find(name).subject == "found"
    (outbox.parent / name).write_bytes((outbox / name).read_bytes())
    (outbox.parent / "secret_key").write_text("s3cret")
    hostile = [
        "../secret_key",
        f"../{name}",
        f"../outbox/{name}",
        f"./{name}",
        f"{name}\n",
        "",
        ".",
        "\0",
        "2" * 17 + "-1-1.eml",
    ]
    assert [catcher.find(each) for each in hostile] == [None] * len(hostile)


def test_an_unfinished_file_is_not_a_message(outbox):
    outbox.mkdir()
    name = catcher.keep(outbox, "a@example.com", [], b"")
    (outbox / name).rename(outbox / f".{name}")
    assert (catcher.count(), catcher.newest(), catcher.find(f".{name}")) == (0, [], None)


def test_clear_empties_the_outbox_and_nothing_else(outbox):
    outbox.mkdir()
    catcher.keep(outbox, "a@example.com", [], b"")
    (outbox / "notes.txt").write_text("mine")
    catcher.clear()
    assert catcher.count() == 0
    assert (outbox / "notes.txt").exists()


def test_there_may_be_no_outbox_yet(outbox):
    assert (catcher.count(), catcher.newest(), catcher.find("2" * 17 + "-1-1.eml")) == (0, [], None)
    catcher.clear()
