"""The locks against pyproject.toml, without a network."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = PROJECT["project"]["dependencies"]
POSTGRES = PROJECT["project"]["optional-dependencies"]["postgres"]
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "requirements.lock": RUN,
    "requirements-postgres.lock": RUN + POSTGRES,
    "requirements-test.lock": RUN + POSTGRES + GROUPS["test"],
    "requirements-lint.lock": RUN + POSTGRES + GROUPS["test"] + GROUPS["lint"],
}
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?: ;[^\\]*)?"  # and, after the semicolon, where it is wanted
    r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n",
    re.MULTILINE,
)


def pins(lock: str) -> dict[str, str]:
    return {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer((ROOT / lock).read_text())}


@pytest.mark.parametrize("lock", [*LOCKS, "bin/uv.txt"])
def test_a_lock_is_nothing_but_pins_with_hashes(lock):
    text = (ROOT / lock).read_text()
    assert PIN.sub("", text) == ""
    assert pins(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_all_that_the_project_asks_for(lock):
    pinned = pins(lock)
    for requirement in map(Requirement, LOCKS[lock]):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is missing in {lock}: make lock"
        assert version in requirement.specifier, f"{requirement} is not met by {lock}: make lock"


def test_a_larger_lock_has_the_same_pins_as_a_smaller_one():
    for smaller, larger in zip(LOCKS, list(LOCKS)[1:], strict=False):
        assert pins(smaller).items() <= pins(larger).items()


def test_what_runs_needs_no_tool_of_the_tests():
    tools = {canonicalize_name(Requirement(each).name) for each in GROUPS["test"] + GROUPS["lint"]}
    assert not tools & pins("requirements.lock").keys()


def test_bootstrap_is_an_executable_shell_script():
    assert os.access(ROOT / "bin/bootstrap", os.X_OK)
    subprocess.run(["sh", "-n", ROOT / "bin/bootstrap"], check=True)


def test_bootstrap_does_nothing_when_nothing_changed(tmp_path):
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to("/bin/false")  # any use of it would fail
    (venv / ".installed-requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    subprocess.run(
        [ROOT / "bin/bootstrap", "requirements.lock"], env={**os.environ, "VENV": str(venv)}, check=True
    )


def test_bootstrap_names_a_lock_that_is_not_there():
    done = subprocess.run([ROOT / "bin/bootstrap", "no.lock"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "[setup] There is no file no.lock here.\n")
