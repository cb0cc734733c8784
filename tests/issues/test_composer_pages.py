"""The composer and its neighbours, as a browser without scripts meets them."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from issues import workflow
from issues.models import Block, Issue, Publication
from issues.rendering import slots
from tests.make import NOW, TODAY, describe, make_approved_issue, make_issue, make_publication, remove, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(db) -> Issue:
    return make_issue(blocks=("story", "sign_off"))


def at(name: str, issue: Issue, *more: Any) -> str:
    return reverse(f"issues:{name}", args=[issue.pk, *more])


def block(issue: Issue, kind: str = "story") -> Block:
    return issue.blocks.get(kind=kind)


def kinds(issue: Issue) -> list[str]:
    return list(issue.blocks.standing().values_list("kind", flat=True))


class WritingForm(HTMLParser):
    """What a browser would post of the composer's form; what stands in a template is not there yet."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.inside = self.blank = 0
        self.textarea = self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = dict(attributes)
        self.inside += "data-writing" in given
        self.blank += tag == "template"
        name = given.get("name") or ""
        if not self.inside or self.blank:
            return
        if tag == "input" and name and given.get("type") not in ("file", "checkbox"):
            self.values.setdefault(name, []).append(given.get("value") or "")
        elif tag == "textarea":
            self.textarea = name
            self.values[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and ("selected" in given or self.select not in self.values):
            self.values[self.select] = [given.get("value") or ""]

    def handle_endtag(self, tag: str) -> None:
        self.blank -= tag == "template"
        if tag == "textarea":
            self.textarea = ""
        if tag == "form":
            self.inside = 0

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.values[self.textarea][0] += (
                data.removeprefix("\n") if not self.values[self.textarea][0] else data
            )


def form(client: Client, issue: Issue) -> dict[str, Any]:
    return WritingForm(client.get(at("compose", issue)).content.decode()).values


def press(
    client: Client, issue: Issue, act: str = "", *, filled: dict[str, Any] | None = None, **typed: str
) -> str:
    """Fill in the form, press a button; the page that comes then."""
    posted = {**(filled or form(client, issue)), **typed} | ({"act": act} if act else {})
    response = client.post(at("compose", issue), posted, follow=True)
    assert response.redirect_chain
    return response.content.decode()


def test_the_composer_shows_every_block_as_a_form_and_what_to_do_next(edith, issue):
    said = edith.get(at("compose", issue)).content.decode()
    for row in issue.blocks.standing():
        assert f'id="block-{row.uid}"' in said
        assert f'name="{row.uid}-body"' in said
    assert "Submit for review" in said


def test_who_may_only_read_sees_words_and_no_form(sam, issue):
    said = sam.get(at("compose", issue)).content.decode()
    assert "The newest crane at pier four" in said
    assert "data-writing" not in said
    assert "You may read this issue, but not write in it." in said
    assert sam.post(at("compose", issue), {}).status_code == 403


def test_saving_the_form_as_it_stands_changes_nothing(edith, issue):
    before = list(Block.objects.values())
    assert "Saved." in press(edith, issue)
    assert list(Block.objects.values()) == before
    assert Issue.objects.get().rev == issue.rev


def test_what_is_typed_is_saved_as_light_markdown(edith, issue):
    uid = block(issue).uid
    press(
        edith,
        issue,
        title="Two ferries",
        **{f"{uid}-body": "New *words*.\n\n- one\n- two", f"{uid}-heading": "Wind"},
    )
    assert block(issue).data == {
        "heading": "Wind",
        "body": "<p>New <em>words</em>.</p><ul><li>one</li><li>two</li></ul>",
    }
    assert Issue.objects.get().title == "Two ferries"


def test_buttons_save_the_words_along_with_what_they_do(edith, issue):
    uid = block(issue).uid
    said = press(edith, issue, f"move {uid} 1", **{f"{uid}-heading": "Typed before the move"})
    assert "Story moved to position 2 of 2." in said
    assert kinds(issue) == ["sign_off", "story"]
    assert block(issue).data["heading"] == "Typed before the move"


@pytest.mark.parametrize("by", ["-1", "5", "-9"])
def test_no_block_moves_beyond_the_ends(edith, issue, by):
    press(edith, issue, f"move {block(issue).uid} {by}")
    assert sorted(kinds(issue)) == ["sign_off", "story"]


@pytest.mark.parametrize(
    ("to", "order"),
    [("1", ["sign_off", "story"]), ("0", ["story", "sign_off"]), ("99", ["sign_off", "story"])],
)
def test_a_block_moves_to_where_a_rule_wants_it(edith, issue, to, order):
    press(edith, issue, f"place {block(issue).uid} {to}")
    assert kinds(issue) == order


def test_a_block_is_duplicated_behind_itself(edith, issue):
    uid = block(issue).uid
    press(edith, issue, f"copy {uid} 1", **{f"{uid}-heading": "Twice"})
    assert kinds(issue) == ["story", "story", "sign_off"]
    assert [row.data.get("heading") for row in issue.blocks.standing()[:2]] == ["Twice", "Twice"]


def test_a_block_is_deleted_and_its_row_is_kept(edith, issue):
    assert "Story deleted. History has it." in press(edith, issue, f"remove {block(issue).uid} 1")
    assert kinds(issue) == ["sign_off"]
    assert issue.blocks.count() == 2


def test_a_block_is_added_at_the_place_that_was_chosen(edith, issue):
    assert "Quote added." in press(edith, issue, "add", kind="quote", place="1")
    assert kinds(issue) == ["story", "quote", "sign_off"]


@pytest.mark.parametrize(
    "act",
    [
        "add",
        "add sundial 0",
        "move x y",
        "move",
        "place nothing 1",
        "copy nothing 1",
        "sing a song",
        "aid x today",
    ],
)
def test_a_button_that_nobody_offers_is_refused_in_a_sentence_and_saves_nothing(edith, issue, act):
    uid = block(issue).uid
    filled = {
        **form(edith, issue),
        f"{uid}-heading": "Typed",
        "act": act,
        "kind": "sundial",
        "place": "first",
    }
    response = edith.post(at("compose", issue), filled)
    assert response.status_code == 422
    assert block(issue).data["heading"] == "A crane that learns"


def test_the_second_of_two_is_told_and_their_words_are_kept(edith, issue):
    filled = form(edith, issue)
    uid = block(issue).uid
    write(issue, "story", heading="Theirs")
    said = press(edith, issue, filled=filled, **{f"{uid}-heading": "Mine"})
    assert "Story was not saved, because somebody else had changed the block meanwhile." in said
    assert block(issue).data["heading"] == "Theirs"
    assert issue.set_aside.get().words["heading"] == "Mine"


def test_a_block_that_somebody_deleted_meanwhile_is_told_too(edith, issue):
    filled = form(edith, issue)
    uid = block(issue).uid
    remove(issue, "story")
    said = press(edith, issue, filled=filled, **{f"{uid}-heading": "Mine"})
    assert "somebody else had removed the block" in said
    assert issue.set_aside.get().words["heading"] == "Mine"


@pytest.mark.parametrize("rev", ["", "x", "²", "9" * 50, "-1"])
def test_an_odd_rev_is_a_conflict_and_no_loss(edith, issue, rev):
    uid = block(issue).uid
    press(edith, issue, **{f"{uid}-rev": rev, f"{uid}-heading": "Mine"})
    assert block(issue).data["heading"] == "A crane that learns"
    assert issue.set_aside.get().words["heading"] == "Mine"


def test_what_does_not_fit_is_marked_and_kept(edith, issue):
    uid = block(issue).uid
    said = press(edith, issue, **{f"{uid}-heading": "x" * 201, f"{uid}-body": "Words."})
    assert "1 block has something that cannot be read" in said
    assert "x" * 201 in said
    assert "at most 200 characters" in said
    assert block(issue).data["body"] == "<p>Words.</p>"


def test_a_null_character_is_no_crash(edith, issue):
    uid = block(issue).uid
    press(edith, issue, **{f"{uid}-heading": "a\0b", f"{uid}-body": "a\0b"})
    assert block(issue).data["body"] == "<p>ab</p>"


@pytest.mark.parametrize("wrong", [{"planned_for": "soon"}, {"title": "x" * 201}, {"planned_for": ""}])
def test_a_title_or_day_that_does_not_fit_is_told_and_not_saved(edith, issue, wrong):
    press(edith, issue, subject="Good", **wrong)
    saved = Issue.objects.get()
    assert (saved.title, saved.planned_for, saved.subject) == (issue.title, TODAY, "Good")


def test_an_approved_issue_is_read_only_and_says_the_way_to_reopen_it(edith, chris):
    issue = make_approved_issue(blocks=("story",))
    for client, way in ((edith, "A chief editor can reopen it."), (chris, "“Reopen” makes it a draft again")):
        said = client.get(at("compose", issue)).content.decode()
        assert way in said
        assert "data-writing" not in said
    assert edith.post(at("compose", issue), {"uid": str(block(issue).uid)}).status_code == 409


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
    shown = slots.shown(issue.edition.text, "http://127.0.0.1:8000")
    assert "http://127.0.0.1:8000/u/…/" in shown
    assert edith.get(at("text", issue)).content.decode() == shown


def test_pages_of_the_composer_are_never_kept_by_a_cache(edith, issue):
    for name in ("frame", "text"):
        assert "no-store" in edith.get(at(name, issue)).headers["Cache-Control"]


def test_a_step_that_is_not_legal_says_so_on_the_page(chris, issue):
    response = chris.post(at("step", issue, "approve"), follow=True)
    assert "it cannot become approved now" in response.content.decode()
    assert Issue.objects.get().status == "draft"


def test_an_approval_that_is_stopped_names_what_stops_it(chris, issue):
    describe(issue, title="")
    workflow.submit(issue, by=None, now=NOW)
    response = chris.post(at("step", issue, "approve"), follow=True)
    assert "The issue has no title." in response.content.decode()


def test_an_unknown_step_is_404(chris, issue):
    assert chris.post(at("step", issue, "publish-now")).status_code == 404


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
