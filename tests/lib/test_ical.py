"""Calendars: what other programs read is what we meant."""

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.papers.ical import Happening, escaped, ical_bytes, readable

DAY = datetime.date(2031, 9, 16)
CHANGED = datetime.datetime(2031, 9, 1, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
STARTS = datetime.datetime(2031, 9, 16, 18, 30, tzinfo=ZoneInfo("America/New_York"))
HOUR = datetime.timedelta(hours=1)


def happening(**given_values) -> Happening:
    values = {"uid": "issue-7@example.com", "title": "Out", "changed_at": CHANGED}
    if "starts" not in given_values:
        values["day"] = DAY
    return Happening(**(values | given_values))


def unfolded(data: bytes) -> list[str]:
    return data.replace(b"\r\n ", b"").decode().removesuffix("\r\n").split("\r\n")


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


def value(data: bytes, name: str) -> str:
    return next(line for line in unfolded(data) if line.startswith(name)).removeprefix(f"{name}:")


def test_a_calendar_says_what_it_is():
    lines = unfolded(ical_bytes("Issues", []))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {"VERSION:2.0", "PRODID:-//newsroom//Editorial calendar//EN", "NAME:Issues"} <= {*lines}
    assert lines[-1] == "END:VCALENDAR"


def test_every_line_ends_with_crlf():
    data = ical_bytes("Issues", [happening(note="one\ntwo")])
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")


def test_a_whole_day_ends_where_the_next_begins():
    lines = unfolded(ical_bytes("", [happening(day=datetime.date(2031, 12, 31))]))
    assert {"DTSTART;VALUE=DATE:20311231", "DTEND;VALUE=DATE:20320101"} <= {*lines}


def test_the_last_day_of_all_has_no_next():
    assert "DTEND" not in ical_bytes("", [happening(day=datetime.date.max)]).decode()


def test_a_moment_is_told_in_utc():
    lines = unfolded(ical_bytes("", [happening(starts=STARTS, ends=STARTS + HOUR)]))
    assert {"DTSTART:20310916T223000Z", "DTEND:20310916T233000Z"} <= {*lines}


def test_an_end_that_is_not_after_the_start_is_left_out():
    assert "DTEND" not in ical_bytes("", [happening(starts=STARTS, ends=STARTS)]).decode()


def test_the_stamp_is_the_moment_of_the_last_change():
    data = ical_bytes("", [happening()])
    assert value(data, "DTSTAMP") == value(data, "LAST-MODIFIED") == "20310901T100000Z"


def test_the_same_happenings_are_the_same_file():
    assert ical_bytes("x", [happening()]) == ical_bytes("x", [happening()])


def test_an_address_cannot_begin_a_line_of_its_own():
    data = ical_bytes("", [happening(url="https://example.com/ü\r\nX-EVIL:1")])
    assert value(data, "URL") == "https://example.com/%C3%BC%0AX-EVIL:1"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_line_end_is_escaped_whatever_its_kind(line_end):
    assert escaped(f"one{line_end}two; three, four\\five") == r"one\ntwo\; three\, four\\five"


def test_a_happening_needs_a_day_or_a_start():
    with pytest.raises(ValueError, match="either a day or a moment"):
        Happening(uid="x", title="x", changed_at=CHANGED)


def test_a_happening_has_not_both_a_day_and_a_start():
    with pytest.raises(ValueError, match="either a day or a moment"):
        happening(day=DAY, starts=STARTS)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        happening(starts=datetime.datetime(2031, 9, 16))  # noqa: DTZ001


@given(*[st.text(st.characters())] * 4)
def test_what_is_written_comes_back(name, uid, title, note):
    data = ical_bytes(name, [happening(uid=uid, title=title, note=note or "-")])
    read = {key: unescaped(value(data, key)) for key in ("NAME", "UID", "SUMMARY", "DESCRIPTION")}
    meant = {"NAME": name, "UID": uid, "SUMMARY": title, "DESCRIPTION": note or "-"}
    assert read == {key: readable(words) for key, words in meant.items()}


@given(st.text(min_size=20), st.text())
def test_no_line_is_longer_than_75_octets_or_ends_inside_a_character(title, url):
    lines = ical_bytes(title, [happening(title=title * 5, note=title, url=url)]).split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)


@given(st.text(st.characters()))
def test_no_words_begin_a_line_of_their_own(words):
    plain = unfolded(ical_bytes("x", [happening(note="x", url="x")]))
    hostile = unfolded(
        ical_bytes(words, [happening(uid=words, title=words, note=f"x{words}", url=f"x{words}")])
    )
    assert [re.split("[:;]", line)[0] for line in hostile] == [re.split("[:;]", line)[0] for line in plain]
