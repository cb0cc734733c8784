"""Files of subscribers on their way in: rehearsed, taken in, interrupted anywhere, cancelled, deleted."""

import csv
import io
from collections import Counter
from dataclasses import asdict, replace

import pytest
from django.db import OperationalError, connection

from newsroom.audience import subscribing
from newsroom.audience.importing import intakes, reading, sorting, storing
from newsroom.audience.importing.presets import Column, Role
from newsroom.audience.importing.rows import Reading
from newsroom.audience.models import (
    Consent,
    Intake,
    IntakeStatus,
    Status,
    Subscriber,
    Subscription,
    Suppression,
)
from newsroom.audience.suppressing import fingerprint
from newsroom.lib.errors import NotNow, Refused
from tests.make import NOW, make_list, make_publication, make_reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication(settings, tmp_path):
    settings.VAR = tmp_path
    return make_publication()


@pytest.fixture
def few_rows(monkeypatch):
    """Batches of three rows."""
    monkeypatch.setattr(sorting, "ROWS_A_BATCH", 3)
    monkeypatch.setattr(reading, "ROWS_A_BATCH", 3)


def upload(publication, source: str | bytes, name: str = "readers.csv") -> Intake:
    raw = source.encode() if isinstance(source, str) else source
    return intakes.receive(make_list(publication), [raw], name=name, by=None, now=NOW)


def rehearse(intake: Intake, **changes) -> Intake:
    reading = Reading.from_json(intake.reading)
    intakes.rehearse(intake, replace(reading, consent="Sign-up form.", **changes))
    return read(intake)


def read(intake: Intake, keep_going=lambda: True) -> Intake:
    assert intakes.claim(intake, now=NOW)
    intakes.run(intake, clock=lambda: NOW, keep_going=keep_going)
    intake.refresh_from_db()
    return intake


def take_in(intake: Intake) -> Intake:
    intakes.take_in(intake)
    return read(intake)


def left_out(intake: Intake) -> list[list[str]]:
    return intakes.refusals(intake, 1000)


MIXED = (
    "email,name,town\n"
    "ann@readers.example,Ann,Pier\n"
    "no address,Bob,\n"
    "ANN@readers.example,Ann again,\n"
    "left@readers.example,Lea,\n"
    "never@readers.example,Nev,\n"
    "known@readers.example,Kim,Lock\n"
    "=1+1,=HYPERLINK(1),\n"
)


@pytest.fixture
def mixed(publication) -> Intake:
    left = make_reader(publication, "left@readers.example")
    subscribing.leave(left, by="page", now=NOW)
    make_reader(publication, "known@readers.example")
    Suppression.objects.create(fingerprint=fingerprint("never@readers.example"), reason="asked", at=NOW)
    columns = (Column(Role.EMAIL), Column(Role.NAME), Column(Role.ATTRIBUTE, "town"))
    return rehearse(upload(publication, MIXED), columns=columns)


def test_a_rehearsal_tells_all_and_changes_nothing(mixed):
    assert asdict(intakes.counts_of(mixed)) == {
        "added": 1, "inactive": 0, "updated": 1, "known": 0, "gone": 1, "suppressed": 1, "duplicates": 1, "invalid": 2,
    }  # fmt: skip
    assert mixed.status == IntakeStatus.DONE
    assert Subscription.objects.count() == 2
    assert not Consent.objects.filter(what="imported").exists()
    assert Subscriber.objects.get(email="known@readers.example").name == ""


def test_the_import_does_what_was_rehearsed(mixed):
    rehearsed = intakes.counts_of(mixed)
    assert intakes.counts_of(take_in(mixed)) == rehearsed
    ann = Subscription.objects.get(subscriber__email="ann@readers.example")
    assert (ann.status, ann.subscriber.name, ann.subscriber.attributes) == ("active", "Ann", {"town": "Pier"})
    consent = ann.consents.get()
    assert (consent.what, consent.words) == ("imported", "Sign-up form.")
    assert consent.source == "readers.csv, brought in by Somebody"
    known = Subscriber.objects.get(email="known@readers.example")
    assert (known.name, known.attributes) == ("Kim", {"town": "Lock"})
    assert Subscription.objects.get(subscriber__email="left@readers.example").status == Status.UNSUBSCRIBED
    assert not Subscriber.objects.filter(email="never@readers.example").exists()


def test_every_row_that_was_left_out_is_listed_and_no_cell_of_the_list_is_a_formula(mixed):
    assert [row[:2] for row in left_out(mixed)] == [
        ["3", "“no address” is not an email address."],
        ["4", "The same address stands in line 2."],
        ["5", "Stays away: this person has left the list."],
        ["6", "Stays away: this address is on the suppression list."],
        ["8", "“=1+1” is not an email address."],
    ]
    assert left_out(mixed)[-1][2:] == ["'=1+1", "'=HYPERLINK(1)", ""]


def test_names_and_attributes_are_replaced_only_if_somebody_says_so(publication):
    source = "email,name,city\nann@readers.example,New,Oslo\n"
    subscriber = make_reader(publication, "ann@readers.example", name="Old").subscriber
    subscriber.attributes = {"city": "Bergen", "team": "red"}
    subscriber.save()
    columns = (Column(Role.EMAIL), Column(Role.NAME), Column(Role.ATTRIBUTE, "city"))
    kept = take_in(rehearse(upload(publication, source), columns=columns))
    assert intakes.counts_of(kept).known == 1
    replaced = take_in(rehearse(upload(publication, source), columns=columns, update=True))
    assert intakes.counts_of(replaced).updated == 1
    subscriber.refresh_from_db()
    assert (subscriber.name, subscriber.attributes) == ("New", {"city": "Oslo", "team": "red"})


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED])
def test_nobody_who_is_gone_comes_back(publication, status):
    gone = make_reader(publication, "gone@readers.example", status=status)
    done = take_in(rehearse(upload(publication, "email\ngone@readers.example\n")))
    gone.refresh_from_db()
    assert (gone.status, intakes.counts_of(done).gone) == (status, 1)


# interrupted


def people(count: int) -> str:
    rows = [f"reader{n}@readers.example,Reader {n}" for n in range(count)]
    rows[4] = "nonsense,x"
    rows[9] = rows[1]
    return "\n".join(["email,name", *rows, ""])


class Killed(Exception):
    """The worker is gone in this moment."""


@pytest.mark.parametrize("moment", ["store", "note", "write", "commit"])
@pytest.mark.parametrize("batch", [1, 2, 3, 4])
def test_a_worker_killed_in_any_batch_is_followed_without_loss_or_double(
    publication, few_rows, monkeypatch, moment, batch
):
    intake = rehearse(upload(publication, people(12)))
    intakes.take_in(intake)
    assert intakes.claim(intake, now=NOW)
    with monkeypatch.context() as patch:
        _kill(patch, moment, batch)
        with pytest.raises(Killed):
            intakes.run(intake, clock=lambda: NOW)
    intake.refresh_from_db()
    assert intake.status == IntakeStatus.READING
    assert list(intakes.orphaned(now=NOW)) == []
    later = NOW + intakes.SILENT * 2
    (orphan,) = intakes.orphaned(now=later)
    assert intakes.claim(orphan, now=later)
    intakes.run(orphan, clock=lambda: later)
    orphan.refresh_from_db()
    assert orphan.status == IntakeStatus.DONE
    counts = intakes.counts_of(orphan)
    assert (counts.added, counts.duplicates, counts.invalid, orphan.read_rows) == (10, 1, 1, 12)
    assert Subscription.objects.count() == Consent.objects.count() == Subscriber.objects.count() == 10
    assert [row[0] for row in left_out(orphan)] == ["6", "11"]


def _kill(patch, moment: str, batch: int) -> None:
    """Die in that batch: before or after it is stored, noted, or written to the list of refusals."""
    seen = Counter()

    def dying(real, *, after: bool):
        def call(*args, **kwargs):
            seen[real] += 1
            if seen[real] == batch and not after:
                raise Killed
            result = real(*args, **kwargs)
            if seen[real] == batch:
                raise Killed
            return result

        return call

    places = {
        "store": (reading, "store", False),
        "note": (reading.Run, "_note", True),
        "write": (reading.RefusedRows, "write", True),
        "commit": (reading, "batches", False),
    }
    where, name, after = places[moment]
    if moment != "commit":
        patch.setattr(where, name, dying(getattr(where, name), after=after))
        return

    def cut_off(table):
        for number, records in enumerate(sorting.batches(table)):
            if number == batch:
                raise Killed
            yield records
        raise Killed

    patch.setattr(reading, "batches", cut_off)


def test_a_worker_that_is_told_to_stop_hands_over_at_once(publication, few_rows):
    intake = rehearse(upload(publication, people(12)))
    intakes.take_in(intake)
    read(intake, keep_going=lambda: False)
    assert (intake.status, intake.read_rows) == (IntakeStatus.WAITING, 3)
    (orphan,) = intakes.orphaned(now=NOW)
    assert read(orphan).status == IntakeStatus.DONE
    assert Subscription.objects.count() == 10


def test_who_lost_the_claim_stores_nothing(publication, few_rows):
    intake = rehearse(upload(publication, people(12)))
    intakes.take_in(intake)
    assert intakes.claim(intake, now=NOW)
    other = Intake.objects.get()
    assert intakes.claim(other, now=NOW + intakes.SILENT * 2)
    intakes.run(intake, clock=lambda: NOW)
    assert not Subscription.objects.exists()
    intakes.run(other, clock=lambda: NOW)
    assert Subscription.objects.count() == 10


def test_two_workers_never_take_the_same(publication):
    intake = upload(publication, people(12))
    intakes.rehearse(intake, replace(Reading.from_json(intake.reading), consent="Form."))
    other = Intake.objects.get()
    assert intakes.claim(intake, now=NOW)
    assert not intakes.claim(other, now=NOW)


def test_cancelled_it_stops_before_the_next_batch_and_may_go_on(publication, few_rows):
    intake = rehearse(upload(publication, people(12)))
    intakes.take_in(intake)
    read(intake, keep_going=lambda: not intakes.cancel(Intake.objects.get(), now=NOW))
    assert (intake.status, intake.read_rows) == (IntakeStatus.CANCELLED, 3)
    assert Subscription.objects.count() == 3
    with pytest.raises(NotNow, match="This import is cancelled"):
        intakes.cancel(intake, now=NOW)
    intakes.try_again(intake)
    assert read(intake).status == IntakeStatus.DONE
    assert Subscription.objects.count() == 10


def test_a_file_that_is_gone_fails_in_a_sentence(publication):
    intake = rehearse(upload(publication, "email\nann@readers.example\n"))
    reading.path_of(intake).unlink()
    intakes.take_in(intake)
    assert (read(intake).status, intake.said) == (
        "failed",
        "The file is not there any more. Upload it again.",
    )


def test_a_database_that_is_away_is_waited_for(publication, monkeypatch):
    intake = rehearse(upload(publication, "email\nann@readers.example\n"))
    intakes.take_in(intake)

    def away(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(reading, "store", away)
    with pytest.raises(OperationalError):
        read(intake)
    assert Intake.objects.get().status == IntakeStatus.READING


def test_nothing_is_taken_in_unrehearsed_or_twice(publication):
    intake = upload(publication, "email\nann@readers.example\n")
    with pytest.raises(Refused, match="Rehearse"):
        intakes.take_in(intake)
    take_in(rehearse(intake))
    with pytest.raises(Refused, match="Rehearse"):
        intakes.take_in(intake)
    with pytest.raises(Refused, match="is in already"):
        intakes.rehearse(intake, Reading.from_json(intake.reading))


def test_where_they_agreed_must_be_said(publication):
    intake = upload(publication, "email\nann@readers.example\n")
    with pytest.raises(Refused, match="agreed"):
        intakes.rehearse(intake, replace(Reading.from_json(intake.reading), consent=" "))


def test_files_are_deleted_after_thirty_days_and_the_counts_stay(mixed):
    assert intakes.tidy(now=NOW + intakes.KEPT_FOR) == 0
    assert intakes.tidy(now=NOW + intakes.KEPT_FOR * 1.1) == 1
    mixed.refresh_from_db()
    assert (mixed.file, intakes.counts_of(mixed).added) == ("", 1)
    assert list((intakes._folder()).iterdir()) == []
    assert intakes.tidy(now=NOW + intakes.KEPT_FOR * 1.1) == 0


def test_what_is_refused_at_once_leaves_no_file(publication):
    for source in (b"", b"PK\x03\x04 a spreadsheet"):
        with pytest.raises(Refused):
            upload(publication, source)
    assert list((intakes._folder()).iterdir()) == []


def test_the_list_of_refusals_is_a_table_that_spreadsheets_know(mixed):
    raw = intakes.refused_file(mixed).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    head = next(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert head == ["Line", "Why it was left out", "email", "name", "town"]


def test_rate_and_time_to_go_are_told_while_it_is_read(publication, few_rows):
    intake = rehearse(upload(publication, people(12)))
    intakes.take_in(intake)
    assert intakes.claim(intake, now=NOW)
    intake.read_rows, intake.read_bytes = 6, intake.size // 2
    told = intakes.progress(intake, now=NOW.replace(second=NOW.second + 2))
    assert (told.percent, told.rate) == (50 if intake.size % 2 == 0 else 49, 3)
    assert told.seconds_left == pytest.approx(2, rel=0.1)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="how SQLite says what it does")
def test_people_are_found_by_the_index_and_not_by_reading_all(publication):
    with connection.cursor() as cursor:
        cursor.execute(storing._MAKE.format(moment="text", json="text"))
        cursor.execute(f"EXPLAIN QUERY PLAN {storing._FIND_PEOPLE}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "USING COVERING INDEX subscriber_email_once" in plan or "USING INDEX subscriber_email_once" in plan
