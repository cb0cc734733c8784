"""What a tab of the composer says to the desk, and what it is told: the protocol of docs/composer.md."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from issues.models import Block, Issue, Revision
from issues.rendering import render
from issues.snapshot import take
from newsroom.desk import roles
from tests.make import make_approved_issue, make_issue, make_person, make_publication, write

pytestmark = pytest.mark.django_db
TAB, OTHER_TAB = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


@pytest.fixture
def issue() -> Issue:
    return make_issue(blocks=("greeting", "story", "sign_off"))


def block(issue: Issue, kind: str = "story") -> Block:
    return issue.blocks.get(kind=kind)


def ask(client: Client, name: str, issue: Issue, given: Any) -> Any:
    body = given if isinstance(given, str | bytes) else json.dumps(given)
    return client.post(
        reverse(f"issues:{name}", args=[issue.pk]),
        body,
        content_type="application/json",
        HTTP_ACCEPT="application/json",
    )


def change(row: Block, **words: Any) -> dict[str, Any]:
    return {"uid": str(row.uid), "kind": row.kind, "rev": row.rev, "words": words}


def save(
    client: Client, issue: Issue, *blocks: dict[str, Any], seq: int = 1, tab: str = TAB, **more: Any
) -> Any:
    return ask(client, "save", issue, {"client": tab, "seq": seq, "blocks": blocks, **more})


# saving


def test_a_save_says_what_is_stored_and_when(edith, issue):
    row = block(issue)
    response = save(edith, issue, change(row, heading="New"))
    assert response.status_code == 200
    told = response.json()
    assert told["revs"] == {str(row.uid): 2}
    assert told["order"] == [str(each.uid) for each in issue.blocks.standing()]
    assert told["at"].startswith("20")
    assert block(issue).data["heading"] == "New"


def test_a_save_that_is_repeated_changes_nothing_more(edith, issue):
    row = block(issue)
    first = save(edith, issue, change(row, heading="New")).json()
    assert save(edith, issue, change(row, heading="New")).json() == first
    assert block(issue).rev == 2


def test_a_stale_revision_is_409_with_both_versions_and_a_diff(edith, chris, issue):
    row = block(issue)
    save(chris, issue, change(row, heading="Their crane"), tab=OTHER_TAB)
    response = save(edith, issue, change(row, heading="My crane"))
    assert response.status_code == 409
    (contested,) = response.json()["contested"]
    assert (contested["why"], contested["rev"], contested["words"]["heading"]) == (
        "changed",
        2,
        "Their crane",
    )
    heading = next(each for each in contested["diff"] if each["label"] == "Heading")
    assert heading["pieces"] == [["gone", "Their"], ["new", "My"], ["same", " crane"]]
    assert block(issue).data["heading"] == "Their crane"


def test_a_held_block_is_423_and_names_who_holds_it(edith, chris, issue):
    row = block(issue)
    ask(chris, "sit", issue, {"client": OTHER_TAB, "state": "editing", "block": str(row.uid)})
    response = save(edith, issue, change(row, heading="Mine"))
    assert response.status_code == 423
    (contested,) = response.json()["contested"]
    assert contested["why"] == "held"
    assert contested["by"].startswith("person")


def test_what_cannot_be_read_is_stored_as_typed_and_named(edith):
    issue = make_issue(blocks=("event_promo",))
    row = block(issue, "event_promo")
    response = save(edith, issue, change(row, zone="Mars", heading="Launch"))
    assert response.status_code == 200
    assert "There is no time zone" in response.json()["mistakes"][str(row.uid)]["zone"]
    again = edith.get(reverse("issues:blocks", args=[issue.pk]), {"uid": row.uid}).json()["blocks"][0]
    assert (again["words"]["zone"], again["words"]["heading"]) == ("Mars", "Launch")


@pytest.mark.parametrize("status", ["approved", "sent"])
def test_an_approved_issue_says_how_to_go_on(edith, status):
    issue = make_approved_issue(blocks=("story",))
    Issue.objects.filter(pk=issue.pk).update(status=status)
    response = save(edith, issue, change(block(issue), heading="Late"))
    assert response.status_code == 409
    assert "reopen it" in response.json()["why"]


UID = str(uuid.UUID(int=9))


def one(**block: Any) -> dict[str, Any]:
    """A save of one block, with ``block`` in place of what would be right."""
    right = {"uid": UID, "kind": "story", "rev": 0, "words": {}}
    sent = {name: value for name, value in {**right, **block}.items() if value is not None}
    return {"client": TAB, "seq": 1, "blocks": [sent]}


MALFORMED = {
    "no JSON": "{",
    "no text at all": b"\xff\xfe",
    "a deep hole": "[" * 100_000,
    "a list": [],
    "no client": {"seq": 1},
    "a client that is none": {"client": "me", "seq": 1},
    "no seq": {"client": TAB},
    "a seq that is none": {"client": TAB, "seq": "1"},
    "a seq of true": {"client": TAB, "seq": True},
    "a huge seq": {"client": TAB, "seq": 2**40},
    "blocks that are no list": {"client": TAB, "seq": 1, "blocks": {}},
    "a block that is no object": {"client": TAB, "seq": 1, "blocks": ["x"]},
    "a block without a uid": one(uid=None),
    "a kind that nobody offers": one(kind="sundial"),
    "no words": one(words=None),
    "words of another shape": one(words={"body": ["x"]}),
    "rows that are none": one(kind="financial_corner", words={"rounds": [1]}),
    "a block that is not there": one(rev=3),
    "an order of words": {"client": TAB, "seq": 1, "order": ["first"]},
    "a field above that is none": {"client": TAB, "seq": 1, "head": {"status": {"before": "draft", "after": "sent"}}},
    "a head without before": {"client": TAB, "seq": 1, "head": {"title": {"after": "x"}}},
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_is_422_with_the_reason_and_nothing_changes(edith, issue, name):
    write(issue, "sign_off", body="<p>Before.</p>")
    before = list(Block.objects.values()), Issue.objects.values().get(), Revision.objects.count()
    given = MALFORMED[name]
    if isinstance(given, dict) and given.get("blocks"):
        given = (
            {**given, "blocks": [change(block(issue), heading="Half"), *given["blocks"]]}
            if isinstance(given["blocks"], list)
            else given
        )
    response = ask(edith, "save", issue, given)
    assert response.status_code == 422
    assert response.json()["why"].endswith(".")
    assert (list(Block.objects.values()), Issue.objects.values().get(), Revision.objects.count()) == before


NAMES = "client seq blocks order head uid kind rev words removed title body before after".split()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)


class AnyBody(TestCase):
    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(given=JSON)
    def test_whatever_comes_in_it_is_answered_in_words(self, given):
        issue, edith = make_issue(blocks=("story",)), Client()
        edith.force_login(make_person(roles.EDITOR))
        for name in ("save", "sit", "preview", "aid", "compare"):
            body = {"client": TAB, "seq": 1, **given} if isinstance(given, dict) else given
            response = ask(edith, name, issue, body)
            assert response.status_code in (200, 204, 409, 422), (name, response.content[:300])


# who is here


def test_colleagues_learn_of_each_other_and_of_what_changed(edith, chris, issue):
    row = block(issue)
    ask(chris, "sit", issue, {"client": OTHER_TAB, "state": "editing", "block": str(row.uid)})
    told = ask(edith, "sit", issue, {"client": TAB, "state": "viewing"}).json()
    (colleague,) = told["people"]
    assert (colleague["state"], colleague["block"]) == ("editing", str(row.uid))
    assert told["revs"][str(row.uid)] == 1
    assert told["status"] == "draft"


def test_who_may_only_read_holds_nothing(sam, edith, issue):
    row = block(issue)
    ask(sam, "sit", issue, {"client": OTHER_TAB, "state": "editing", "block": str(row.uid)})
    assert ask(edith, "sit", issue, {"client": TAB}).json()["people"][0]["block"] is None
    assert save(edith, issue, change(row, heading="Mine")).status_code == 200


def test_a_tab_that_leaves_is_gone(edith, chris, issue):
    ask(chris, "sit", issue, {"client": OTHER_TAB})
    assert ask(chris, "sit", issue, {"client": OTHER_TAB, "leaving": True}).status_code == 204
    assert ask(edith, "sit", issue, {"client": TAB}).json()["people"] == []


# the preview


def test_the_preview_is_what_would_be_sent_with_the_words_of_the_tab(edith, issue):
    row = block(issue)
    told = ask(
        edith,
        "preview",
        issue,
        {
            "blocks": [change(row, heading="Not saved <yet>")],
            "head": {"title": {"before": "", "after": "New title"}},
        },
    ).json()
    assert "Not saved &lt;yet&gt;" in told["shown"]
    assert "New title" in told["shown"]
    assert f'data-block="{row.uid}"' in told["shown"]
    assert block(issue).data["heading"] == "A crane that learns"


def test_the_size_it_says_is_that_of_the_mail(edith, issue):
    told = ask(edith, "preview", issue, {}).json()
    rendered = render(take(issue))
    assert told["bytes"] == len(rendered.html.encode())
    assert (told["words"], told["minutes"]) == (len(rendered.text.split()), rendered.minutes)
    assert told["bytes_at_most"] == 102 * 1024


def test_blocks_that_are_new_moved_and_removed_in_the_tab_are_so_in_the_preview(edith, issue):
    greeting, story, sign_off = issue.blocks.standing()
    new = {"uid": UID, "kind": "quote", "rev": 0, "words": {"text": "<p>Fresh quote.</p>"}}
    gone = {"uid": str(story.uid), "kind": "story", "rev": 1, "removed": True}
    told = ask(
        edith, "preview", issue, {"blocks": [new, gone], "order": [str(sign_off.uid), UID, str(greeting.uid)]}
    ).json()
    shown = told["shown"]
    assert "A crane that learns</h2>" not in shown
    assert shown.index("Back tomorrow") < shown.index("Fresh quote") < shown.index("Good morning")


@pytest.mark.parametrize(("view", "holds"), [("dark", "@media all"), ("desktop", "@media not all")])
def test_dark_is_shown_whatever_the_desk_wears(edith, issue, view, holds):
    assert holds in ask(edith, "preview", issue, {"view": view}).json()["shown"]


def test_the_plain_text_is_the_text_part(edith, issue):
    shown = ask(edith, "preview", issue, {"view": "text"}).json()["shown"]
    assert shown.startswith("HARBOUR NOTES") or "A crane that learns" in shown
    assert "<p>" not in shown


# aids and comparing


def test_an_aid_that_nobody_offers_is_refused(edith, issue):
    response = ask(edith, "aid", issue, {"uid": str(block(issue).uid), "aid": "magic"})
    assert (response.status_code, response.json()["why"]) == (422, "This block has no such aid.")


def test_words_of_a_device_are_compared_with_what_is_stored(edith, issue):
    row = block(issue)
    (compared,) = ask(
        edith, "compare", issue, {"blocks": [change(row, heading="An older crane", body="<p>x</p>")]}
    ).json()["blocks"]
    assert compared["words"]["heading"] == "A crane that learns"
    assert [each["label"] for each in compared["diff"]] == ["Heading", "Story"]


def test_words_of_an_editor_are_never_markup_of_the_desk(edith):
    issue = make_issue(make_publication(), title="<script>alert(1)</script>", blocks=("story",))
    write(issue, "story", heading='"><img src=x onerror=alert(1)>', body="<p>ok</p>")
    page = edith.get(reverse("issues:compose", args=[issue.pk])).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
