"""History and comments as a browser meets them: beside the composer with htmx, or as pages of their own without scripts."""

import uuid
from typing import Any

import pytest
from django.urls import reverse

from issues import commenting, history
from issues.models import Issue, Revision
from issues.templatetags.rich import talk
from tests.issues.test_saving import MINE, THEIRS, block, save, written
from tests.make import NOW, make_issue, make_person, make_publication, remove, write

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def issue() -> Issue:
    return make_issue(make_publication(time_zone="Asia/Tokyo"), blocks=("story", "sign_off"))


@pytest.fixture
def before(issue) -> Revision:
    """A version before the story changed."""
    revision = history.record(issue, by=None, now=NOW, name="Before")
    write(issue, "story", heading="Changed <b>")
    return revision


def at(name: str, issue: Issue, *more: Any) -> str:
    return reverse(f"issues:{name}", args=[issue.pk, *more])


@pytest.mark.parametrize("name", ["history", "comments"])
def test_beside_the_composer_it_is_a_fragment_and_without_scripts_a_page(edith, issue, before, name):
    fragment = edith.get(at(name, issue), **HTMX).content.decode()
    page = edith.get(at(name, issue)).content.decode()
    assert fragment.startswith('<div id="panel"') or '<div id="panel"' in fragment[:80]
    assert "<!doctype" not in fragment
    assert page.startswith("<!doctype html>")
    assert 'id="panel"' in page


def test_versions_stand_under_the_day_of_the_publication(edith, issue, before):
    Revision.objects.update(at=NOW.replace(hour=22))
    said = edith.get(at("history", issue)).content.decode()
    assert "Wednesday, 5 March 2031" in said
    assert "07:00" in said
    assert "Before" in said


def test_only_named_versions_if_asked(edith, issue, before):
    said = edith.get(at("history", issue), {"named": 1}).content.decode()
    assert "Before" in said
    assert "Version 2" not in said


def test_a_page_has_fifty_versions_and_a_way_to_the_rest(edith, issue, before):
    for number in range(60):
        history.record(issue, by=None, now=NOW, name=f"Name {number}")
    said = edith.get(at("history", issue)).content.decode()
    assert said.count('class="versions"') == 1
    assert said.count("<li>") == 50
    assert ("Earlier versions" in said, "Later versions" in said) == (True, False)
    rest = edith.get(at("history", issue), {"page": 2}).content.decode()
    assert rest.count("<li>") == 11
    assert ("Earlier versions" in rest, "Later versions" in rest) == (False, True)


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "1\0"])
def test_a_page_that_is_none_is_the_nearest(edith, issue, before, page):
    assert "Before" in edith.get(at("history", issue), {"page": page}).content.decode()


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_what_is_kept_of_a_fragment_is_never_shown_as_a_page(edith, issue, extra):
    assert "HX-Request" in edith.get(at("comments", issue), **extra).headers["Vary"]


def test_a_version_shows_what_it_changed_with_signs_and_words(edith, issue, before):
    said = edith.get(at("version", issue, 2)).content.decode()
    assert (
        '<del><span class="sr"> gone: </span><span aria-hidden="true">−</span>A crane that learns</del>'
        in said
    )
    assert (
        '<ins><span class="sr"> new: </span><span aria-hidden="true">+</span>Changed &lt;b&gt;</ins>' in said
    )


def test_a_version_shows_what_changed_since(edith, issue, before):
    said = edith.get(at("version", issue, before.number), {"against": "now"}).content.decode()
    assert "Changed &lt;b&gt;</ins>" in said
    assert "Restore this block" in said


def test_the_first_version_changed_nothing(edith, issue, before):
    assert "This is the first version." in edith.get(at("version", issue, before.number)).content.decode()


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_a_restore_leads_back_to_the_composer_and_says_so(edith, issue, before, extra):
    response = edith.post(at("restore", issue, before.number), **extra)
    assert block(issue).data["heading"] == "A crane that learns"
    if extra:
        assert (response.status_code, response.headers["HX-Trigger"]) == (204, "issue-restored")
    else:
        assert response.headers["Location"] == at("compose", issue)
    assert "The issue reads as it did then." in edith.get(at("compose", issue)).content.decode()


def test_one_block_is_restored(edith, issue, before):
    edith.post(at("restore_block", issue, before.number, block(issue).uid))
    assert block(issue).data["heading"] == "A crane that learns"


def test_a_version_is_named(edith, issue, before):
    edith.post(at("name_version", issue), {"name": "  For   legal "})
    assert issue.revisions.first().name == "For legal"


def test_no_name_is_refused_with_a_sentence(edith, issue, before):
    response = edith.post(at("name_version", issue), {"name": " \0 "}, **HTMX)
    assert (response.status_code, response.content) == (422, b"Give the version a name first.")


def test_words_set_aside_stand_on_top_with_both_ways_to_go(edith, issue):
    row = block(issue)
    save(issue, written(row, heading="Theirs"), client=THEIRS)
    save(issue, written(row, heading="Mine"), client=MINE, by=make_person("Editors", username="ines"))
    kept = issue.set_aside.get()
    said = edith.get(at("history", issue)).content.decode()
    assert "Story: words set aside" in said
    assert "because somebody else had changed the block" in said
    edith.post(at("put", issue, kept.pk))
    assert block(issue).data["heading"] == "Mine"
    assert edith.post(at("discard", issue, kept.pk)).status_code == 404


def test_who_may_only_read_sees_versions_and_no_way_back(sam, issue, before):
    said = sam.get(at("version", issue, before.number), {"against": "now"}).content.decode()
    assert "Changed &lt;b&gt;" in said
    assert "Restore" not in said
    assert sam.post(at("restore", issue, before.number)).status_code == 403


# comments


def test_a_comment_is_shown_with_lines_links_and_colleagues_and_never_as_markup(sam, issue):
    body = "<script>alert(1)</script>\nSee https://example.com/ @chris"
    sam.post(at("comments", issue), {"block": block(issue).uid, "body": body})
    said = sam.get(at("comments", issue)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>See" in said
    assert '<a href="https://example.com/" rel="nofollow">' in said
    assert '<strong class="mention">@chris</strong>' in said


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            "@edith & @chris",
            '<strong class="mention">@edith</strong> &amp; <strong class="mention">@chris</strong>',
        ),
        (
            "https://social.example/@edith",
            '<a href="https://social.example/@edith" rel="nofollow">https://social.example/@edith</a>',
        ),
        ("edith@harbour.example", '<a href="mailto:edith@harbour.example">edith@harbour.example</a>'),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ('"><img src=x onerror=alert(1)>', "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("</a><a href=x>@edith", '&lt;/a&gt;&lt;a href=x&gt;<strong class="mention">@edith</strong>'),
    ],
)
def test_a_body_is_words_links_and_marks(body, shown):
    assert talk(body) == shown


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_words_that_are_refused_stay_in_the_form(edith, issue, extra):
    response = edith.post(at("comments", issue), {"block": block(issue).uid, "body": "x" * 4001}, **extra)
    said = response.content.decode()
    assert response.status_code == (200 if extra else 422)
    assert "at most 4,000 characters" in said
    assert "x" * 4001 in said


def test_an_answer_that_is_refused_stays_in_its_form(edith, issue):
    thread = begin(edith, issue)
    said = edith.post(at("reply", issue, thread), {"body": "y" * 4001}).content.decode()
    assert "y" * 4001 in said


def begin(client, issue: Issue, body: str = "Right?") -> int:
    client.post(at("comments", issue), {"block": block(issue).uid, "body": body})
    return issue.comments.latest("pk").pk


def test_with_htmx_the_composer_hears_of_every_change(edith, issue):
    thread = begin(edith, issue)
    for name in ("resolve", "reopen", "delete_comment"):
        assert edith.post(at(name, issue, thread), **HTMX).headers["HX-Trigger"] == "comments-changed"


def test_threads_stand_in_the_order_of_their_blocks_and_orphans_apart(edith, issue):
    commenting.comment(
        issue, block(issue, "sign_off").uid, "About the end", by=make_person("Editors"), now=NOW
    )
    begin(edith, issue, "About the story")
    commenting.comment(issue, uuid.uuid4(), "About nothing", by=make_person("Editors"), now=NOW)
    said = edith.get(at("comments", issue)).content.decode()
    assert (
        said.index("About the story")
        < said.index("About the end")
        < said.index("On deleted blocks")
        < said.index("About nothing")
    )


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_one_block_shows_its_own_threads_only(edith, issue, extra):
    begin(edith, issue, "About the story")
    uid = block(issue, "sign_off").uid
    said = edith.get(at("comments", issue), {"block": uid}, **extra).content.decode()
    assert "About the story" not in said
    assert "Nothing is open on this block." in said
    assert f'name="within" value="{uid}"' in said
    assert "On all blocks" in said


@pytest.mark.parametrize("within", ["", "//evil.example", "x\r\nSet-Cookie: a=b"])
def test_who_looks_at_one_block_goes_on_looking_at_it(edith, issue, within):
    thread, here = begin(edith, issue), at("comments", issue)
    uid = block(issue).uid
    answer = {"body": "Yes."}
    assert (
        edith.post(at("reply", issue, thread), {**answer, "within": uid}).headers["Location"]
        == f"{here}?block={uid}"
    )
    assert edith.post(at("reply", issue, thread), {**answer, "within": within}).headers["Location"] == here


@pytest.mark.parametrize("extra", [{}, HTMX])
@pytest.mark.parametrize("given", [{}, {"block": "x"}])
def test_all_blocks_show_all_threads(edith, issue, extra, given):
    begin(edith, issue, "About the story")
    said = edith.get(at("comments", issue), given, **extra).content.decode()
    assert "About the story" in said
    assert ("On all blocks" in said, 'name="within"' in said) == (False, False)


def test_a_thread_leads_to_its_block_from_either_place(edith, issue):
    begin(edith, issue)
    anchor = f"#block-{block(issue).uid}"
    assert f'href="{anchor}"' in edith.get(at("comments", issue), **HTMX).content.decode()
    assert f'href="{at("compose", issue)}{anchor}"' in edith.get(at("comments", issue)).content.decode()


def test_a_thread_whose_block_is_gone_leads_nowhere_and_may_be_answered(edith, issue):
    thread = begin(edith, issue)
    remove(issue, "story")
    assert f"#block-{block(issue).uid}" not in edith.get(at("comments", issue)).content.decode()
    edith.post(at("resolve", issue, thread))
    assert f"#block-{block(issue).uid}" not in edith.get(at("comments", issue)).content.decode()
    edith.post(at("reply", issue, thread), {"body": "Why?"})
    assert issue.comments.get(body="Why?").thread_id == thread


def test_others_comments_are_deleted_by_the_chief_only(edith, sam, chris, issue):
    thread = begin(edith, issue)
    assert sam.post(at("delete_comment", issue, thread)).status_code == 403
    assert chris.post(at("delete_comment", issue, thread)).status_code == 302
    assert not issue.comments.exists()


@pytest.mark.parametrize("given", [{}, {"block": "x"}, {"block": "1\0"}])
def test_a_comment_about_no_block_is_refused_and_its_words_stay(edith, issue, given):
    response = edith.post(at("comments", issue), {**given, "body": "Long words"})
    said = response.content.decode()
    assert response.status_code == 422
    assert "Choose the block" in said
    assert "Long words</textarea>" in said


def test_what_was_refused_is_still_about_the_same_block(edith, issue):
    uid = block(issue, "sign_off").uid
    said = edith.post(at("comments", issue), {"block": uid, "body": ""}).content.decode()
    assert f'<option value="{uid}" selected>' in said
    assert "Write something first." in said


def test_a_block_that_is_gone_stays_chosen(edith, issue):
    uid = block(issue).uid
    remove(issue, "story")
    said = edith.get(at("comments", issue), {"block": uid}).content.decode()
    assert f'<option value="{uid}" selected>Story: A crane that learns (deleted)</option>' in said


@pytest.mark.parametrize("name", ["history", "comments"])
def test_the_panels_ask_the_database_no_more_the_more_there_is(
    edith, issue, name, django_assert_max_num_queries
):
    for number in range(12):
        thread = begin(edith, issue, f"Thread {number}")
        edith.post(at("reply", issue, thread), {"body": "Answer"})
        history.record(issue, by=None, now=NOW, name=f"Name {number}")
    with django_assert_max_num_queries(14):
        edith.get(at(name, issue))
