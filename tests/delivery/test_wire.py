"""What is sent decodes, with the standard library's parser, to exactly the edition."""

import datetime
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issues.models import Edition, Publication
from issues.rendering.slots import UNSUBSCRIBE
from newsroom.audience import subscribing
from newsroom.delivery.wire import Letter, Unaddressable, compile_letter
from tests.make import NOW

PUBLICATION = Publication(
    name="The Quay, Café & Sons",
    slug="quay",
    sender_name="Æ the Quay",
    sender_email="hello@quay.example",
    reply_to="desk@quay.example",
)


HEADERS = b"""To Message-ID List-Unsubscribe From Subject List-Id Date List-Unsubscribe-Post List-Archive Precedence
    MIME-Version Reply-To Content-Type""".split()


def letter(
    *, text: str = "Hello.\n", html: str = "<p>Hello.</p>\n", subject: str = "Hello", **fields
) -> Letter:
    edition = Edition(subject=subject, text=text, html=html, seal="5ea1")
    return compile_letter(edition, PUBLICATION, send_id=7, date=NOW, **fields)


def parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)


def sent(**fields) -> EmailMessage:
    return parsed(letter(**fields).message(42, "ada@readers.example", "Ada"))


words = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=400)
lines = st.lists(
    st.sampled_from([".", "..", "From here", "=", "=3D", " ", "x " * 60, "é" * 90, UNSUBSCRIBE, "%%", ""])
    | words,
    max_size=12,
)


def expected(part: str) -> str:
    return part.replace(UNSUBSCRIBE, subscribing.leave_url(42))


def normal(part: str) -> str:
    return part.replace("\r\n", "\n")


@given(text=lines.map("\n".join), html=lines.map("\n".join))
def test_what_is_sent_is_the_edition(text, html):
    message = sent(text=text, html=html)
    plain, rich = message.iter_parts()
    assert normal(plain.get_payload(decode=True).decode()) == expected(text)
    assert normal(rich.get_payload(decode=True).decode()) == expected(html)


@given(text=lines.map("\n".join))
def test_no_line_is_longer_than_smtp_allows_and_all_is_seven_bit(text):
    raw = letter(text=text).message(42, "ada@readers.example", "Ada")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    body = raw.partition(b"\r\n\r\n")[2]
    assert max(len(line) for line in body.split(b"\r\n")) <= 76
    assert b"\n" not in raw.replace(b"\r\n", b"")


@given(name=words, subject=words)
def test_nobodys_name_or_subject_can_add_a_header(name, subject):
    try:
        raw = letter(subject=" ".join(subject.split())).message(
            42, "ada@readers.example", " ".join(name.split())[:120]
        )
    except Unaddressable:
        return
    head = raw.partition(b"\r\n\r\n")[0]
    names = sorted(re.findall(rb"^([A-Za-z-]+):", head, re.MULTILINE))
    assert names == sorted(HEADERS)


def test_one_click_headers_follow_rfc_8058():
    message = sent()
    assert message["List-Unsubscribe"] == f"<{subscribing.leave_url(42)}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"The Quay Café & Sons <quay\.quay\.example>", message["List-Id"])


def test_the_headers_name_sender_reader_and_list():
    message = sent(subject="Übersicht: what the gulls cost")
    assert message["From"] == "Æ the Quay <hello@quay.example>"
    assert message["To"] == "Ada <ada@readers.example>"
    assert message["Reply-To"] == "desk@quay.example"
    assert message["Subject"] == "Übersicht: what the gulls cost"
    assert message["Date"].datetime == NOW
    assert message.get_content_type() == "multipart/alternative"


def test_a_message_sent_again_is_the_same_message():
    assert letter().message(42, "ada@readers.example", "Ada") == letter().message(
        42, "ada@readers.example", "Ada"
    )


def test_readers_differ_in_address_id_and_way_out_only():
    one, other = letter().message(1, "a@readers.example", ""), letter().message(2, "b@readers.example", "")
    different = [a for a, b in zip(one.split(b"\r\n"), other.split(b"\r\n"), strict=True) if a != b]
    assert [line.split(b":")[0] for line in different] == [b"To", b"Message-ID", b"List-Unsubscribe"]


@pytest.mark.parametrize("address", ["", "no-at-sign", "a@b\r\nBcc: c@d", "two@at@signs"])
def test_an_address_that_cannot_be_written_is_refused(address):
    with pytest.raises(Unaddressable):
        letter().message(42, address, "")


def test_the_date_is_that_of_the_send():
    later = compile_letter(
        Edition(subject="s", text="t", html="h", seal="x"),
        PUBLICATION,
        send_id=1,
        date=NOW + datetime.timedelta(1),
    )
    assert parsed(later.message(1, "a@b.example", ""))["Date"].datetime == NOW + datetime.timedelta(1)
