"""``manage.py bounces --check FOLDER``: how many labelled bounces are read right."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsroom.delivery.returns.bounces import Finding, Kind, read

ENOUGH = 0.95
NO_BOUNCE = ("vacation", "delivered")
COMPLAINT = "feedback"


class Command(BaseCommand):
    help = "Read a folder of labelled bounces (expected.json and messages/) and say how many were read right."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", type=Path, required=True, metavar="FOLDER")

    def handle(self, *, check: Path, **_options: Any) -> None:
        try:
            labels = json.loads((check / "expected.json").read_text())["expected"]
            cases = [
                (name, read((check / "messages" / name).read_bytes()), said) for name, said in labels.items()
            ]
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise CommandError(f"There are no labelled bounces in {check}: {error}") from error
        bounces = [each for each in cases if _sort(each[2]) == "bounce"]
        if not bounces:
            raise CommandError(f"There are no labelled bounces in {check}.")
        wrong = [name for name, found, said in bounces if not _right(found, said[0])]
        strays = [name for name, found, said in cases if not _sorted_right(found, _sort(said))]
        for name in wrong:
            self.stdout.write(f"read otherwise: {name}")
        for name in strays:
            self.stdout.write(f"taken for something else: {name}")
        right = len(bounces) - len(wrong)
        self.stdout.write(f"{right} of {len(bounces)} bounces read right: {right / len(bounces):.1%}")
        self.stdout.write(f"{len(cases) - len(bounces)} other mails, {len(strays)} taken for something else")
        if right < ENOUGH * len(bounces) or strays:
            raise CommandError("That is not good enough.")


def _sort(said: list[dict[str, Any]]) -> str:
    reason = said[0]["reason"] if said else ""
    return "complaint" if reason == COMPLAINT else "nothing" if reason in ("", *NO_BOUNCE) else "bounce"


def _sorted_right(found: Finding, sort: str) -> bool:
    if sort == "bounce":
        return found.kind not in (Kind.NOTHING, Kind.COMPLAINT)
    return found.kind == sort


def _right(found: Finding, said: dict[str, Any]) -> bool:
    """Status and hard or soft. Where a bounce has no code, whoever labelled it made one up (x.0.9xx): then the class counts."""
    made_up = int(said["status"].split(".")[2]) >= 900
    status = found.status[:1] == said["status"][:1] if made_up else found.status == said["status"]
    return bool(status) and (found.kind == Kind.HARD) == said["hard_bounce"]
