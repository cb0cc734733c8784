"""Uploading, saying what the columns are, rehearsing, taking in, and exporting: the pages."""

import csv
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from newsroom.audience import exporting, segments
from newsroom.audience.importing import intakes
from newsroom.audience.models import Intake, IntakeStatus, Subscription
from newsroom.audience.tasks import take_in
from newsroom.desk import roles
from tests.make import NOW, make_list, make_person, make_publication, make_reader, make_rehearsed

pytestmark = pytest.mark.django_db
SOURCE = "email;first name;last name;town\nann@readers.example;Ann;Reed;Pier\nodd;Bob;;\n"


@pytest.fixture
def publication(settings, tmp_path):
    settings.VAR = tmp_path
    return make_publication()


@pytest.fixture
def chris(client, publication):
    client.force_login(make_person(roles.CHIEF))
    return client


def upload(client, publication, source: str | bytes = SOURCE):
    raw = source.encode() if isinstance(source, str) else source
    file = SimpleUploadedFile("readers.csv", raw)
    return client.post(reverse("desk:import"), {"publication": publication.pk, "file": file})


STATED = {
    "encoding": "utf-8-sig",
    "delimiter": ";",
    "head": "on",
    "everybody": "active",
    "consent": "A form.",
    "asked": "on",
}
CHOSEN = {
    "column-0": "email",
    "column-1": "first",
    "column-2": "last",
    "column-3": "attribute",
    "named-3": "Town",
}


def test_a_file_goes_all_the_way(chris, publication):
    answer = upload(chris, publication)
    intake = Intake.objects.get()
    assert answer.headers["Location"] == reverse("desk:intake_columns", args=[intake.pk])
    page = chris.get(answer.headers["Location"]).content.decode()
    assert "first name" in page
    assert "ann@readers.example" in page
    chris.post(answer.headers["Location"], STATED | CHOSEN)
    take_in()
    intake.refresh_from_db()
    assert (intake.status, intake.rehearsal) == (IntakeStatus.DONE, True)
    page = chris.get(reverse("desk:intake", args=[intake.pk])).content.decode()
    assert "Nothing was changed" in page
    assert "“odd” is not an email address." in page
    chris.post(reverse("desk:intake_step", args=[intake.pk, "take-in"]))
    take_in()
    ann = Subscription.objects.get()
    assert (ann.subscriber.name, ann.subscriber.attributes) == ("Ann Reed", {"Town": "Pier"})
    assert ann.consents.get().words == "A form."
    refused = b"".join(chris.get(reverse("desk:intake_refused", args=[intake.pk])).streaming_content)
    assert "odd" in refused.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"asked": ""}, "This field is required"),
        ({"consent": ""}, "This field is required"),
        ({"column-0": ""}, "Say which column has the email address"),
        ({"column-1": "email"}, "Two columns are said to be the email address"),
        ({"named-3": " "}, "Give each attribute a name"),
    ],
)
def test_what_is_missing_is_said_and_nothing_begins(chris, publication, changes, said):
    upload(chris, publication)
    intake = Intake.objects.get()
    stated = {name: value for name, value in (STATED | CHOSEN | changes).items() if value}
    answer = chris.post(reverse("desk:intake_columns", args=[intake.pk]), stated)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Intake.objects.get().status == IntakeStatus.UPLOADED


def test_an_empty_answer_is_no_crash(chris, publication):
    upload(chris, publication)
    assert chris.post(reverse("desk:intake_columns", args=[Intake.objects.get().pk])).status_code == 422


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("ann@readers.example\nbob@readers.example\n", 0),
        ("7;ann@readers.example;Ann\n8;odd;Bob\n9;cid@readers.example;Cid\n", 1),
        ("Nom;Adresse électronique\nAnn;ann@readers.example\n", 1),
        ("Nom;Ville\nAnn;Pier\n", None),
    ],
)
def test_the_column_of_addresses_is_known_by_its_cells_where_no_head_says_so(chris, publication, source, at):
    upload(chris, publication, source)
    roles_told = [role for role, _ in Intake.objects.get().reading["columns"]]
    assert [n for n, role in enumerate(roles_told) if role == "email"] == ([] if at is None else [at])


def test_a_file_as_wide_as_is_taken_can_be_answered_for(chris, publication):
    heads = ["email", *(f"column {n}" for n in range(1, intakes.MOST_COLUMNS))]
    upload(chris, publication, f"{';'.join(heads)}\nann@readers.example\n")
    told = {f"column-{at}": "email" if at == 0 else "" for at in range(len(heads))}
    told |= {f"named-{at}": head for at, head in enumerate(heads)}
    answer = chris.post(reverse("desk:intake_columns", args=[Intake.objects.get().pk]), STATED | told)
    assert answer.status_code == 302
    assert Intake.objects.get().status == IntakeStatus.WAITING


def test_a_wider_file_is_refused_when_it_comes(chris, publication):
    answer = upload(chris, publication, ";".join(["email"] * (intakes.MOST_COLUMNS + 1)))
    assert answer.status_code == 422
    assert "this file has 1,001 columns; at most 1,000" in answer.content.decode()
    assert not Intake.objects.exists()


def test_the_sample_is_shown_anew_in_other_letters(chris, publication):
    upload(chris, publication, "email;name\nann@readers.example;Zoë\n".encode("cp850"))
    path = reverse("desk:intake_columns", args=[Intake.objects.get().pk])
    page = chris.post(path, STATED | {"encoding": "cp850", "again": "1"}).content.decode()
    assert "Zoë" in page


@pytest.mark.parametrize(
    ("source", "said"), [(b"", "empty"), (b"PK\x03\x04zip", "spreadsheet"), (b" \n", "empty")]
)
def test_what_is_no_table_is_refused_at_the_upload(chris, publication, source, said):
    answer = upload(chris, publication, source)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_progress_fetches_itself_only_while_it_moves(chris, publication):
    intake = make_rehearsed(publication, "email\nann@readers.example\n")
    path = reverse("desk:intake", args=[intake.pk])
    assert "hx-get" not in chris.get(path).content.decode()
    Intake.objects.update(
        status="reading", started_at=timezone.now() - timezone.timedelta(seconds=10), read_bytes=15, size=30
    )
    page = chris.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" in page
    assert "a second" in page
    assert "<html" not in page


def test_an_upload_is_deleted_on_request(chris, publication):
    upload(chris, publication)
    chris.post(reverse("desk:intake_step", args=[Intake.objects.get().pk, "discard"]))
    assert not Intake.objects.exists()


# export


def rows_of(lines) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(lines).decode("utf-8-sig"))))


def test_an_export_is_streamed_safe_and_written_down(chris, publication):
    reader = make_reader(publication, "ann@readers.example", name="=cmd()")
    reader.subscriber.attributes = {"+town": "@Pier"}
    reader.subscriber.save()
    make_reader(publication, "gone@readers.example", status="unsubscribed")
    answer = chris.post(
        reverse("desk:export"), {"mailing_list": make_list(publication).pk, "status": "active"}
    )
    assert answer.streaming
    (row,) = rows_of(answer.streaming_content)
    assert (row["email"], row["name"], row["status"], row["'+town"]) == (
        "ann@readers.example",
        "'=cmd()",
        "active",
        "'@Pier",
    )
    assert "exported" in LogEntry.objects.get().change_message


def test_an_export_of_a_segment_says_that_nobody_in_it_has_left(chris, publication):
    mailing_list = make_list(publication)
    segment = segments.make(mailing_list, "All", (), by=None, now=NOW)
    asked = {"mailing_list": mailing_list.pk, "segment": segment.pk, "status": "unsubscribed"}
    answer = chris.post(reverse("desk:export"), asked)
    assert answer.status_code == 422
    assert "All readers of a segment are active." in answer.content.decode()


def test_what_was_exported_can_come_back(publication):
    reader = make_reader(publication, "ann@readers.example", name="Ann")
    reader.subscriber.attributes = {"town": "Pier"}
    reader.subscriber.save()
    lines = b"".join(exporting.csv_lines(Subscription.objects.all())).decode()
    other = make_publication()
    intake = make_rehearsed(other, lines)
    assert (intake.counts["added"], intake.counts["invalid"]) == (1, 0)


def test_an_export_asks_the_same_few_queries_however_long_it_is(publication, django_assert_num_queries):
    for number in range(30):
        make_reader(publication, f"reader{number}@readers.example")
    with django_assert_num_queries(2):
        assert len(rows_of(exporting.csv_lines(Subscription.objects.all()))) == 30
    assert NOW
