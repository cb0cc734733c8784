"""Saving what editors wrote: what is stored, what is contested, and that no word is lost."""

import datetime
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from issues import readiness, saving, seats, workflow
from issues.blocks import registry
from issues.models import Block, Issue, Revision, SetAside
from newsroom.lib.errors import NotNow, Refused
from tests.make import (
    NOW,
    describe,
    make_approved_issue,
    make_issue,
    make_person,
    make_publication,
    remove,
    write,
)

pytestmark = pytest.mark.django_db
LATER = NOW + datetime.timedelta(hours=1)
MINE, THEIRS = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def issue() -> Issue:
    return make_issue(blocks=("greeting", "story", "sign_off"))


def block(issue: Issue, kind: str = "story") -> Block:
    return issue.blocks.select_related("changed_by").get(kind=kind)


def kinds(issue: Issue) -> list[str]:
    return list(issue.blocks.standing().values_list("kind", flat=True))


def written(row: Block, *, rev: int | None = None, **words: Any) -> saving.Written:
    form = registry.kind(row.kind).form.saying(words, prefix=str(row.uid))
    return saving.Written(row.uid, row.kind, row.rev if rev is None else rev, form)


def new(kind: str, **words: Any) -> saving.Written:
    uid = uuid.uuid4()
    return saving.Written(uid, kind, 0, registry.kind(kind).form.saying(words, prefix=str(uid)))


def save(
    issue: Issue, *blocks: saving.Written, client: uuid.UUID = MINE, by: Any = None, **more: Any
) -> saving.Saved:
    name = more.pop("name", "")
    return saving.save(issue, saving.Changes(blocks, **more), client=client, by=by, now=LATER, name=name)


# what is stored


def test_words_are_stored_with_who_wrote_them_and_when(issue):
    edith = make_person("Editors")
    saved = save(issue, written(block(issue), body="<p>Wind.</p>"), by=edith)
    row = block(issue)
    assert row.data == {"heading": "A crane that learns", "body": "<p>Wind.</p>"}
    assert (row.rev, row.changed_by, row.changed_at) == (2, edith, LATER)
    assert saved.revs == {row.uid: 2}
    issue.refresh_from_db()
    assert (issue.rev, issue.changed_at) == (2, LATER)


def test_a_save_that_changes_nothing_leaves_no_trace(issue):
    form = registry.kind("story").form.showing(registry.kind("story").sample, prefix="x")
    before = Issue.objects.values().get()
    saved = save(issue, written(block(issue), **form.words))
    assert saved.revs == {block(issue).uid: 1}
    assert Issue.objects.values().get() == before


def test_words_that_cannot_be_read_are_kept_as_they_were_typed(issue):
    row = write(
        make_issue(blocks=("financial_corner",)),
        "financial_corner",
        heading="Money",
        rounds=[{"company": "Glow", "amount": "lots"}],
    )
    assert row.data["heading"] == "Money"
    assert [each["company"] for each in row.data["rounds"]] == [
        "Quayside Robotics",
        "Saltworks",
        "Lantern & Co",
    ]
    form = saving.form_of(row)
    assert form.words["rounds"][0] | {"currency": ""} == {
        "company": "Glow",
        "amount": "lots",
        "currency": "",
        "series": "",
        "purpose": "",
        "url": "",
    }
    assert "140 million" in form.mistakes["rounds-0-amount"]


def test_what_cannot_be_read_stops_the_approval(issue):
    row = write(
        make_issue(blocks=("financial_corner",)),
        "financial_corner",
        rounds=[{"company": "Glow", "amount": "lots"}],
    )
    assert [each.uid for each in readiness.blockers(row.issue)] == [row.uid]


def test_words_that_can_be_read_again_are_stored(issue):
    issue = make_issue(blocks=("event_promo",))
    assert write(issue, "event_promo", zone="Mars").unread == {"zone": "Mars"}
    row = write(issue, "event_promo", zone="Europe/Berlin")
    assert (row.unread, row.data["zone"]) == ({}, "Europe/Berlin")


@pytest.mark.parametrize("odd", ["a\0b", "a\ud800b", "\0"])
def test_what_no_database_takes_is_left_out(issue, odd):
    save(issue, written(block(issue), heading=odd, body=f"<p>{odd}</p>"))
    assert block(issue).data["heading"] in ("ab", "")


def test_fields_that_a_tab_does_not_know_stay_as_they_are(issue):
    save(issue, written(block(issue), heading="New"))
    assert block(issue).data["body"] == registry.kind("story").sample.body


def test_html_of_a_hostile_client_is_cleaned(issue):
    save(
        issue,
        written(
            block(issue),
            body='<p onclick="x()">A<script>alert(1)</script><a href="javascript:x">b</a><img src=x onerror=y></p>',
        ),
    )
    assert block(issue).data["body"] == "<p>Ab</p>"


# adding, removing, ordering


def test_a_new_block_stands_where_the_order_says(issue):
    added = new("quote", attribution="Mads")
    uids = [row.uid for row in issue.blocks.standing()]
    save(issue, added, order=[uids[0], added.uid, *uids[1:]])
    assert kinds(issue) == ["greeting", "quote", "story", "sign_off"]
    assert block(issue, "quote").data["attribution"] == "Mads"


def test_a_block_that_is_removed_keeps_its_row_and_comes_back_with_its_words(issue):
    row = remove(issue, "story")
    assert kinds(issue) == ["greeting", "sign_off"]
    assert row.rev == 2
    save(
        issue,
        written(row, body="<p>Back.</p>"),
        order=[row.uid, *(each.uid for each in issue.blocks.standing())],
    )
    assert kinds(issue) == ["story", "greeting", "sign_off"]
    assert block(issue).data["body"] == "<p>Back.</p>"


def test_a_block_of_another_issue_is_refused_and_nothing_is_stored(issue):
    other = make_issue().blocks.get(kind="sign_off")
    with pytest.raises(Refused, match="not in the issue"):
        save(issue, written(block(issue), heading="New"), written(other, body="<p>Stolen.</p>", rev=0))
    assert block(issue).data["heading"] == "A crane that learns"
    other.refresh_from_db()
    assert "Stolen" not in str(other.data)


def test_an_issue_has_room_for_250_blocks(issue):
    many = [new("quote") for _ in range(248)]
    with pytest.raises(Refused, match="at most 250 blocks"):
        save(issue, *many)
    assert issue.blocks.count() == 3
    save(issue, *many[1:])
    assert issue.blocks.standing().count() == 250


def test_a_block_that_the_tab_did_not_know_of_stays_behind_the_one_before_it(issue):
    greeting, story, sign_off = (row.uid for row in issue.blocks.standing())
    theirs = new("quote")
    save(issue, theirs, order=[greeting, theirs.uid, story, sign_off], client=THEIRS)
    saved = save(issue, order=[sign_off, story, greeting])
    assert kinds(issue) == ["sign_off", "story", "greeting", "quote"]
    assert saved.order == [row.uid for row in issue.blocks.standing()]


def test_an_order_that_names_what_is_not_there_is_an_order_of_the_rest(issue):
    greeting, story, sign_off = (row.uid for row in issue.blocks.standing())
    save(issue, order=[uuid.uuid4(), sign_off, sign_off, story, greeting])
    assert kinds(issue) == ["sign_off", "story", "greeting"]


# two at once


def test_two_who_write_in_different_blocks_are_both_saved(issue):
    mine, theirs = block(issue), block(issue, "sign_off")
    save(issue, written(theirs, body="<p>Theirs.</p>"), client=THEIRS)
    saved = save(issue, written(mine, heading="Mine"))
    assert saved.contested == []
    assert (block(issue).data["heading"], block(issue, "sign_off").data["body"]) == ("Mine", "<p>Theirs.</p>")


def test_the_second_in_one_block_gets_both_versions_and_loses_nothing(issue):
    chris, row = make_person("Chief editors"), block(issue)
    save(issue, written(row, heading="Theirs"), client=THEIRS, by=chris)
    other = block(issue, "sign_off")
    saved = save(issue, written(row, heading="Mine"), written(other, body="<p>Bye.</p>"))
    (contested,) = saved.contested
    assert (contested.why, contested.block.data["heading"], contested.mine["heading"]) == (
        "changed",
        "Theirs",
        "Mine",
    )
    assert contested.block.changed_by == chris
    assert block(issue).data["heading"] == "Theirs"
    assert block(issue, "sign_off").data["body"] == "<p>Bye.</p>"
    assert SetAside.objects.get().words["heading"] == "Mine"


def test_words_set_aside_grow_while_their_author_writes_on(issue):
    row = block(issue)
    save(issue, written(row, heading="Theirs"), client=THEIRS)
    save(issue, written(row, heading="Mine"))
    save(issue, written(row, heading="Mine, longer"))
    assert [each.words["heading"] for each in SetAside.objects.all()] == ["Mine, longer"]


def test_the_same_words_twice_are_no_contest(issue):
    row = block(issue)
    save(issue, written(row, heading="Same"), client=THEIRS)
    saved = save(issue, written(row, heading="Same"))
    assert (saved.contested, saved.revs) == ([], {row.uid: 2})


def test_words_in_a_block_that_somebody_removed_are_contested(issue):
    row = block(issue)
    remove(issue, "story")
    (contested,) = save(issue, written(row, heading="Mine")).contested
    assert contested.why == "removed"
    assert kinds(issue) == ["greeting", "sign_off"]
    decided = save(issue, written(row, heading="Mine", rev=contested.block.rev))
    assert decided.contested == []
    assert block(issue).data["heading"] == "Mine"
    assert "story" in kinds(issue)


def test_nobody_deletes_what_somebody_else_has_just_changed(issue):
    row = block(issue)
    write(issue, "story", heading="Theirs")
    saved = save(issue, saving.Written(row.uid, "story", row.rev, None))
    assert [each.why for each in saved.contested] == ["changed"]
    assert "story" in kinds(issue)


def test_a_block_that_somebody_holds_is_not_written(issue):
    chris, row = make_person("Chief editors"), block(issue)
    seats.sit(issue, THEIRS, by=chris, state="editing", block_uid=row.uid, now=LATER)
    (contested,) = save(issue, written(row, heading="Mine")).contested
    assert (contested.why, contested.holder.user) == ("held", chris)
    assert SetAside.objects.get().why == "held"
    assert save(issue, written(row, heading="Theirs"), client=THEIRS).contested == []


# what stands above the blocks


def test_title_subject_preheader_and_day_are_stored(issue):
    describe(issue, title="New", subject="S", preheader="P", planned_for="2031-05-06")
    issue.refresh_from_db()
    assert (issue.title, issue.subject, issue.preheader, str(issue.planned_for), issue.slug) == (
        "New",
        "S",
        "P",
        "2031-05-06",
        "new",
    )


def test_a_field_that_somebody_else_changed_meanwhile_is_not_overwritten(issue):
    describe(issue, title="Theirs")
    head = {
        "title": saving.Replaced("A crane that learns", "Mine"),
        "subject": saving.Replaced("", "Mine, too"),
    }
    saved = save(issue, head=head)
    issue.refresh_from_db()
    assert (issue.title, issue.subject, saved.overtaken) == ("Theirs", "Mine, too", {"title": "Theirs"})


@pytest.mark.parametrize(
    ("name", "wrong"), [("planned_for", ""), ("planned_for", "soon"), ("title", "x" * 201)]
)
def test_a_field_that_cannot_be_read_is_named_and_the_rest_is_stored(issue, name, wrong):
    before = {"title": "A crane that learns", "planned_for": "2031-03-04"}[name]
    saved = save(issue, head={name: saving.Replaced(before, wrong), "subject": saving.Replaced("", "Good")})
    issue.refresh_from_db()
    assert (issue.title, str(issue.planned_for), issue.subject) == (
        "A crane that learns",
        "2031-03-04",
        "Good",
    )
    assert list(saved.unreadable) == [name]


def test_the_address_follows_the_title_until_the_first_approval():
    issue = make_approved_issue(title="First")
    workflow.reopen(issue, by=None, now=NOW)
    describe(issue, title="Second")
    issue.refresh_from_db()
    assert (issue.title, issue.slug) == ("Second", "first")


# when nothing may be written


@pytest.mark.parametrize("status", ["approved", "going_out", "sent", "cancelled"])
def test_nobody_writes_once_it_is_settled(status):
    issue = make_approved_issue(blocks=("story",)) if status != "cancelled" else make_issue(blocks=("story",))
    if status != "approved":
        Issue.objects.filter(pk=issue.pk).update(status=status)
    row = block(issue)
    with pytest.raises(NotNow, match="reopen it"):
        save(issue, written(row, heading="Late"))
    row.refresh_from_db()
    assert row.data["heading"] == "A crane that learns"


# revisions


def test_the_first_revision_is_how_the_issue_read_before(issue):
    save(issue, written(block(issue), heading="New"))
    first, last = Revision.objects.order_by("number")
    assert [each["data"].get("heading") for each in first.content["blocks"]][1] == "A crane that learns"
    assert [each["data"].get("heading") for each in last.content["blocks"]][1] == "New"


def test_a_name_makes_a_checkpoint_even_if_nothing_changed(issue):
    save(issue, written(block(issue), heading="New"))
    save(issue, name="Before legal")
    assert [each.name for each in Revision.objects.order_by("number")] == ["At the start", "Before legal"]


class Desk(RuleBasedStateMachine):
    """Two tabs save, one after the other, whatever they know of each other."""

    @initialize()
    def begin(self) -> None:
        self.issue = make_issue(make_publication(), blocks=("story", "quote", "sign_off"))
        rows = {row.uid: row.rev for row in self.issue.blocks.all()}
        self.known = {MINE: dict(rows), THEIRS: dict(rows)}
        self.said: set[str] = set()
        self.count = 0

    @rule(tab=st.sampled_from([MINE, THEIRS]), place=st.integers(0, 5))
    def type(self, tab: uuid.UUID, place: int) -> None:
        uid = list(self.known[tab])[place % len(self.known[tab])]
        row = Block.objects.get(uid=uid)
        self.count += 1
        words = f"words{self.count}"
        field = "text" if row.kind == "quote" else "body"
        self.said.add(words)
        self.take(
            tab,
            save(
                self.issue, written(row, rev=self.known[tab][uid], **{field: f"<p>{words}</p>"}), client=tab
            ),
        )

    @rule(tab=st.sampled_from([MINE, THEIRS]), place=st.integers(0, 5))
    def drop(self, tab: uuid.UUID, place: int) -> None:
        uid = list(self.known[tab])[place % len(self.known[tab])]
        row = Block.objects.get(uid=uid)
        self.take(
            tab, save(self.issue, saving.Written(uid, row.kind, self.known[tab][uid], None), client=tab)
        )

    @rule(tab=st.sampled_from([MINE, THEIRS]))
    def add(self, tab: uuid.UUID) -> None:
        added = new("story", body="<p>added</p>")
        self.known[tab][added.uid] = 0
        self.take(tab, save(self.issue, added, client=tab))

    @rule(tab=st.sampled_from([MINE, THEIRS]), turn=st.randoms(use_true_random=False))
    def reorder(self, tab: uuid.UUID, turn: Any) -> None:
        order = list(self.known[tab])
        turn.shuffle(order)
        self.take(tab, save(self.issue, order=order, client=tab))

    @rule(tab=st.sampled_from([MINE, THEIRS]))
    def look(self, tab: uuid.UUID) -> None:
        self.known[tab] = {row.uid: row.rev for row in self.issue.blocks.all()}

    def take(self, tab: uuid.UUID, saved: saving.Saved) -> None:
        self.known[tab] |= saved.revs

    @invariant()
    def no_word_is_lost(self) -> None:
        if not self.said:
            return
        kept = [str(each) for each in Block.objects.filter(issue=self.issue).values_list("data", flat=True)]
        kept += [str(each) for each in self.issue.set_aside.values_list("words", flat=True)]
        kept += [str(each) for each in self.issue.revisions.values_list("content", flat=True)]
        assert self.latest() <= {word for text in kept for word in self.said if f">{word}<" in text}

    def latest(self) -> set[str]:
        """The words that nobody has typed over in the same tab and block."""
        return {f"words{self.count}"} & self.said

    @invariant()
    def positions_have_no_gaps(self) -> None:
        places = list(self.issue.blocks.standing().values_list("position", flat=True))
        assert places == list(range(len(places)))


class TestTwoTabs(TestCase):
    def test_whatever_two_tabs_do_no_word_is_lost(self) -> None:
        run_state_machine_as_test(
            Desk,
            settings=settings(
                max_examples=25,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
