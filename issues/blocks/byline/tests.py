"""What is particular to a byline."""

import dataclasses

import pytest

from issues import readiness, starting
from issues.blocks import registry
from issues.blocks.byline.block import Byline, Link, facts_of
from issues.importing import Draft, Found
from issues.rendering import render
from issues.snapshot import take
from tests.issues.sample import block, snapshot
from tests.make import NOW, TODAY, make_block, make_contributor, make_issue, make_publication, write
from tests.posting import posted

INES = Byline(None, "Ines Falk", "ines@quay.example", (Link("mastodon", "https://example.com/@ines"),))
KIND = registry.kind("byline")


def test_links_stand_in_brackets_parted_by_bars():
    byline = dataclasses.replace(block("byline"), data=INES, facts=facts_of(INES))
    text = render(snapshot(blocks=(byline,))).text
    assert "-- Ines Falk (ines@quay.example | mastodon [1])" in text


def test_a_byline_of_the_time_before_contributors_still_loads():
    old = {"name": "Ines Falk", "email": "ines@quay.example", "links": [{"label": "x", "url": ""}]}
    assert KIND.load(old, 1) == Byline(None, "Ines Falk", "ines@quay.example", (Link("x", ""),))


@pytest.mark.django_db
def test_a_label_without_an_address_is_pointed_out_but_stops_nothing():
    issue = make_issue()
    make_block(issue, "byline", links=[{"label": "twitter", "url": ""}], position=9)
    assert [each.severity for each in readiness.problems(issue) if "twitter" in each.sentence] == ["warning"]


@pytest.mark.django_db
def test_a_byline_without_a_name_stops_the_issue():
    issue = make_issue()
    make_block(issue, "byline", name="", position=9)
    assert "A byline names nobody." in [each.sentence for each in readiness.blockers(issue)]


@pytest.mark.django_db
def test_a_contributor_is_shown_as_they_are_now_wherever_the_issue_is_read():
    ines = make_contributor("Ines Falk", social_label="")
    issue = make_issue(blocks=("byline",))
    write(issue, "byline", contributor=str(ines.pk), name="", email="", links=[])
    assert "A byline names nobody." not in [each.sentence for each in readiness.blockers(issue)]
    ines.name = "Ines Falk Aas"
    ines.save()
    made = render(take(issue))
    assert "-- Ines Falk Aas (ines@harbour.example | web [1])" in made.text
    assert "https://social.example/@ines" in made.text
    for shown in (made.html, made.web):
        assert "— Ines Falk Aas (" in shown
        assert 'href="mailto:ines@harbour.example"' in shown


@pytest.mark.django_db
def test_the_guest_waits_behind_the_contributor():
    ines = make_contributor("Ines Falk")
    issue = make_issue(blocks=("byline",))
    write(issue, "byline", contributor=str(ines.pk), name="A Guest")
    assert "A Guest" not in render(take(issue)).html
    write(issue, "byline", contributor="")
    assert "— A Guest" in render(take(issue)).html


@pytest.mark.django_db
def test_a_contributor_who_is_gone_leaves_the_guest_or_nobody():
    issue = make_issue(blocks=())
    make_block(issue, "byline", contributor=999_999, name="")
    assert "A byline names nobody." in [each.sentence for each in readiness.blockers(issue)]
    form = KIND.form.saying({"contributor": "999999", "name": "A Guest"}, prefix="b")
    assert not form.is_valid()
    assert form.mistakes == {
        "contributor": "This contributor is no longer there. Choose another, or name a guest."
    }
    assert form.to_data(Byline()) == Byline(name="A Guest")


@pytest.mark.django_db
def test_the_form_offers_active_contributors_and_the_one_who_is_chosen():
    make_contributor("Tuva Lind")
    left = make_contributor("Mads Rohde", active=False)
    assert _offered(Byline()) == ["A guest, named below", "Tuva Lind"]
    make_contributor("Bo Dahl")
    assert _offered(Byline()) == ["A guest, named below", "Bo Dahl", "Tuva Lind"]
    assert _offered(Byline(left.pk)) == ["A guest, named below", "Bo Dahl", "Mads Rohde", "Tuva Lind"]


def _offered(data: Byline) -> list[str]:
    shown = KIND.form.showing(data, prefix="b")["contributor"]
    return [each.choice_label for each in shown.subwidgets]


@pytest.mark.django_db
def test_a_chosen_contributor_survives_the_form_with_scripts_and_without():
    left = make_contributor("Mads Rohde", active=False)
    data = Byline(left.pk, "A Guest", "guest@quay.example", (Link("x", "https://example.com/x"),))
    shown = KIND.form.showing(data, prefix="b")
    assert shown.words["contributor"] == str(left.pk)
    for form in (KIND.form.saying(shown.words, prefix="b"), KIND.form(posted(shown), prefix="b")):
        assert form.is_valid(), form.errors
        assert form.to_data(Byline()) == data


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "email", "theirs"),
    [
        ("åsa LUND", "Asa@Harbour.example", True),
        ("Åsa Lund", "other@harbour.example", False),
        ("Åsa Lund", "", False),
        ("Mads Rohde", "mads@harbour.example", False),
    ],
)
def test_a_byline_in_a_draft_is_a_contributors_by_name_and_address(name, email, theirs):
    asa = make_contributor("Åsa Lund", email="asa@harbour.example")
    make_contributor("Mads Rohde", active=False)
    draft = Draft(title="x", blocks=(Found("byline", {"name": name, "email": email}),), left_out=())
    issue = starting.start_from_draft(make_publication(), draft, planned_for=TODAY, by=None, now=NOW)
    data = KIND.load(issue.blocks.get().data)
    assert data == Byline(asa.pk if theirs else None, name, email)


@pytest.mark.django_db
def test_asking_who_wrote_takes_one_query_however_many_bylines(django_assert_num_queries):
    issue = make_issue(blocks=())
    for number, name in enumerate(("Ines Falk", "Mads Rohde", "Tuva Lind")):
        make_block(issue, "byline", contributor=make_contributor(name).pk, position=number)
    blocks = take(issue).blocks
    with django_assert_num_queries(1):
        facts = KIND.gather(issue, blocks)
    assert [each["name"] for each in facts.values()] == ["Ines Falk", "Mads Rohde", "Tuva Lind"]
