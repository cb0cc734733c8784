"""Fetching what comes back from a mailbox, by IMAP (RFC 3501) or POP3 (RFC 1939).

A mail is deleted only after what it says is committed; after a crash it is read again, and known. What nobody here understands
stays: flagged, so that it is read once and a person finds it.
"""

import hashlib
import imaplib
import logging
import poplib
import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from newsroom.delivery.returns.consequences import Taken
from newsroom.lib.errors import NewsroomError
from newsroom.lib.mailbox import Mailbox

__all__ = ["Unreachable", "fetch"]

PATIENCE = 30.0
"""Seconds for each answer of the server."""
AT_ONCE = 500
"""Mails in one visit; the rest waits for the next."""
MOST = 400_000
"""Bytes that are fetched of one mail."""

_log = logging.getLogger(__name__)
_BROKEN = (OSError, imaplib.IMAP4.error, poplib.error_proto)

Take = Callable[[bytes], Taken]


class Unreachable(NewsroomError):
    """The mailbox cannot be read now."""


def fetch(mailbox: Mailbox, take: Take) -> Counter[Taken]:
    """Give each mail to ``take`` and delete those that are settled. Returns how many there were of each.

    Raises ``Unreachable``, and whatever ``take`` raises: then that mail stays.
    """
    visit = _imap if mailbox.protocol == "imap" else _pop
    counts: Counter[Taken] = Counter()
    try:
        for taken in visit(mailbox, take):
            counts[taken] += 1
    except _BROKEN as error:
        raise Unreachable(f"The mailbox of {mailbox} cannot be read: {_words(error)}") from error
    left = sum(count for taken, count in counts.items() if not taken.settled)
    if left:
        _log.warning("%d mails in the mailbox of %s are left there for a person to read.", left, mailbox)
    return counts


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return (said.decode(errors="replace") if isinstance(said, bytes) else str(error))[:200]


# IMAP


def _imap(mailbox: Mailbox, take: Take) -> Iterator[Taken]:
    with _imap_session(mailbox) as session:
        _ask(session, "SELECT", _quoted(mailbox.folder))
        found = _ask(session, "UID", "SEARCH", "UNDELETED", "UNFLAGGED")
        for number in b" ".join(each for each in found if isinstance(each, bytes)).split()[:AT_ONCE]:
            uid = number.decode()
            taken = take(_content(_ask(session, "UID", "FETCH", uid, f"(BODY.PEEK[]<0.{MOST}>)")))
            _ask(
                session,
                "UID",
                "STORE",
                uid,
                "+FLAGS.SILENT",
                r"(\Deleted)" if taken.settled else r"(\Flagged)",
            )
            yield taken
        _ask(session, "EXPUNGE")


@contextmanager
def _imap_session(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    if mailbox.tls == "implicit":
        session: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=PATIENCE
        )
    else:
        session = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=PATIENCE)
    try:
        if mailbox.tls == "starttls":
            session.starttls(ssl.create_default_context())
        session.login(mailbox.username, mailbox.password)
        yield session
    finally:
        with suppress(*_BROKEN):
            session.logout()


def _ask(session: imaplib.IMAP4, command: str, *words: str) -> list[bytes | tuple[bytes, bytes]]:
    """What the server answers; whatever is no OK is an error of the mailbox."""
    if command == "UID":
        status, answer = session.uid(*words)
    elif command == "SELECT":
        status, answer = session.select(words[0])
    else:
        status, answer = session.expunge()
    if status != "OK":
        raise imaplib.IMAP4.error(f"{command} {words[:1]}: {answer}")
    return [each for each in answer if each is not None]


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _content(answer: list[bytes | tuple[bytes, bytes]]) -> bytes:
    return next((each[1] for each in answer if isinstance(each, tuple)), b"")


# POP3


def _pop(mailbox: Mailbox, take: Take) -> Iterator[Taken]:
    """POP3 knows no flags: which mails were left for a person stands in a file of ours, by the server's name for them."""
    left = _Left(settings.VAR / "left-in-mailbox" / hashlib.sha256(f"{mailbox}".encode()).hexdigest()[:16])
    with _pop_session(mailbox) as session:
        sizes = dict(_pairs(session.list()[1]))
        for number, name in _unread(session, left):
            small = int(sizes.get(number, b"0")) <= 25 * MOST
            taken = take(_retrieved(session, number, name, left)) if small else Taken.NOTHING
            if taken.settled:
                session.dele(int(number))
            else:
                left.add(name)
            yield taken


def _retrieved(session: poplib.POP3, number: bytes, name: bytes, left: "_Left") -> bytes:
    """A mail that is against the protocol ends the visit; it must not end the next."""
    try:
        return b"\r\n".join(session.retr(int(number))[1])[:MOST]
    except poplib.error_proto:
        left.add(name)
        raise


@contextmanager
def _pop_session(mailbox: Mailbox) -> Iterator[poplib.POP3]:
    """However it ends, the server is told to delete what was settled."""
    context = ssl.create_default_context()
    if mailbox.tls == "implicit":
        session: poplib.POP3 = poplib.POP3_SSL(mailbox.host, mailbox.port, timeout=PATIENCE, context=context)
    else:
        session = poplib.POP3(mailbox.host, mailbox.port, timeout=PATIENCE)
    try:
        if mailbox.tls == "starttls":
            session.stls(context)
        session.user(mailbox.username)
        session.pass_(mailbox.password)
        yield session
    finally:
        with suppress(*_BROKEN):
            session.quit()
        session.close()


def _pairs(lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for line in lines:
        number, _, rest = line.partition(b" ")
        if re.fullmatch(rb"\d+", number) and rest:
            yield number, rest


def _unread(session: poplib.POP3, left: "_Left") -> Iterator[tuple[bytes, bytes]]:
    _, lines, _ = session.uidl()
    return iter([(number, name) for number, name in _pairs(lines) if name not in left][:AT_ONCE])


class _Left:
    """Names of mails that stay, one a line, in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._names = set(path.read_bytes().splitlines()) if path.exists() else set()

    def __contains__(self, name: bytes) -> bool:
        return name in self._names

    def add(self, name: bytes) -> None:
        if name not in self._names:
            self._names.add(name)
            self._write()

    def _write(self) -> None:
        self.path.write_bytes(b"".join(name + b"\n" for name in sorted(self._names)))
