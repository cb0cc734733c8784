"""Versions of an issue: when a new one begins, what changed in it, and the way back."""

import datetime

import pytest

from issues import history, restoring, saving, seats, workflow
from issues.blocks import registry
from issues.models import Issue, Revision, SetAside
from newsroom.desk import roles
from newsroom.lib.errors import NotNow, Refused
from sponsors.models import Insertion
from tests.issues.test_saving import MINE, THEIRS, block, new, save, written
from tests.make import NOW, describe, make_advertiser, make_insertion, make_issue, make_person, remove, write
from tests.together import together

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def issue() -> Issue:
    return make_issue(blocks=("greeting", "story", "sign_off"))


@pytest.fixture
def edith():
    return make_person(roles.EDITOR)


@pytest.fixture
def chris():
    return make_person(roles.CHIEF)


def names(issue: Issue) -> list[str]:
    return list(issue.revisions.order_by("number").values_list("name", flat=True))


def count(issue: Issue) -> int:
    return issue.revisions.count()


def headings(issue: Issue) -> list[str]:
    return [row.data.get("heading", "") for row in issue.blocks.standing()]


def begin(issue: Issue) -> Revision:
    """The version as it is now."""
    return history.record(issue, by=None, now=NOW)


# when a version begins


def test_saves_of_one_author_within_ten_minutes_are_one_version(issue, edith):
    for minute in (0, 4, 9):
        write(issue, "story", by=edith, now=NOW + minute * MINUTE, heading=f"At {minute}")
    first, last = issue.revisions.order_by("number")
    assert (first.by, last.by, last.begun_at, last.at) == (None, edith, NOW, NOW + 9 * MINUTE)
    assert "At 9" in str(last.content)


def test_ten_minutes_later_another_one_begins(issue, edith):
    write(issue, "story", by=edith, heading="First")
    write(issue, "story", by=edith, now=NOW + 10 * MINUTE, heading="Second")
    assert count(issue) == 3


def test_somebody_elses_save_parts_them(issue, edith, chris):
    for minute, who in enumerate((edith, chris, edith)):
        write(issue, "story", by=who, now=NOW + minute * MINUTE, heading=f"At {minute}")
    assert list(issue.revisions.order_by("number").values_list("by", flat=True)) == [
        None,
        edith.pk,
        chris.pk,
        edith.pk,
    ]


def test_a_version_with_a_name_never_changes_again(issue, edith):
    write(issue, "story", by=edith, heading="Named")
    history.record(issue, by=edith, now=NOW, name="For legal")
    write(issue, "story", by=edith, now=NOW + MINUTE, heading="After")
    assert names(issue) == ["At the start", "For legal", ""]
    assert "Named" in str(issue.revisions.get(name="For legal").content)


def test_two_names_for_the_same_words_are_two_versions(issue, edith):
    history.record(issue, by=edith, now=NOW, name="One")
    history.record(issue, by=edith, now=NOW, name="Two")
    assert names(issue) == ["One", "Two"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (" For\r\n legal ", "For legal"),
        ("a\0b", "ab"),
        ("<b>", "<b>"),
        ("\ud800x", "x"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_one_line_that_can_be_stored(issue, edith, given, name):
    assert history.name(issue, given, by=edith, now=NOW).name == name


@pytest.mark.parametrize("given", ["", " \n", "\0"])
def test_no_name_is_none(issue, edith, given):
    with pytest.raises(Refused, match="a name first"):
        history.name(issue, given, by=edith, now=NOW)
    assert names(issue) == []


def test_whoever_names_a_version_does_not_become_its_author(issue, edith, chris):
    write(issue, "story", by=edith, heading="Named")
    history.name(issue, "For legal", by=chris, now=NOW)
    assert issue.revisions.first().by == edith


def test_the_same_words_are_not_written_down_again(issue, edith):
    first = begin(issue)
    assert history.record(issue, by=edith, now=NOW + MINUTE) == first


# the way back


def test_a_restore_brings_back_words_blocks_order_and_title(issue, edith):
    before = begin(issue)
    was = history.content(issue)
    write(issue, "story", heading="Changed")
    remove(issue, "greeting")
    describe(issue, title="Changed", subject="Changed", planned_for="2031-09-09")
    save(issue, new("quote"))
    restoring.restore(issue, before, by=edith, now=NOW)
    fresh = Issue.objects.get(pk=issue.pk)
    assert history.content(fresh) == was
    assert fresh.slug == "a-crane-that-learns"
    assert issue.blocks.count() == 4, "what was added since keeps its row"


def test_a_restore_is_a_new_version_with_a_name(issue, edith):
    before = begin(issue)
    write(issue, "story", by=edith, heading="Changed")
    restoring.restore(issue, before, by=edith, now=NOW)
    last = issue.revisions.first()
    assert (last.name, last.by, last.digest) == ("Restored: version 1", edith, before.digest)
    assert "Changed" in str(issue.revisions.get(number=2).content)


def test_open_tabs_learn_of_a_restore(issue):
    before = begin(issue)
    changed = write(issue, "story", heading="Changed")
    restoring.restore(issue, before, by=None, now=NOW)
    assert block(issue).rev == changed.rev + 1
    assert block(issue, "sign_off").rev == 1


def test_sponsor_bookings_are_not_touched():
    issue = make_issue(blocks=("sponsor_slot", "sign_off"))
    before = begin(issue)
    remove(issue, "sponsor_slot")
    booking = make_insertion(issue, advertiser=make_advertiser("Brightwater"))
    restoring.restore(issue, before, by=None, now=NOW)
    assert list(Insertion.objects.booked().values_list("pk", "slot__issue")) == [(booking.pk, issue.pk)]


def test_a_block_that_somebody_is_editing_stays_as_it_is_and_is_named(issue, chris):
    before = begin(issue)
    write(issue, "story", heading="His words")
    write(issue, "sign_off", body="<p>Changed.</p>")
    seats.sit(issue, THEIRS, by=chris, state="editing", block_uid=block(issue).uid, now=NOW)
    saved = restoring.restore(issue, before, by=None, now=NOW)
    assert [each.block.kind for each in saved.contested] == ["story"]
    assert block(issue).data["heading"] == "His words"
    assert "Changed" not in str(block(issue, "sign_off").data)


def test_the_tab_of_whoever_restores_does_not_stand_in_the_way(issue, edith):
    before = begin(issue)
    write(issue, "story", by=edith, heading="Changed")
    seats.sit(issue, MINE, by=edith, state="editing", block_uid=block(issue).uid, now=NOW)
    assert restoring.restore(issue, before, by=edith, now=NOW).contested == []


def test_an_approved_issue_is_not_restored(issue):
    before = begin(issue)
    write(issue, "story", heading="Changed")
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)
    with pytest.raises(NotNow, match="reopen it"):
        restoring.restore(issue, before, by=None, now=NOW)


def test_one_block_comes_back_alone(issue):
    before = begin(issue)
    write(issue, "story", heading="Changed")
    write(issue, "sign_off", body="<p>Changed.</p>")
    restoring.restore_block(issue, before, block(issue).uid, by=None, now=NOW)
    assert block(issue).data["heading"] == "A crane that learns"
    assert block(issue, "sign_off").data["body"] == "<p>Changed.</p>"
    assert issue.revisions.first().name == "Restored: Story of version 1"


def test_a_removed_block_comes_back_where_it_stood(issue):
    before = begin(issue)
    uid = remove(issue, "story").uid
    restoring.restore_block(issue, before, uid, by=None, now=NOW)
    assert [row.kind for row in issue.blocks.standing()] == ["greeting", "story", "sign_off"]


def test_a_block_that_the_version_does_not_have_is_refused(issue):
    before = begin(issue)
    save(issue, new("quote"))
    with pytest.raises(Refused, match="no such block"):
        restoring.restore_block(issue, before, block(issue, "quote").uid, by=None, now=NOW)


def test_a_block_that_somebody_is_editing_does_not_come_back_and_no_version_says_so(issue, edith, chris):
    before = begin(issue)
    uid = write(issue, "story", by=chris, heading="His words").uid
    seats.sit(issue, THEIRS, by=chris, state="editing", block_uid=uid, now=NOW)
    was = list(issue.revisions.values_list("number", "name", "digest"))
    with pytest.raises(NotNow, match="editing this now: Story"):
        restoring.restore_block(issue, before, uid, by=edith, now=NOW)
    assert list(issue.revisions.values_list("number", "name", "digest")) == was
    assert not issue.set_aside.exists()


def test_what_reads_like_that_already_is_not_called_restored(issue, edith, chris):
    write(issue, "story", by=chris, heading="His words")
    latest = issue.revisions.first()
    for again in (
        lambda: restoring.restore(issue, latest, by=edith, now=NOW),
        lambda: restoring.restore_block(issue, latest, block(issue).uid, by=edith, now=NOW),
    ):
        with pytest.raises(NotNow, match="like that already"):
            again()
    assert names(issue) == ["At the start", ""]


def test_a_version_of_older_data_comes_back_lifted(issue, monkeypatch):
    kind = type(registry.kind("story"))
    before = begin(issue)
    (old,) = (each for each in before.content["blocks"] if each["kind"] == "story")
    old["data"]["headline"] = old["data"].pop("heading")
    before.save()
    write(issue, "story", heading="Changed")
    monkeypatch.setattr(kind, "version", 2)
    monkeypatch.setattr(kind, "upgrades", (lambda data: {"heading": data.pop("headline", ""), **data},))
    restoring.restore(issue, before, by=None, now=NOW)
    row = block(issue)
    assert (row.version, row.data["heading"]) == (2, "A crane that learns")


def test_funding_rounds_follow_what_comes_back():
    issue = make_issue(blocks=("financial_corner",))
    rounds = list(issue.funding_rounds.values_list("company", flat=True))
    before = begin(issue)
    remove(issue, "financial_corner")
    assert not issue.funding_rounds.exists()
    restoring.restore(issue, before, by=None, now=NOW)
    assert list(issue.funding_rounds.values_list("company", flat=True)) == rounds != []


def test_what_could_not_be_read_comes_back_as_it_was_typed():
    issue = make_issue(blocks=("event_promo",))
    write(issue, "event_promo", zone="Mars")
    before = issue.revisions.first()
    write(issue, "event_promo", zone="Europe/Berlin")
    restoring.restore(issue, before, by=None, now=NOW)
    assert block(issue, "event_promo").unread == {"zone": "Mars"}


# words set aside


@pytest.fixture
def kept(issue) -> SetAside:
    row = block(issue)
    save(issue, written(row, heading="Theirs"), client=THEIRS)
    save(issue, written(row, heading="Mine"), client=MINE)
    return issue.set_aside.get()


def test_words_set_aside_may_take_their_place(issue, kept, edith):
    restoring.put(kept, by=edith, now=NOW)
    assert block(issue).data["heading"] == "Mine"
    assert not issue.set_aside.exists()
    assert "Theirs" in str(issue.revisions.order_by("number")[1].content)


def test_words_set_aside_come_back_for_a_block_that_was_removed(issue, kept):
    remove(issue, "story")
    restoring.put(kept, by=None, now=NOW)
    assert "Mine" in headings(issue)


def test_words_set_aside_wait_while_somebody_edits_the_block(issue, kept, chris):
    seats.sit(issue, THEIRS, by=chris, state="editing", block_uid=block(issue).uid, now=NOW)
    with pytest.raises(NotNow, match="editing this now: Story"):
        restoring.put(kept, by=None, now=NOW)
    assert list(issue.set_aside.all()) == [kept]


def test_words_set_aside_may_be_discarded(issue, kept):
    restoring.discard(kept)
    assert not issue.set_aside.exists()
    assert block(issue).data["heading"] == "Theirs"


# at the same time


@pytest.mark.django_db(transaction=True)
def test_a_restore_and_a_save_at_once_lose_nothing():
    issue = make_issue(blocks=("story", "sign_off"))
    before = begin(issue)
    for number in range(6):
        row = write(issue, "story", heading=f"Between {number}", now=NOW + number * MINUTE)
        words = written(row, heading=f"Mine {number}")
        restored, saved = together(
            lambda: restoring.restore(Issue.objects.get(pk=issue.pk), before, by=None, now=NOW),
            lambda words=words: save(Issue.objects.get(pk=issue.pk), words),
        )
        assert [type(restored), type(saved)] == [saving.Saved, saving.Saved], (restored, saved)
        kept = [
            *issue.set_aside.values_list("words", flat=True),
            *issue.revisions.values_list("content", flat=True),
        ]
        assert f"Mine {number}" in str(kept)
        assert restored.contested == []
        assert issue.revisions.first().content == history.content(Issue.objects.get(pk=issue.pk))


@pytest.mark.django_db(transaction=True)
def test_a_name_and_a_save_at_once_are_two_versions():
    issue = make_issue(blocks=("story",))
    begin(issue)
    for number in range(6):
        words = written(block(issue), heading=f"Mine {number}")
        told = together(
            lambda number=number: history.name(
                Issue.objects.get(pk=issue.pk), f"Name {number}", by=None, now=NOW
            ),
            lambda words=words, number=number: save(
                Issue.objects.get(pk=issue.pk), words, name=f"Save {number}"
            ),
        )
        assert [type(each) for each in told] == [Revision, saving.Saved], told
    assert {f"Name {number}" for number in range(6)} | {f"Save {number}" for number in range(6)} <= set(
        names(issue)
    )
