"""The built-in mail catcher: takes mail as a relay would, keeps each message as one file, and reads it back.

A file is one X-Envelope line followed by the message byte for byte, so mail programs open it too. Its name begins with the time
of arrival: sorting the names sorts the mail.
"""

import asyncio
import itertools
import json
import os
import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cached_property
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

HOST = "127.0.0.1"  # never elsewhere: it takes anything from anyone
LARGEST = 40 * 1024 * 1024  # bytes
LABEL = b"X-Envelope: "
NAME = re.compile(r"(\d{17})-\d+-\d+\.eml")
_numbers = itertools.count()


@dataclass(frozen=True)
class CaughtMessage:
    """One message as it was handed over: the envelope, and the message exactly as its bytes came in."""

    name: str
    sender: str
    recipients: list[str]
    content: bytes

    @property
    def received_at(self) -> datetime:
        digits = self.name.partition("-")[0]
        return datetime.strptime(digits[:14] + digits[14:].ljust(6, "0") + "+0000", "%Y%m%d%H%M%S%f%z")

    @cached_property
    def message(self) -> EmailMessage:
        return BytesParser(policy=policy.default).parsebytes(self.content)

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def text(self) -> str:
        return self._part("plain")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        if part is None:
            return ""
        try:
            words = str(part.get_content())
        except LookupError:  # a character set that nobody knows
            words = self.content.decode(errors="replace")
        return words.replace("\r\n", "\n")


def outbox() -> Path:
    """The folder of caught mail."""
    return Path(settings.VAR) / "outbox"


class Catcher:
    """Takes every message for everyone. aiosmtpd calls these methods, by the names it wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        sender = (envelope.mail_from or "").removeprefix("<>")
        name = keep(self.folder, sender, envelope.rcpt_tos, envelope.original_content or b"")
        return f"250 OK kept as {name}"


async def catch(folder: Path, port: int) -> asyncio.Server:
    """Start taking mail on a loopback port (0: any free one) into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    catcher = Catcher(folder)
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        # Without a host name each connection would ask the resolver for ours.
        lambda: SMTP(catcher, hostname="localhost", data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop),
        HOST,
        port,
        backlog=1000,
    )


async def catch_until_stopped(port: int) -> None:
    """Take mail into the outbox until SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(stop_signal, stop.set)
    server = await catch(outbox(), port)
    await stop.wait()
    server.close()


def keep(folder: Path, sender: str, recipients: Iterable[str], content: bytes) -> str:
    """Write one message into `folder` and return its name; readers see all of it or nothing."""
    arrived = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    name = f"{arrived}-{os.getpid()}-{next(_numbers):07}.eml"
    unfinished = folder / f".{name}"
    envelope = json.dumps({"from": sender, "to": list(recipients)})  # one line, whatever an address holds
    unfinished.write_bytes(LABEL + envelope.encode() + b"\r\n" + content)
    unfinished.rename(folder / name)  # no fsync: a test mail lost in a power cut is no loss
    return name


def newest(page: int = 1, per_page: int = 50) -> list[CaughtMessage]:
    """One page of caught mail, the latest first; pages count from 1."""
    start = (max(page, 1) - 1) * per_page
    names = sorted(_names(), reverse=True)[start : start + per_page]
    return [message for name in names if (message := find(name))]


def count() -> int:
    """How many messages are kept."""
    return sum(1 for _ in _names())


def find(name: str) -> CaughtMessage | None:
    """The message of that name; None for any other name, wherever it may point."""
    if not NAME.fullmatch(name):
        return None
    try:
        kept = (outbox() / name).read_bytes()
    except FileNotFoundError:
        return None
    label, _, content = kept.partition(b"\r\n")
    envelope = json.loads(label.removeprefix(LABEL))
    return CaughtMessage(name, envelope["from"], envelope["to"], content)


def clear() -> None:
    """Throw all caught mail away."""
    for name in _names():
        (outbox() / name).unlink(missing_ok=True)


def _names() -> Iterable[str]:
    try:
        return [name for name in os.listdir(outbox()) if NAME.fullmatch(name)]  # noqa: PTH208 - four times as fast as iterdir
    except FileNotFoundError:
        return []
