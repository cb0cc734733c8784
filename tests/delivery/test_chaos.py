"""Workers killed at random, with the real processes: what the relay took, against what the database says."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
CONNECTIONS = 5
WORKERS = 2


@dataclass
class House:
    """A newsroom of its own in a folder: its database, its relay, and what the relay has taken."""

    folder: Path
    environ: dict[str, str]

    def manage(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "manage.py", *words], cwd=ROOT, env=self.environ)

    def ask(self, code: str) -> str:
        """What a few lines say, run in that newsroom."""
        given = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c", code],
            cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert given.returncode == 0, given.stderr
        return given.stdout.strip().splitlines()[-1]

    @property
    def taken(self) -> Counter[str]:
        return Counter((self.folder / "taken.log").read_text().split())


@contextmanager
def house(folder: Path, database: str, migrated: Path | None = None) -> Iterator[House]:
    """A newsroom and a relay of its own; ``migrated`` is an SQLite file with our tables."""
    sink = subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.sink", folder / "port", folder / "taken.log"], cwd=ROOT
    )
    try:
        while not (folder / "port").exists():
            time.sleep(0.02)
        port = (folder / "port").read_text()
        relay = f"smtp://127.0.0.1:{port}?tls=none&connections={CONNECTIONS}"
        environ = {**os.environ, "VAR": str(folder / "var"), "DATABASE_URL": database, "SMTP_URL": relay}
        environ |= {"SEND_WORKERS": "9", "DEBUG": "no", "DATABASE_POOL_SIZE": "0"}
        here = House(folder, environ)
        if migrated:
            (folder / "var").mkdir()
            shutil.copy(migrated, folder / "var" / "db.sqlite3")
        else:
            assert here.manage("migrate", "-v0").wait() == 0
        yield here
    finally:
        sink.kill()
        sink.wait()


PLAN = """
from django.utils import timezone
from newsroom.delivery.sender import sending
from newsroom.delivery.models import Send
from newsroom.bench.sending import planned_send
send = planned_send({readers})
Send.objects.update(policy="{policy}")
send.refresh_from_db()
sending.start(send, now=timezone.now())
print(send.planned)
"""
REPORT = """
import json
from newsroom.delivery.models import Delivery, Send, Worker
from newsroom.delivery.sender import sending
from newsroom.audience.models import Subscription
addresses = dict(Subscription.objects.values_list("pk", "subscriber__email"))
rows = [(addresses[pk], outcome) for pk, outcome in Delivery.objects.values_list("subscription_id", "outcome")]
send = Send.objects.get()
print(json.dumps(dict(
    rows=rows, status=send.status, said=send.waiting_for, all=list(addresses.values()), tally=vars(sending.tally(send)),
    workers=Worker.objects.count(), living=Worker.objects.filter(ended_at=None).count())))
"""


@dataclass
class Report:
    """The database's word on every reader, and the relay's."""

    everybody: set[str]
    sent: set[str]
    in_doubt: set[str]
    tally: dict[str, int]
    taken: Counter[str]
    status: str
    living: int

    @property
    def duplicates(self) -> list[int]:
        return [times for times in self.taken.values() if times > 1]

    @property
    def never_taken(self) -> set[str]:
        return self.everybody - set(self.taken)


def report(here: House) -> Report:
    said = json.loads(here.ask(REPORT))
    outcomes = dict(said["rows"])
    assert len(outcomes) == len(said["rows"])
    return Report(
        everybody=set(said["all"]),
        sent={address for address, outcome in outcomes.items() if outcome == 1},
        in_doubt={address for address, outcome in outcomes.items() if outcome == 4},
        tally=said["tally"],
        taken=here.taken,
        status=said["status"],
        living=said["living"],
    )


def kill_at_random(here: House, kills: int, seed: int) -> int:
    """Two workers at a time, killed without warning; returns how many were killed while they were sending."""
    chance, killed = random.Random(seed), 0
    for _ in range(kills):
        before = here.taken.total()
        workers = [here.manage("deliver", "--once") for _ in range(WORKERS)]
        while here.taken.total() == before and any(worker.poll() is None for worker in workers):
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.25))
        killed += sum(worker.poll() is None for worker in workers)
        for worker in workers:
            worker.kill()
            worker.wait()
    return killed


READERS, KILLS = int(os.environ.get("CHAOS_READERS", "3000")), int(os.environ.get("CHAOS_KILLS", "2"))
"""``.ci/run`` asks for 50,000 and 10: twenty workers killed."""


@pytest.mark.parametrize(
    ("vendor", "policy"), [("sqlite", "hold"), ("postgres", "hold"), ("postgres", "resend")]
)
def test_nobody_is_skipped_and_doubt_is_at_most_one_message_a_connection(
    tmp_path, request, record_property, migrated, vendor, policy
):
    database = request.getfixturevalue("own_postgres") if vendor == "postgres" else ""
    with house(tmp_path, database, None if database else migrated) as here:
        assert here.ask(PLAN.format(readers=READERS, policy=policy)) == str(READERS)
        killed = kill_at_random(here, KILLS, seed=READERS)
        assert here.manage("deliver", "--once").wait() == 0
        found = report(here)

    record_property(
        "figures", f"{killed} killed, {len(found.in_doubt)} in doubt, {len(found.duplicates)} twice"
    )
    bound = killed * CONNECTIONS
    assert found.status == "sent"
    assert found.living == 0
    assert len(found.sent) + len(found.in_doubt) == READERS == found.tally["sent"] + found.tally["in_doubt"]
    assert found.sent <= set(found.taken), "the database says that somebody got it who did not"
    assert found.never_taken <= found.in_doubt, "somebody was skipped"
    if policy == "hold":
        assert not found.duplicates
        assert len(found.in_doubt) <= bound
    else:
        assert not found.in_doubt
        assert not found.never_taken
        assert sum(times - 1 for times in found.duplicates) <= bound


def test_a_worker_that_is_asked_to_stop_leaves_nothing_in_doubt(tmp_path, migrated):
    with house(tmp_path, "", migrated) as here:
        here.ask(PLAN.format(readers=6000, policy="hold"))
        worker = here.manage("deliver")
        while here.taken.total() < 500:
            time.sleep(0.01)
        worker.terminate()
        assert worker.wait(timeout=20) == 0
        stopped = report(here)
        assert not stopped.in_doubt
        assert len(stopped.sent) == stopped.taken.total() < 6000
        assert here.manage("deliver", "--once").wait() == 0
        found = report(here)
    assert found.taken.total() == len(found.sent) == 6000


def test_a_database_that_hangs_up_again_and_again_loses_and_doubles_nothing(tmp_path, own_postgres):
    import psycopg

    others = "datname = current_database() AND pid <> pg_backend_pid()"
    hang_up = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    with house(tmp_path, own_postgres) as here, psycopg.connect(own_postgres, autocommit=True) as database:
        here.ask(PLAN.format(readers=6000, policy="hold"))
        worker = here.manage("deliver")
        for taken in range(500, 5500, 500):
            while here.taken.total() < taken:
                assert worker.poll() is None
                time.sleep(0.005)
            database.execute(hang_up)
        while database.execute("SELECT count(*) FROM delivery_send WHERE status = 'sent'").fetchone() != (1,):
            assert worker.poll() is None
            time.sleep(0.1)
        worker.terminate()
        worker.wait()
        found = report(here)
    assert found.taken.total() == len(found.sent) == 6000
    assert not found.in_doubt
