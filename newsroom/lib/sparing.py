"""Saying the same thing now and then only."""

import logging
import time

__all__ = ["Sparing"]


class Sparing(logging.Filter):
    """Lets each sentence of a logger through once in ``seconds``, whatever stands in its gaps."""

    def __init__(self, seconds: float = 60) -> None:
        super().__init__()
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, sentence = time.monotonic(), str(record.msg)
        if now - self._said.get(sentence, float("-inf")) < self._seconds:
            return False
        self._said[sentence] = now
        return True
