"""What follows from what came back: once, for the reader it is about, and for nobody because of a forgery."""

import datetime
import io
import subprocess
import sys

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import OperationalError

from newsroom.audience import suppressing
from newsroom.audience.models import Reason, Status, Suppression
from newsroom.delivery.models import Return, ReturnKind
from newsroom.delivery.returns import consequences
from newsroom.delivery.returns.consequences import Taken
from newsroom.lib.links import ReaderToken
from tests.delivery.mail import make_mailed, make_printing, tag
from tests.delivery.returns.test_bounces import report
from tests.make import NOW, make_approved_issue, make_reader

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
FULL = {"status": "5.2.2", "said": "smtp; 552 5.2.2 Mailbox full"}


def bounce(printing, reader, *, number: str = "<one@mx.example>", **said: str) -> bytes:
    return report(to=f"b+{tag(printing, reader)}@x.example", number=number, **said)


def complaint(printing, reader) -> bytes:
    return f"""\
From: fbl@provider.example
To: abuse@x.example
Content-Type: multipart/report; report-type=feedback-report; boundary="cut"

--cut
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1

--cut
Content-Type: message/rfc822

List-Unsubscribe: <https://news.example/u/{ReaderToken(printing.pk, reader.pk).text}/>

--cut--
""".encode()


def take(content: bytes, *, at: datetime.datetime = NOW) -> Taken:
    return consequences.take(content, by="pipe", now=at)


def test_a_hard_bounce_suppresses_at_once():
    printing, (reader,) = make_mailed()
    assert take(bounce(printing, reader)) == Taken.RECORDED
    reader.refresh_from_db()
    assert (reader.status, reader.left_by) == (Status.BOUNCED, "bounce")
    assert suppressing.find(reader.subscriber.email).reason == Reason.BOUNCED
    row = Return.objects.get()
    assert (row.send, row.subscription, row.kind, row.status, row.by) == (
        printing.send, reader, ReturnKind.HARD, "5.1.1", "pipe",
    )  # fmt: skip


def test_it_ends_every_subscription_of_the_address():
    printing, (reader,) = make_mailed()
    other = make_reader(make_approved_issue().publication, reader.subscriber.email)
    take(bounce(printing, reader))
    other.refresh_from_db()
    assert other.status == Status.BOUNCED


def test_a_complaint_suppresses_at_once():
    printing, (reader,) = make_mailed()
    assert take(complaint(printing, reader)) == Taken.RECORDED
    reader.refresh_from_db()
    assert reader.status == Status.COMPLAINED
    assert suppressing.find(reader.subscriber.email).reason == Reason.COMPLAINED


def test_the_same_report_counts_once():
    printing, (reader,) = make_mailed()
    assert take(bounce(printing, reader)) == Taken.RECORDED
    suppressing.lift(Suppression.objects.get(), why="They fixed it.", by=None, now=NOW)
    assert take(bounce(printing, reader)) == Taken.KNOWN
    assert not Suppression.objects.exists()
    assert Return.objects.count() == 1


def soft_bounces(reader, days: list[int]) -> None:
    for number, day in enumerate(days):
        printing = make_printing(make_approved_issue(title=f"Issue {number}"))
        take(bounce(printing, reader, number=f"<{number}@mx>", **FULL), at=NOW + day * DAY)
    reader.refresh_from_db()


def test_five_issues_that_bounced_softly_within_two_weeks_suppress():
    _, (reader,) = make_mailed()
    soft_bounces(reader, [0, 1, 2, 3])
    assert reader.status == Status.ACTIVE
    soft_bounces(reader, [14])
    assert reader.status == Status.BOUNCED
    assert "5 issues bounced softly" in Suppression.objects.get().note


def test_soft_bounces_of_long_ago_are_forgotten():
    _, (reader,) = make_mailed()
    soft_bounces(reader, [0, 1, 2, 3, 15])
    assert reader.status == Status.ACTIVE


def test_one_issue_that_bounces_five_times_is_one():
    printing, (reader,) = make_mailed()
    for number in range(5):
        take(bounce(printing, reader, number=f"<{number}@mx>", **FULL))
    reader.refresh_from_db()
    assert (Return.objects.count(), reader.status) == (5, Status.ACTIVE)


def test_who_follows_a_link_has_mail_again():
    _, (reader,) = make_mailed()
    soft_bounces(reader, [0, 1, 2])
    type(reader).objects.filter(pk=reader.pk).update(engaged_at=NOW + 2.5 * DAY)
    soft_bounces(reader, [3, 4])
    assert reader.status == Status.ACTIVE


def test_the_number_and_the_days_can_be_set(settings):
    settings.SOFT_BOUNCES, settings.SOFT_BOUNCE_DAYS = 2, 60
    _, (reader,) = make_mailed()
    soft_bounces(reader, [0, 55])
    assert reader.status == Status.BOUNCED
    assert "2 issues" in " ".join(consequences.rules())


def test_a_delay_is_no_bounce():
    printing, (reader,) = make_mailed()
    assert take(bounce(printing, reader, action="delayed", status="4.4.1")) == Taken.STILL_TRYING
    assert not Return.objects.exists()


@pytest.mark.parametrize(
    "forge", [lambda good: "0" * 40, lambda good: good[:-1] + ("0" if good[-1] != "0" else "1")]
)
def test_a_forged_token_changes_nothing(forge):
    printing, (reader,) = make_mailed()
    content = report(to=f"b+{forge(tag(printing, reader))}@x.example")
    assert take(content) == Taken.NOT_OURS
    reader.refresh_from_db()
    assert reader.status == Status.ACTIVE
    assert not Return.objects.exists()


def test_a_report_about_a_printing_that_is_gone_changes_nothing():
    printing, (reader,) = make_mailed()
    content = report(to=f"b+{ReaderToken(printing.pk + 7, reader.pk).hex}@x.example")
    assert take(content) == Taken.NOT_OURS


def test_a_report_about_an_erased_reader_is_written_down_all_the_same():
    printing, (reader,) = make_mailed()
    content = bounce(printing, reader)
    reader.subscriber.delete()
    assert take(content) == Taken.RECORDED
    assert Return.objects.get().subscription is None


def test_who_has_left_stays_as_they_left():
    printing, (reader,) = make_mailed()
    type(reader).objects.filter(pk=reader.pk).update(status=Status.UNSUBSCRIBED, left_by="page")
    take(bounce(printing, reader))
    reader.refresh_from_db()
    assert (reader.status, reader.left_by) == (Status.UNSUBSCRIBED, "page")


# the pipe


def piped(content: bytes, monkeypatch, *words: str) -> str:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    call_command("take_bounce", *words, stdout=said, stderr=said)
    return said.getvalue()


def test_the_pipe_takes_a_bounce(monkeypatch):
    printing, (reader,) = make_mailed()
    assert "recorded" in piped(bounce(printing, reader), monkeypatch)
    assert Return.objects.get().by == "pipe"


def test_the_mail_server_may_say_whom_it_came_to(monkeypatch):
    printing, (reader,) = make_mailed()
    content = report(to="undisclosed-recipients:;")
    assert "no message of ours" in piped(content, monkeypatch)
    assert "recorded" in piped(content, monkeypatch, f"b+{tag(printing, reader)}@x.example")


def test_without_a_database_the_mail_server_is_asked_to_try_again(monkeypatch):
    printing, (reader,) = make_mailed()
    content = bounce(printing, reader)

    def gone(*_, **__):
        raise OperationalError("gone")

    monkeypatch.setattr(consequences, "record", gone)
    with pytest.raises(SystemExit) as end:
        piped(content, monkeypatch)
    assert end.value.code == 75


def test_the_command_itself_ends_with_75(tmp_path):
    """A database that cannot be opened, as the mail server sees it."""
    content = report(to=f"b+{ReaderToken(1, 1).hex}@x.example")
    environ = {
        "VAR": str(tmp_path), "SECRET_KEY": configured.SECRET_KEY, "DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/db.sqlite3",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", "take_bounce"], cwd=configured.BASE_DIR, env=environ, input=content,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 75, done.stderr
