"""What tests of sends have in common."""

import pytest

from newsroom.delivery import tasks


@pytest.fixture
def no_run(monkeypatch) -> None:
    """The tick looks after sends, and no worker takes any up."""
    monkeypatch.setattr(tasks.run_send, "delay", lambda send_id: None)
