"""What an archived page says today of offers that have ended since: the edition stays as it is, only the page changes."""

import datetime
import re

__all__ = ["as_of", "last_day_over"]

_OFFER = re.compile(
    r'(?P<open><aside [^>]*?class="(?P<kind>[^"]*)"[^>]*? data-until="(?P<until>\d{4}-\d\d-\d\d)"[^>]*>)(?P<words>.*?)</aside>',
    re.DOTALL,
)
_ANYWHERE = datetime.timezone(datetime.timedelta(hours=-12))
_LABEL = re.compile(r'<p class="label">.*?</p>', re.DOTALL)
ENDED = "<p>This message has ended.</p>"


def last_day_over(now: datetime.datetime) -> datetime.date:
    """The day that is not yet over anywhere on earth (UTC−12): an offer holds to the end of its last day, wherever one reads."""
    return now.astimezone(_ANYWHERE).date()


def as_of(web: str, day: datetime.date) -> str:
    """The web rendering on that day: a message past its last day keeps its label, and says that it has ended.

    An ``aside`` holds no other one, because rich text has none.
    """
    return _OFFER.sub(lambda offer: _shown(offer, day), web)


def _shown(offer: re.Match[str], day: datetime.date) -> str:
    if day.isoformat() <= offer["until"]:
        return offer[0]
    label = _LABEL.search(offer["words"])
    return f"{offer['open']}\n{label[0] if label else ''}\n{ENDED}\n</aside>"
