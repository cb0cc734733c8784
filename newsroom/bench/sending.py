"""Measuring the sender: a send of a thirty-kilobyte issue to a sink that takes everything, against other ways of sending it."""

import dataclasses
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from issues.blocks.story.block import Story
from issues.models import Edition, Issue, Publication
from issues.models import Status as IssueStatus
from issues.rendering import render
from issues.snapshot import Block, Masthead, Snapshot
from issues.theme import Theme
from newsroom.audience import recipients
from newsroom.bench import ground
from newsroom.delivery.models import Send
from newsroom.delivery.wire.letter import compile_letter
from newsroom.lib.links import ReaderToken

LINKS = 33
CONNECTIONS = 10
SOURCES = settings.BASE_DIR / "bench"
STORIES = 11
PARAGRAPH = (
    "The harbour board voted on Tuesday to open two berths to night ferries, a change that shippers had asked for since "
    'the spring and that <a href="https://site{0}.example/crews/{0}?from=quay">the crews’ union</a> calls a gamble with '
    'everybody’s sleep. <a href="https://site{0}.example/fares/{0}?from=quay">Fares stay</a> as they are until the autumn, '
    "when the board looks at them again; by then the first winter timetable will have shown <strong>who really travels "
    'after midnight</strong>, and <a href="https://site{0}.example/winter/{0}?from=quay">who only said so</a>.'
)
BULLET = "The southern line calls it unfair and has begun to wait as well; the bakery on the far side opens to an empty quay."


def invented_edition(now: datetime.datetime) -> Edition:
    """An edition as we render it, of eleven stories with 33 links; a message of it has about thirty kilobytes on the wire."""
    body = f"<p>{PARAGRAPH}</p><ul><li>{BULLET}</li></ul>"
    stories = (
        Block(
            uuid.uuid5(uuid.NAMESPACE_URL, str(n)),
            "story",
            Story(f"Night ferries, part {n}", body.format(n)),
            {},
        )
        for n in range(1, STORIES + 1)
    )
    made = render(
        Snapshot(
            title="Night ferries", subject="Night ferries, and who pays for them", preheader="Two berths, no sleep",
            day=now.date(), url="https://news.bench.example/bench/night-ferries/", site_url="https://news.bench.example",
            masthead=Masthead("Bench", "Bench", "", "en", "1 Quay", Theme(), "https://news.bench.example/bench/"),
            blocks=tuple(stories),
        )
    )  # fmt: skip
    return Edition(
        number=1, subject=made.subject, preheader=made.preheader, html=made.html, text=made.text, web=made.web,
        minutes=made.minutes, pieces=[dataclasses.asdict(each) for each in made.pieces], seal="b" * 64, frozen_at=now,
    )  # fmt: skip


def approved_issue(publication: Publication, *, now: datetime.datetime) -> Issue:
    """An issue that is approved in that edition."""
    issue = Issue.objects.create(
        publication=publication,
        title="Night ferries",
        slug="night-ferries",
        planned_for=now.date(),
        changed_at=now,
    )
    edition = invented_edition(now)
    edition.issue = issue
    edition.save()
    Issue.objects.filter(pk=issue.pk).update(edition=edition, status=IssueStatus.APPROVED)
    issue.refresh_from_db()
    return issue


def full_list(publication: Publication, readers: int, *, now: datetime.datetime) -> None:
    """A mailing list of so many active readers at fifty domains; every other name needs encoding."""
    mailing_list = recipients.list_of(publication.slug, name=publication.name)
    numbers = (
        "SELECT n FROM generate_series(1, %s) AS each(n)"
        if connection.vendor == "postgresql"
        else "WITH RECURSIVE each(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < %s) SELECT n FROM each"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audience_subscriber (email, name, attributes, added_at) "  # noqa: S608 - numbers of ours
            "SELECT 'user' || n || '@domain' || (n %% 50) || '.example', "
            f"CASE n %% 2 WHEN 0 THEN 'Ann Smith' ELSE 'Zoë Åkerlund' || n END, '{{}}', %s FROM ({numbers}) AS numbered",
            [now, readers],
        )
        cursor.execute(
            "INSERT INTO audience_subscription (subscriber_id, mailing_list_id, status, source, asked_at, left_by, seed) "
            "SELECT id, %s, 'active', 'bench', %s, '', false FROM audience_subscriber ORDER BY id",
            [mailing_list.pk, now],
        )
        if connection.vendor == "postgresql":  # as on a list that was not made this minute
            cursor.execute("VACUUM ANALYZE audience_subscriber, audience_subscription")


def planned_send(readers: int) -> Send:
    """A send that is due, to so many readers."""
    now = timezone.now()
    publication = Publication.objects.create(
        name="Bench", slug="bench-send", sender_name="The bench", sender_email="bench@bench.example"
    )
    full_list(publication, readers, now=now)
    issue = approved_issue(publication, now=now)
    assert issue.edition is not None
    return Send.objects.create(
        issue=issue, edition=issue.edition, scheduled_for=now, window_ends=now + datetime.timedelta(hours=2)
    )


def on_the_wire() -> tuple[bytes, str]:
    """One message of the edition, and the token in it."""
    publication = Publication(
        name="Bench", slug="bench", sender_name="The bench", sender_email="bench@bench.example"
    )
    edition = invented_edition(timezone.now())
    letter = compile_letter(edition, publication, printing=1, date=timezone.now())
    _, message = letter.message(1, "user1@domain1.example", "Zoë Åkerlund")
    return message, ReaderToken(1, 1).text


def whole_message() -> EmailMessage:
    """The same, read by the standard library."""
    return BytesParser(policy=policy.default).parsebytes(on_the_wire()[0])


@dataclass
class Bench:
    """A database and a relay of its own for each thing that is measured; steps run in processes of their own.

    ``taken`` is how many messages the relay has taken, once it has ended.
    """

    database: str = ""
    delay: int = 0
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="newsroom-bench-")))
    port: int = 0
    taken: int = 0

    def step(self, name: str, readers: int = 0) -> dict[str, Any]:
        return _heard(self.begin(name, readers))

    def begin(self, name: str, readers: int = 0) -> "subprocess.Popen[str]":
        words = ["bench_sending", name, f"--readers={readers}"]
        return subprocess.Popen(
            [sys.executable, "manage.py", *words], cwd=settings.BASE_DIR, env=self.environ, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip

    @property
    def environ(self) -> dict[str, str]:
        relay = f"smtp://127.0.0.1:{self.port}?tls=none&connections={CONNECTIONS}"
        return {
            **os.environ, "VAR": str(self.folder), "DATABASE_URL": self.database, "SMTP_URL": relay,
            "DEBUG": "no", "SITE_URL": "https://news.bench.example", "ALLOWED_HOSTS": "news.bench.example",
        }  # fmt: skip


@contextmanager
def bench(*, database: str = "", delay: int = 0) -> Iterator[Bench]:
    """An empty newsroom beside a sink that answers after ``delay`` microseconds."""
    made = Bench(database, delay, port=ground.free_port())
    sink = subprocess.Popen([compiled("sink"), str(made.port), str(delay)], stdout=subprocess.PIPE)
    try:
        ground.manage("migrate", "-v0", environ=made.environ)
        yield made
    finally:
        sink.terminate()
        made.taken = int(sink.communicate()[0])
        shutil.rmtree(made.folder)


def in_c(made: Bench, messages: int) -> dict[str, float]:
    """The sender in C, with the same message and as many connections."""
    given = made.step("message")
    whole = made.folder / "message"
    whole.write_text(given["message"], newline="")
    words = [compiled("sender"), str(made.port), str(messages), str(CONNECTIONS), str(whole), given["token"]]
    seconds, processor = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return {"messages": messages, "seconds": float(seconds), "processor": float(processor)}


def shared_by(made: Bench, workers: int, messages: int) -> dict[str, float]:
    """Several workers on one send, so many messages between them: how many went out, and the seconds of the slowest."""
    before = made.step("count")["sent"]
    running = [made.begin("send", messages // workers) for _ in range(workers)]
    done = [_heard(each) for each in running]
    return {
        "messages": made.step("count")["sent"] - before,
        "seconds": max(each["seconds"] for each in done),
    }


def compiled(name: str) -> str:
    """A program of ``bench/``, built by the C compiler of the machine."""
    program = Path(tempfile.gettempdir()) / f"newsroom-bench-{os.getuid()}-{name}"
    source = SOURCES / f"{name}.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        unfinished = program.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-O2", "-pthread", "-o", str(unfinished), str(source)], check=True)  # noqa: S607
        unfinished.rename(program)
    return str(program)


def _heard(running: "subprocess.Popen[str]") -> dict[str, Any]:
    said, _ = running.communicate()
    if running.returncode:
        raise RuntimeError(f"A step of the bench failed: {said[-400:]}")
    return dict(json.loads(said.strip().splitlines()[-1]))
