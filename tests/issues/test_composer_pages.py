"""The composer and its neighbours, as a browser meets them."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from issues import composing, workflow
from issues.models import Block, Issue, Publication
from issues.rendering.slots import UNSUBSCRIBE
from tests.make import NOW, TODAY, make_approved_issue, make_issue, make_publication

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def issue(db) -> Issue:
    return make_issue(blocks=("story", "sign_off"))


def at(name: str, issue: Issue, *more: Any) -> str:
    return reverse(f"issues:{name}", args=[issue.pk, *more])


def story(issue: Issue) -> Block:
    return issue.blocks.get(kind="story")


def written(block: Block, words: str, **more: Any) -> dict[str, Any]:
    return {f"{block.uid}-heading": "Wind", f"{block.uid}-body": words, "rev": block.rev, **more}


def test_the_composer_shows_every_block_and_what_to_do_next(edith, issue):
    said = edith.get(at("compose", issue)).content.decode()
    for block in issue.blocks.standing():
        assert f'id="block-{block.uid}"' in said
    assert "Submit for review" in said


def test_who_may_only_read_sees_no_tools(sam, issue):
    said = sam.get(at("compose", issue)).content.decode()
    assert at("edit", issue, story(issue).uid) not in said


def test_writing_is_saved_while_typing(edith, issue):
    block = story(issue)
    response = edith.post(at("edit", issue, block.uid), written(block, "New *words*.", autosave="1"))
    assert response.json() == {"saved": True, "rev": 2}
    assert story(issue).data["body"] == "<p>New <em>words</em>.</p>"


def test_two_who_write_at_once_are_told_and_nothing_is_overwritten(edith, chris, issue):
    block = story(issue)
    edith.post(at("edit", issue, block.uid), written(block, "Hers.", autosave="1"))
    response = chris.post(at("edit", issue, block.uid), written(block, "His.", autosave="1"))
    assert response.status_code == 409
    assert response.json()["saved"] is False
    assert "Somebody else" in response.json()["why"]
    assert story(issue).data["body"] == "<p>Hers.</p>"


@pytest.mark.parametrize("htmx", [{}, HTMX])
def test_on_a_conflict_the_words_are_still_in_the_form(edith, issue, htmx):
    block = story(issue)
    composing.edit_block(story(issue), story_data("Theirs."), rev=1, now=NOW)
    response = edith.post(at("edit", issue, block.uid), written(block, "My own words."), **htmx)
    said = response.content.decode()
    assert response.status_code == 409
    assert "My own words." in said
    assert "Somebody else changed this block" in said


@pytest.mark.parametrize("htmx", [{}, HTMX])
def test_when_it_was_approved_meanwhile_the_words_are_still_in_the_form(edith, issue, htmx):
    block = story(issue)
    approve(issue)
    response = edith.post(at("edit", issue, block.uid), written(block, "My own words."), **htmx)
    assert response.status_code == 409
    assert "My own words." in response.content.decode()
    assert "reopen it" in response.content.decode()


def test_the_autosave_of_an_approved_issue_says_why_it_is_not_saved(edith, issue):
    block = story(issue)
    approve(issue)
    response = edith.post(at("edit", issue, block.uid), written(block, "Late.", autosave="1"))
    assert (response.status_code, response.json()["saved"]) == (409, False)
    assert "approved" in response.json()["why"]


@pytest.mark.parametrize("rev", ["", "x", "²", "9" * 5000, "-1"])
def test_an_odd_rev_is_a_conflict_and_no_loss(edith, issue, rev):
    block = story(issue)
    response = edith.post(at("edit", issue, block.uid), written(block, "Words.", autosave="1") | {"rev": rev})
    assert response.status_code == 409


def test_input_that_does_not_fit_is_refused_in_a_sentence_and_kept_in_the_form(edith, issue):
    block = story(issue)
    too_long = written(block, "Words.") | {f"{block.uid}-heading": "x" * 201}
    assert (
        "at most 200" in edith.post(at("edit", issue, block.uid), too_long | {"autosave": "1"}).json()["why"]
    )
    shown = edith.post(at("edit", issue, block.uid), too_long)
    assert shown.status_code == 422
    assert "Words." in shown.content.decode()
    assert story(issue).rev == 1


def test_a_null_character_is_refused_and_not_a_crash(edith, issue):
    block = story(issue)
    response = edith.post(at("edit", issue, block.uid), written(block, "a\0b", autosave="1"))
    assert response.status_code == 422
    assert response.json()["saved"] is False


def test_without_javascript_the_form_is_a_page_and_saving_leads_back(edith, issue):
    block = story(issue)
    page = edith.get(at("edit", issue, block.uid)).content.decode()
    assert page.startswith("<!doctype html>")
    assert f'action="{at("edit", issue, block.uid)}"' in page
    assert f'name="{block.uid}-body"' in page
    response = edith.post(at("edit", issue, block.uid), written(block, "By hand."))
    assert response.headers["Location"] == at("compose", issue)
    assert story(issue).data["body"] == "<p>By hand.</p>"


def test_with_htmx_the_form_and_the_card_are_fragments(edith, issue):
    block = story(issue)
    form = edith.get(at("edit", issue, block.uid), **HTMX).content.decode()
    card = edith.post(at("edit", issue, block.uid), written(block, "By htmx."), **HTMX).content.decode()
    for fragment in (form, card):
        assert "<!doctype" not in fragment
        assert f'id="block-{block.uid}"' in fragment
    assert "By htmx." in card


STEPS: list[tuple[str, bool, dict[str, str]]] = [
    ("add", False, {"kind": "quote", "at": "0"}),
    ("copy", True, {}),
    ("move", True, {"by": "1"}),
    ("move", True, {"to": "1"}),
    ("remove", True, {}),
    ("put_back", True, {}),
]


@pytest.mark.parametrize(("step", "of_block", "posted"), STEPS)
def test_every_change_of_order_answers_with_the_workspace_or_the_page(edith, issue, step, of_block, posted):
    path = at(step, issue, *([story(issue).uid] if of_block else []))
    response = edith.post(path, posted, **HTMX)
    assert 'id="workspace"' in response.content.decode()
    assert "<!doctype" not in response.content.decode()
    assert edith.post(path, posted).headers["Location"] == at("compose", issue)


def test_a_removed_block_can_be_put_back_by_one_click(edith, issue):
    block = story(issue)
    said = edith.post(at("remove", issue, block.uid), **HTMX).content.decode()
    assert f'data-undo="{at("put_back", issue, block.uid)}"' in said
    edith.post(at("put_back", issue, block.uid))
    assert issue.blocks.standing().first() == block


@pytest.mark.parametrize("place", ["²", "-3", "x", "", "1.5", "9" * 5000])
def test_an_odd_place_is_a_place_and_no_crash(edith, issue, place):
    assert edith.post(at("add", issue), {"kind": "quote", "at": place}).status_code == 302
    assert edith.post(at("move", issue, story(issue).uid), {"to": place, "by": place}).status_code == 302
    assert sorted(issue.blocks.standing().values_list("position", flat=True)) == [0, 1, 2]


@pytest.mark.parametrize(("extra", "kind"), [({}, "text/html"), (HTMX, "text/plain")])
def test_an_unknown_kind_is_refused_in_a_sentence(edith, issue, extra, kind):
    response = edith.post(at("add", issue), {"kind": "sundial"}, **extra)
    assert response.status_code == 422
    assert response.headers["Content-Type"].startswith(kind)
    assert "sundial" in response.content.decode()


def test_title_and_subject_are_saved_while_typing(edith, issue):
    posted = {
        "title": "Two ferries",
        "subject": "Ferries",
        "preheader": "",
        "planned_for": TODAY,
        "autosave": "1",
    }
    assert edith.post(at("describe", issue), posted).json() == {"saved": True}
    saved = Issue.objects.get()
    assert (saved.title, saved.subject, saved.slug) == ("Two ferries", "Ferries", "two-ferries")


@pytest.mark.parametrize("wrong", [{"planned_for": "soon"}, {"title": "x" * 201}, {"planned_for": ""}])
def test_a_title_or_day_that_does_not_fit_is_not_saved(edith, issue, wrong):
    posted = {"title": "Two ferries", "planned_for": TODAY, "autosave": "1"} | wrong
    response = edith.post(at("describe", issue), posted)
    assert (response.status_code, response.json()["saved"]) == (422, False)
    assert response.json()["why"]
    assert Issue.objects.get().title == issue.title


def test_the_preview_runs_nothing_and_fetches_nothing_from_elsewhere(edith, issue):
    policy = edith.get(at("frame", issue)).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert "allow-scripts" not in rules["sandbox"]
    assert rules["form-action"] == "'none'"
    assert rules["img-src"] == "'self' data:"


def test_the_preview_shows_one_side_whatever_the_desk_wears(edith, issue):
    light, dark = (
        edith.get(at("frame", issue), query).content.decode() for query in ({}, {"scheme": "dark"})
    )
    assert "@media not all" in light
    assert "@media all" in dark
    assert "prefers-color-scheme: dark)" not in light + dark


def test_the_text_preview_is_plain_text(edith, issue):
    response = edith.get(at("text", issue))
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "<p>" not in response.content.decode()


def test_the_preview_of_an_approved_issue_is_its_edition(edith):
    issue = make_approved_issue()
    Publication.objects.update(name="Renamed since", masthead="Renamed since")
    assert "Renamed since" not in edith.get(at("frame", issue)).content.decode()
    shown = issue.edition.text.replace(UNSUBSCRIBE, "http://127.0.0.1:8000/u/…/")
    assert edith.get(at("text", issue)).content.decode() == shown


def test_pages_of_the_composer_are_never_kept_by_a_cache(edith, issue):
    for name in ("frame", "text"):
        assert "no-store" in edith.get(at(name, issue)).headers["Cache-Control"]


def test_a_step_that_is_not_legal_says_so_on_the_page(chris, issue):
    response = chris.post(at("step", issue, "approve"), follow=True)
    assert "it cannot become approved now" in response.content.decode()
    assert Issue.objects.get().status == "draft"


def test_an_approval_that_is_stopped_names_what_stops_it(chris, issue):
    composing.describe(issue, title="", now=NOW)
    workflow.submit(issue, by=None, now=NOW)
    response = chris.post(at("step", issue, "approve"), follow=True)
    assert "The issue has no title." in response.content.decode()


def test_an_unknown_step_is_404(chris, issue):
    assert chris.post(at("step", issue, "publish-now")).status_code == 404


def test_words_of_an_editor_are_never_markup_of_the_desk(edith, issue):
    composing.describe(issue, title="<script>alert(1)</script>", now=NOW)
    block = story(issue)
    edith.post(at("edit", issue, block.uid), written(block, "<script>alert(2)</script>", autosave="1"))
    for page in ("compose", "frame"):
        assert not scripts(edith.get(at(page, issue)).content.decode())


def scripts(page: str) -> list[str]:
    """Words of the scripts that stand in a page itself."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            if self.cdata_elem == "script":
                found.append(data)

    Reader().feed(page)
    return found


# Starting and pasting


def paste(client: Client, publication: Publication | None, **given: Any):
    where = {"publication": publication.pk} if publication else {}
    return client.post(reverse("issues:paste"), {**where, "planned_for": TODAY, **given})


def test_a_pasted_draft_becomes_an_issue(edith):
    publication = make_publication()
    response = paste(
        edith, publication, draft="# Two ferries\n\nThe harbour has a second ferry. It sails at dawn.\n"
    )
    issue = Issue.objects.get()
    assert response.headers["Location"] == at("compose", issue)
    assert issue.title == "Two ferries"
    assert "second ferry" in str(list(issue.blocks.values_list("data", flat=True)))


def test_a_file_wins_over_the_field(edith):
    upload = SimpleUploadedFile("draft.md", b"# From a file\n\nWords of the file, and some more of them.\n")
    paste(edith, make_publication(), draft="# Pasted\n\nWords of the field.\n", file=upload)
    assert Issue.objects.get().title == "From a file"


BINARY = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


@pytest.mark.parametrize(
    "given",
    [
        {"draft": ""},
        {"draft": " \n\t\n "},
        {"draft": "Words of a harbour. " * 260_000},
        {"draft": "a\0b"},
        {"file": SimpleUploadedFile("empty.txt", b"")},
        {"file": SimpleUploadedFile("picture.png", BINARY)},
        {"file": SimpleUploadedFile("big.txt", b"Words of a harbour. " * 260_000)},
        {"file": SimpleUploadedFile("odd.txt", b"\xff\xfe\xfd\x00\xd8")},
    ],
    ids=["empty", "blank", "5 MB", "null", "empty file", "binary file", "5 MB file", "wrong encoding"],
)
def test_a_draft_that_cannot_be_used_says_why_and_saves_nothing(edith, given):
    response = paste(edith, make_publication(), **given)
    assert response.status_code == 422
    errors = [sentence for field in response.context["form"].errors.values() for sentence in field]
    assert len(errors) == 1
    assert errors[0].endswith((".", "?"))
    assert not Issue.objects.exists()


def test_without_a_publication_there_is_nothing_to_paste_into(edith):
    response = paste(edith, None, draft="# Words\n\nAnd more of them.")
    assert response.status_code == 422
    assert "There is no publication yet" in response.content.decode()
    assert not Issue.objects.exists()


def test_a_publication_that_does_not_exist_is_refused(edith):
    make_publication()
    response = paste(edith, Publication(pk=999_999), draft="# Words\n\nAnd more of them.")
    assert response.status_code == 422
    assert not Issue.objects.exists()


@pytest.mark.parametrize("day", ["", "tomorrow", "2031-02-30"])
def test_a_day_that_is_none_is_refused(edith, day):
    response = paste(edith, make_publication(), draft="# Words\n\nAnd more of them.", planned_for=day)
    assert response.status_code == 422
    assert not Issue.objects.exists()


def test_an_issue_starts_from_the_rundown(edith):
    publication = make_publication(rundown=["greeting", "sign_off"])
    edith.post(reverse("issues:start"), {"publication": publication.pk, "planned_for": TODAY, "title": ""})
    issue = Issue.objects.get()
    assert [block.kind for block in issue.blocks.standing()] == ["greeting", "sign_off"]
    assert issue.events.get().by is not None


@pytest.mark.parametrize("page", ["start", "paste"])
def test_the_proposed_day_is_a_weekday_without_an_issue(edith, page):
    publication = make_publication()
    first = edith.get(reverse(f"issues:{page}")).context["form"].initial["planned_for"]
    make_issue(publication, planned_for=first)
    second = edith.get(reverse(f"issues:{page}")).context["form"].initial["planned_for"]
    assert first < second
    assert {first.weekday(), second.weekday()} <= {0, 1, 2, 3, 4}


def approve(issue: Issue) -> None:
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)


def story_data(body: str) -> Any:
    from issues.blocks import registry

    return registry.kind("story").data(heading="Wind", body=f"<p>{body}</p>")
