"""Readers from a CSV file: the good rows in, the bad ones listed with line and reason."""

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from issues.models import Publication
from newsroom.audience import subscribing
from newsroom.audience.importing import intakes, rows, tables
from newsroom.audience.importing.sorting import Counts
from newsroom.audience.models import Status, Subscriber, Subscription
from newsroom.lib.errors import Refused
from tests.make import NOW, make_imported, make_publication, make_reader, make_rehearsed

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication() -> Publication:
    return make_publication()


def bring_in(publication: Publication, source: str | bytes) -> tuple[Counts, list[tuple[int, str]]]:
    """What became of the rows of a file, and line and reason of each that was left out."""
    intake = make_imported(publication, source)
    return intakes.counts_of(intake), [
        (int(line), why) for line, why, *_ in intakes.refusals(intake, most=1000)
    ]


def addresses(status: str = Status.ACTIVE) -> set[str]:
    return set(Subscription.objects.filter(status=status).values_list("subscriber__email", flat=True))


def test_good_rows_are_brought_in_and_bad_ones_listed_with_line_and_reason(publication):
    counts, left_out = bring_in(
        publication,
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
    assert left_out == [
        (3, "“not an address” is not an email address."),
        (4, "There is no email address in this row."),
        (7, "The same address stands in line 2."),
        (8, "“perhaps” is neither yes nor no."),
        (9, "This row has more cells than the first line has names; is there a comma in one of them?"),
    ]
    assert (counts.added, counts.inactive) == (2, 1)
    assert addresses() == {"ann@readers.example"}
    assert addresses(Status.UNSUBSCRIBED) == {"cid@readers.example"}


@pytest.mark.parametrize(
    "odd",
    ["ann", "@", "ann@", "@readers.example", "ann@readers", "ann bob@readers.example", "ann@readers..example",
     "ann@readers.example, bob@readers.example", "ann@readers.example\tBcc: x@y.example", "=1+1", "-",
     "ann@" + "a" * 64 + ".example",
     "a" * 65 + "@readers.example" + "x" * 250, "Ann <ann@readers.example>"],
)  # fmt: skip
def test_what_is_no_address_is_listed(publication, odd):
    counts, left_out = bring_in(publication, f'email\n"{odd}"\n')
    assert (counts.added, len(left_out)) == (0, 1)
    assert not Subscriber.objects.exists()


def test_of_an_address_that_we_cannot_write_to_yet_that_is_said(publication):
    _, left_out = bring_in(publication, "email\njörg@readers.example\n")
    said = "“jörg@readers.example” has other letters than a to z before the @. We cannot write to such addresses yet."
    assert left_out == [(2, said)]


@pytest.mark.parametrize("length", [254, 255, 320])
def test_an_address_longer_than_its_column_is_listed(publication, length):
    address = "a" * 60 + "@" + ".".join(["b" * 50] * 6)[: length - 61 - 8] + ".example"
    address = address.replace("..", ".b")
    _, left_out = bring_in(publication, f"email\n{address}\n")
    assert len(left_out) == (len(address) > 254)


def test_an_address_with_letters_beyond_ascii_is_kept_as_mail_programs_write_it(publication):
    bring_in(publication, "email\nann@Bücher.example\n")
    assert addresses() == {"ann@xn--bcher-kva.example"}


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "head", ["email{0}name", "E-Mail{0}Name", '"Email Address"{0}"Full name"', " email {0} name "]
)
def test_any_usual_way_of_writing_a_table_is_read(publication, mark, end, head):
    source = end.join(
        [head.format(mark), f"ann@readers.example{mark}Ann", f'bob@readers.example{mark}"Bob, B."', ""]
    )
    counts, _ = bring_in(publication, source)
    assert counts.added == 2
    names = dict(Subscriber.objects.values_list("email", "name"))
    assert names == {"ann@readers.example": "Ann", "bob@readers.example": "Bob, B."}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding_is_read(publication, encoding):
    counts, _ = bring_in(publication, "email,name\nann@readers.example,Søren Æ.\n".encode(encoding))
    assert counts.added == 1
    assert Subscriber.objects.get().name == "Søren Æ."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "empty"),
        (b" \n\n ", "empty"),
        (b"\xef\xbb\xbf", "empty|which column"),
        (b"\xff\xfe", "empty|which column"),
        (b"PK\x03\x04" + bytes(500), "not a text file"),
        (b"email\x81\x8d,name\n", "which column has the email address"),
        (b"\xff\xfeabc", "which column has the email address"),
        (b"name,town\nAnn,Harbour\n", "which column has the email address"),
        (b'"' + b"x" * 200_000, "which column has the email address"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(publication, source, said):
    with pytest.raises(Refused, match=said):
        bring_in(publication, source)
    assert not Subscriber.objects.exists()


def test_a_quote_that_is_never_closed_swallows_nobody(publication):
    lines = [
        "email,name",
        'ann@readers.example,"Ann',
        "bob@readers.example,Bob",
        'cid@readers.example,"Cid"',
        "dot@readers.example,",
    ]
    bring_in(publication, "\n".join(lines))
    assert addresses() == {f"{name}@readers.example" for name in ("ann", "bob", "cid", "dot")}


def test_a_note_of_several_lines_stays_in_its_row_and_lines_are_counted_as_in_the_file(publication):
    _, left_out = bring_in(publication, 'email,note\nann@readers.example,"two\nlines"\nodd,x\n')
    assert addresses() == {"ann@readers.example"}
    assert [line for line, _ in left_out] == [4]


def test_a_cell_that_is_as_long_as_a_book_is_no_crash(publication):
    counts, left_out = bring_in(publication, f'email,name\n"{"x" * 200_000}",Ann\nbob@readers.example,Bob\n')
    assert (counts.added, len(left_out)) == (1, 1)


def test_names_keep_no_control_characters_and_fit_their_column(publication):
    bring_in(
        publication, f'email,name\nann@readers.example,"Ann\r\nBcc: x\x07"\nbob@readers.example,{"B" * 500}\n'
    )
    ann, bob = Subscriber.objects.order_by("email").values_list("name", flat=True)
    assert ann == "Ann Bcc: x"
    assert len(bob) == 120


def test_a_cell_that_is_a_formula_is_kept_as_words(publication):
    bring_in(publication, 'email,name\nann@readers.example,"=HYPERLINK(""https://evil.example"")"\n')
    assert Subscriber.objects.get().name == '=HYPERLINK("https://evil.example")'


def test_nobody_who_left_is_brought_back(publication):
    left = make_reader(publication, "left@readers.example")
    subscribing.leave(left, by="page", now=NOW)
    counts, _ = bring_in(publication, "email,active\nLEFT@readers.example,yes\n")
    left.refresh_from_db()
    assert (left.status, counts.gone, counts.added) == (Status.UNSUBSCRIBED, 1, 0)


def test_nobody_is_unsubscribed_by_a_file(publication):
    make_reader(publication, "ann@readers.example")
    counts, _ = bring_in(publication, "email,active\nann@readers.example,no\n")
    assert (counts.known, counts.added) == (1, 0)
    assert addresses() == {"ann@readers.example"}


def test_the_same_file_twice_changes_nothing(publication):
    source = "email\nann@readers.example\nbob@readers.example\n"
    bring_in(publication, source)
    counts, _ = bring_in(publication, source)
    assert (counts.known, Subscription.objects.count()) == (2, 2)


def test_a_person_can_be_on_two_lists(publication):
    bring_in(publication, "email\nann@readers.example\n")
    bring_in(make_publication(), "email\nAnn@readers.example\n")
    assert (Subscriber.objects.count(), Subscription.objects.count()) == (1, 2)


def test_fifty_thousand_rows_are_read_in_seconds(publication):
    source = "\n".join(["email,name", *(f"reader{n}@readers.example,Reader" for n in range(50_000))]).encode()
    began = time.monotonic()
    table = tables.Table(io.BytesIO(source), tables.form_of(io.BytesIO(source)))
    read = rows.reader_of(rows.proposed(tables.Form("utf-8-sig", ","), table.head), now=NOW)
    assert sum(1 for record in table if read(record.line, record.cells)) == 50_000
    assert time.monotonic() - began < 10


def test_rows_are_stored_hundreds_at_a_time(publication, django_assert_max_num_queries):
    source = "email\n" + "\n".join(f"reader{number}@readers.example" for number in range(2000))
    intake = make_rehearsed(publication, source)
    intakes.take_in(intake)
    assert intakes.claim(intake, now=NOW)
    with django_assert_max_num_queries(60):
        intakes.run(intake, clock=lambda: NOW)
    assert Subscription.objects.count() == 2000


class HostileTest(TestCase):
    @settings(max_examples=80, deadline=None)
    @given(st.text(alphabet=st.sampled_from('a@.,;\t"\r\n\x00 =é\u2028'), max_size=60))
    def test_whatever_stands_in_the_file_every_row_is_in_or_listed_or_the_file_refused(self, words):
        publication = make_publication()
        try:
            counts, _ = bring_in(publication, "email,name\n" + words)
        except Refused as refusal:
            assert str(refusal)  # noqa: PT017
        else:
            assert counts.added == Subscription.objects.filter(mailing_list__slug=publication.slug).count()
