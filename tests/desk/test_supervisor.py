"""The supervisor against real processes; each trial is a small script of its own, because signals belong to whole processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the newsroom runs on Linux and macOS")

PREAMBLE = """
import os, sys, time
from pathlib import Path
from newsroom.desk import supervisor
from newsroom.desk.supervisor import AlreadyRunning, Interrupted, Program, Supervisor, only_one

NOTES = Path("notes")

def say(line):
    print(line, flush=True)

def fake(name, body, **options):
    script = '''
import os, signal, sys, time
def note(word):
    with open("notes", "a") as notes:
        notes.write(word + "\\\\n")
''' + body
    return Program(name, [sys.executable, "-S", "-c", script], **options)
"""


class Trial:
    """A script that supervises fake programs, in a folder of its own."""

    def __init__(self, folder: Path, body: str) -> None:
        self.folder = folder
        self.script = PREAMBLE + textwrap.dedent(body)

    def start(self) -> "Trial":
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.script],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self

    def notes(self) -> list[str]:
        path = self.folder / "notes"
        return path.read_text().split() if path.exists() else []

    def wait_for_notes(self, count: int) -> list[str]:
        deadline = time.monotonic() + 10
        while len(self.notes()) < count:
            assert time.monotonic() < deadline, f"only {self.notes()}"
            time.sleep(0.02)
        return self.notes()

    def end(self) -> str:
        said, _ = self.process.communicate(timeout=10)
        return said


@pytest.fixture
def trial(tmp_path):
    trials = []

    def start(body: str) -> Trial:
        trials.append(Trial(tmp_path, body).start())
        return trials[-1]

    yield start
    for each in trials:
        each.process.kill()
        each.process.wait()
        each.process.stdout.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 5
    while alive := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < deadline, f"still alive: {alive}"
        time.sleep(0.02)


LEAVES = """
def leave(*_):
    note("{0}-leaves")
    time.sleep({1})
    note("{0}-left")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("up")
time.sleep(60)
"""


def test_it_stops_turn_by_turn_and_ends_well(trial):
    body = f"""
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(
            fake("broker", {LEAVES.format("broker", 0)!r}, turn=3),
            fake("worker", {LEAVES.format("worker", 0.1)!r}, turn=2),
            fake("web", {LEAVES.format("web", 0.1)!r}, turn=1),
        )
        all.watch()
    """
    stack = trial(body)
    stack.wait_for_notes(3)
    stack.process.send_signal(signal.SIGINT)
    assert stack.end() == ""
    assert stack.process.returncode == 0
    assert stack.notes()[3:] == [
        "web-leaves", "web-left", "worker-leaves", "worker-left", "broker-leaves", "broker-left"
    ]  # fmt: skip


STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nnote(str(os.getpid()))\ntime.sleep(60)"


def test_it_kills_a_program_that_will_not_stop(trial):
    stack = trial(f"""
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("mule", {STUBBORN!r}, turn=1, grace=0.2))
        all.watch()
    """)
    [pid] = stack.wait_for_notes(1)
    stack.process.send_signal(signal.SIGTERM)
    stack.end()
    assert stack.process.returncode == 0
    wait_until_gone(int(pid))


def test_a_later_ctrl_c_hurries(trial):
    stack = trial(f"""
    supervisor.DOUBLE = 0.1
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("mule", {STUBBORN!r}, turn=1, grace=60))
        all.watch()
    """)
    [pid] = stack.wait_for_notes(1)
    stack.process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert stack.process.poll() is None
    stack.process.send_signal(signal.SIGINT)
    stack.end()
    wait_until_gone(int(pid))


def test_it_restarts_a_crashed_program_after_growing_pauses_and_gives_up_at_last(trial):
    crash = "note(str(time.monotonic()))\nprint('oh', flush=True)\nsys.exit(3)"
    stack = trial(f"""
    supervisor.FIRST_PAUSE, supervisor.LONGEST_PAUSE, supervisor.TOO_MANY_STARTS = 0.1, 0.4, 5
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("web", {crash!r}, turn=1))
        all.watch()
    sys.exit(all.gave_up)
    """)
    said = stack.end()
    starts = [float(note) for note in stack.notes()]
    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert len(starts) == 5
    assert all(pause > planned for pause, planned in zip(pauses, [0.1, 0.2, 0.4, 0.4], strict=True))
    assert said.count("    web | oh\n") == 5
    assert "The web ended with code 3; starting it again in 0.1 s." in said
    assert "The web ended with code 3, as it keeps doing. Giving up." in said
    assert stack.process.returncode == 1


def test_a_killed_program_comes_back_while_the_others_go_on(trial):
    body = "note(str(os.getpid()))\ntime.sleep(60)"
    stack = trial(f"""
    supervisor.FIRST_PAUSE = 0.1
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("web", {body!r}, turn=1))
        all.start(fake("worker", {body!r}, turn=1))
        all.watch()
    """)
    first, second = stack.wait_for_notes(2)
    os.kill(int(first), signal.SIGKILL)
    third = stack.wait_for_notes(3)[2]
    assert is_alive(int(second))
    assert is_alive(int(third))
    stack.process.send_signal(signal.SIGTERM)
    assert "was killed by SIGKILL; starting it again" in stack.end()
    wait_until_gone(int(second), int(third))


def test_offspring_goes_with_a_crashed_program(trial):
    body = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
        "note(str(child.pid))\nsys.exit(1)"
    )
    stack = trial(f"""
    supervisor.FIRST_PAUSE = 60
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("web", {body!r}, turn=1))
        all.watch()
    """)
    [pid] = stack.wait_for_notes(1)
    wait_until_gone(int(pid))


TALKS = """
print("one\\ntwo\\nhal", end="", flush=True)
time.sleep(0.1)
print("f", flush=True)
time.sleep(60)
"""


def test_what_programs_say_is_shown_line_by_line_and_quiet_ones_only_when_they_crash(trial):
    stack = trial(f"""
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(
            fake("talker", {TALKS!r}, turn=1),
            fake("quiet", "print('hush', flush=True); note('up'); time.sleep(60)", turn=1, quiet=True),
            fake("loser", "print('why', flush=True); note('down'); sys.exit(1)", turn=1, quiet=True),
        )
        all.wait_for(lambda: False, seconds=0.8)
    """)
    said = stack.end()
    assert " talker | one\n" in said
    assert " talker | half\n" in said
    assert "  loser | why\nThe loser ended with code 1" in said
    assert "hush" not in said


def test_a_program_that_closes_its_output_costs_no_time(trial):
    stack = trial("""
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("mute", "os.close(1); os.close(2); note('up'); time.sleep(60)", turn=1))
        all.wait_for(NOTES.exists, seconds=5)
        before = time.process_time()
        all.wait_for(lambda: False, seconds=0.5)
        print(f"spent {time.process_time() - before:.1f}")
    """)
    assert stack.end() == "spent 0.0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_a_killed_supervisor(trial):
    body = "note(str(os.getpid()))\ntime.sleep(60)"
    stack = trial(f"""
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("web", {body!r}, turn=1), fake("worker", {body!r}, turn=2))
        all.watch()
    """)
    pids = stack.wait_for_notes(2)
    stack.process.kill()
    wait_until_gone(*map(int, pids))


def test_setting_up_can_be_broken_off(trial):
    stack = trial("""
    try:
        with Supervisor(say, os.environ, Path.cwd()) as all:
            all.start(fake("broker", "note(str(os.getpid()))\\ntime.sleep(60)", turn=1))
            with all.may_break_off():
                time.sleep(60)
    except Interrupted:
        print("broken off")
    """)
    [pid] = stack.wait_for_notes(1)
    stack.process.send_signal(signal.SIGINT)
    assert stack.end() == "broken off\n"
    wait_until_gone(int(pid))


def test_an_error_while_setting_up_stops_what_runs(trial):
    stack = trial("""
    with Supervisor(say, os.environ, Path.cwd()) as all:
        all.start(fake("broker", "note(str(os.getpid()))\\ntime.sleep(60)", turn=1))
        all.wait_for(NOTES.exists, seconds=5)
        raise RuntimeError("no database")
    """)
    assert "RuntimeError: no database" in stack.end()
    assert stack.process.returncode == 1
    wait_until_gone(int(stack.notes()[0]))


def test_a_second_supervisor_in_the_same_place_is_refused(trial):
    body = """
    try:
        with only_one(Path("lock")):
            NOTES.write_text("mine")
            time.sleep(60)
    except AlreadyRunning:
        print("refused")
    """
    first = trial(body)
    first.wait_for_notes(1)
    assert trial(body).end() == "refused\n"
    first.process.kill()
    first.process.communicate()
    (first.folder / "notes").unlink()
    trial(body).wait_for_notes(1)  # the kernel dropped the dead one's lock
