"""The web server is stopped or killed while readers follow links: what becomes of their clicks."""

import os
import signal
import time
from pathlib import Path

import pytest

from newsroom.delivery import footprints
from newsroom.desk.benching_returns import Server, follow, server

RATE = 100


def _killed(running: Server) -> None:
    """kill -9 of the server and its worker, as if at once."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    for pid in (running.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)


def _stopped(running: Server) -> None:
    os.kill(running.pid, signal.SIGTERM)
    for _ in range(200):
        if Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("The server did not stop.")


def test_a_killed_server_has_lost_the_last_second_at_most():
    with server() as running:
        follow(running, 3 * RATE, per_second=RATE)
        _killed(running)
        assert 3 * RATE - running.recorded() <= RATE


def test_a_server_that_was_told_to_stop_has_lost_nothing():
    with server() as running:
        follow(running, 150)
        _stopped(running)
        assert running.recorded() == 150


def test_the_basket_is_emptied_well_within_that_second():
    assert footprints.EVERY <= 0.5
