"""`manage.py run` as a person meets it: the whole stack, for real, in a data folder of its own."""

import signal
import socket
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.running import alive, free_port, own_ports


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_everything_starts_serves_refuses_a_second_and_stops(newsroom):
    ports = own_ports()
    running = newsroom(*ports, "--no-demo")
    running.wait_until_it_says("Ctrl-C stops everything.")
    port = int(ports[0].partition("=")[2])
    assert f"The newsroom is open: http://127.0.0.1:{port}/" in running.said()
    assert answer(f"http://127.0.0.1:{port}/") < 500
    family = running.family()
    assert len(family) == 7  # the supervisor, broker, mail catcher, web (two), worker, beat

    second = newsroom(*own_ports(), "--no-demo")
    assert second.process.wait(timeout=20) == 1
    assert "The newsroom is already running" in second.said()

    assert running.end() < 10
    assert running.process.returncode == 0
    assert running.said().endswith("Stopped.\n")
    assert not alive(family)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_a_kill_and_the_next_run_starts(newsroom):
    ports = own_ports()
    running = newsroom(*ports, "--no-demo")
    running.wait_until_it_says("Ctrl-C stops everything.")
    family = running.family()
    running.end(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(family):
        assert time.monotonic() < deadline, alive(family)
        time.sleep(0.05)
    again = newsroom(*ports, "--no-demo")
    again.wait_until_it_says("Ctrl-C stops everything.")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_can_be_stopped_while_it_sets_up(newsroom):
    running = newsroom(*own_ports(), "--no-demo")
    running.wait_until_it_says("Preparing the database")
    family = running.family()
    assert running.end(signal.SIGTERM) < 10
    assert running.process.returncode == 0
    assert "Traceback" not in running.said()
    assert not alive(family)


def test_a_port_in_use_is_named(newsroom):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = newsroom(f"--port={port}", f"--smtp-port={free_port()}", "--no-demo")
        assert refused.process.wait(timeout=20) == 1
        assert f"Port {port} on 127.0.0.1 is used by another program." in refused.said()
        refused = newsroom(f"--port={free_port()}", f"--smtp-port={port}", "--no-demo")
        assert refused.process.wait(timeout=20) == 1
        assert 'Choose another: make run ARGS="--smtp-port' in refused.said()


def answer(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
