"""The public archive: what is shown, how fast, and what is never shown."""

import datetime
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from django.test import Client

from issues import workflow
from issues.models import Edition, Issue, Publication
from tests.make import (
    NOW,
    describe,
    make_approved_issue,
    make_block,
    make_issue,
    make_publication,
    make_published_issue,
)

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def client() -> Client:
    return Client()


def published(publication: Publication, count: int) -> list[Issue]:
    """The oldest first."""
    return [
        make_published_issue(publication, at=NOW - (count - n) * DAY, title=f"Number {n}.")
        for n in range(count)
    ]


def address(issue: Issue) -> str:
    return f"/{issue.publication.slug}/{issue.slug}/"


def said(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def titles(page: str) -> list[str]:
    return re.findall(r">(Number \d+\.)<", page)


# Home and front page


def test_an_empty_house_says_so(client):
    assert "There is no publication here yet" in said(client, "/")


def test_the_only_publication_is_at_home(client):
    publication = make_publication()
    issue = make_published_issue(publication)
    assert issue.title in said(client, "/")


def test_many_publications_are_listed(client):
    slugs = [make_publication().slug for _ in range(3)]
    page = said(client, "/")
    assert all(f'href="/{slug}/"' in page for slug in slugs)


def test_whoever_comes_back_to_the_address_of_the_form_finds_the_form(client):
    publication = make_publication()
    assert client.get(f"/{publication.slug}/subscribe/").headers["Location"] == f"/{publication.slug}/"


def test_a_publication_without_issues_asks_to_subscribe(client):
    page = said(client, f"/{make_publication().slug}/")
    assert "The first issue is being written" in page
    assert 'name="email"' in page


def test_the_front_page_has_the_latest_issue_and_the_recent_ones(client):
    publication = make_publication()
    published(publication, 5)
    assert titles(said(client, f"/{publication.slug}/")) == [f"Number {n}." for n in (4, 3, 2, 1, 0)]


def test_see_more_leads_through_all_issues_once(client):
    publication = make_publication()
    published(publication, 45)
    path, seen = f"/{publication.slug}/", []
    while path:
        page = said(client, path)
        seen += titles(page)
        more = re.search(r'rel="next" href="([^"]+)">See more<', page)
        path = more[1] if more else ""
    assert seen == [f"Number {n}." for n in reversed(range(45))]
    assert f'rel="prev" href="/{publication.slug}/page/2/"' in page


@pytest.mark.parametrize("number", ["0", "2", "99", "9" * 30])
def test_a_page_that_is_not_there_is_404(client, number):
    publication = make_publication()
    published(publication, 2)
    assert client.get(f"/{publication.slug}/page/{number}/").status_code == 404


def test_issues_of_another_publication_are_not_shown(client):
    mine, other = make_publication(), make_publication()
    make_published_issue(other, title="Number 7.")
    assert titles(said(client, f"/{mine.slug}/")) == []


# An issue


def test_an_issue_is_shown_as_it_was_frozen(client):
    issue = make_published_issue()
    assert issue.edition.web in said(client, address(issue))


def test_an_issue_page_takes_one_query_however_many_there_are(client, django_assert_num_queries):
    publication = make_publication()
    issue = published(publication, 9)[4]
    said(client, address(issue))
    with django_assert_num_queries(1):
        page = said(client, address(issue))
    assert titles(page)[:2] == ["Number 4.", "Number 8."]
    assert "Number 4." not in titles(page)[1:]
    assert len(titles(page)) == 1 + 6


def test_an_issue_page_takes_one_query_for_who_is_signed_in_too(chris, django_assert_num_queries):
    issue = make_published_issue()
    with django_assert_num_queries(1):
        said(chris, address(issue))


def test_the_words_of_one_issue_are_not_those_of_another_of_the_same_name(client):
    first, second = (make_published_issue(make_publication(), title="Twins") for _ in range(2))
    assert first.publication.name in said(client, address(first))
    assert second.publication.name in said(client, address(second))
    assert second.publication.name not in said(client, address(first))


UNPUBLISHED = {
    "draft": make_issue,
    "approved": make_approved_issue,
    "cancelled": lambda: stepped(make_issue(), workflow.cancel),
    "reopened": lambda: stepped(make_approved_issue(), workflow.reopen),
}


def stepped(issue: Issue, step) -> Issue:
    step(issue, by=None, now=NOW)
    return issue


@pytest.mark.parametrize("state", UNPUBLISHED)
def test_what_is_not_published_is_nowhere(client, state):
    issue = UNPUBLISHED[state]()
    assert client.get(address(issue)).status_code == 404
    for path in (f"/{issue.publication.slug}/", f"/{issue.publication.slug}/feed/", "/sitemap.xml", "/"):
        page = said(client, path)
        assert issue.title not in page
        assert address(issue) not in page


def test_an_issue_is_there_from_the_moment_its_first_mail_goes_out(client):
    issue = make_approved_issue()
    workflow.go_out(issue, now=NOW)
    assert issue.edition.web in said(client, address(issue))


def test_a_hostile_address_is_404(client):
    issue = make_published_issue()
    for path in (
        f"/{issue.publication.slug}/'--/",
        f"/{issue.publication.slug}/%00/",
        "/%00/x/",
        f"/{issue.publication.slug}/slug-of-the-issue/",
    ):
        assert client.get(path).status_code == 404, path


# Caching


def test_an_unchanged_issue_is_not_sent_twice(client):
    issue = make_published_issue()
    first = client.get(address(issue))
    second = client.get(address(issue), HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == second.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "fields",
    [{"name": "Pier News"}, {"tagline": "Every evening."}, {"accent": "#7a1f1f"}, {"masthead": "PIER"},
     {"postal_address": "Pier 5"}, {"language": "da"}],
)  # fmt: skip
def test_anything_that_shows_on_the_page_changes_its_tag(client, fields):
    issue = make_published_issue()
    before = client.get(address(issue))
    Publication.objects.update(**fields)
    after = client.get(address(issue), HTTP_IF_NONE_MATCH=before.headers["ETag"])
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_new_issue_changes_the_tag_of_the_others(client):
    issue = make_published_issue()
    before = client.get(address(issue)).headers["ETag"]
    make_published_issue(issue.publication, title="Newer")
    after = client.get(address(issue))
    assert after.headers["ETag"] != before
    assert "Newer" in after.content.decode()


def test_two_issues_have_two_tags(client):
    one, other = published(make_publication(), 2)
    assert client.get(address(one)).headers["ETag"] != client.get(address(other)).headers["ETag"]


# What no public page has


def public_paths(issue: Issue) -> list[str]:
    slug = issue.publication.slug
    return [
        "/",
        f"/{slug}/",
        f"/{slug}/page/1/",
        address(issue),
        f"/{slug}/feed/",
        f"/{slug}/theme.css",
        "/privacy/",
        "/sitemap.xml",
    ]


class Sources(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.elsewhere: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("img", "link", "script", "iframe", "source"):
            loads = dict(attrs).get("src") or dict(attrs).get("href") or ""
            self.elsewhere += [loads] if loads.startswith(("http:", "https:", "//")) else []


def test_no_public_page_sets_a_cookie_runs_a_script_or_loads_from_elsewhere(client, chris):
    issue = make_published_issue(blocks=("greeting", "lead_story", "link_roundup", "event_promo", "sign_off"))
    for visitor in (client, chris):
        for path in public_paths(issue):
            response = visitor.get(path)
            assert "Set-Cookie" not in response.headers
            assert not response.cookies, path
            assert "Cookie" not in response.headers.get("Vary", ""), path
            assert "script" not in Sources(response.content.decode()).tags, path
            if response.headers["Content-Type"].startswith("text/html"):
                assert Sources(response.content.decode()).elsewhere == [], path


def test_a_public_page_is_the_same_for_who_is_signed_in(client, chris):
    issue = make_published_issue()
    for path in public_paths(issue):
        assert client.get(path).content == chris.get(path).content, path


def test_words_of_an_issue_are_never_markup(client):
    issue = make_published_issue(title="</title><script>alert(1)</script>")
    for path in public_paths(issue):
        assert "<script>" not in client.get(path).content.decode(), path


# Feed, sitemap, theme, privacy


def feed(client: Client, publication: Publication) -> ET.Element:
    response = client.get(f"/{publication.slug}/feed/")
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    return ET.fromstring(response.content)


def test_the_feed_is_atom_with_the_newest_twenty_whole(client):
    publication = make_publication()
    published(publication, 22)
    root = feed(client, publication)
    assert root.tag == f"{ATOM}feed"
    assert all(root.find(f"{ATOM}{name}") is not None for name in ("id", "title", "updated", "author"))
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [f"Number {n}." for n in range(21, 1, -1)]
    webs = dict(Edition.objects.values_list("subject", "web"))
    for entry in entries:
        assert all(entry.findtext(f"{ATOM}{name}") for name in ("id", "updated", "summary"))
        assert entry.findtext(f"{ATOM}summary").strip() == webs[entry.findtext(f"{ATOM}title")].strip()
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 20


def test_every_link_of_the_feed_holds_elsewhere(client, settings):
    settings.SITE_URL = "https://quay.example"
    issue = make_published_issue()
    root = feed(client, issue.publication)
    links = [link.attrib["href"] for link in root.iter(f"{ATOM}link")]
    assert f"https://quay.example{address(issue)}" in links
    assert all(link.startswith("https://quay.example/") for link in links)


def test_a_picture_in_the_feed_has_a_whole_address(client):
    issue = make_approved_issue()
    edition = Edition.objects.create(
        issue=issue, number=2, subject="x", html="", text="", minutes=1, seal="x", frozen_at=NOW,
        web='<p><img src="/media/a.jpg" alt=""> <a href="/elsewhere/">there</a></p>',
    )  # fmt: skip
    Issue.objects.update(edition=edition)
    workflow.go_out(Issue.objects.get(), now=NOW)
    words = feed(client, issue.publication).findtext(f"{ATOM}entry/{ATOM}summary")
    assert 'src="http://127.0.0.1:8000/media/a.jpg"' in words
    assert 'href="http://127.0.0.1:8000/elsewhere/"' in words


def test_an_empty_feed_is_a_feed(client):
    assert feed(client, make_publication()).findall(f"{ATOM}entry") == []


def test_characters_that_xml_cannot_hold_do_not_break_the_feed(client):
    issue = make_issue(title="A crane\x0b that\x1f learns", blocks=())
    make_block(issue, "story", heading="Wind\x08", body="<p>A page\x0cbreak.</p>")
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)
    workflow.go_out(issue, now=NOW)
    assert "learns" in feed(client, issue.publication).findtext(f"{ATOM}entry/{ATOM}title")


def test_the_sitemap_lists_every_published_issue(client):
    issues = [make_published_issue(make_publication()) for _ in range(3)]
    root = ET.fromstring(client.get("/sitemap.xml").content)
    found = {element.text for element in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    assert {re.sub(r"^https?://[^/]+", "", path) for path in found} == {address(issue) for issue in issues}


def test_the_theme_is_a_stylesheet_of_the_publications_colours(client):
    publication = make_publication(accent="#7a1f1f")
    response = client.get(f"/{publication.slug}/theme.css")
    assert response.headers["Content-Type"] == "text/css"
    assert "--accent: #7a1f1f;" in response.content.decode()


def test_the_privacy_page_says_who_is_behind_it(client):
    publication = make_publication(postal_address="Pier 9, Harbour Town", reply_to="desk@harbour.example")
    page = said(client, "/privacy/")
    assert all(
        words in page
        for words in (publication.name, "Pier 9, Harbour Town", "desk@harbour.example", "no cookies")
    )


@pytest.mark.parametrize("path", ["/nothing/", "/nothing/feed/", "/nothing/theme.css", "/nothing/issue/"])
def test_a_publication_that_is_not_there_is_404(client, path):
    make_publication()
    assert client.get(path).status_code == 404


def test_an_address_that_was_wrong_is_still_in_the_form(client):
    publication = make_publication()
    response = client.post(f"/{publication.slug}/subscribe/", {"email": '"><b>ann'})
    assert response.status_code == 422
    assert 'value="&quot;&gt;&lt;b&gt;ann"' in response.content.decode()


def test_the_form_on_a_page_of_its_own_heads_it(client):
    publication = make_publication()
    page = client.post(f"/{publication.slug}/subscribe/", {"email": "ann"}).content.decode()
    assert f"<h1>Get {publication.name} by mail</h1>" in page
    front = client.get(f"/{publication.slug}/").content.decode()
    assert f"<h2>Get {publication.name} by mail</h2>" in front


def test_a_title_changed_after_a_reopening_does_not_show_before_it_goes_out(client):
    issue = make_approved_issue(title="Old words")
    workflow.reopen(issue, by=None, now=NOW)
    describe(issue, title="New words")
    assert "New words" not in said(client, f"/{issue.publication.slug}/")


def test_search_engines_are_told_where_the_issues_are_listed(client):
    said = client.get("/robots.txt").content.decode()
    assert "Disallow: /desk/\n" in said
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in said
