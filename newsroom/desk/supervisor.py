"""Keeps a few programs running together: shows what they say, restarts one that crashes, stops them in order.

One thread and no polling: the loop sleeps until a program says something, ends, or a signal arrives. A second thread would be
wrong here, because Linux ties "tell me when my parent dies" to the very thread that started the child.
"""

import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from newsroom.lib import locks

FIRST_PAUSE = 0.5  # seconds before a crashed program is started again; doubles with each crash
LONGEST_PAUSE = 8.0
FORGET_AFTER = 60.0  # seconds after which a crash no longer counts
TOO_MANY_STARTS = 6
DOUBLE = 1.0  # seconds within which a second Ctrl-C is taken for an echo of the first

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class AlreadyRunning(Exception):
    """Someone else holds the lock."""


class Interrupted(BaseException):  # like KeyboardInterrupt, nobody should catch it by accident
    """A signal asked us to stop while a piece of work was under way that may be broken off."""


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold `lock` while the block runs; raises `AlreadyRunning` at once if another process does."""
    with locks.holding(lock) as ours:
        if not ours:
            raise AlreadyRunning
        yield


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when its parent ends, however that ends; other systems cannot.

    SIGTERM, not SIGKILL: gunicorn needs the chance to take its own children along.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)


class Program:
    """One program under our care.

    `turn` orders the stopping (all of turn 1 go first), `grace` is how many seconds stopping may take before it is killed.
    What a `quiet` program says is shown only when it crashes.
    """

    def __init__(
        self, name: str, argv: Sequence[str | Path], *, turn: int, grace: float = 5.0, quiet: bool = False
    ) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.turn = turn
        self.grace = grace
        self.quiet = quiet
        self.restart_at: float | None = None
        self.output = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._recent_starts: list[float] = []
        self._last_words: deque[str] = deque(maxlen=20)
        self._unfinished_line = b""

    def start(self, env: Mapping[str, str], folder: Path) -> None:
        """Start it, in a session of its own so that the terminal's Ctrl-C reaches only us."""
        parent = os.getpid()
        self.output, its_end = os.pipe()
        os.set_blocking(self.output, False)
        try:
            self._process = subprocess.Popen(
                self.argv,
                env=env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=its_end,
                stderr=its_end,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - safe: we have one thread
            )
        finally:
            os.close(its_end)
        now = time.monotonic()
        self._recent_starts = [start for start in self._recent_starts if now - start < FORGET_AFTER] + [now]
        self.restart_at = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def keeps_crashing(self) -> bool:
        return len(self._recent_starts) >= TOO_MANY_STARTS

    @property
    def pause(self) -> float:
        """Seconds to wait before the next start."""
        return float(min(FIRST_PAUSE * 2 ** (len(self._recent_starts) - 1), LONGEST_PAUSE))

    def ending(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode if self._process else None
        return (
            f"was killed by {signal.Signals(-code).name}" if code and code < 0 else f"ended with code {code}"
        )

    def hear(self) -> tuple[list[str], bool]:
        """The lines it said since last time, and whether that was the last of it."""
        is_over = False
        with suppress(BlockingIOError):
            while chunk := os.read(self.output, 65536):
                self._unfinished_line += chunk
            is_over = True
        *lines, self._unfinished_line = self._unfinished_line.split(b"\n")
        if is_over and self._unfinished_line:
            lines.append(self._unfinished_line)
            self._unfinished_line = b""
        words = [line.decode(errors="replace") for line in lines]
        self._last_words.extend(words)
        return words, is_over

    def last_words(self) -> list[str]:
        """Its last lines, once."""
        words = list(self._last_words)
        self._last_words.clear()
        return words

    def ask_to_stop(self) -> None:
        if self._process is not None and self.is_running:
            self._process.terminate()

    def sweep(self) -> None:
        """Kill what is left of it and of the processes that it started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def forget(self) -> None:
        """Let go of a process that is gone."""
        os.close(self.output)
        self._process, self.output = None, -1


class Supervisor:
    """Programs that live and end together. Use it as a context: leaving it stops everything, for whatever reason we leave.

    `say` prints a line; `env` and `folder` are what the programs start with.
    """

    def __init__(self, say: Callable[[str], None], env: Mapping[str, str], folder: Path) -> None:
        self._say = say
        self._env = env
        self._folder = folder
        self._programs: list[Program] = []
        self._selector = selectors.DefaultSelector()
        self._asked_at: float | None = None
        self._in_a_hurry = False
        self._may_break_off = False
        self._is_stopping = False
        self.gave_up = False

    def __enter__(self) -> "Supervisor":
        self._bell, self._bell_rope = socket.socketpair()
        self._bell.setblocking(False)
        self._bell_rope.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._bell_rope.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        for stop_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(stop_signal, self._on_stop_signal)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop()
        signal.set_wakeup_fd(-1)
        for used in (self._selector, self._bell, self._bell_rope):
            used.close()

    def _on_stop_signal(self, _signum: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        elif now - self._asked_at > DOUBLE:
            self._in_a_hurry = True
        if self._may_break_off:
            self._may_break_off = False
            raise Interrupted

    @property
    def should_stop(self) -> bool:
        return self._asked_at is not None or self.gave_up

    @contextmanager
    def may_break_off(self) -> Iterator[None]:
        """Let a signal end the block at once, by raising `Interrupted`; elsewhere it waits until we look."""
        if self.should_stop:
            raise Interrupted
        self._may_break_off = True
        try:
            yield
        finally:
            self._may_break_off = False

    def start(self, *programs: Program) -> None:
        """Start these and keep them running from now on."""
        for program in programs:
            self._start(program)
            self._programs.append(program)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Look after everyone until `condition` holds: True then, False if it takes too long or we are to stop."""
        deadline = time.monotonic() + seconds
        while not self.should_stop and time.monotonic() < deadline:
            if condition():
                return True
            self._look_after_all(0.05)
        return False

    def watch(self) -> None:
        """Look after everyone until a signal asks us to stop or a program keeps crashing."""
        while not self.should_stop:
            self._look_after_all(self._time_to_next_start())

    def _time_to_next_start(self) -> float | None:
        starts = [program.restart_at for program in self._programs if program.restart_at is not None]
        return max(min(starts) - time.monotonic(), 0.0) if starts else None

    def _look_after_all(self, seconds: float | None) -> None:
        """Sleep until something happens, at most for so long, and do what it asks for."""
        for key, _events in self._selector.select(seconds):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._bell.recv(4096)
            else:
                self._show(key.data)
        for program in self._programs:
            if not program.is_running and not self._is_stopping:
                self._revive(program)

    def _start(self, program: Program) -> None:
        program.start(self._env, self._folder)
        self._selector.register(program.output, selectors.EVENT_READ, program)

    def _show(self, program: Program) -> None:
        words, is_over = program.hear()
        if is_over:  # otherwise the end of its words would wake us for ever
            self._selector.unregister(program.output)
        if not program.quiet:
            self._quote(program, words)

    def _quote(self, program: Program, words: list[str]) -> None:
        for line in words:
            self._say(f"{program.name:>7} | {line}")

    def _revive(self, program: Program) -> None:
        """Note a crash, and start the program again after a pause; give up if it crashes again and again."""
        if program.restart_at is None:
            ending = program.ending()
            self._clear_away(program)
            if program.quiet:
                self._quote(program, program.last_words())
            if program.keeps_crashing:
                self._say(f"The {program.name} {ending}, as it keeps doing. Giving up.")
                self.gave_up = True
            else:
                self._say(f"The {program.name} {ending}; starting it again in {program.pause:g} s.")
            program.restart_at = time.monotonic() + program.pause
        elif time.monotonic() >= program.restart_at:
            self._start(program)

    def _clear_away(self, program: Program) -> None:
        """Leave nothing of a program: not its offspring, not its unread words."""
        program.sweep()
        if program.output in self._selector.get_map():
            self._show(program)
        with suppress(KeyError):
            self._selector.unregister(program.output)
        program.forget()

    def _stop(self) -> None:
        """Stop everyone, turn by turn; whoever takes too long is killed, and a later Ctrl-C kills them all."""
        self._is_stopping = True
        for turn in sorted({program.turn for program in self._programs}):
            self._stop_together([program for program in self._programs if program.turn == turn])

    def _stop_together(self, leaving: list[Program]) -> None:
        asked_at = time.monotonic()
        for program in leaving:
            program.ask_to_stop()
        for program in leaving:
            while program.is_running and not self._in_a_hurry and time.monotonic() < asked_at + program.grace:
                self._look_after_all(0.1)
            if program.restart_at is None:
                self._clear_away(program)
