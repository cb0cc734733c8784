"""Reading what mail servers send back: which message did not arrive, why, and whether it ever will. Pure; takes any bytes.

A delivery status report (RFC 3464) is read first, then words for people, by our own eyes and by those of flufl.bounce. Feedback
reports (RFC 5965) are complaints. Automatic replies (RFC 3834) are neither.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from flufl.bounce import all_failures

__all__ = ["Finding", "Kind", "code", "read", "sort"]

_SIZE = 400_000
"""Bytes that are read; a report says what it has to say before that, and then quotes."""


class Kind(StrEnum):
    """What came back. Of these, ``HARD``, ``SOFT`` and ``COMPLAINT`` are values of ``delivery.ReturnKind`` too."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    DELAY = "delay"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Finding:
    """What a mail says. ``status`` is the enhanced code (RFC 3463), made up of the class alone where there was none; ``said``
    the server's words; ``tags`` what may be the token of the message it is about, the likeliest first; ``number`` its own id."""

    kind: Kind = Kind.NOTHING
    status: str = ""
    said: str = ""
    tags: Sequence[str] = field(default=())
    number: str = ""


def read(content: bytes) -> Finding:
    """What a mail to the return path is about. Never raises: these are anybody's bytes."""
    try:
        return _read(content[:_SIZE])
    except Exception:  # noqa: BLE001 - the parsers below us fail on crooked mail in more ways than they say
        return Finding(said="This mail cannot be read.")


def _read(content: bytes) -> Finding:
    mail = message_from_bytes(content)
    if complaint := _complaint(mail):
        kind, status, said = complaint
    elif recipients := list(_recipients(mail)) or list(_flattened(mail, content)):
        kind, status, said = _reported(recipients, _words(mail))
    elif _is_reply(mail):
        kind, status, said = Kind.NOTHING, "", "An automatic reply."
    else:
        kind, status, said = _told(mail)
    return Finding(kind, status, _short(said), tuple(_tags(mail, content)), _header(mail, "Message-ID")[:200])


def _parts(mail: Message) -> Iterator[Message]:
    """The parts of a mail, without those of a mail that it quotes."""
    if mail.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        return
    yield mail
    for part in _inside(mail) if mail.get_content_maintype() == "multipart" else []:
        yield from _parts(part)


def _inside(mail: Message) -> list[Message]:
    """What a mail, or a part of it, holds; nothing where it says that it holds parts and does not."""
    held = mail.get_payload()
    return [each for each in held if isinstance(each, Message)] if isinstance(held, list) else []


def _header(mail: Message, name: str) -> str:
    return " ".join(str(mail.get(name, "")).split())


# complaints


def _complaint(mail: Message) -> tuple[Kind, str, str] | None:
    """Feedback that is no complaint (not-spam, RFC 5965; auth-failure, RFC 6591) counts as nothing."""
    for part in _parts(mail):
        if part.get_content_type() != "message/feedback-report":
            continue
        found = re.search(rb"^feedback-type:[ \t]*([\w-]+)", part.as_bytes(), re.IGNORECASE | re.MULTILINE)
        feedback = found[1].decode().lower() if found else "abuse"
        kind = Kind.NOTHING if feedback in ("not-spam", "auth-failure", "dmarc") else Kind.COMPLAINT
        return kind, "", f"Feedback: {feedback}"
    return None


# delivery status reports


@dataclass(frozen=True)
class _Recipient:
    action: str
    status: str
    said: str


def _recipients(mail: Message) -> Iterator[_Recipient]:
    for part in _parts(mail):
        if part.get_content_type() == "message/delivery-status":
            for each in _inside(part):
                if each["Action"] or each["Status"]:
                    yield _recipient(each)


def _flattened(mail: Message, content: bytes) -> Iterator[_Recipient]:
    """Gateways put a report into a mail of their own, or make plain text of it; its fields still stand in there."""
    if not _by_server(mail):
        return
    for block in _FIELDS.findall(content.replace(b"\r\n", b"\n")):
        found = message_from_bytes(block)
        if found["Action"] and found["Status"]:
            yield _recipient(found)


_FIELDS = re.compile(rb"^Final-Recipient:[^\n]*\n(?:[^\n]+\n){1,20}", re.IGNORECASE | re.MULTILINE)


def _recipient(fields: Message) -> _Recipient:
    return _Recipient(
        _header(fields, "Action").lower(), _first_code(_header(fields, "Status")), _header(fields, "Diagnostic-Code")
    )  # fmt: skip


def _reported(recipients: Sequence[_Recipient], words: str) -> tuple[Kind, str, str]:
    """Each of our messages has one recipient; where a report names several, one that failed is it."""
    failed = [each for each in recipients if each.action.startswith("fail") or not each.action]
    found = (failed or list(recipients))[0]
    said = re.sub(r"^\s*[\w-]+\s*;\s*", "", found.said)
    status = found.status or _first_code(said) or ("5.0.0" if failed else "4.0.0")
    if not failed:
        return (Kind.DELAY if found.action.startswith("delay") else Kind.NOTHING), status, said
    if status.endswith((".0.0", ".5.0")):  # made up for want of a better one
        status = _better(status, said, words)
    return sort(status, said or words), status, said or words


def _better(status: str, said: str, words: str) -> str:
    """A code that tells more than a class: one of that class in the server's words, else one beside a reply code."""
    beside = _first_code(said)
    if beside.endswith(".5.0"):
        return status
    return _same_class(beside, status) or _beside_reply(words) or status


def _same_class(code: str, status: str) -> str:
    return code if code[:1] == status[:1] else ""


# words for people


def _is_reply(mail: Message) -> bool:
    """RFC 3834. Exim marks its bounces and warnings like replies."""
    failed = mail["X-Failed-Recipients"] or _WARNING.match(_header(mail, "Subject"))
    if failed or mail.get_content_type() == "multipart/report":
        return False
    said = _header(mail, "Auto-Submitted").lower()
    if said.startswith("auto-replied") or mail["X-Autoreply"] or mail["X-Autorespond"]:
        return True
    return "auto_reply" in _header(mail, "Precedence").lower() or bool(_AWAY.match(_header(mail, "Subject")))


_AWAY = re.compile(
    r"(?:re:\s*)?(?:auto(?:matic|matische)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|abwesend)",
    re.IGNORECASE,
)
_WARNING = re.compile(r"Warning: message \S+ delayed \d+ hours")
_SERVER = re.compile(
    r"mailer-daemon|postmaster|mail delivery (?:sub)?system|mail administrator|<>", re.IGNORECASE
)
_FAILURE = re.compile(
    r"undeliver|deliver\w* (?:\w+ ){0,2}(?:fail|problem)|fail\w* (?:to )?deliver|failure notice"
    r"|delivery (?:status )?notification|returned mail|return(?:ed|ing) (?:message|to sender)"
    r"|(?:message|mail) (?:system )?(?:error|delayed|status)|could not (?:be )?deliver"
    r"|warning: (?:message|could not send)",
    re.IGNORECASE,
)


def _told(mail: Message) -> tuple[Kind, str, str]:
    """By two signs of four: who writes, what about, whom a server names, whom flufl.bounce finds. By one alone, people would be
    taken for servers."""
    words = _words(mail)
    late, failed = _by_others(mail)
    signs = (
        bool(late or failed), _by_server(mail), bool(_FAILURE.search(_header(mail, "Subject"))),
        bool(mail["X-Failed-Recipients"]),
    )  # fmt: skip
    if sum(signs) < 2:
        return Kind.NOTHING, "", ""
    delayed = bool(_DELAYED.search(f"{_header(mail, 'Subject')} {words[:1500]}")) or bool(late and not failed)
    expired = "4.4.7" if _EXPIRED.search(words) else ""  # delivery time expired (RFC 3463)
    status = code(words) or expired or ("4.0.0" if delayed else "5.0.0")
    return (Kind.DELAY if delayed else sort(status, words)), status, _telling(words)


def _by_others(mail: Message) -> tuple[Collection[bytes], Collection[bytes]]:
    """Who is late and who failed, as flufl.bounce reads it. One of its detectors fails on a mail without a sender, and all of
    its work is lost by that; ours is not."""
    try:
        late, failed = all_failures(mail)
    except Exception:  # noqa: BLE001 - see ``read``
        return (), ()
    return late, failed


def _by_server(mail: Message) -> bool:
    return bool(_SERVER.search(_header(mail, "From")) or _header(mail, "Return-Path") == "<>")


_EXPIRED = re.compile(
    r"retry timeout exceeded|in the queue too long|could not be delivered for", re.IGNORECASE
)

_DELAYED = re.compile(
    r"\(delay\)|delayed \d+ hours|has not yet been delivered|has been delayed|warning message only"
    r"|will (?:be retried|keep trying)|will continue (?:to try|for)",
    re.IGNORECASE,
)


def _words(mail: Message) -> str:
    """What the mail says to people, up to where it quotes the message that did not arrive."""
    for part in _parts(mail):
        if part.get_content_type() == "text/plain":
            raw = part.get_payload(decode=True)
            text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
            return _QUOTED.split(text, maxsplit=1)[0][:20_000]
    return ""


_QUOTED = re.compile(
    r"^[ \t]*(?:-{2,}[^\n]{0,80}\b(?:original|copy|below|unsent|undelivered)\b|Message headers follow|Return-Path:|Received:"
    r"|-{2,}[^\n]{0,60}\bmessage follows)",
    re.IGNORECASE | re.MULTILINE,
)
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(
    r"(?<![\d.\w-])([45])\d\d(?:[ :-]+|$)(?:#?([45]\.\d{1,3}\.\d{1,3})(?![\d.]))?", re.MULTILINE
)


def _first_code(words: str) -> str:
    found = _ENHANCED.search(words)
    return found[1] if found else ""


def code(words: str) -> str:
    """The enhanced code beside a reply code, else any; a reply code alone tells the class."""
    reply = _REPLY.search(words)
    return _beside_reply(words) or _first_code(words) or (f"{reply[1]}.0.0" if reply else "")


def _beside_reply(words: str) -> str:
    return next((each[2] for each in _REPLY.finditer(words) if each[2]), "")


def _telling(words: str) -> str:
    """The line with a code in it, and the next; else the beginning."""
    found = _REPLY.search(words) or _ENHANCED.search(words)
    return words[found.start() : found.start() + 300] if found else words


# hard or soft


_NOBODY = re.compile(
    r"(?:user|recipient|mailbox|account|address|host|domain)(?: name)?(?: is)? (?:un|not )(?:known|recogni[sz]ed|found|listed)"
    r"|unknown (?:user|recipient|mailbox|host|domain|address|local|or illegal alias)"
    r"|no such (?:user|recipient|mailbox|person|address|domain|host|account)|no mailbox (?:here|by that name)"
    r"|(?:user|recipient|mailbox|account|address|host|domain)[^.\n]{0,60}(?:does ?n[o’']?t|do not) exist"
    r"|does ?n[o’']t have an? \S+ account|not a (?:known|valid) (?:user|mailbox)|invalid (?:recipient|mailbox|user)"
    r"|(?:couldn['’]t|could not) (?:find|be found)|(?:host|name|domain)[^.\n]{0,40} not found|nxdomain",
    re.IGNORECASE,
)  # fmt: skip
_FOR_NOW = re.compile(
    r"quota|(?:mailbox|mbox|inbox|account)[^.\n]{0,20} full|insufficient|too (?:large|many|big)",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(
    r"sender|spam|policy|blocked|blacklist|relay|authenticat|dmarc|spf\b|dkim|docomo", re.IGNORECASE
)
"""Docomo knows nobody to whom a reader's own filter lets nobody write."""
_HARD = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4")
"""Bad mailbox, bad system, bad syntax, moved away, null MX (RFC 7505), no route to the host."""
_NEVER = ("5.1.7", "5.1.8", "5.7.", "5.6.", "5.3.4", "5.2.2", "5.2.3")
"""About the sender, the content or the room left, not about who the reader is."""


def sort(status: str, words: str) -> Kind:
    """Hard only where nobody is there to get it. What is about us, or may pass, is soft: those who lost a reader to a filter's
    bad day do not get them back."""
    if status.startswith("4") or status.startswith(_NEVER) or _FOR_NOW.search(words):
        return Kind.SOFT
    if status in _HARD or (_NOBODY.search(words) and not _ABOUT_US.search(words)):
        return Kind.HARD
    return Kind.SOFT


def _short(words: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())[:400]


# which message

_TO_US = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Failed-Recipients")
_TAG = re.compile(r"\+([0-9a-f]{40})@", re.IGNORECASE)
_IN_CONTENT = re.compile(rb"\+([0-9a-f]{40})@|/u/([\w-]{27})/", re.IGNORECASE)
_MOST_TAGS = 20


def _tags(mail: Message, content: bytes) -> Iterator[str]:
    """The tag of our return path: in the addresses of the report, else anywhere in what it quotes; or what stands in the quoted
    List-Unsubscribe. Whether it is a token of ours is for others to say."""
    seen: dict[str, None] = {}
    for name in _TO_US:
        for value in mail.get_all(name, []):
            seen.update((each.lower(), None) for each in _TAG.findall(str(value)))
    for found in _IN_CONTENT.finditer(content):
        if len(seen) >= _MOST_TAGS:
            break
        tag = (found[1] or found[2]).decode()
        seen[tag.lower() if found[1] else tag] = None
    yield from seen
