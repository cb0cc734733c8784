"""How fast we may go: by the relay as a whole, and to each domain of readers; less by itself where a server asks for less."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Pace", "Paces"]

SLOWEST = 0.2
"""Messages a second below which nobody is slowed."""
FASTER_AFTER = 30.0
"""Seconds without a complaint after which a slowed pace is raised by a quarter."""
FIRST_GUESS = 40.0
"""Messages a second that are taken for the pace so far of a domain that had none."""
BURST = 0.1
"""Seconds whose messages may go at once."""


@dataclass
class Pace:
    """A token bucket: ``per_second`` messages, None for as fast as it goes. ``limit`` is what was set by a person, and
    ``booked_until`` the turn of the last who was put aside."""

    limit: float | None = None
    per_second: float | None = None
    tokens: float = 1.0
    at: float = 0.0
    slowed_at: float = 0.0
    booked_until: float = 0.0

    def __post_init__(self) -> None:
        self.per_second = self.per_second or self.limit

    def wait(self, now: float) -> float:
        """Seconds until the next message may go; 0 if it may now."""
        if self.per_second is None:
            return 0.0
        if self.slowed_at and now - self.slowed_at > FASTER_AFTER:
            self._faster(now)
            return self.wait(now)
        self.tokens = min(max(1.0, self.per_second * BURST), self.tokens + (now - self.at) * self.per_second)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.per_second

    def spend(self) -> None:
        self.tokens -= 1

    def put_aside(self, now: float, wait: float) -> float:
        """Whoever has to ``wait`` so long is not kept in hand. Seconds until their turn, after all who were put aside before."""
        assert self.per_second is not None
        self.booked_until = max(self.booked_until, now + wait) + 1 / self.per_second
        return self.booked_until - now

    def slow_down(self, now: float) -> bool:
        """Half of what it was; at most once a second, so that a burst of refusals counts once. True if that changed something."""
        if now - self.slowed_at < 1:
            return False
        self.per_second = max((self.per_second or FIRST_GUESS) / 2, SLOWEST)
        self.slowed_at, self.tokens, self.at = now, 0.0, now
        return True

    def _faster(self, now: float) -> None:
        """A quarter more, up to what is allowed; without a limit it is free again once it is fast."""
        assert self.per_second is not None
        self.per_second *= 1.25
        self.slowed_at = now
        if self.limit is not None and self.per_second >= self.limit:
            self.per_second, self.slowed_at = self.limit, 0.0
        elif self.limit is None and self.per_second > 1000:
            self.per_second, self.slowed_at = None, 0.0


class Paces:
    """The pace of the relay, and of those domains that have one. ``limits`` are messages a second by domain, "" for the relay.

    Each of several workers gets an equal share, and learns for itself.
    """

    def __init__(self, limits: Mapping[str, float], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.clock = limits, clock
        self.relay = Pace(limits.get(""))
        self.domains = {domain: Pace(limit) for domain, limit in limits.items() if domain}

    def obey(self, limits: Mapping[str, float]) -> None:
        """Limits as they are now, if a person has changed some."""
        for domain in {
            domain for domain in {*limits, *self.limits} if limits.get(domain) != self.limits.get(domain)
        }:
            pace = self.domains.setdefault(domain, Pace()) if domain else self.relay
            pace.limit = pace.per_second = limits.get(domain)
        self.limits = limits

    def share(self, workers: int) -> None:
        """So many workers keep the limits together."""
        for domain, limit in self.limits.items():
            pace = self.domains[domain] if domain else self.relay
            mine = limit / max(workers, 1)
            if pace.limit != mine:
                pace.per_second = (
                    mine if pace.per_second in (None, pace.limit) else min(pace.per_second, mine)
                )
                pace.limit = mine

    def slow_down(self, domain: str) -> float | None:
        """Slow a domain, or the relay if it is empty; the new pace in messages a second if it changed."""
        pace = self.domains.setdefault(domain, Pace()) if domain else self.relay
        return pace.per_second if pace.slow_down(self.clock()) else None
