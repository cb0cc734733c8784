"""Pre-flight: what stops an issue, and what is worth a look."""

import pytest

from issues import readiness
from issues.models import Issue
from issues.rendering import Rendered
from tests.make import describe, make_advertiser, make_block, make_insertion, make_issue, remove

pytestmark = pytest.mark.django_db


def sentences(issue: Issue, severity: str) -> list[str]:
    return [each.sentence for each in readiness.problems(issue) if each.severity == severity]


def described(**fields: str) -> Issue:
    issue = make_issue()
    describe(issue, **fields)
    return issue


def rendered(size: int) -> Rendered:
    return Rendered(subject="", preheader="", html="x" * size, text="", web="", minutes=1)


def test_a_sound_issue_has_no_problem():
    assert readiness.problems(make_issue()) == []


def test_an_issue_needs_a_title():
    assert sentences(described(title=""), "blocker") == ["The issue has no title."]


def test_an_issue_needs_blocks():
    assert "The issue has no blocks." in sentences(make_issue(blocks=()), "blocker")


def test_a_removed_block_is_no_block():
    issue = make_issue(blocks=("story",))
    remove(issue, "story")
    assert "The issue has no blocks." in sentences(issue, "blocker")


@pytest.mark.parametrize(
    ("length", "said"), [(60, []), (61, ["The subject has 61 characters; many phones show 60."])]
)
def test_a_long_subject_is_worth_a_look(length, said):
    assert sentences(described(subject="x" * length), "warning") == said


def test_a_long_title_that_nobody_sees_is_not():
    assert sentences(described(title="x" * 100, subject="Short"), "warning") == []


def test_a_short_preheader_is_worth_a_look():
    assert "The preheader is short" in sentences(described(preheader="News"), "warning")[0]


def test_a_preheader_that_repeats_the_subject_is_worth_a_look():
    words = "A crane that learns, and forty more words about it"
    assert sentences(described(subject=words, preheader=words), "warning") == [
        "The preheader repeats the subject."
    ]


def test_blockers_come_first():
    issue = described(title="", preheader="News")
    make_block(issue, "quote", position=9, text="", body="")
    severities = [each.severity for each in readiness.problems(issue)]
    assert severities == sorted(severities)
    assert len(set(severities)) == 2
    assert all(each.severity == "blocker" for each in readiness.blockers(issue))


def test_a_sold_placement_stops_an_issue_that_has_no_block_for_it():
    issue = make_issue()
    make_insertion(issue, advertiser=make_advertiser("Brightwater"))
    assert "Brightwater, Primary: sold, but the issue has no block" in sentences(issue, "blocker")[0]


@pytest.mark.parametrize(
    ("size", "severities"),
    [(85 * 1024, []), (86 * 1024, ["warning"]), (102 * 1024, ["warning"]), (102 * 1024 + 1, ["blocker"])],
)
def test_a_mail_that_gmail_would_cut_off_stops_the_issue(size, severities):
    assert [each.severity for each in readiness.size_problems(rendered(size))] == severities


def test_size_is_counted_in_bytes():
    wide = Rendered(subject="", preheader="", html="ø" * 60 * 1024, text="", web="", minutes=1)
    assert readiness.size_problems(wide)[0].severity == "blocker"
