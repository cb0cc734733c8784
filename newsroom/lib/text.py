"""Words for values: money, times, lists, sizes."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

SYMBOLS = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "CNY": "CN¥",
    "CAD": "CA$",
    "AUD": "A$",
    "ILS": "₪",
    "KRW": "₩",
}
SCALES = ((Decimal(10) ** 12, "trillion"), (Decimal(10) ** 9, "billion"), (Decimal(10) ** 6, "million"))
WORDS_A_MINUTE = 230
_JOINING = "\u200c\u200d\u200e\u200f"


def amount_in_words(amount: Decimal) -> str:
    """“140 million”, “1.5 billion”, “800,000”: exactly the amount, in the shortest usual form."""
    for scale, word in SCALES:
        scaled = amount / scale
        if scaled >= 1 and scaled == scaled.quantize(Decimal("0.001")):
            return f"{_trimmed(scaled)} {word}"
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def money(amount: Decimal | None, currency: str) -> str:
    """“$140 million”, “CHF 2 million”, “an undisclosed sum”."""
    if amount is None:
        return "an undisclosed sum"
    words = amount_in_words(amount)
    return f"{SYMBOLS[currency]}{words}" if currency in SYMBOLS else f"{currency} {words}"


def clock(time: datetime.time) -> str:
    """“10 a.m.”, “6:30 p.m.”, “noon”."""
    if (time.hour, time.minute) in ((0, 0), (12, 0)):
        return "noon" if time.hour else "midnight"
    half = "a.m." if time.hour < 12 else "p.m."
    hour = time.hour % 12 or 12
    return f"{hour}:{time.minute:02d} {half}" if time.minute else f"{hour} {half}"


def event_time(date: datetime.date | None, time: datetime.time | None, zone: ZoneInfo | None) -> str:
    """“Tuesday, September 16, 2031, 6:30 p.m. CEST”, as much of it as is known."""
    parts = [f"{date:%A, %B} {date.day}, {date.year}"] if date else []
    if time:
        parts.append(f"{clock(time)} {_zone_name(date, time, zone)}".strip())
    return ", ".join(parts)


def listed(items: Sequence[str]) -> str:
    """“a, b, and c”; with semicolons where an item has a comma of its own."""
    if len(items) < 2:
        return "".join(items)
    mark = ";" if any("," in item for item in items) else ","
    if len(items) == 2 and mark == ",":
        return " and ".join(items)
    return f"{mark} ".join(items[:-1]) + f"{mark} and {items[-1]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """“1 reader”, “1,000 readers”."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(rate: float) -> str:
    """“4.2 %”; small ones with the digits that tell them apart."""
    value = 100 * rate
    return f"{value:.1f} %" if value >= 1 else f"{value:.2g} %"


def printable(words: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(letter for letter in words if letter >= " " or letter in "\t\n\r")


def one_line(words: str, most: int | None = None) -> str:
    """The words on one line without control characters, at most so many letters if that is said. What joins emoji and letters,
    and tells in which direction they run, stays."""
    if words.isprintable() and "  " not in words:
        return words.strip()[:most]
    kept = (letter if letter.isprintable() or letter in _JOINING else " " for letter in words)
    return " ".join("".join(kept).split())[:most]


def minutes_to_read(words: int) -> int:
    return max(1, round(words / WORDS_A_MINUTE))


def _trimmed(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _zone_name(date: datetime.date | None, time: datetime.time, zone: ZoneInfo | None) -> str:
    """The usual abbreviation where tz data has one; else the name of the city."""
    if zone is None:
        return ""
    moment = datetime.datetime.combine(date or datetime.date(2024, 1, 15), time, zone)
    short = moment.tzname() or ""
    return short if short.isalpha() else zone.key.rpartition("/")[2].replace("_", " ") + " time"
