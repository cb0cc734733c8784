"""Segments: rules that are read with care, and ask both databases the same."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.audience import recipients, rules, segments
from newsroom.audience.models import Segment, Status, Subscription
from newsroom.audience.rules import Attribute, Engaged, Joined, Seed
from newsroom.delivery.control import scheduling
from newsroom.lib.errors import NotNow, Refused
from tests.make import NOW, make_approved_issue, make_list, make_publication, make_reader

DAY = datetime.timedelta(days=1)


@pytest.fixture
def publication(db):
    """Four readers: a Dane who clicks, a Swede, somebody unknown, and a seed; and one who left."""
    made = make_publication()
    facts = {
        "dane": ({"country": "DK", "it's": "so"}, NOW - DAY, False),
        "swede": ({"country": "Sweden dk%"}, NOW - 40 * DAY, False),
        "who": ({}, None, False),
        "seed": ({"country": ""}, None, True),
    }
    for number, (name, (attributes, clicked, seed)) in enumerate(facts.items()):
        reader = make_reader(made, f"{name}@readers.example")
        reader.subscriber.attributes = attributes
        reader.subscriber.save()
        reader.engaged_at, reader.seed, reader.confirmed_at = clicked, seed, NOW - number * 10 * DAY
        reader.save()
    make_reader(made, "left@readers.example", status=Status.UNSUBSCRIBED)
    return made


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Attribute("country", "is", "dk"), "dane"),
        (Attribute("country", "is not", "DK"), "swede who seed"),
        (Attribute("country", "contains", "dk"), "dane swede"),
        (Attribute("country", "contains", "%"), "swede"),
        (Attribute("country", "is set"), "dane swede"),
        (Attribute("country", "is not set"), "who seed"),
        (Attribute("it's", "is", "so"), "dane"),
        (Attribute("no such thing", "is set"), ""),
        (Joined("within", days=15), "dane swede"),
        (Joined("before", day="2031-02-12"), "seed"),
        (Joined("before", day="2031-02-13"), "who seed"),
        (Joined("after", day="2031-02-12"), "dane swede"),
        (Engaged("clicked", "within", 30), "dane"),
        (Engaged("clicked", "not for", 30), "swede who seed"),
        (Engaged("clicked", "never"), "who seed"),
        (Engaged("opened", "never"), "dane swede who seed"),
        (Seed("is"), "seed"),
        (Seed("is not"), "dane swede who"),
    ],
)
def test_each_rule_finds_its_readers(publication, rule, expected):
    segment = segments.make(make_list(publication), "Some", (rule,), by=None, now=NOW)
    found = segments.readers(segment, now=NOW).values_list("subscriber__email", flat=True)
    assert {email.partition("@")[0] for email in found} == set(expected.split())
    assert str(rule)


@pytest.mark.parametrize("test", ["before", "after"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_the_calendar_can_be_asked_for(publication, test, day):
    asked = (Joined(test, day=day),)
    everybody = (test == "before") == (day == "9999-12-31")
    assert segments.matching(make_list(publication), asked, now=NOW).count() == (4 if everybody else 0)


def test_after_a_day_begins_with_the_next_midnight(publication):
    notes, midnight = make_list(publication), datetime.datetime(2030, 5, 2, tzinfo=datetime.UTC)
    late = midnight - datetime.timedelta(microseconds=1)
    Subscription.objects.update(confirmed_at=late)
    Subscription.objects.filter(subscriber__email__startswith="dane").update(confirmed_at=midnight)
    assert segments.matching(notes, (Joined("after", day="2030-05-01"),), now=NOW).count() == 1


def test_all_rules_must_hold_and_none_is_everybody(publication):
    notes = make_list(publication)
    both = (Attribute("country", "is set"), Engaged("clicked", "within", 30))
    assert segments.matching(notes, both, now=NOW).count() == 1
    assert segments.matching(notes, (), now=NOW).count() == 4
    assert rules.in_words(both) == "country is set and clicked within 30 days"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "everybody",
        [{}],
        [{"kind": "attribute"}],
        [{"kind": "attribute", "name": "12", "test": "is", "words": "x"}],
        [{"kind": "attribute", "name": "a", "test": "is", "words": "\0"}],
        [{"kind": "attribute", "name": "a", "test": "like", "words": "x"}],
        [{"kind": "engaged", "how": "clicked", "test": "within", "days": 0}],
        [{"kind": "engaged", "how": "clicked", "test": "within", "days": True}],
        [{"kind": "engaged", "how": "slept", "test": "never"}],
        [{"kind": "joined", "test": "before", "day": "soon"}],
        [{"kind": "seed", "test": "is"}] * 21,
    ],
)
def test_rules_that_cannot_be_read_choose_nobody_rather_than_everybody(publication, odd):
    with pytest.raises(Refused):
        rules.parse(odd)
    with pytest.raises(Refused):
        recipients.chosen(publication.slug, Segment(rules=odd), now=NOW)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=8)
        | st.sampled_from(["kind", "seed", "is"]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "test", "days"]), inner)
        ),
    )
)
def test_whatever_stands_there_it_is_read_or_refused(given_rules):
    try:
        assert rules.as_json(rules.parse(given_rules)) is not None
    except Refused as error:
        assert str(error)  # noqa: PT017


def test_rules_survive_being_stored(publication):
    asked = (
        Attribute("country", "is", "DK"),
        Joined("within", days=3),
        Engaged("opened", "never"),
        Seed("is"),
    )
    segment = segments.make(make_list(publication), "Some", asked, by=None, now=NOW)
    segment.refresh_from_db()
    assert rules.parse(segment.rules) == asked


def test_a_name_is_taken_once_and_a_segment_in_use_stays(publication):
    notes = make_list(publication)
    segment = segments.make(notes, "Some", (), by=None, now=NOW)
    with pytest.raises(Refused, match="already"):
        segments.make(notes, "Some", (), by=None, now=NOW)
    issue = make_approved_issue(publication)
    send = scheduling.schedule(issue, NOW + DAY, by=None, now=NOW)
    send.segment = segment
    send.save()
    with pytest.raises(NotNow, match="has to stay"):
        segments.delete(segment)
    send.segment = None
    send.save()
    segments.delete(segment)
    assert not Segment.objects.exists()
