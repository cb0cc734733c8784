"""The whole issue, byte for byte. After a wanted change: UPDATE_GOLDEN=1 make test ARGS="-k golden", and read the diff."""

import os
from pathlib import Path

import pytest

from issues.rendering import render
from tests.issues.sample import snapshot

GOLDEN = Path(__file__).parent.parent.parent / "golden"


@pytest.mark.parametrize(("part", "ending"), [("html", "html"), ("text", "txt"), ("web", "web.html")])
def test_golden(part, ending):
    made = getattr(render(snapshot()), part)
    path = GOLDEN / f"issue.{ending}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_the_same_snapshot_gives_the_same_seal():
    assert render(snapshot()).seal == render(snapshot()).seal
    assert render(snapshot()).seal != render(snapshot(title="Another")).seal
