"""The web server and its recorder are stopped or killed while readers follow links: what becomes of their clicks."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from newsroom.bench.clicks import Server, another, follow, house
from newsroom.bench.ground import database
from newsroom.delivery.clicks import recording, spools
from tests.running import processes

pytestmark = pytest.mark.django_db

RATE = 200


@pytest.fixture(scope="module")
def newsroom(request, migrated) -> Iterator[Server]:
    """One for all tests here, on the kind of database that the other tests are run on."""
    if migrated:
        with house(migrated) as made:
            yield made
    else:
        with (
            database(request.getfixturevalue("postgres")) as url,
            house(DATABASE_URL=url, DATABASE_POOL_SIZE="0") as made,
        ):
            yield made


@pytest.fixture
def running(newsroom) -> Iterator[Server]:
    """A web server in it, before the first click."""
    newsroom.ask("from issues.models import Click; Click.objects.all().delete()")
    with another(newsroom) as made:
        yield made
    _until(lambda: not _recorders(newsroom))


def _recorders(running: Server) -> set[int]:
    """All that work for this newsroom, also those whose server is gone."""
    found = set()
    for pid, _, state in processes():
        with suppress(OSError):
            said = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            if state != "Z" and b"record_clicks" in said and running.environ["VAR"].encode() in said:
                found.add(pid)
    return found


def _kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _web(running: Server) -> set[int]:
    """The server and its worker."""
    parents = {pid: parent for pid, parent, _ in processes()}
    return {pid for pid in parents if running.pid in (pid, parents[pid])}


def _spools(running: Server) -> list[Path]:
    return list(Path(running.environ["VAR"], "footprints").glob("*.spool"))


def _until(true: Callable[[], object], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _clicks(running: Server) -> tuple[int, int]:
    """How many clicks stand in the database, and how many different ones: no reader of ours follows a link twice."""
    words = "from issues.models import Click; c = Click.objects; print(c.count(), c.values('reader', 'url').distinct().count())"
    count, different = running.ask(words).split()
    return int(count), int(different)


def test_a_killed_server_has_lost_nothing(running):
    follow(running, 2 * RATE, per_second=RATE)
    _kill(*_web(running))
    _until(lambda: not _recorders(running))  # it reads to the end, then ends by itself
    assert _clicks(running) == (2 * RATE, 2 * RATE)
    assert not _spools(running)


def test_what_is_left_after_everything_was_killed_the_next_server_has_recorded(running):
    follow(running, RATE, per_second=RATE)
    _kill(*_web(running), *_recorders(running))
    assert _spools(running)
    with another(running):  # which nobody asks for anything
        _until(lambda: not _spools(running))
    assert _clicks(running) == (RATE, RATE)


def test_a_server_that_was_told_to_stop_has_lost_nothing(running):
    follow(running, 150)
    os.kill(running.pid, signal.SIGTERM)
    _until(lambda: not _spools(running))
    assert running.recorded() == 150


def test_recorders_killed_at_random_lose_and_double_nothing(running):
    killed, over = [], threading.Event()

    def kill() -> None:
        while not over.wait(random.uniform(0.2, 1.5)):
            found = _recorders(running)
            _kill(*found)
            killed.extend(found)

    killer = threading.Thread(target=kill)
    killer.start()
    follow(running, 2400, per_second=300)
    over.set()
    killer.join()
    _kill(*_web(running), *_recorders(running))
    with another(running):
        _until(lambda: not _spools(running))
    assert len(killed) > 2
    assert _clicks(running) == (2400, 2400)


def test_a_recorder_that_died_is_followed_by_another_though_nobody_clicks(running):
    follow(running, 20)
    _kill(*_recorders(running))
    _until(lambda: _recorders(running))
    _until(lambda: running.recorded() == 20)


def test_several_servers_have_one_recorder(running):
    with another(running) as second:
        threads = [
            threading.Thread(target=follow, args=(each, 200), kwargs={"per_second": 100})
            for each in (running, second)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(_spools(running)) == 2
        assert len(_recorders(running)) == 1
    _until(lambda: running.recorded() == 400)
    assert len(_spools(running)) == 1


def test_a_single_click_waits_for_no_other(running):
    assert recording.EVERY < 1
    for recorded in (1, 2):  # for the first one, the recorder has to start
        follow(running, 1)
        _until(lambda recorded=recorded: running.recorded() == recorded)


def test_a_server_forked_after_loading_shares_no_spool(settings):
    mine = spools.Spool()
    mine.append(b"parent\n")
    if not (child := os.fork()):
        mine.after_fork()
        mine.append(b"child\n")
        os._exit(0)
    os.waitpid(child, 0)
    mine.append(b"parent\n")
    assert sorted(path.read_bytes() for path in spools.left()) == [b"child\n", b"parent\nparent\n"]
    mine.close()
