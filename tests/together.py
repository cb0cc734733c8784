"""Doing things at the same time, each on a connection of its own; for tests with ``django_db(transaction=True)``."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


def together(*verbs: Callable[[], object]) -> list[object]:
    """What each returned or raised, all begun at once, each on a connection of its own."""
    start = threading.Barrier(len(verbs))

    def run(verb: Callable[[], object]) -> object:
        start.wait(10)
        try:
            return verb()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as threads:
        begun = [threads.submit(run, verb) for verb in verbs]
    return [each.exception() or each.result() for each in begun]
