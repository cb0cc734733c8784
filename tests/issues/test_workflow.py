"""Every step of an issue, legal and illegal, and what an edition is."""

import contextlib
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from issues import workflow
from issues.models import Edition, Issue, Status
from issues.models.edition import Immutable
from issues.models.issue import MOVES
from issues.rendering import render
from issues.snapshot import take
from newsroom.lib.errors import Conflict, NewsroomError, NotNow
from sponsors.models import Insertion
from tests.make import (
    NOW,
    describe,
    make_advertiser,
    make_approved_issue,
    make_block,
    make_insertion,
    make_issue,
    make_person,
    make_publication,
    remove,
)

pytestmark = pytest.mark.django_db
LATER = NOW + datetime.timedelta(hours=1)

VERBS: dict[str, tuple[Callable[..., Any], dict[str, str]]] = {
    "submit": (workflow.submit, {"draft": "in_review"}),
    "send back": (workflow.send_back, {"in_review": "draft"}),
    "approve": (workflow.approve, {"in_review": "approved", "correcting": "going_out"}),
    "reopen": (workflow.reopen, {"approved": "draft"}),
    "cancel": (workflow.cancel, {"draft": "cancelled", "in_review": "cancelled"}),
    "restore": (workflow.restore, {"cancelled": "draft"}),
    "go out": (workflow.go_out, {"approved": "going_out"}),
    "correct": (workflow.correct, {"going_out": "correcting"}),
    "drop correction": (workflow.drop_correction, {"correcting": "going_out"}),
    "finish": (workflow.finish, {"going_out": "sent"}),
}
"""Each verb, and where it leads from where."""
ROADS = {
    "draft": [],
    "in_review": ["submit"],
    "approved": ["submit", "approve"],
    "going_out": ["submit", "approve", "go out"],
    "correcting": ["submit", "approve", "go out", "correct"],
    "sent": ["submit", "approve", "go out", "finish"],
    "cancelled": ["cancel"],
}


def take_step(issue: Issue, verb: str, *, now: datetime.datetime = NOW) -> None:
    person = {} if verb in ("go out", "finish") else {"by": None}
    VERBS[verb][0](issue, now=now, **person)


def make_issue_that_is(status: str) -> Issue:
    issue = make_issue()
    for verb in ROADS[status]:
        take_step(issue, verb)
    return issue


def fresh(issue: Issue) -> Issue:
    return Issue.objects.get(pk=issue.pk)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", ROADS)
def test_each_step_is_taken_from_where_it_is_legal_and_from_nowhere_else(verb, status):
    issue = make_issue_that_is(status)
    events = issue.events.count()
    _, leads = VERBS[verb]
    if after := leads.get(status):
        take_step(issue, verb, now=LATER)
        assert issue.status == fresh(issue).status == after
        assert issue.events.count() == events + 1
        assert issue.events.last().at == fresh(issue).changed_at == LATER
    else:
        with pytest.raises(NotNow):
            take_step(issue, verb, now=LATER)
        assert issue.status == fresh(issue).status == status
        assert issue.events.count() == events


def test_the_verbs_are_all_the_moves_there_are():
    moves = {step for _, leads in VERBS.values() for step in leads.items()}
    assert moves == {(str(before), str(after)) for before, afters in MOVES.items() for after in afters}


def test_approving_freezes_the_very_bytes_that_render_gives():
    issue = make_issue_that_is("in_review")
    rendered = render(take(issue))
    edition = Edition.objects.get(pk=workflow.approve(issue, by=None, now=NOW).pk)
    for part in ("subject", "preheader", "html", "text", "web", "minutes", "seal"):
        assert getattr(edition, part) == getattr(rendered, part), part
    assert fresh(issue).edition == edition


def test_an_approval_says_who_and_when():
    chief = make_person("Chief editors")
    issue = make_issue_that_is("in_review")
    workflow.approve(issue, by=chief, now=LATER)
    assert (issue.edition.frozen_by, issue.edition.frozen_at) == (chief, LATER)
    assert (issue.events.last().what, issue.events.last().by) == ("approved", chief)


def test_a_note_to_the_author_is_kept():
    issue = make_issue_that_is("in_review")
    workflow.send_back(issue, by=None, now=NOW, note="The lead needs a number.")
    assert issue.events.last().note == "The lead needs a number."


def test_an_edition_is_never_saved_again():
    edition = make_approved_issue().edition
    edition.subject = "Other words"
    with pytest.raises(Immutable):
        edition.save()
    assert Edition.objects.get().subject != "Other words"


@pytest.mark.parametrize(
    "change",
    [
        lambda: Edition.objects.update(subject="x"),
        lambda: Edition.objects.filter(number=1).update(html=""),
        lambda: Edition.objects.bulk_update(Edition.objects.all(), ["subject"]),
        lambda: Edition.objects.all().delete(),
        lambda: Edition.objects.get().delete(),
        lambda: Edition.objects.update_or_create(number=1, defaults={"subject": "x"}),
    ],
)
def test_an_edition_is_changed_and_deleted_by_nobody(change):
    before = make_approved_issue().edition
    with pytest.raises(Immutable), transaction.atomic():
        change()
    after = Edition.objects.get()
    assert (after.subject, after.html, after.seal) == (before.subject, before.html, before.seal)


def test_reopening_withdraws_the_edition_and_keeps_it():
    issue = make_approved_issue()
    workflow.reopen(issue, by=None, now=LATER)
    assert fresh(issue).edition is None
    assert issue.editions.count() == 1
    assert fresh(issue).editable


def test_a_second_approval_is_a_second_edition():
    issue = make_approved_issue()
    first = issue.edition
    workflow.reopen(issue, by=None, now=NOW)
    describe(issue, title="Other words")
    workflow.submit(issue, by=None, now=NOW)
    second = workflow.approve(issue, by=None, now=NOW)
    assert (first.number, second.number) == (1, 2)
    assert fresh(issue).edition == second
    assert first.seal != second.seal
    assert Edition.objects.get(pk=first.pk).subject == first.subject


def test_approving_is_refused_while_something_stops_it_and_says_what():
    issue = make_issue_that_is("in_review")
    make_block(issue, "image", position=3, alt="", decorative=False)
    describe(issue, title="")
    with pytest.raises(NotNow, match=r"3 things stop.*no title.*no picture.*alternative text"):
        workflow.approve(issue, by=None, now=NOW)
    assert fresh(issue).status == "in_review"
    assert not Edition.objects.exists()


def test_an_issue_that_mail_programs_would_cut_off_is_not_approved():
    issue = make_issue(blocks=("greeting",))
    make_block(issue, "story", position=1, body="<p>" + "Wind over the harbour. " * 5000 + "</p>")
    workflow.submit(issue, by=None, now=NOW)
    with pytest.raises(NotNow, match="Gmail cuts off"):
        workflow.approve(issue, by=None, now=NOW)


def changed_block(issue: Issue) -> None:
    remove(issue, issue.blocks.first().kind)


def changed_title(issue: Issue) -> None:
    describe(issue, title="A crane that forgets")


def changed_sponsor(issue: Issue) -> None:
    make_insertion(issue, advertiser=make_advertiser("Brightwater"))


CHANGES = [changed_block, changed_title, changed_sponsor]


@pytest.mark.parametrize("change", CHANGES)
def test_a_word_that_changes_while_it_is_frozen_is_a_conflict(change, monkeypatch):
    issue = make_issue_that_is("in_review")
    make_block(issue, "sponsor_slot", position=3)

    def render_while_somebody_writes(snapshot):
        monkeypatch.undo()
        change(fresh(issue))
        return render(snapshot)

    monkeypatch.setattr(workflow, "render", render_while_somebody_writes)
    with pytest.raises((Conflict, NotNow)):  # a new sponsor is something that stops the issue, too
        workflow.approve(issue, by=None, now=NOW)
    assert fresh(issue).status == "in_review"


def test_what_is_frozen_is_what_the_database_says_not_an_older_copy():
    issue = make_issue_that_is("in_review")
    describe(fresh(issue), title="A crane that forgets", preheader="News")
    edition = workflow.approve(issue, by=None, now=NOW)
    assert edition.subject == "A crane that forgets"
    assert edition.preheader == "News"


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_writes_on_after_an_approval_comes_second(change):
    issue = make_issue_that_is("in_review")
    left_open = fresh(issue)
    workflow.approve(issue, by=None, now=NOW)
    with pytest.raises((Conflict, NotNow)):
        change(left_open)
    assert fresh(issue).title == issue.title
    assert issue.blocks.standing().count() == 3
    assert not Insertion.objects.booked().filter(slot__issue=issue).exists()


@pytest.mark.parametrize(
    ("status", "first", "second"),
    [
        ("draft", "submit", "cancel"),
        ("in_review", "approve", "approve"),
        ("in_review", "send back", "approve"),
        ("approved", "reopen", "go out"),
        ("approved", "go out", "reopen"),
        ("going_out", "finish", "finish"),
        ("cancelled", "restore", "restore"),
    ],
)
def test_of_two_who_step_at_once_the_second_gets_a_conflict(status, first, second):
    issue = make_issue_that_is(status)
    other_copy = fresh(issue)
    take_step(issue, first)
    settled, events = fresh(issue), issue.events.count()
    with pytest.raises(Conflict), transaction.atomic():
        take_step(other_copy, second)
    assert (fresh(issue).status, fresh(issue).edition) == (settled.status, settled.edition)
    assert issue.events.count() == events
    assert issue.editions.count() == (settled.edition is not None or status == "approved")


def test_an_issue_that_was_approved_anew_does_not_go_out_in_its_old_edition():
    issue = make_approved_issue()
    about_to_go = fresh(issue)
    for verb in ("reopen", "submit", "approve"):
        take_step(issue, verb)
    with pytest.raises(Conflict):
        workflow.go_out(about_to_go, now=NOW)


def test_going_out_publishes_and_finishing_does_not_move_the_time():
    issue = make_approved_issue()
    workflow.go_out(issue, now=NOW)
    workflow.finish(issue, now=LATER)
    assert fresh(issue).published_at == NOW


class Desk(RuleBasedStateMachine):
    """Anybody does anything at any time; what the issue says must stay true."""

    def __init__(self) -> None:
        super().__init__()
        self.issue = make_issue(make_publication(rundown=[]))
        self.clock = NOW
        self.events = 1

    @rule(verb=st.sampled_from(sorted(VERBS)))
    def step(self, verb: str) -> None:
        self.clock += datetime.timedelta(minutes=1)
        with contextlib.suppress(NewsroomError), transaction.atomic():
            take_step(self.issue, verb, now=self.clock)
            self.events += 1

    @rule(title=st.sampled_from(["One", "Two", ""]))
    def write(self, title: str) -> None:
        with contextlib.suppress(NewsroomError):
            describe(self.issue, title=title, now=self.clock)

    @rule()
    def look_again(self) -> None:
        self.issue = fresh(self.issue)

    @invariant()
    def has_an_edition_from_approval_on(self) -> None:
        issue = fresh(self.issue)
        approved = issue.status in (Status.APPROVED, Status.GOING_OUT, Status.CORRECTING, Status.SENT)
        assert (issue.edition is not None) == approved
        if issue.edition:
            corrected = issue.events.filter(what__contains="correct").exists()
            assert corrected or issue.edition.seal == render(take(issue)).seal
            assert issue.edition.number == issue.editions.count()

    @invariant()
    def is_in_the_archive_once_it_goes_out(self) -> None:
        issue = fresh(self.issue)
        out = issue.status in (Status.GOING_OUT, Status.CORRECTING, Status.SENT)
        assert (issue.published_at is not None) == out
        assert Issue.objects.published().filter(pk=issue.pk).exists() == out

    @invariant()
    def has_an_event_for_each_step(self) -> None:
        assert self.issue.events.count() == self.events
        approvals = self.issue.events.filter(what__in=["approved", "correction approved"])
        assert approvals.count() == self.issue.editions.count()


class WorkflowTest(TestCase):
    def test_whatever_people_do_the_issue_stays_true(self) -> None:
        run_state_machine_as_test(
            Desk, settings=effort(max_examples=12, stateful_step_count=15, deadline=None)
        )


def test_only_a_sent_issue_is_counted_anew():
    issue = make_issue_that_is("going_out")
    with pytest.raises(NotNow):
        workflow.recount(issue, now=LATER, delivered=3)
    workflow.finish(issue, now=LATER, delivered=2)
    workflow.recount(issue, now=LATER, delivered=3)
    assert (issue.delivered, fresh(issue).delivered) == (3, 3)
    assert issue.events.last().note == "3 readers, before 2."
