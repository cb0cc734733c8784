"""How a list grows: each step in its week on the publication's clock, and sizes that agree with the steps."""

import datetime
import itertools
from zoneinfo import ZoneInfo

import pytest

from newsroom.audience import growth, subscribing, suppressing
from newsroom.audience.models import Reason, Status, Subscription
from tests.make import NOW, make_publication, make_reader

pytestmark = pytest.mark.django_db
WEEK, ZONE = datetime.timedelta(days=7), ZoneInfo("Europe/Copenhagen")
MONDAY = datetime.date(2031, 3, 3)


@pytest.fixture
def publication():
    return make_publication()


def joined(publication, at: datetime.datetime, *, confirmed: bool = True) -> Subscription:
    reader = make_reader(publication, status=Status.ACTIVE if confirmed else Status.PENDING)
    Subscription.objects.filter(pk=reader.pk).update(asked_at=at, confirmed_at=at if confirmed else None)
    reader.refresh_from_db()
    return reader


def weeks(publication, count: int = 4) -> list[growth.Week]:
    return growth.growth(publication.slug, weeks=count, zone=ZONE, now=NOW)


def test_each_step_stands_in_its_week_and_the_sizes_agree(publication):
    long_ago = [joined(publication, NOW - 30 * WEEK) for _ in range(5)]
    joined(publication, NOW - 2 * WEEK)
    joined(publication, NOW - 2 * WEEK, confirmed=False)
    subscribing.leave(long_ago[0], by="page", now=NOW - WEEK)
    suppressing.suppress(long_ago[1].subscriber.email, Reason.BOUNCED, now=NOW - WEEK)
    suppressing.suppress(long_ago[2].subscriber.email, Reason.COMPLAINED, now=NOW)
    found = weeks(publication)
    assert [week.begins for week in found] == [MONDAY - back * WEEK for back in (3, 2, 1, 0)]
    assert [week.size for week in found] == [5, 6, 4, 3]
    assert [(week.asked, week.confirmed) for week in found] == [(0, 0), (2, 1), (0, 0), (0, 0)]
    assert [(week.left, week.bounced, week.complained) for week in found] == [
        (0, 0, 0), (0, 0, 0), (1, 1, 0), (0, 0, 1),
    ]  # fmt: skip
    for before, after in itertools.pairwise(found):
        assert after.size == before.size + after.net


def test_a_week_begins_on_monday_on_the_publications_clock(publication):
    midnight = datetime.datetime(2031, 3, 3, 0, 0, tzinfo=ZONE)
    joined(publication, midnight - datetime.timedelta(seconds=1))
    joined(publication, midnight)
    assert [week.confirmed for week in weeks(publication, 2)] == [1, 1]


def test_who_left_before_confirming_was_never_counted(publication):
    subscribing.leave(joined(publication, NOW - WEEK, confirmed=False), by="page", now=NOW)
    assert [(week.size, week.left) for week in weeks(publication, 2)] == [(0, 0), (0, 0)]


def test_other_lists_do_not_count(publication):
    joined(make_publication(), NOW)
    assert weeks(publication, 1)[0].size == 0


def test_a_long_list_takes_four_queries(publication, django_assert_num_queries):
    for back in range(20):
        joined(publication, NOW - back * WEEK)
    with django_assert_num_queries(4):
        weeks(publication, 52)
