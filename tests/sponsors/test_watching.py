"""The radar over an issue: what stories name, who is told, and who never is."""

import pytest
from django.urls import reverse

from issues import importing, readiness, starting
from issues.models import Issue
from newsroom.desk import roles
from newsroom.lib.errors import Refused
from sponsors import watching
from sponsors.models import Advertiser, AuditEvent, SeenClash
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_person,
    make_publication,
    make_sponsored_issue,
    remove,
    write,
)

pytestmark = pytest.mark.django_db
SENTENCE = "The lead names the Linux Foundation; CNCF runs beside it."


@pytest.fixture
def cncf() -> Advertiser:
    made = make_advertiser("CNCF", other_names="Cloud Native Computing Foundation")
    made.parents.add(make_advertiser("Linux Foundation"))
    return made


@pytest.fixture
def issue(cncf) -> Issue:
    """The lead names the Linux Foundation; CNCF is sold beside it."""
    made = make_sponsored_issue()
    write(made, "lead_story", heading="Passing the PyTorch", body="Meta hands it to the Linux Foundation.")
    make_insertion(made, advertiser=cncf)
    return made


def sentences(issue: Issue) -> list[str]:
    return [each.sighting.sentence for each in watching.watched(issue)]


def keep(issue: Issue, reason: str = "Readers know.") -> SeenClash:
    return watching.keep(issue, watching.watched(issue)[0], reason=reason, by=None, now=NOW)


# what is seen


def test_in_the_issue_that_started_this_the_lead_names_the_parent_of_its_sponsor(corpus, cncf):
    seed = (corpus / "newsletters" / "seed-passing-the-pytorch.txt").read_text()
    issue = starting.start_from_draft(
        make_publication(), importing.read(seed), planned_for=TODAY, by=None, now=NOW
    )
    assert SENTENCE in sentences(issue)


def test_what_a_sponsors_own_message_names_is_no_news(issue, cncf):
    write(issue, "lead_story", body="Meta keeps it.")
    assert sentences(issue) == []


def test_an_issue_without_a_sponsor_is_not_read():
    assert watching.watched(make_issue()) == []


def test_a_rival_is_named_too(issue, cncf):
    cncf.rivals.add(make_advertiser("Serverless Guild"))
    write(issue, "story", heading="Clouds", body="The Serverless Guild grows.")
    assert any("Serverless Guild" in sentence for sentence in sentences(issue))


def test_a_story_that_was_removed_is_seen_no_more(issue):
    remove(issue, "lead_story")
    assert sentences(issue) == []


# kept


def test_what_is_kept_says_by_whom_and_why_and_asks_no_more(issue):
    edith = make_person(roles.EDITOR, username="ed")
    watching.keep(issue, watching.watched(issue)[0], reason="Readers know.", by=edith, now=NOW)
    kept = watching.watched(issue)[0].kept
    assert (kept.by, kept.reason) == (edith, "Readers know.")
    assert SENTENCE not in [each.sentence for each in readiness.problems(issue)]
    assert AuditEvent.objects.get(what="radar").note == f"{SENTENCE} Kept: Readers know."


def test_without_a_reason_nothing_is_kept(issue):
    with pytest.raises(Refused):
        keep(issue, " ")
    assert not SeenClash.objects.exists()


def test_kept_twice_is_kept_once_with_the_later_reason(issue):
    keep(issue)
    keep(issue, "Better so.")
    assert SeenClash.objects.get().reason == "Better so."


def test_what_is_kept_of_one_sponsor_is_not_kept_of_another(issue):
    keep(issue)
    other = make_advertiser("Harbour Labs")
    other.parents.add(Advertiser.objects.get(name="Linux Foundation"))
    make_insertion(issue, "closing", advertiser=other)
    assert [bool(each.kept) for each in watching.watched(issue)].count(False) == 1


# who sees it


def radar(issue: Issue) -> str:
    return reverse("sponsors:radar", args=[issue.pk])


@pytest.mark.parametrize("who", ["edith", "chris", "adam"])
def test_editors_and_ad_operations_see_it_on_its_page(request, issue, who):
    assert SENTENCE in request.getfixturevalue(who).get(radar(issue)).content.decode()


def test_ad_operations_move_or_swap_what_it_shows_and_cancel_nothing(adam, issue):
    insertion = issue.slots.get(placement__code="primary").insertions.get()
    page = f"/desk/sponsors/insertions/{insertion.pk}/"
    assert f"{page}#move" in adam.get(radar(issue)).content.decode()
    shown = adam.get(page).content.decode()
    assert 'id="move"' in shown
    assert "Cancel this insertion" not in shown
    assert adam.post(f"{page}cancel/", {"words": "x"}).status_code == 403
    free = issue.slots.get(placement__code="closing")
    adam.post(f"{page}move/", {"slot": free.key})
    assert free.insertions.get().moved_from == insertion


def test_editors_are_told_who_moves_it(edith, issue):
    insertion = issue.slots.get(placement__code="primary").insertions.get()
    shown = edith.get(radar(issue)).content.decode()
    assert "Ad operations can move" in shown
    assert "#move" not in shown
    for verb in ("move", "swap"):
        assert edith.post(f"/desk/sponsors/insertions/{insertion.pk}/{verb}/").status_code == 403


@pytest.mark.parametrize("who", ["sam", "maria", "fiona", "stranger"])
def test_sales_finance_and_strangers_do_not(request, issue, who):
    client = request.getfixturevalue(who)
    assert client.get(radar(issue)).status_code == 403
    assert client.post(f"{radar(issue)}0/keep/", {"sentence": SENTENCE, "words": "x"}).status_code == 403
    assert not SeenClash.objects.exists()


def test_editors_see_it_among_the_checks_of_the_composer(edith, issue):
    assert SENTENCE in edith.get(f"/desk/issues/{issue.pk}/").content.decode()


@pytest.mark.parametrize("who", ["sam", "maria"])
def test_sales_see_it_nowhere_even_after_it_was_kept(request, issue, who):
    client = request.getfixturevalue(who)
    insertion = issue.slots.get(placement__code="primary").insertions.get()
    keep(issue)
    for address in (
        f"/desk/issues/{issue.pk}/",
        f"/desk/issues/{issue.pk}/problems/",
        f"/desk/sponsors/insertions/{insertion.pk}/",
        f"/desk/sponsors/orders/{insertion.line.order_id}/",
        f"/desk/sponsors/slots/{insertion.slot_id}/",
        "/desk/sponsors/",
    ):
        assert "names the Linux Foundation" not in client.get(address).content.decode()


def test_an_editor_keeps_it_with_a_reason(edith, issue):
    edith.post(f"{radar(issue)}0/keep/", {"sentence": SENTENCE, "words": "Readers know."})
    assert SeenClash.objects.get().reason == "Readers know."
    assert "Readers know." in edith.get(radar(issue)).content.decode()


@pytest.mark.parametrize(("number", "sentence"), [(0, "Something else."), (7, SENTENCE), (99999, SENTENCE)])
def test_what_has_changed_meanwhile_is_not_kept(edith, issue, number, sentence):
    answer = edith.post(f"{radar(issue)}{number}/keep/", {"sentence": sentence, "words": "x"})
    assert answer.status_code == 422
    assert not SeenClash.objects.exists()


def test_the_trail_of_the_radar_is_no_orders(issue):
    keep(issue)
    assert AuditEvent.objects.get(what="radar").order is None
