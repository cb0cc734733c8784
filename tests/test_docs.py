"""What the documents say is there, is there."""

import re

import pytest
from django.conf import settings
from django.core.management import get_commands

from issues.blocks import registry

ROOT = settings.BASE_DIR
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = ("issues", "sponsors", "newsroom")
NUMBERS = {10: "ten", 11: "eleven", 12: "twelve", 13: "thirteen", 14: "fourteen", 15: "fifteen"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document):
    targets = re.findall(r"\]\(([^)#]+)\)", document.read_text())
    missing = [
        target for target in targets if "://" not in target and not (document.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_in_backticks_exist(document):
    named = re.findall(
        r"`((?:issues|sponsors|newsroom|templates|tests|docs|bin)/[\w/.]*)`", document.read_text()
    )
    invented = {"issues/blocks/recipe/"}  # the kind that the README has its reader add
    assert [path for path in named if path not in invented and not (ROOT / path).exists()] == []


def test_every_command_of_ours_is_in_a_document():
    ours = {name for name, app in get_commands().items() if app.startswith(OURS)}
    written = "".join(path.read_text() for path in [*DOCUMENTS, ROOT / "Makefile"])
    inner = {
        "catch_mail",
        "make_demo",
        "run",
        "bench",
        "bench_sending",
        "reproject",
    }  # started by `make` or by another command
    assert [name for name in sorted(ours - inner) if name not in written] == []


def test_the_changelog_counts_the_kinds():
    assert f"{NUMBERS[len(registry.kinds())]} kinds" in (ROOT / "CHANGELOG.md").read_text()


def test_the_readme_names_every_target_a_newcomer_needs():
    readme = (ROOT / "README.md").read_text()
    assert all(f"make {target}" in readme for target in ("run", "test"))
