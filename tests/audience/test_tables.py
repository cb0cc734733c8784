"""Tables in text files, however they are written, and presets for the exports of other programs."""

import csv
import io
from itertools import islice

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsroom.audience.addresses import normal_address
from newsroom.audience.importing import presets, rows, tables
from newsroom.audience.importing.presets import Role
from newsroom.audience.importing.tables import Form
from newsroom.lib.errors import Refused
from tests.make import NOW

NAMES = {"utf-8-sig": "Søren 東京 😀", "utf-16": "Søren 東京 😀", "cp1252": "Søren €", "utf-8": "Søren 東京"}


def read(source: bytes, form: Form | None = None) -> tuple[list[str], list[list[str]]]:
    table = tables.Table(io.BytesIO(source), form or tables.form_of(io.BytesIO(source)))
    return table.head, [record.cells for record in table]


def written(table: list[list[str]], delimiter: str, end: str = "\r\n") -> str:
    page = io.StringIO(newline="")
    # a writer that ends lines in another way leaves a bare \r unquoted
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    csv.writer(page, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    return page.getvalue()


LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@\ufeff\ufffd"), max_size=12)
WESTERN = st.text(st.sampled_from("abc ,;|\t\"'\r\n=é€ß"), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_table_that_is_written_reads_back_the_same(data):
    encoding = data.draw(
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
    )
    delimiter = data.draw(st.sampled_from(list(tables.DELIMITERS)))
    cells = WESTERN if encoding == "cp1252" else LETTERS
    table = data.draw(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6))
    end = data.draw(st.sampled_from(["\r\n", "\n", "\r"]))
    source = written(table, delimiter, end).encode(encoding)
    name = {"utf-8": "utf-8-sig"}.get(encoding, encoding)
    _, found = read(source, Form(name, delimiter, head=False))
    assert found == [row for row in table if any(cell.strip() for cell in row)]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00\xd8")
@example(b'email,"\n' * 90)
def test_whatever_the_bytes_are_reading_ends_without_a_crash(source):
    try:
        form = tables.form_of(io.BytesIO(source))
    except Refused as refusal:
        assert str(refusal)  # noqa: PT017
        return
    read(source, form)
    for encoding in tables.ENCODINGS:
        read(source, Form(encoding, form.delimiter))


@pytest.mark.parametrize("encoding", list(NAMES))
@pytest.mark.parametrize("delimiter", list(tables.DELIMITERS))
def test_letters_and_marks_are_recognised(encoding, delimiter):
    source = written([["email", "name"], ["ann@example.org", NAMES[encoding]]], delimiter).encode(encoding)
    form = tables.form_of(io.BytesIO(source))
    assert form.delimiter == delimiter
    assert read(source) == (["email", "name"], [["ann@example.org", NAMES[encoding]]])


def test_utf_16_without_its_mark_is_recognised():
    source = "email,name\nann@example.org,Søren\n".encode("utf-16-be")
    assert tables.form_of(io.BytesIO(source)).encoding == "utf-16-be"


def test_cyrillic_is_not_taken_for_western():
    source = "email,name\na@example.org,Николай Чернышевский\nb@example.org,Сидорова Анна Петровна\n".encode(
        "cp1251"
    )
    assert "Чернышевский" in read(source)[1][0][1]


def test_a_letter_that_is_wrong_far_down_the_file_is_seen():
    source = b"email,name\n" + b"a@example.org,Ann\n" * 40_000 + "z@example.org,Zoë\n".encode("cp1252")
    assert tables.form_of(io.BytesIO(source)).encoding == "cp1252"


@pytest.mark.parametrize("mark", list(tables.DELIMITERS))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_the_line_that_tells_excel_the_delimiter_is_obeyed_and_is_no_row(mark, encoding):
    source = f"sep={mark}\r\nemail{mark}town\r\nann@example.org{mark}A, B; C\r\n"
    source = source if mark in "\t|" else source.replace("A, B; C", "Pier")
    raw = source.encode(encoding)
    form = tables.form_of(io.BytesIO(raw))
    assert (form.delimiter, form.head) == (mark, True)
    table = tables.Table(io.BytesIO(raw), form)
    assert (table.head, [record.line for record in table]) == (["email", "town"], [3])


def test_below_the_line_for_excel_a_first_row_may_be_a_person():
    assert read(b'"sep=|"\nann@example.org|a;b;c\n') == ([], [["ann@example.org", "a;b;c"]])
    assert read(b"sep=:\nemail;name\nann@example.org;Ann\n")[0] == ["email", "name"]


def test_a_first_row_with_an_address_is_a_person():
    assert read(b"ann@example.org,Ann\nbob@example.org,Bob\n") == (
        [],
        [["ann@example.org", "Ann"], ["bob@example.org", "Bob"]],
    )


def test_a_quote_that_closes_lines_later_swallows_nobody():
    _, found = read(
        b'email,name\na@example.org,"Ann\nb@example.org,Bob\nc@example.org,Cid"\nd@example.org,Dot\n'
    )
    assert [cells[0] for cells in found] == [
        "a@example.org",
        "b@example.org",
        "c@example.org",
        "d@example.org",
    ]


def test_a_line_without_end_is_cut_and_not_kept_in_memory():
    source = b"email,name\n" + b"x" * 3_000_000 + b"\na@example.org,Ann\n"
    _, found = read(source)
    assert len(found[0][0]) <= 1024 * 1024
    assert found[1] == ["a@example.org", "Ann"]


def test_rows_come_one_at_a_time():
    class Watched(io.BytesIO):
        taken = 0

        def read1(self, size=-1, /):
            got = super().read1(size)
            self.taken += len(got)
            return got

    file = Watched(b"email\n" + b"a@example.org\n" * 500_000)
    list(islice(tables.Table(file, Form("utf-8-sig", ",")), 10))
    assert file.taken < 100_000


# addresses


LOCAL = st.text(st.sampled_from("abZ09.+-_'\"\\ @é\x01"), min_size=0, max_size=8)
DOMAIN = st.text(st.sampled_from("abZ9.-_éK[]"), max_size=10)


@settings(max_examples=600, deadline=None)
@given(
    st.builds(
        lambda local, domain, end: f"{local}@{domain}{end}",
        LOCAL,
        DOMAIN,
        st.sampled_from(["", ".example", ".x", ".a-"]),
    )
)
@example("a@" + "b" * 63 + ".example")
@example("a@" + "b" * 64 + ".example")
@example("a" * 250 + "@b.example")
@example("a@localhost")
@example("a@example.-b")
def test_the_fast_way_to_read_an_address_agrees_with_the_slow_one(given_address):
    assert outcome(rows.address, given_address) == outcome(normal_address, given_address)


def outcome(way, address: str) -> str:
    try:
        found = way(address)
    except Refused:
        return "refused"
    try:
        validate_email(found)
    except ValidationError:
        return "wrong"
    return str(found)


# the exports of other programs

MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,"
    "DSTOFF,TIMEZONE,CC,REGION,{more}LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
)
MAILCHIMP_ROW = (
    'ann@example.org,Ann,Reed,4,"2018-10-11 09:50:00",192.0.2.7,"2018-10-11 09:55:14",192.0.2.7,55.6,12.5,1,2,'
    'Europe/Copenhagen,DK,84,{more}"2019-01-01 08:00:00",90498395,810826c56e,,"""Club"",""Press"""\n'
)
SAMPLES = {
    "mailchimp": (MAILCHIMP.format(more="") + MAILCHIMP_ROW.format(more=""), ["active"]),
    "mailchimp-unsubscribed": (
        MAILCHIMP.format(
            more="UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
        )
        + MAILCHIMP_ROW.format(more='"2020-02-02 10:00:00",The Quay,77,NORMAL,,'),
        ["unsubscribed"],
    ),
    "mailchimp-cleaned": (
        MAILCHIMP.format(more="CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,")
        + MAILCHIMP_ROW.format(more='"2020-02-02 10:00:00",The Quay,77,'),
        ["bounced"],
    ),
    "substack": (
        (
            "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
            "ann@example.org,false,,other,false,2024-01-15T10:00:00.000Z,\n"
            "bob@example.org,true,2026-12-01T00:00:00.000Z,yearly,false,2024-02-01T10:00:00.000Z,2024-02-01T10:00:00.000Z\n"
            "cid@example.org,false,,other,true,2024-03-01T10:00:00.000Z,\n"
        ),
        ["active", "active", "unsubscribed"],
    ),
    "ghost": (
        (
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
            '64b,ann@example.org,Ann Reed,Early supporter,true,false,,2023-07-14T09:00:00.000Z,,"vip,press",Free\n'
            "64c,bob@example.org,Bob Lund,,false,false,,2023-07-15T09:00:00.000Z,,,\n"
        ),
        ["active", "unsubscribed"],
    ),
    "beehiiv": (
        (
            "email,status,created_at,subscription_tier,utm_source,utm_medium,utm_campaign,referral_code\n"
            "ann@example.org,active,2024-05-01T10:00:00Z,free,twitter,,,x1\n"
            "bob@example.org,inactive,2024-05-02T10:00:00Z,free,,,,x2\n"
            "cid@example.org,pending,2024-05-03T10:00:00Z,free,,,,x3\n"
            "dot@example.org,invalid,2024-05-04T10:00:00Z,premium,,,,x4\n"
        ),
        ["active", "unsubscribed", "not confirmed", "bounced"],
    ),
    "buttondown": (
        (
            "id,email_address,notes,metadata,tags,type,creation_date,secondary_id\n"
            'a1,ann@example.org,,"{""city"": ""Oslo""}",press,regular,2024-05-01T10:00:00Z,1\n'
            "a2,bob@example.org,,{},,unsubscribed,2024-05-02T10:00:00Z,2\n"
            "a3,cid@example.org,,{},,unactivated,2024-05-03T10:00:00Z,3\n"
            "a4,dot@example.org,,{},,complained,2024-05-03T10:00:00Z,4\n"
            "a5,eve@example.org,,{},,undeliverable,2024-05-03T10:00:00Z,5\n"
            "a6,flo@example.org,,{},,premium,2024-05-03T10:00:00Z,6\n"
        ),
        ["active", "unsubscribed", "not confirmed", "complained", "bounced", "active"],
    ),
    "listmonk": (
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            '0c1,ann@example.org,Ann Reed,"{""city"":""Oslo"",""tags"":[""a""]}",enabled,'
            "2024-05-01 12:00:00.123456 +0200 CEST,2024-05-01 12:00:00.123456 +0200 CEST\n"
            "0c2,bob@example.org,Bob Lund,{},blocklisted,2024-05-01 10:00:00 +0000 +0000,2024-05-01 10:00:00 +0000 UTC\n"
        ),
        ["active", "unsubscribed"],
    ),
}


@pytest.mark.parametrize("preset", list(presets.PRESETS))
def test_the_export_of_another_program_is_known_by_its_heads_and_its_words_are_understood(preset):
    source, statuses = SAMPLES[preset]
    form = tables.form_of(io.BytesIO(source.encode()))
    table = tables.Table(io.BytesIO(source.encode()), form)
    reading = rows.proposed(form, table.head)
    assert reading.preset == preset
    read_row = rows.reader_of(reading, now=NOW)
    found = []
    for record in table:
        try:
            row = read_row(record.line, record.cells)
        except Refused as refusal:
            assert "has not confirmed" in str(refusal)  # noqa: PT017
            found.append("not confirmed")
        else:
            assert row.joined is not None
            found.append(row.status)
    assert found == statuses


def test_what_is_known_beside_name_and_status_is_kept_as_attributes():
    source = SAMPLES["listmonk"][0].encode()
    table = tables.Table(io.BytesIO(source), Form("utf-8-sig", ","))
    reading = rows.proposed(Form("utf-8-sig", ","), table.head)
    first = next(iter(table))
    assert rows.reader_of(reading, now=NOW)(first.line, first.cells).attributes == {
        "city": "Oslo",
        "tags": '["a"]',
    }


def test_a_day_that_can_be_two_days_is_not_guessed():
    with pytest.raises(Refused, match="two days"):
        rows.moment("03/04/2024", now=NOW)
    assert rows.moment("31/04/2024".replace("04", "05"), now=NOW).date().isoformat() == "2024-05-31"
    assert rows.moment("05/31/2024", now=NOW).date().isoformat() == "2024-05-31"


def test_a_moment_as_listmonk_prints_it_keeps_its_zone():
    found = rows.moment("2024-05-01 00:30:00.123456 +0530 IST", now=NOW)
    assert found.isoformat() == "2024-04-30T19:00:00.123456+00:00"
    with pytest.raises(Refused, match="no date"):
        rows.moment("2024-02-31 00:30:00 +0530 IST", now=NOW)


@pytest.mark.parametrize(
    "odd", ["tomorrow", "2999-01-01", "0001-01-01", "9999-12-31T23:59:59-12:00", "31.02.2024", "13/13/2024"]
)
def test_what_is_no_day_to_have_joined_on_is_said(odd):
    with pytest.raises(Refused):
        rows.moment(odd, now=NOW)


def test_a_role_is_not_proposed_twice():
    roles = [column.role for column in presets.propose(["email", "e-mail", "name", "Full name"])]
    assert roles == [Role.EMAIL, Role.NOTHING, Role.NAME, Role.NOTHING]
