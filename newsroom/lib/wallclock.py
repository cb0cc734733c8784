"""From what a clock on the wall says to a moment, where the clock is put forward or back (PEP 495)."""

import datetime
from zoneinfo import ZoneInfo

from newsroom.lib.errors import Refused


class Gap(Refused):
    """The clock never shows this time: it is put forward over it. ``instead`` is the time it shows then."""

    def __init__(self, instead: datetime.datetime) -> None:
        self.instead = instead
        super().__init__(
            f"The clock is put forward that night and never shows this time. Use {instead:%H:%M} instead?"
        )


class Fold(Refused):
    """The clock shows this time twice: it is put back. ``choices`` are both moments, the earlier first."""

    def __init__(self, choices: tuple[datetime.datetime, datetime.datetime]) -> None:
        self.choices = choices
        super().__init__("The clock is put back that night and shows this time twice. Choose which one.")


def moment(
    day: datetime.date, time: datetime.time, zone: ZoneInfo, *, fold: int | None = None
) -> datetime.datetime:
    """The moment, in ``zone``. ``fold`` 0 or 1 chooses when the time occurs twice.

    Raises ``Gap`` or ``Fold``, and ``Refused`` for a year of which nobody knows the clocks.
    """
    if not 1970 <= day.year <= 2999:
        raise Refused("Choose a day between 1970 and 2999.")
    first, second = (datetime.datetime.combine(day, time, zone).replace(fold=each) for each in (0, 1))
    there_and_back = first.astimezone(datetime.UTC).astimezone(zone)
    if there_and_back.replace(tzinfo=None) != first.replace(tzinfo=None):
        raise Gap(there_and_back)
    if first.utcoffset() == second.utcoffset():
        return first
    if fold is None:
        raise Fold((first, second))
    return second if fold else first
