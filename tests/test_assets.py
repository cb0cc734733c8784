"""What browsers load: built from the sources that are here, and no heavier than agreed (issue 3)."""

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

import django_htmx

ROOT = Path(__file__).resolve().parent.parent
ASSETS, STATIC = ROOT / "issues" / "assets", ROOT / "issues" / "static" / "issues"
DESK = ROOT / "newsroom" / "desk" / "static" / "desk"
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def gzipped(*paths: Path) -> int:
    """KB of 1,024 bytes, each file on its own as it is sent."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / 1024


def htmx() -> Path:
    return Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"


def test_the_bundle_was_built_from_these_sources():
    kept = {"build.mjs", "package.json", "package-lock.json"}
    sources = {*(ASSETS / "src").rglob("*.js"), *(ASSETS / name for name in kept)}
    now = {path.relative_to(ASSETS).as_posix(): sha256(path) for path in sources}
    assert now == MANIFEST["sources"], "JavaScript has changed: run `make assets`"
    assert {name: sha256(STATIC / name) for name in MANIFEST["outputs"]} == MANIFEST["outputs"]


def test_the_composer_weighs_at_most_120_kb_with_htmx():
    assert gzipped(STATIC / "composer.js", htmx(), DESK / "desk.js") <= 120


def test_other_pages_of_the_desk_weigh_at_most_30_kb():
    assert gzipped(DESK / "desk.js", htmx()) <= 30


def test_the_styles_of_the_desk_weigh_at_most_12_kb():
    assert gzipped(DESK / "desk.css", *STATIC.glob("*.css")) <= 12


def test_no_lock_names_an_address():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    locks = [name for name in tracked if re.search(r"(\.lock|package-lock\.json|uv\.txt)$", name)]
    assert "issues/assets/package-lock.json" in locks
    for name in locks:
        assert not re.search(r"https?://(?!.*(?:funding|opencollective))", (ROOT / name).read_text()), name


def test_nothing_that_would_run_is_built_from_words():
    """The policy of our pages forbids it; so does this."""
    for path in [*(ASSETS / "src").rglob("*.js"), DESK / "desk.js"]:
        words = path.read_text()
        assert not re.search(
            r"\beval\(|new Function|\.innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML|document\.write", words
        ), path
