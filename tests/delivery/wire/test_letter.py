"""What is sent decodes, with the standard library's parser, to exactly the edition."""

import re
from collections.abc import Sequence
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issues.models import Edition, Publication
from issues.rendering import slots
from issues.rendering.slots import NAME, PREFERENCES, UNSUBSCRIBE
from newsroom.delivery.wire.letter import Letter, Link, Unaddressable, compile_letter, numbered
from newsroom.lib import links
from newsroom.lib.errors import Refused
from newsroom.lib.links import ReaderToken
from tests.make import NOW

PUBLICATION = Publication(
    name="The Quay, Café & Sons",
    slug="quay",
    sender_name="Æ the Quay",
    sender_email="hello@quay.example",
    reply_to="desk@quay.example",
)


HEADERS = b"""To Message-ID List-Unsubscribe From Subject List-Id Date List-Unsubscribe-Post List-Archive Precedence
    MIME-Version Reply-To Content-Type Feedback-ID X-Auto-Response-Suppress""".split()


def make_edition(*, text: str = "", html: str = "", subject: str = "Hello", pieces: Sequence = ()) -> Edition:
    text, html = f"{text}\n{UNSUBSCRIBE}\n", f"{html}\n<a href='{UNSUBSCRIBE}'>leave</a></body>"
    return Edition(issue_id=3, subject=subject, text=text, html=html, seal="5ea1", pieces=list(pieces))


def letter(**fields) -> Letter:
    return compile_letter(make_edition(**fields), PUBLICATION, printing=7, date=NOW)


def parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)


def sent(**fields) -> EmailMessage:
    return parsed(raw(**fields))


def raw(*, name: str = "Ada", address: str = "ada@readers.example", **fields) -> bytes:
    return letter(**fields).message(42, address, name)[1]


words = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=400)
lines = st.lists(
    st.sampled_from(
        [
            ".",
            "..",
            "From here",
            "=",
            "=3D",
            " ",
            "x " * 60,
            "é" * 90,
            UNSUBSCRIBE,
            PREFERENCES,
            "%%NAME:there%%",
            "%%",
            "",
        ]
    )
    | words,
    max_size=12,
)


TOKEN = ReaderToken(7, 42)


def expected(part: str, *, name: str = "Ada") -> str:
    """What a reader sees where the edition has slots."""
    fill = {
        UNSUBSCRIBE: lambda _: links.absolute(f"/u/{TOKEN.text}/"),
        PREFERENCES: lambda _: links.absolute(f"/preferences/{TOKEN.text}/"),
        NAME: lambda slot: name or slot.fallback,
    }
    return slots.filled(part, lambda slot: fill[slot.name](slot))


def halves(message: EmailMessage) -> tuple[str, str]:
    return tuple(normal(part.get_payload(decode=True).decode()) for part in message.iter_parts())


def normal(part: str) -> str:
    return part.replace("\r\n", "\n")


names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs", "Cf", "Cn", "Co")), max_size=120
)


@given(text=lines.map("\n".join), html=lines.map("\n".join), name=names)
def test_what_is_sent_is_the_edition(text, html, name):
    edition = make_edition(text=text, html=html)
    assert halves(sent(text=text, html=html, name=name)) == (
        expected(edition.text, name=name),
        expected(edition.html, name=escape(name)),
    )


@given(text=lines.map("\n".join), name=names)
def test_a_message_needs_no_care_on_its_way(text, name):
    """Seven bits, short lines, nothing for a relay to double or to change, and relaxed canonical form as it is (RFC 6376)."""
    message = raw(text=text, name=name)
    assert message.isascii()
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert message.endswith(b"\r\n")
    head, _, body = message.partition(b"\r\n\r\n")
    assert max(len(line) for line in head.split(b"\r\n")) <= 998
    assert max(len(line) for line in body.split(b"\r\n")) <= 76
    assert not re.search(rb"^\.|^From |[ \t]{2}|[ \t]$", body, re.MULTILINE)


@given(name=words, subject=words)
def test_nobodys_name_or_subject_can_add_a_header(name, subject):
    head = raw(subject=" ".join(subject.split()), name=name).partition(b"\r\n\r\n")[0]
    names = sorted(re.findall(rb"^([A-Za-z-]+):", head, re.MULTILINE))
    assert names == sorted(HEADERS)


def display_name(message: bytes) -> str:
    """By the older reader: the newer one of Python 3.11 puts a blank between two encoded words (RFC 2047, 6.2 forbids it)."""
    phrase = BytesParser().parsebytes(message)["To"].rpartition(" <")[0].strip()
    if phrase.startswith('"'):
        return parseaddr(f"{phrase} <a@b.example>")[0]
    return str(make_header(decode_header(phrase)))


@given(name=names)
def test_a_name_arrives_as_it_is(name):
    assert display_name(raw(name=name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "Ada 🚢",
        "Ada 👩\u200d🚀",
        "עדה לובלייס",
        "Ada “the Gull” O’Hara",
        'Ada "quoted" \\',
        "Æ" * 120,
        "Ada, Countess; of <x>",
    ],
)
def test_odd_names_arrive_in_the_header_and_in_both_parts(name):
    message = sent(name=name, text="Hello %%NAME:there%%!", html="<p>Hello %%NAME:there%%!</p>")
    assert display_name(raw(name=name)) == name
    assert message["To"].addresses[0].addr_spec == "ada@readers.example"
    text, html = halves(message)
    assert text.startswith(f"Hello {name}!")
    assert html.startswith(f"<p>Hello {escape(name)}!</p>")


def test_who_has_no_name_is_called_as_the_editor_says():
    text, html = halves(sent(name=" ", text="Hello %%NAME:dear reader%%!", html="Hello %%NAME:%%!"))
    assert text.startswith("Hello dear reader!")
    assert html.startswith("Hello !")


def test_a_name_cannot_add_markup():
    _, html = halves(sent(name="<img src=x onerror=alert(1)>", html="<p>%%NAME:there%%</p>"))
    assert "<img" not in html


def test_one_click_headers_follow_rfc_8058():
    message = sent()
    assert message["List-Unsubscribe"] == f"<{links.absolute(f'/u/{TOKEN.text}/')}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"The Quay Café & Sons <quay\.quay\.example>", message["List-Id"])


def test_the_headers_name_sender_reader_and_list():
    message = sent(subject="Übersicht: what the gulls cost")
    assert message["From"] == "Æ the Quay <hello@quay.example>"
    assert message["To"] == "Ada <ada@readers.example>"
    assert message["Reply-To"] == "desk@quay.example"
    assert message["Subject"] == "Übersicht: what the gulls cost"
    assert message["Message-ID"] == f"<7.{TOKEN.text}@quay.example>"
    assert re.fullmatch(r"3:quay:newsletter:[0-9a-f]{12}", message["Feedback-ID"])
    assert message["Date"].datetime == NOW
    assert message.get_content_type() == "multipart/alternative"


def test_a_message_sent_again_is_the_same_message():
    assert raw() == raw()


def test_readers_differ_in_address_id_and_way_out_only():
    one, other = (letter().message(n, "a@readers.example", "")[1].split(b"\r\n") for n in (1, 2))
    different = [a for a, b in zip(one, other, strict=True) if a != b]
    assert [line.split(b":")[0] for line in different[:2]] == [b"Message-ID", b"List-Unsubscribe"]
    assert set(different[2:]) == {ReaderToken(7, 1).text.encode() + b"="}


@pytest.mark.parametrize(
    "address",
    ["", "no-at-sign", "a@b\r\nBcc: c@d", "a@b\n", "two@at@signs", "a\0@b.example", "a b@c.example", "é@b.example",
     "a@[127.0.0.1]", "<a@b.example>", 'a"b@c.example', "a@b.example>", "a@bücher.example"],
)  # fmt: skip
def test_an_address_that_cannot_be_written_is_refused(address):
    with pytest.raises(Unaddressable):
        raw(address=address)


@pytest.mark.parametrize(
    "address", ["ada+quay@readers.example", '"ada l"@readers.example', "a@xn--bcher-kva.example"]
)
def test_odd_addresses_are_written_as_they_are(address):
    assert sent(address=address)["To"].addresses[0].addr_spec == address


def test_an_edition_without_a_way_out_is_refused():
    edition = Edition(subject="s", text="t", html="h", seal="x")
    with pytest.raises(Refused, match="unsubscribe"):
        compile_letter(edition, PUBLICATION, printing=1, date=NOW)


def test_bounces_come_back_to_an_address_of_their_own(settings):
    assert letter().message(42, "a@b.example", "")[0] == b"hello@quay.example"
    settings.BOUNCE_ADDRESS = "back@bounces.quay.example"
    path = letter().message(42, "a@b.example", "")[0].decode()
    assert path == f"back+{TOKEN.hex}@bounces.quay.example"
    assert len(path.partition("@")[0]) <= 64


LINKED = """<a href="https://a.example/?x=1&amp;y=2">one</a> <a href="https://b.example/">two</a>
<a href="https://b.example/">two again</a> <a href="https://b.example/">in the next block</a>
<a href="mailto:x@y.example">mail</a>"""
PIECES = [
    {"uid": "first", "links": ["https://a.example/?x=1&y=2", "https://b.example/", "https://b.example/"]},
    {"uid": "second", "runs": "m4rk", "links": ["https://b.example/"]},
]


def test_links_are_numbered_by_block_and_lead_over_us():
    text = "See https://b.example/ and https://only-in-text.example/."
    found = numbered(make_edition(html=LINKED, text=text, pieces=PIECES))
    assert found.table == [
        Link("https://a.example/?x=1&y=2", "first"),
        Link("https://b.example/", "first"),
        Link("https://b.example/", "second", "m4rk"),
        Link("https://only-in-text.example/."),
    ]
    plain, html = halves(sent(html=LINKED, text=text, pieces=PIECES))
    ours = [links.absolute(f"/c/{TOKEN.text}/{n}") for n in range(4)]
    assert re.findall(r'href="(http[^"]+)"', html) == [ours[0], ours[1], ours[1], ours[2]]
    assert f"See {ours[1]} and {ours[3]}" in plain
    assert 'href="mailto:x@y.example"' in html


def test_tracking_is_the_publications_choice():
    private = Publication(name="Q", slug="q", sender_email="a@q.example", sender_name="Q", track_clicks=False)
    open_too = Publication(name="Q", slug="q", sender_email="a@q.example", sender_name="Q", track_opens=True)
    edition = make_edition(html=LINKED, pieces=PIECES)
    for publication, clicks, opens in (
        (PUBLICATION, True, False),
        (private, False, False),
        (open_too, True, True),
    ):
        made = compile_letter(edition, publication, printing=7, date=NOW)
        _, html = halves(parsed(made.message(42, "a@b.example", "")[1]))
        assert ("/c/" in html, f"/o/{TOKEN.text}.gif" in html) == (clicks, opens)
