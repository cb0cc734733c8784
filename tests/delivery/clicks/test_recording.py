"""Footprints on their way from a spool into the database: each once, whatever happens meanwhile."""

import datetime
import errno
import logging
import os
from collections.abc import Iterator

import pytest
from django.db import DataError, OperationalError, ProgrammingError
from django.test import Client
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from issues.models import Click
from newsroom.delivery.clicks import footprints, recording, spools
from newsroom.delivery.clicks.footprints import Footprint
from newsroom.delivery.clicks.recording import Recorder, backlog
from newsroom.delivery.clicks.spools import LONGEST
from newsroom.delivery.models import Bookmark
from newsroom.lib.sparing import Sparing
from tests.delivery.clicks.trail import Trail
from tests.delivery.mail import make_mailed, token
from tests.make import NOW

HOSTILE = [
    "\0",
    "\ud800",
    "\udfff\ud800",
    "\n",
    "\r\n",
    "\u2028",
    "\x85",
    "🦜" * 300,
    "x" * 10_000,
    "\ud83d" * 10_000,
    '"], "',
]


@pytest.fixture(autouse=True)
def trail(monkeypatch) -> Iterator[Trail]:
    with Trail.fresh(monkeypatch) as made:
        yield made


@pytest.fixture
def taken(monkeypatch) -> list[Footprint]:
    """What is written, instead of writing it."""
    found: list[Footprint] = []
    monkeypatch.setattr(footprints, "write", found.extend)
    return found


def steps(count: int, *, agent: str = "") -> list[Footprint]:
    return [Footprint(1, number, 0, float(number), "GET", agent) for number in range(count)]


# a line


@given(
    *[st.integers(0, 2**40)] * 2,
    st.integers(-1, 9999),
    st.floats(0, 1e11),
    st.text(max_size=20),
    st.text(st.characters(exclude_categories=()), max_size=400) | st.sampled_from(HOSTILE),
)
def test_a_line_says_all_that_a_database_takes(printing, subscription, link, at, method, agent):
    line = Footprint(printing, subscription, link, at, method, agent).line()
    assert len(line) <= LONGEST
    assert line.splitlines(keepends=True) == [line]
    found = Footprint.read(line)
    assert found[:4] == (printing, subscription, link, at)
    assert found.agent == agent[:300].replace("\0", "").encode(errors="replace").decode()
    assert found.line() == line


@given(st.binary(max_size=200))
@example(b"[1,2,3,4.0,5,6]")
@example(b'[1,2,true,4.0,"GET",""]')
@example(b"null")
@example(b"[" * 4000)
@example(b"")
def test_anything_else_is_no_footprint(line):
    with pytest.raises(ValueError, match="no footprint"):
        Footprint.read(line)


@given(st.data())
def test_half_a_line_is_no_footprint(data):
    line = Footprint(1, 22, 3, 1.5, "GET", "Mozilla/5.0").line()
    with pytest.raises(ValueError, match="no footprint"):
        Footprint.read(line[: data.draw(st.integers(0, len(line) - 2))])


@pytest.mark.django_db
@pytest.mark.parametrize("agent", HOSTILE)
def test_any_agent_can_be_recorded(trail, agent):
    printing, (reader,) = make_mailed()
    trail.lay([Footprint(printing.pk, reader.pk, 0, NOW.timestamp(), "GET", agent)])
    trail.record()
    assert Click.objects.count() == 1


# the disk


@pytest.mark.django_db
def test_a_full_disk_stops_no_reader_and_is_said_once(trail, monkeypatch, caplog):
    monkeypatch.setattr(spools._log, "filters", [Sparing()])
    printing, (reader,) = make_mailed()
    path = f"/c/{token(printing, reader)}/0"
    with monkeypatch.context() as full:
        full.setattr(spools.os, "write", _full)
        assert [Client().get(path).status_code for _ in range(3)] == [302] * 3
    assert [each.levelno for each in caplog.records if "written" in each.message] == [logging.WARNING]
    assert Client().get(path).status_code == 302
    trail.record()
    assert Click.objects.count() == 1


@pytest.mark.django_db
def test_a_folder_that_cannot_be_made_stops_no_reader(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.VAR = tmp_path / "file"
    printing, (reader,) = make_mailed()
    assert Client().get(f"/c/{token(printing, reader)}/0").status_code == 302


@pytest.mark.django_db
def test_a_line_that_is_torn_by_a_full_disk_takes_no_other_along(trail, taken, monkeypatch):
    written = os.write
    with monkeypatch.context() as full:
        full.setattr(spools.os, "write", lambda file, line: written(file, line[:10]))
        trail.lay(steps(1))
    trail.lay(steps(3))
    trail.record()
    assert taken == steps(3)


def _full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.django_db
def test_a_torn_end_waits_while_its_server_lives_and_is_skipped_then(trail, taken):
    trail.lay(steps(2))
    (path,) = trail.files
    with path.open("ab") as file:
        file.write(steps(3)[2].line()[:12])
    recorder = Recorder()
    recorder._look(path)
    assert not recorder._look(path)
    assert taken == steps(2)
    assert Bookmark.objects.get().read_to < path.stat().st_size
    trail.record()
    assert taken == steps(2)
    assert (trail.files, Bookmark.objects.count()) == ([], 0)


@pytest.mark.django_db
@pytest.mark.parametrize("rubbish", [bytes(200_000), b"\xff\n" * 3, b"[1]\n", b"\n\n", b"{" * 70_000])
def test_rubbish_in_between_is_skipped(trail, taken, rubbish):
    trail.lay(steps(1))
    with trail.files[0].open("ab") as file:
        file.write(rubbish + b"\n")
    trail.lay(steps(3)[1:])
    trail.record()
    assert taken == steps(3)


@pytest.mark.django_db
def test_a_spool_that_lost_its_end_with_the_power_is_done(trail, taken):
    trail.lay(steps(2))
    (path,) = trail.files
    Recorder()._look(path)
    os.truncate(path, 10)
    trail.record()
    assert (taken, trail.files) == (steps(2), [])


@pytest.mark.django_db
def test_full_spools_are_followed_by_new_ones_and_deleted(trail, taken, monkeypatch):
    monkeypatch.setattr(spools, "FULL", 1000)
    trail.lay(steps(100))
    assert len(trail.files) == 3
    recorder = Recorder()
    for _ in range(3):
        for path in trail.files:
            recorder._look(path)
    assert len(trail.files) == 1
    assert Bookmark.objects.get().spool == trail.files[0].stem
    trail.record()
    assert sorted(taken) == steps(100)


# the database


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError, ProgrammingError])
def test_while_the_database_is_away_all_of_it_waits(trail, monkeypatch, error):
    """ProgrammingError is what a database without our newest tables says."""
    tries: list[int] = []
    taken: list[Footprint] = []

    def unwilling(some):
        tries.append(len(some))
        if len(tries) < 4:
            raise error("gone")
        taken.extend(some)
        trail.spool.close()

    monkeypatch.setattr(footprints, "write", unwilling)
    trail.lay(steps(200))
    Recorder().run()
    assert (tries, taken) == ([200] * 4, steps(200))


@pytest.mark.django_db(transaction=True)
def test_with_neither_database_nor_server_it_ends_and_the_next_one_goes_on(trail, taken, monkeypatch):
    with monkeypatch.context() as away:
        away.setattr(footprints, "write", _gone)
        trail.lay(steps(5))
        trail.record()
    assert len(trail) == 5
    trail.record()
    assert (taken, len(trail)) == (steps(5), 0)


def _gone(_):
    raise OperationalError("gone")


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_read_again(trail, monkeypatch):
    """The clicks were written, and then the database went away before it was told to keep them."""
    printing, (reader,) = make_mailed()
    trail.lay([Footprint(printing.pk, reader.pk, 0, NOW.timestamp(), "GET", "")])
    with monkeypatch.context() as away:
        away.setattr(Recorder, "_move", lambda *_: _gone(None))
        trail.record()
    assert not Click.objects.exists()
    trail.record()
    assert Click.objects.count() == 1


@pytest.mark.django_db
def test_of_two_that_read_the_same_one_writes(trail):
    printing, (reader,) = make_mailed()
    trail.lay([Footprint(printing.pk, reader.pk, 0, NOW.timestamp(), "GET", "")] * 3)
    one, other = Recorder(), Recorder()
    (path,) = trail.files
    other._read_to[path.stem] = one._read_to_of(path.stem)
    for each in (one, other, other):
        each._look(path)
    assert Click.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("error", [DataError, ValueError, IndexError])
def test_one_that_no_database_takes_holds_up_no_other(trail, monkeypatch, error):
    taken: list[Footprint] = []

    def choosy(some):
        if any(each.agent == "bad" for each in some):
            raise error("no such text")
        taken.extend(some)

    monkeypatch.setattr(footprints, "write", choosy)
    laid = steps(9)
    laid[2] = laid[2]._replace(agent="bad")
    trail.lay(laid)
    trail.record()
    assert taken == laid[:2] + laid[3:]
    assert not trail.files


@pytest.mark.django_db
def test_a_link_that_a_printing_does_not_have_holds_up_no_other(trail):
    printing, (reader,) = make_mailed()
    good = Footprint(printing.pk, reader.pk, 0, NOW.timestamp(), "GET", "")
    trail.lay(
        [good, good._replace(link=999), good._replace(at=1e15), good._replace(subscription=2**70), good]
    )
    trail.record()
    assert Click.objects.count() == 2


# who records


def test_one_recorder_at_a_time():
    lock = recording.hold()
    assert recording.hold() is None
    os.close(lock)
    os.close(recording.hold())


def test_a_recorder_is_started_only_if_there_is_something_to_read(trail, monkeypatch):
    started: list[int] = []
    monkeypatch.setattr(recording, "_started", started.append)
    monkeypatch.setattr(recording, "_begun", [])
    recording._begin()
    assert not started
    trail.lay(steps(1))
    recording._begin()
    assert len(started) == 1


def test_a_recorder_that_cannot_be_started_ends_nothing(trail, monkeypatch):
    trail.lay(steps(1))
    monkeypatch.setattr(recording.subprocess, "Popen", _full)
    recording._begin()
    lock = recording.hold()
    assert lock is not None
    os.close(lock)


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_fails_is_waited_for(trail, taken, monkeypatch):
    trail.lay(steps(3))
    with monkeypatch.context() as broken:
        broken.setattr(spools.os, "pread", _full)
        trail.record()
    trail.record()
    assert taken == steps(3)


@pytest.mark.parametrize(
    ("executable", "found"),
    [("/usr/bin/python3.12", "/usr/bin/python3.12"), ("/bin/uwsgi", "/env/bin/python")],
)
def test_a_server_with_python_inside_finds_python(monkeypatch, executable, found):
    monkeypatch.setattr(recording.sys, "executable", executable)
    monkeypatch.setattr(recording.sys, "prefix", "/env")
    assert recording._python() == found


# what waits


@pytest.mark.django_db
def test_it_is_known_how_many_wait_and_since_when(trail, taken):
    assert backlog() == (0, None)
    trail.lay(steps(5))
    assert backlog() == (5, datetime.datetime.fromtimestamp(0, datetime.UTC))
    Recorder()._look(trail.files[0])
    assert backlog() == (0, None)
    trail.lay(steps(3)[1:])
    assert backlog() == (2, datetime.datetime.fromtimestamp(1, datetime.UTC))


def test_operators_are_told_if_they_wait_for_long(trail, olga):
    trail.lay([Footprint(1, 1, 0, timezone.now().timestamp(), "GET", "")])
    assert "wait to be recorded" not in olga.get("/desk/returns/").content.decode()
    trail.lay([Footprint(1, 1, 0, timezone.now().timestamp() - 60, "GET", "")])
    trail.files[0].write_bytes(trail.files[0].read_bytes().splitlines(keepends=True)[1])
    assert "1 click or opening waits to be recorded" in olga.get("/desk/returns/").content.decode()
