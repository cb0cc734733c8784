"""Figures for the editor: numbers that can be checked by hand, few queries, and pages and files that say them."""

import csv
import datetime
import io

import pytest
import time_machine
from django.urls import reverse

from issues import clicks, openings
from issues.clicked import Clicked
from issues.clicks import Seen
from issues.models import Edition, Issue, Publication
from issues.openings import Fetched
from newsroom.audience import subscribing, suppressing
from newsroom.audience.models import Reason, Subscription
from newsroom.delivery.models import Chunk, ChunkState, Printing, Send
from newsroom.delivery.reporting import figures, leavers
from newsroom.delivery.returns import consequences
from newsroom.delivery.returns.bounces import Finding, Kind
from newsroom.lib.links import ReaderToken
from tests.delivery.mail import delivered, make_printing, token
from tests.make import NOW, make_publication, make_published_issue, make_reader, make_readers

pytestmark = pytest.mark.django_db
DAY, MINUTE = datetime.timedelta(days=1), datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW + 8 * DAY, tick=False):
        yield


@pytest.fixture
def publication() -> Publication:
    return make_publication(name="Harbour Notes", rundown=[])


def gone_out(publication: Publication, *, day: int = 0, sent: int = 1000, failed: int = 0, **fields) -> Issue:
    """An issue that was sent on that day, by the counters of its chunks."""
    at = NOW + day * DAY
    issue = make_published_issue(publication, at=at, title=f"Issue {day}", **fields)
    Issue.objects.filter(pk=issue.pk).update(delivered=sent)
    issue.refresh_from_db()
    send = make_printing(issue, at=at).send
    for part in (sent // 2, sent - sent // 2):
        Chunk.objects.create(send=send, ids=b"", size=part, state=ChunkState.DONE, sent=part, failed=failed)
        failed = 0
    return issue


def printing(issue: Issue) -> Printing:
    return Printing.objects.get(send__issue=issue)


def clicked(
    issue: Issue, *readers: str, block: str = "", url: str = "https://tides.example/", **known
) -> None:
    clicks.record(issue, [Seen(url, each, NOW + 10 * MINUTE, block=block, **known) for each in readers])


def uid(issue: Issue, kind: str) -> str:
    assert issue.edition is not None
    return next(piece["uid"] for piece in issue.edition.pieces if piece["kind"] == kind)


def numbers(issue: Issue) -> figures.Numbers:
    return figures.numbers([Issue.objects.select_related("publication").get(pk=issue.pk)])[0]


def came_back(issue: Issue, reader: Subscription, kind: Kind, *, key: str = "one") -> None:
    consequences.record(
        ReaderToken(printing(issue).pk, reader.pk), Finding(kind, "5.1.1"), by="pipe", key=key, now=NOW
    )


# numbers


def test_an_issue_in_numbers(publication):
    issue = gone_out(publication, failed=3)
    clicked(issue, "ann", "ann", "ben", "")
    clicked(issue, "scanner", agent="Barracuda")
    full, nobody, cross = make_readers(publication, 3)
    came_back(issue, full, Kind.SOFT)
    came_back(issue, full, Kind.SOFT, key="two")
    came_back(issue, nobody, Kind.HARD)
    came_back(issue, cross, Kind.COMPLAINT)
    found = numbers(issue)
    assert (found.delivered, found.refused, found.clicks, found.people, found.machines) == (1000, 3, 4, 2, 1)
    assert (found.bounced, found.complaints, found.left) == (2, 1, 0)
    assert found.rate("people") == 0.002


def test_while_it_goes_out_the_counters_of_chunks_know(publication):
    issue = gone_out(publication, sent=40)
    Issue.objects.update(delivered=None)
    assert numbers(issue).delivered == 40


def test_an_issue_of_which_nothing_is_known_has_noughts_and_no_rates(publication):
    found = numbers(make_published_issue(publication))
    assert (found.delivered, found.people, found.left, found.rate("people")) == (0, 0, 0, None)


def test_a_bounce_of_somebody_who_was_erased_still_counts(publication):
    issue = gone_out(publication)
    reader = make_reader(publication)
    came_back(issue, reader, Kind.HARD)
    reader.subscriber.delete()
    assert numbers(issue).bounced == 1


def test_opens_are_only_there_where_they_are_tracked_and_count_machines(publication):
    issue = gone_out(publication)
    assert numbers(issue).opened is None
    Publication.objects.update(track_opens=True)
    assert numbers(issue).opened == 0
    openings.record(issue, [Fetched("ann", NOW), Fetched("ann", NOW), Fetched("x", NOW, agent="Googlebot/2")])
    assert numbers(issue).opened == 2


def test_many_issues_take_as_many_queries_as_one(publication, django_assert_num_queries):
    for day in range(5):
        clicked(gone_out(publication, day=day), "ann")
    reader = make_reader(publication)
    subscribing.leave(reader, by="desk", now=NOW + 6 * DAY)
    issues = figures.latest(publication, 12)
    assert len(issues) == 5
    for some in (issues[:1], issues):
        with django_assert_num_queries(10):
            figures.numbers(some)


def test_of_a_million_deliveries_none_is_counted(publication, django_assert_num_queries):
    gone_out(publication, sent=1_000_000)
    issues = figures.latest(publication, 1)
    with django_assert_num_queries(9) as asked:
        assert figures.numbers(issues)[0].delivered == 1_000_000
    assert not any("delivery_delivery" in each["sql"] for each in asked.captured_queries)


def test_an_issue_stands_beside_the_median_of_the_others(publication):
    mine = gone_out(publication)
    for day, people in enumerate((1, 2, 30), start=1):
        clicked(gone_out(publication, day=day), *(f"r{n}" for n in range(people)))
    clicked(mine, "a", "b", "c")
    others = figures.numbers(figures.latest(publication, 12, but=mine))
    measures = {each.name: each for each in figures.measures(numbers(mine), others)}
    assert measures["people"].context == "0.3 % of delivered, usually 0.2 %"
    assert measures["complaints"].context == "none, as usual"
    assert {each.name: each.context for each in figures.measures(numbers(mine), [])}[
        "people"
    ] == "0.3 % of delivered"


# leaving


def test_who_follows_the_link_of_a_mail_leaves_by_that_issue_however_late(client, publication):
    old, new = gone_out(publication), gone_out(publication, day=5)
    reader, other = make_readers(publication, 2)
    delivered(printing(new), reader, at=NOW + 5 * DAY)
    assert client.post(f"/u/{token(printing(old), reader)}/").status_code == 200
    client.post(f"/preferences/{token(printing(old), other)}/", {"act": "leave"})
    assert leavers.left([old, new]) == {old.pk: 2}


def test_leaving_several_lists_by_one_mail_is_one_reader(client, publication):
    issue, reader = gone_out(publication), make_reader(publication, "ann@readers.example")
    make_reader(make_publication(), "ann@readers.example")
    client.post(f"/preferences/{token(printing(issue), reader)}/", {"act": "leave"})
    assert leavers.left([issue]) == {issue.pk: 1}


def test_who_leaves_otherwise_leaves_by_the_last_issue_of_the_week(publication):
    first, second = gone_out(publication), gone_out(publication, day=2)
    ann, ben, cleo, dan = make_readers(publication, 4)
    delivered(printing(first), ann, ben, cleo, dan, at=NOW)
    delivered(printing(second), ann, at=NOW + 2 * DAY)
    subscribing.leave(ann, by="desk", now=NOW + 3 * DAY)
    subscribing.leave(ben, by="desk", now=NOW + 3 * DAY)
    subscribing.leave(cleo, by="desk", now=NOW + 7 * DAY + MINUTE)
    suppressing.suppress(dan.subscriber.email, Reason.ASKED, now=NOW + DAY)
    assert leavers.left([first, second]) == {first.pk: 2, second.pk: 1}
    assert leavers.left([first]) == {first.pk: 2}
    assert leavers.left([second]) == {second.pk: 1}


def test_a_bounce_is_no_unsubscription(publication):
    issue, reader = gone_out(publication), make_reader(publication)
    delivered(printing(issue), reader)
    came_back(issue, reader, Kind.HARD)
    assert leavers.left([issue]) == {}


# by block, section and link


def test_links_stand_in_their_blocks_with_those_that_nobody_followed(publication):
    issue = gone_out(publication, blocks=("lead_story", "link_roundup", "sign_off"))
    roundup = uid(issue, "link_roundup")
    piece = next(each for each in issue.edition.pieces if each["uid"] == roundup)
    first, *rest = piece["links"]
    clicked(issue, "ann", "ben", block=roundup, url=first)
    clicked(issue, "ann", block=roundup, url="https://earlier.example/")
    clicked(issue, "scanner", block=roundup, url=first, agent="Barracuda")
    clicked(issue, "cleo", url="https://archive.example/")
    found = figures.detail(numbers(issue))
    block = next(each for each in found.blocks if each.section == "Link round-up")
    assert (block.place, block.counts) == (2, Clicked(4, 3, 2))
    assert [link.url for link in block.links] == [first, *rest, "https://earlier.example/"]
    assert [(each.place, each.section, each.counts.human) for each in found.blocks][-1] == (
        None,
        "Head and foot",
        1,
    )
    assert [(each.label, each.counts.people, each.counts.human) for each in found.sections] == [
        ("Link round-up", 2, 3)
    ]
    assert next((link.url, link.counts.people) for link, _ in found.top) == (first, 2)
    assert found.verdicts == [("says itself that it is a program", 1)]


def test_a_section_counts_people_once_over_its_blocks(publication):
    issue = gone_out(publication, blocks=("story", "story", "sign_off"))
    stories = [piece["uid"] for piece in issue.edition.pieces if piece["kind"] == "story"]
    for each in stories:
        clicked(issue, "ann", block=each)
    (section,) = figures.detail(numbers(issue)).sections
    assert (section.label, section.blocks, section.counts.people, section.counts.human) == ("Story", 2, 1, 2)


def test_sections_over_time_are_per_mail_of_issues_that_had_them(publication, django_assert_num_queries):
    with_story = [gone_out(publication, day=day, blocks=("story", "sign_off")) for day in range(2)]
    gone_out(publication, day=3, blocks=("lead_story", "sign_off"), sent=5000)
    for issue in with_story:
        clicked(issue, "ann", "ben", block=uid(issue, "story"))
    rows = figures.numbers(figures.latest(publication, 12))
    with django_assert_num_queries(2):
        (section,) = figures.sections_over_time(rows)
    assert (section.blocks, section.counts.people, section.rate, section.per_thousand) == (2, 4, 0.002, 2.0)


def test_a_block_of_an_earlier_copy_says_so(publication):
    issue = gone_out(publication)
    edition = issue.edition
    earlier = Edition(
        issue=issue, number=99, subject="Before", html="", text="", web="", minutes=1, seal="", frozen_at=NOW
    )
    earlier.pieces = [
        {"uid": "gone-block", "kind": "recipe", "gist": "Herring", "links": ["https://herring.example/"]}
    ]
    earlier.save()
    assert edition is not None
    assert not any(each.gist == "Herring" for each in figures.detail(numbers(issue)).blocks)
    clicked(issue, "ann", block="gone-block", url="https://herring.example/")
    (block,) = [each for each in figures.detail(numbers(issue)).blocks if each.gist == "Herring"]
    assert (block.place, block.section, block.counts.people) == (None, "Recipe", 1)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.boats.example/sail/?utm_source=x&b=2", "boats.example/sail?b=2"),
        ("https://boats.example/?utm_source=x", "boats.example"),
        ("mailto:ann@x.example", "ann@x.example"),
        ("", ""),
    ],
)
def test_a_link_is_named_as_people_say_it(url, name):
    assert figures.Link(url, Clicked()).name == (name or url)


# pages


def page(client, name: str, *args, **query) -> str:
    response = client.get(reverse(f"delivery:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def table(client, name: str, *args) -> list[list[str]]:
    response = client.get(reverse(f"delivery:{name}", args=args))
    assert response.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_page_of_an_issue(edith, publication):
    issue = gone_out(publication, blocks=("story", "sign_off"), failed=2)
    clicked(issue, "ann", block=uid(issue, "story"), url="https://tides.example/now?utm_source=us")
    clicked(issue, "scanner", agent="Barracuda")
    said = page(edith, "issue_figures", issue.pk)
    for words in ("1,000", "2 refused at once", "0.1 % of delivered", "There is no other issue yet to compare it with",
                  "tides.example/now<", "Clicks of machines: 1", "says itself that it is a program", leavers.RULE):  # fmt: skip
        assert words in said, words
    assert "machine opens" not in said
    assert said.count('role="img"') == 1


def test_opens_are_said_to_include_machines(edith, publication):
    Publication.objects.update(track_opens=True)
    issue = gone_out(publication)
    assert "Opened, includes machine opens" in page(edith, "issue_figures", issue.pk)
    assert "Opened, includes machine opens" in page(edith, "publication_figures", publication.slug)


def test_pages_without_figures_say_what_is_missing(edith, publication):
    assert "No figures yet: no issue of Harbour Notes has gone out." in page(
        edith, "publication_figures", publication.slug
    )
    assert "No figures yet: nobody has asked for Harbour Notes." in page(edith, "growth", publication.slug)
    draft = make_published_issue(publication)
    assert "No clicks yet." in page(edith, "issue_figures", draft.pk)
    Publication.objects.update(track_clicks=False)
    assert "Clicks are not counted" in page(edith, "issue_figures", draft.pk)
    Issue.objects.update(published_at=None)
    assert "No figures yet: this issue has not gone out." in page(edith, "issue_figures", draft.pk)


def test_without_a_publication_the_page_says_so(edith):
    assert "Figures" in page(edith, "figures")


def test_figures_begin_with_the_publication_that_went_out_last(edith, publication):
    gone_out(make_publication(name="A rival", rundown=[]))
    gone_out(publication, day=1)
    response = edith.get(reverse("delivery:figures"))
    assert response.headers["Location"] == reverse("delivery:publication_figures", args=[publication.slug])


def test_the_page_of_a_publication(edith, publication):
    for day in range(14):
        clicked(gone_out(publication, day=day - 14, blocks=("story", "sign_off")), "ann")
    said = page(edith, "publication_figures", publication.slug)
    assert said.count('data-column="Day"') == 12
    assert "Issue -14" not in said
    assert "Issue -14" in page(edith, "publication_figures", publication.slug, last="26")
    assert page(edith, "publication_figures", publication.slug, last="9999").count('data-column="Day"') == 12
    assert said.count('role="img"') == 2  # nobody clicked in a block, so there is no chart of sections


def test_the_desk_leads_to_figures_of_what_was_sent(edith, publication):
    issue = gone_out(publication)
    address = reverse("delivery:issue_figures", args=[issue.pk])
    for path in ("/desk/", f"/desk/issues/{issue.pk}/", f"/desk/issues/{issue.pk}/sending/"):
        assert address in edith.get(path).content.decode(), path


# files


def test_links_as_csv_never_become_a_formula(edith, publication):
    issue = gone_out(publication, blocks=("story", "sign_off"))
    clicked(issue, "ann", block=uid(issue, "story"), url="=HYPERLINK(1)")
    rows = table(edith, "issue_file", issue.pk)
    assert rows[0] == [
        "Place",
        "Section",
        "Block",
        "Link",
        "People",
        "Clicks of people",
        "Clicks of machines",
    ]
    assert next(row for row in rows if "HYPERLINK" in row[3])[3:] == ["'=HYPERLINK(1)", "1", "1", "0"]


def test_issues_and_weeks_as_csv(edith, publication):
    clicked(gone_out(publication), "ann")
    make_reader(publication)
    header, row = table(edith, "publication_file", publication.slug)
    assert dict(zip(header, row, strict=True)) == {
        "Day": "2031-03-04", "Issue": "Issue 0", "Delivered": "1000", "Refused at once": "0", "Bounced": "0",
        "People who clicked": "1", "People per delivered, %": "0.10", "Clicks of people": "1", "Clicks of machines": "0",
        "Unsubscribed": "0", "Complaints": "0", "Opened, includes machine opens": "",
    }  # fmt: skip
    weeks = table(edith, "growth_file", publication.slug)
    assert len(weeks) == 13
    assert weeks[-1] == ["2031-03-10", "0", "0", "0", "0", "0", "0", "1"]
    assert table(edith, "issue_file", make_published_issue(publication).pk)[0][0] == "Place"


def test_a_send_that_never_started_is_no_delivery(publication):
    issue = gone_out(publication)
    Send.objects.update(started_at=None)
    assert leavers.left([issue]) == {}
