"""Clicks are written down raw, and judged by rules; what comes later may tell what came before."""

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from issues import clicks
from issues.clicks import Seen
from issues.models import Click
from tests.make import NOW, make_issue

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SECOND = datetime.timedelta(seconds=1)


def click(url: str = "https://boats.example/", *, after: float = 600, reader: str = "ann", **known) -> Click:
    """A click of a person's browser, so many seconds after the delivery."""
    at = NOW + after * SECOND
    return Click(url=url, reader=reader, at=at, **{"agent": BROWSER, "delivered_at": NOW, **known})


def verdicts(*rows: Click) -> list[str]:
    return clicks.judged(rows)


def links(count: int, *, first: float = 600, apart: float = 0.5) -> list[Click]:
    """Clicks on so many different links, one after the other."""
    return [click(f"https://boats.example/{n}", after=first + n * apart) for n in range(count)]


# each rule


def test_a_lone_click_of_a_person_is_a_persons():
    assert verdicts(click()) == [""]


def test_whoever_asks_only_for_the_head_is_a_machine():
    assert verdicts(click(method="HEAD")) == ["head"]


@pytest.mark.parametrize(
    "agent",
    [
        "Googlebot/2.1",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "AdsBot-Google (+http://www.google.com/adsbot.html)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slackbot 1.0",
        "BingPreview/1.0b",
        "Baiduspider/2.0",
        "crawler4j (https://github.com/yasserg/crawler4j/)",
        "link-scanner",
        "Barracuda Sentinel (EE)",
        "python-requests/2.32",
        "Python-urllib/3.11",
        "curl/8.5.0",
        "Wget/1.21",
        "Go-http-client/1.1",
    ],
)
def test_whoever_says_that_it_is_a_program_is_one(agent):
    assert verdicts(click(agent=agent)) == ["agent"]


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; Cubot_NOTE_20) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; Scandal One) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64) Curlew/1.0 Botanic/2",
        BROWSER,
    ],
)
def test_a_phone_or_browser_whose_name_only_begins_or_sounds_so_is_a_persons(agent):
    assert verdicts(click(agent=agent)) == [""]


def test_a_browser_without_a_name_is_a_persons():
    assert verdicts(click(agent="")) == [""]


@pytest.mark.parametrize(("after", "verdict"), [(-3, "instant"), (0, "instant"), (1.99, "instant"), (2, "")])
def test_within_two_seconds_of_the_delivery_nobody_clicks(after, verdict):
    assert verdicts(click(after=after)) == [verdict]


def test_without_a_known_delivery_no_click_is_instant():
    assert verdicts(click(after=0, delivered_at=None)) == [""]


def test_five_links_within_three_seconds_are_a_sweep():
    assert verdicts(*links(5)) == ["sweep"] * 5


def test_four_links_are_a_reader_in_a_hurry():
    assert verdicts(*links(4)) == [""] * 4


def test_five_links_in_just_three_seconds_are_no_sweep():
    assert verdicts(*links(5, apart=0.75)) == [""] * 5


def test_one_link_followed_five_times_is_no_sweep():
    assert verdicts(*[click(after=600 + n * 0.1) for n in range(9)]) == [""] * 9


def test_a_click_of_the_same_reader_an_hour_after_a_sweep_is_a_persons():
    assert verdicts(*links(5), click(after=4200)) == ["sweep"] * 5 + [""]


def test_a_click_just_outside_the_window_of_a_sweep_is_a_persons():
    assert verdicts(click(after=596), *links(5)) == [""] + ["sweep"] * 5


def test_thousands_of_clicks_in_a_second_are_judged_at_once():
    many = [click(f"https://boats.example/{n}", after=600 + n / 5_000) for n in range(5_000)]
    assert set(verdicts(*many)) == {"sweep"}


# written down


def seen(url: str = "https://boats.example/", *, after: float = 600, reader: str = "ann", **known) -> Seen:
    at = NOW + after * SECOND
    return Seen(url, reader, at, **{"agent": BROWSER, "delivered_at": NOW, **known})


@pytest.mark.django_db
def test_later_clicks_tell_what_earlier_ones_were():
    issue = make_issue()
    first = [seen(f"https://boats.example/{n}", after=600 + n * 0.5) for n in range(4)]
    clicks.record(issue, first)
    assert issue.clicks.human().count() == 4
    clicks.record(issue, [seen("https://boats.example/4", after=602)])
    assert not issue.clicks.human().exists()


@pytest.mark.django_db
def test_one_readers_sweep_says_nothing_of_another_reader_or_another_issue():
    issue, other = make_issue(), make_issue()
    clicks.record(issue, [seen(reader="ben")])
    clicks.record(other, [seen("https://boats.example/x")])
    clicks.record(issue, [seen(f"https://boats.example/{n}", after=600 + n * 0.1) for n in range(5)])
    assert [each.reader for each in issue.clicks.human()] == ["ben"]
    assert other.clicks.human().count() == 1


@pytest.mark.django_db
def test_clicks_of_nobody_known_are_not_those_of_one_person():
    issue = make_issue()
    clicks.record(issue, [seen(f"https://boats.example/{n}", after=600, reader="") for n in range(5)])
    clicks.record(issue, [seen(after=600, reader="", method="HEAD")])
    assert sorted(issue.clicks.values_list("verdict", flat=True)) == ["", "", "", "", "", "head"]


@pytest.mark.django_db
def test_clicks_that_come_in_out_of_order_are_judged_in_the_order_of_time():
    issue = make_issue()
    rows = [seen(f"https://boats.example/{n}", after=600 + n * 0.5) for n in range(5)]
    for each in (rows[3], rows[0], rows[4], rows[1], rows[2]):
        clicks.record(issue, [each])
    assert set(issue.clicks.values_list("verdict", flat=True)) == {"sweep"}


@pytest.mark.django_db
def test_a_hostile_click_is_cut_to_what_a_row_holds():
    clicks.record(
        make_issue(), [seen("u" * 9000, reader="r" * 90, agent="a" * 900, method="PROPFINDER", mark="m" * 40)]
    )
    kept = Click.objects.get()
    kept.full_clean(exclude=["issue"])


times = st.floats(-10, 20, allow_nan=False)
visits = st.builds(
    lambda after, link, reader, method, agent: seen(
        f"https://boats.example/{link}", after=after, reader=reader, method=method, agent=agent
    ),
    times,
    st.integers(0, 6),
    st.sampled_from(["ann", "ben"]),
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from([BROWSER, "bot"]),
)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(visits, max_size=6), max_size=4))
def test_no_click_is_ever_lost_and_the_order_of_arrival_changes_no_verdict(batches):
    piecemeal, at_once = make_issue(), make_issue()
    assert sum(clicks.record(piecemeal, batch) for batch in batches) == sum(map(len, batches))
    clicks.record(at_once, [each for batch in batches for each in batch])

    def kept(issue):
        return sorted(issue.clicks.values_list("reader", "at", "url", "method", "agent", "verdict"))

    assert kept(piecemeal) == kept(at_once)
    assert len(kept(piecemeal)) == sum(map(len, batches))


def by_definition(rows: list[Click]) -> list[str]:
    """The rule of the sweep as it is written: slow, and plain to see."""
    windows = [[each for each in rows if first.at <= each.at < first.at + clicks.SWEEP] for first in rows]
    swept = [window for window in windows if len({each.url for each in window}) >= clicks.SWEPT]
    return ["sweep" if any(each in window for window in swept) else "" for each in rows]


@given(st.lists(st.tuples(st.integers(20, 60), st.integers(0, 7)), max_size=25))
def test_sweeps_are_found_just_as_the_rule_says(moments):
    rows = [click(f"https://boats.example/{link}", after=tenth / 4) for tenth, link in sorted(moments)]
    for number, row in enumerate(rows):
        row.pk = number
    assert clicks.judged(rows) == by_definition(rows)
