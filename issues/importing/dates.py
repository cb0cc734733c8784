"""Dates, times of day and time zones as newsletters write them."""

import datetime
import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)\b\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?"
_UNTIL = r"(?:\s?[-–—]\s?[0-3]?\d(?:st|nd|rd|th)?)?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>(?:19|20)\d\d)-(?P<number>\d\d)-(?P<day>\d\d)\b",
        rf"\b{_MONTH}\s+{_DAY}\b(?!:){_UNTIL}{_YEAR}",
        rf"\b{_DAY}{_UNTIL}\s+(?:of\s+)?{_MONTH}{_YEAR}",
    )
)
_SOON = re.compile(r"\b(?P<word>today|tonight|tomorrow)\b", re.IGNORECASE)
_THIS_WEEK = re.compile(
    rf"\b(?:on|this|next)\s+{_WEEKDAY}|\b(?P<full>(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_TIME_RANGE = r"(?:\s?[-–—]\s?\d{1,2}(?:[:.][0-5]\d)?)?"
_TIMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?P<hour>1[0-2]|0?[1-9])(?:[:.](?P<minute>[0-5]\d))?{_TIME_RANGE}\s?(?P<half>[ap])\.?m\b\.?",
        r"\b(?P<hour>[01]?\d|2[0-3])[:h](?P<minute>[0-5]\d)\b",
        r"\b(?P<word>noon|midday|midnight)\b",
    )
)
_ZONES = {
    "America/Los_Angeles": "PT PST PDT Pacific",
    "America/Denver": "MT MST MDT Mountain",
    "America/Chicago": "CT CST CDT Central",
    "America/New_York": "ET EST EDT Eastern",
    "America/Halifax": "AT AST ADT",
    "America/Sao_Paulo": "BRT",
    "Europe/London": "BST UK London",
    "Europe/Berlin": "CET CEST Berlin",
    "Europe/Paris": "Paris",
    "Europe/Athens": "EET EEST",
    "Europe/Lisbon": "WET WEST",
    "Asia/Kolkata": "IST",
    "Asia/Singapore": "SGT Singapore",
    "Asia/Hong_Kong": "HKT",
    "Asia/Tokyo": "JST Tokyo",
    "Asia/Dubai": "GST Dubai",
    "Australia/Sydney": "AEST AEDT AET Sydney",
    "Pacific/Auckland": "NZST NZDT NZT",
    "UTC": "UTC GMT Zulu",
}
_ZONE_OF = {name: zone for zone, names in _ZONES.items() for name in names.split()}
_ZONE = re.compile(rf"\b({'|'.join(sorted(_ZONE_OF, key=len, reverse=True))})\b")
_NEAR = 30
"""Characters after a time in which its zone stands."""

_RELATIVE = re.compile(r"(?:an?|\d{1,3})\s+(?:minute|hour|day|week|month|year)s?\s+ago", re.IGNORECASE)
_FIGURES = re.compile(r"\b\d{1,2}([./])\d{1,2}\1(?:\d{4}|\d{2})\b")
_STAMP_WORDS = re.compile(
    r"\b(?:date|posted|published|updated|issued|last|modified|on|at|the|of)\b|[\W_]|\b[ap]\.?m\b|\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)


def read_date(text: str, *, on: datetime.date) -> datetime.date | None:
    """The first date in ``text``; without a year it is the nearest one that comes on or after ``on``."""
    found = [match for pattern in _DATES if (match := pattern.search(text))]
    for match in sorted(found, key=lambda match: match.start()):
        day = _date(match, on)
        if day:
            return day
    return _near(text, on)


def _date(match: "re.Match[str]", on: datetime.date) -> datetime.date | None:
    parts = match.groupdict()
    month = int(parts["number"]) if parts.get("number") else _MONTHS.index(parts["month"][:3].lower()) + 1
    years = [int(parts["year"])] if parts["year"] else list(range(on.year, on.year + 9))
    for year in years:
        try:
            day = datetime.date(year, month, int(parts["day"]))
        except ValueError:
            continue
        if parts["year"] or day >= on:
            return day
    return None


def _near(text: str, on: datetime.date) -> datetime.date | None:
    soon = _SOON.search(text)
    if soon:
        return on + datetime.timedelta(days=soon["word"].lower() == "tomorrow")
    week = _THIS_WEEK.search(text)
    if week:
        ahead = (_WEEKDAYS.index((week["weekday"] or week["full"])[:3].lower()) - on.weekday()) % 7
        return on + datetime.timedelta(days=ahead)
    return None


def names_a_day(text: str) -> bool:
    """Whether ``text`` has a date with a month."""
    return any(pattern.search(text) for pattern in _DATES)


def read_time(text: str) -> tuple[datetime.time, str] | None:
    """The first time of day in ``text`` and its zone as an IANA name, or "" if none stands beside it."""
    found = [match for pattern in _TIMES if (match := pattern.search(text))]
    if not found:
        return None
    match = min(found, key=lambda match: match.start())
    zone = _ZONE.search(text, match.end(), match.end() + _NEAR)
    return _time(match), _ZONE_OF[zone[1]] if zone else ""


def _time(match: "re.Match[str]") -> datetime.time:
    parts = match.groupdict()
    if parts.get("word"):
        return datetime.time(0 if parts["word"].lower() == "midnight" else 12)
    hour, minute = int(parts["hour"]), int(parts["minute"] or 0)
    if parts.get("half"):
        hour = hour % 12 + 12 * (parts["half"].lower() == "p")
    return datetime.time(hour, minute)


def is_stamp(text: str) -> bool:
    """Whether a line says only when something was published: "17 hours ago", "November 14, 2022", "date 2022-09-12"."""
    if len(text) > 60:
        return False
    left = _RELATIVE.sub("", text)
    for pattern in (*_DATES, *_TIMES, _FIGURES):
        left = pattern.sub("", left)
    if left == text:
        return False
    left = re.sub(_WEEKDAY, "", left, flags=re.IGNORECASE)
    return not _ZONE.sub("", _STAMP_WORDS.sub("", left)).strip()
