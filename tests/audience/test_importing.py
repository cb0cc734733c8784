"""Readers from a CSV file: the good rows in, the bad ones listed with line and reason."""

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from issues.models import Publication
from newsroom.audience import subscribing
from newsroom.audience.importing import rows, sorting, tables
from newsroom.audience.models import MailingList, Status, Subscriber, Subscription
from newsroom.lib.errors import Refused
from tests.make import NOW, make_list, make_publication, make_reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication(db) -> Publication:
    return make_publication()


@pytest.fixture
def readers(publication) -> MailingList:
    return make_list(publication)


def bring_in(readers: MailingList, source: str | bytes) -> sorting.Report:
    return sorting.import_csv(readers, source.encode() if isinstance(source, str) else source, now=NOW)


def addresses(status: str = Status.ACTIVE) -> set[str]:
    return set(Subscription.objects.filter(status=status).values_list("subscriber__email", flat=True))


def test_good_rows_are_brought_in_and_bad_ones_listed_with_line_and_reason(readers):
    report = bring_in(
        readers,
        "email,name,active\n"
        "ann@readers.example,Ann,yes\n"
        "not an address,Bob,yes\n"
        ",Nobody,yes\n"
        "\n"
        "cid@readers.example,Cid,no\n"
        "ANN@readers.example,Ann again,yes\n"
        "dot@readers.example,Dot,perhaps\n"
        "eve@readers.example,Eve,Harbour,no\n",
    )
    assert [(bad.line, bad.reason) for bad in report.bad] == [
        (3, "“not an address” is not an email address."),
        (4, "There is no email address in this row."),
        (7, "The same address stands in line 2."),
        (8, "“perhaps” is neither yes nor no."),
        (9, "This row has more cells than the first line has names; is there a comma in one of them?"),
    ]
    assert (report.added, report.inactive) == (2, 1)
    assert addresses() == {"ann@readers.example"}
    assert addresses(Status.UNSUBSCRIBED) == {"cid@readers.example"}
    assert "not an address" in report.bad[0].row


@pytest.mark.parametrize(
    "odd",
    ["ann", "@", "ann@", "@readers.example", "ann@readers", "ann bob@readers.example", "ann@readers..example",
     "ann@readers.example, bob@readers.example", "ann@readers.example\tBcc: x@y.example", "=1+1", "-",
     "ann@" + "a" * 64 + ".example",
     "a" * 65 + "@readers.example" + "x" * 250, "Ann <ann@readers.example>"],
)  # fmt: skip
def test_what_is_no_address_is_listed(readers, odd):
    report = bring_in(readers, f'email\n"{odd}"\n')
    assert (report.added, len(report.bad)) == (0, 1)
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("length", [254, 255, 320])
def test_an_address_longer_than_its_column_is_listed(readers, length):
    address = "a" * 60 + "@" + ".".join(["b" * 50] * 6)[: length - 61 - 8] + ".example"
    address = address.replace("..", ".b")
    report = bring_in(readers, f"email\n{address}\n")
    assert len(report.bad) == (len(address) > 254)


def test_an_address_with_letters_beyond_ascii_is_kept_as_mail_programs_write_it(readers):
    bring_in(readers, "email\nann@Bücher.example\n")
    assert addresses() == {"ann@xn--bcher-kva.example"}


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "head", ["email{0}name", "E-Mail{0}Name", '"Email Address"{0}"Full name"', " email {0} name "]
)
def test_any_usual_way_of_writing_a_table_is_read(readers, mark, end, head):
    source = end.join(
        [head.format(mark), f"ann@readers.example{mark}Ann", f'bob@readers.example{mark}"Bob, B."', ""]
    )
    assert bring_in(readers, source).added == 2
    names = dict(Subscriber.objects.values_list("email", "name"))
    assert names == {"ann@readers.example": "Ann", "bob@readers.example": "Bob, B."}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding_is_read(readers, encoding):
    assert bring_in(readers, "email,name\nann@readers.example,Søren Æ.\n".encode(encoding)).added == 1
    assert Subscriber.objects.get().name == "Søren Æ."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "empty"),
        (b" \n\n ", "empty"),
        (b"\xef\xbb\xbf", "empty|no column"),
        (b"\xff\xfe", "empty|no column"),
        (b"PK\x03\x04" + bytes(500), "not a text file"),
        (b"email\x81\x8d,name\n", "letters of this file|no column"),
        (b"\xff\xfeabc", "letters of this file|no column"),
        (b"name,town\nAnn,Harbour\n", "no column called “email”"),
        (b"ann@readers.example\nbob@readers.example\n", "no column called “email”"),
        (b'"' + b"x" * 200_000, "no column"),
        (b"x" * (10 * 1024 * 1024 + 1), "10 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(readers, source, said):
    with pytest.raises(Refused, match=said):
        bring_in(readers, source)
    assert not Subscriber.objects.exists()


def test_a_quote_that_is_never_closed_swallows_nobody(readers):
    lines = [
        "email,name",
        'ann@readers.example,"Ann',
        "bob@readers.example,Bob",
        'cid@readers.example,"Cid"',
        "dot@readers.example,",
    ]
    bring_in(readers, "\n".join(lines))
    assert addresses() == {f"{name}@readers.example" for name in ("ann", "bob", "cid", "dot")}


def test_a_note_of_several_lines_stays_in_its_row_and_lines_are_counted_as_in_the_file(readers):
    report = bring_in(readers, 'email,note\nann@readers.example,"two\nlines"\nodd,x\n')
    assert addresses() == {"ann@readers.example"}
    assert [bad.line for bad in report.bad] == [4]


def test_a_cell_that_is_as_long_as_a_book_is_no_crash(readers):
    report = bring_in(readers, f'email,name\n"{"x" * 200_000}",Ann\nbob@readers.example,Bob\n')
    assert (report.added, len(report.bad)) == (1, 1)


def test_names_keep_no_control_characters_and_fit_their_column(readers):
    bring_in(
        readers, f'email,name\nann@readers.example,"Ann\r\nBcc: x\x07"\nbob@readers.example,{"B" * 500}\n'
    )
    ann, bob = Subscriber.objects.order_by("email").values_list("name", flat=True)
    assert ann == "Ann Bcc: x"
    assert len(bob) == 120


def test_a_cell_that_is_a_formula_is_kept_as_words(readers):
    bring_in(readers, 'email,name\nann@readers.example,"=HYPERLINK(""https://evil.example"")"\n')
    assert Subscriber.objects.get().name == '=HYPERLINK("https://evil.example")'


def test_nobody_who_left_is_brought_back(publication, readers):
    left = make_reader(publication, "left@readers.example")
    subscribing.leave(left, by="page", now=NOW)
    report = bring_in(readers, "email,active\nLEFT@readers.example,yes\n")
    left.refresh_from_db()
    assert (left.status, report.stayed_away, report.added) == (Status.UNSUBSCRIBED, 1, 0)


def test_nobody_is_unsubscribed_by_a_file(publication, readers):
    make_reader(publication, "ann@readers.example")
    report = bring_in(readers, "email,active\nann@readers.example,no\n")
    assert (report.known, report.added) == (1, 0)
    assert addresses() == {"ann@readers.example"}


def test_the_same_file_twice_changes_nothing(readers):
    source = "email\nann@readers.example\nbob@readers.example\n"
    bring_in(readers, source)
    assert (bring_in(readers, source).known, Subscription.objects.count()) == (2, 2)


def test_a_person_can_be_on_two_lists(readers):
    bring_in(readers, "email\nann@readers.example\n")
    bring_in(make_list(make_publication()), "email\nAnn@readers.example\n")
    assert (Subscriber.objects.count(), Subscription.objects.count()) == (1, 2)


def test_fifty_thousand_rows_are_read_in_seconds(readers):
    source = "\n".join(["email,name", *(f"reader{n}@readers.example,Reader" for n in range(50_000))]).encode()
    began = time.monotonic()
    table = tables.Table(io.BytesIO(source), tables.form_of(io.BytesIO(source)))
    read = rows.reader_of(sorting.proposed(tables.Form("utf-8-sig", ","), table.head), now=NOW)
    assert sum(1 for record in table if read(record.line, record.cells)) == 50_000
    assert time.monotonic() - began < 10


def test_rows_are_stored_hundreds_at_a_time(readers, django_assert_max_num_queries):
    source = "email\n" + "\n".join(f"reader{number}@readers.example" for number in range(2000))
    with django_assert_max_num_queries(60):  # SQLite takes 999 values a statement, 76 subscriptions
        assert bring_in(readers, source).added == 2000


class HostileTest(TestCase):
    @settings(max_examples=80, deadline=None)
    @given(st.text(alphabet=st.sampled_from('a@.,;\t"\r\n\x00 =é\u2028'), max_size=60))
    def test_whatever_stands_in_the_file_every_row_is_in_or_listed_or_the_file_refused(self, words):
        readers = make_list(make_publication())
        try:
            report = bring_in(readers, "email,name\n" + words)
        except Refused as refusal:
            assert str(refusal)  # noqa: PT017
        else:
            assert report.added == Subscription.objects.filter(mailing_list=readers).count()
