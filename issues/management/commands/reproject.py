"""``manage.py reproject``: rebuild the rows that repeat facts of the blocks."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from issues import composing
from issues.models import Issue
from newsroom.lib.text import counted


class Command(BaseCommand):
    help = "Rebuild funding rounds and held pictures of every issue from its blocks."

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        for issue in Issue.objects.select_related("publication").iterator():
            with transaction.atomic():
                composing.project(issue)
            done += 1
        self.stdout.write(f"Rebuilt the facts of {counted(done, 'issue')}.")
