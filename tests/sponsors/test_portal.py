"""The sponsor's own door, as a hostile visitor and as an honest sponsor come to it."""

import datetime
import io
import os
import re

import PIL.Image
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from issues import images, workflow
from newsroom.lib import links
from newsroom.lib.errors import Refused
from newsroom.lib.links import visitor_address
from sponsors import portal, showing, trafficking
from sponsors.forms import CreativeForm
from sponsors.models import Decision, Insertion, PortalLink, PortalMiss, Proof, Remark, VersionStatus
from tests.make import (
    MESSAGE,
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_line,
    make_publication,
    make_ready,
    make_sponsored_issue,
    send_out,
    whole,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)
SECRET = "Nobody knows this yet"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def publication():
    return make_publication(rundown=[])


@pytest.fixture
def issue(publication):
    made = make_sponsored_issue(publication, planned_for=TODAY + 28 * DAY)
    made.blocks.filter(kind="lead_story").update(
        data=made.blocks.get(kind="lead_story").data | {"heading": SECRET}
    )
    type(made).objects.filter(pk=made.pk).update(title=SECRET, subject=SECRET)
    made.refresh_from_db()
    return made


@pytest.fixture
def insertion(issue) -> Insertion:
    return make_insertion(issue, advertiser=make_advertiser("Oakum"))


def invited(insertion: Insertion, *, name: str = "Ann", days: int = 60) -> PortalLink:
    return portal.invite(insertion.line.order, name=name, email="", by=None, now=NOW, days=days)


def path(link: PortalLink, rest: str = "") -> str:
    return f"/sponsor/{links.token(portal.PURPOSE, link.pk)}/{rest}"


@pytest.fixture
def link(insertion) -> PortalLink:
    return invited(insertion)


@pytest.fixture
def sponsor() -> Client:
    """Somebody without an account."""
    return Client()


def submitted(insertion: Insertion, **words) -> Insertion:
    trafficking.submit(whole(insertion), MESSAGE | words, who="Ann", by=None, now=NOW)
    return whole(insertion)


def reviewed(insertion: Insertion, **words) -> Insertion:
    version = submitted(insertion, **words).version
    trafficking.review(version, VersionStatus.REVIEWED, by=None, now=NOW)
    return whole(insertion)


# links that do not hold


def forged(link: PortalLink) -> str:
    return "/sponsor/" + "A" * links.TOKEN_LENGTH + "/"


def expired(link: PortalLink) -> str:
    PortalLink.objects.filter(pk=link.pk).update(expires_at=NOW)
    return path(link)


def revoked(link: PortalLink) -> str:
    portal.revoke(link, by=None, now=NOW)
    return path(link)


def of_another_purpose(link: PortalLink) -> str:
    return f"/sponsor/{links.token('something else', link.pk)}/"


def not_even_ascii(link: PortalLink) -> str:
    return "/sponsor/é☃/"


def of_no_row(link: PortalLink) -> str:
    return f"/sponsor/{links.token(portal.PURPOSE, 2**48 - 1)}/"


WRONG = [forged, expired, revoked, of_another_purpose, not_even_ascii, of_no_row]


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_with_a_link_the_page_is_the_same_byte_for_byte(sponsor, link, wrong):
    plain = sponsor.get("/sponsor/no/")
    answer = sponsor.get(wrong(link))
    assert (answer.status_code, answer.content) == (404, plain.content)
    assert answer.headers == plain.headers
    assert "Oakum" not in answer.content.decode()


@pytest.mark.parametrize(
    "rest", ["1/", "1/message/", "1/frame/html/", "1/decide/", "1/remark/", "report.csv"]
)
def test_behind_a_link_that_does_not_hold_there_is_nothing_for_any_method(sponsor, link, rest):
    plain = sponsor.get("/sponsor/no/").content
    address = revoked(link) + rest
    for answer in (sponsor.get(address), sponsor.post(address, {"words": "x"})):
        assert (answer.status_code, answer.content) == (404, plain)


def test_the_page_is_not_kept_by_anybody_and_not_found_by_search_engines(sponsor, link):
    answer = sponsor.get(path(link))
    assert "no-store" in answer.headers["Cache-Control"]
    assert b'name="robots" content="noindex"' in answer.content
    assert answer.headers["Referrer-Policy"] == "same-origin"


def try_often(client: Client, times: int, **extra) -> int:
    """The status of the last of so many forged links."""
    return [client.get(f"/sponsor/{n}/", **extra).status_code for n in range(times)][-1]


def test_attempts_are_limited_and_released_after_ten_minutes(sponsor, clock):
    assert try_often(sponsor, portal.MISSES) == 404
    assert try_often(sponsor, 1) == 429
    clock.shift(10 * MINUTE)
    assert try_often(sponsor, 1) == 404


def test_more_than_the_limit_writes_no_more_rows_and_old_ones_go(sponsor, clock):
    try_often(sponsor, portal.MISSES + 5)
    assert PortalMiss.objects.count() == portal.MISSES
    clock.shift(11 * MINUTE)
    try_often(sponsor, 1)
    assert PortalMiss.objects.count() == 1


def test_the_page_of_too_many_attempts_says_no_more_than_the_other(sponsor):
    plain = sponsor.get("/sponsor/no/").content
    try_often(sponsor, portal.MISSES)
    assert sponsor.get("/sponsor/no/").content == plain


def test_an_attacker_locks_nobody_out_who_comes_from_the_same_place(sponsor, link):
    try_often(sponsor, portal.MISSES + 1)
    assert sponsor.get(path(link)).status_code == 200


def test_one_place_is_not_limited_for_another(sponsor):
    try_often(sponsor, portal.MISSES + 1)
    assert try_often(sponsor, 1, REMOTE_ADDR="198.51.100.7") == 404


def test_behind_a_proxy_visitors_are_told_apart_by_what_the_proxy_adds(sponsor, settings):
    settings.BEHIND_PROXY = True
    try_often(sponsor, portal.MISSES + 1, HTTP_X_FORWARDED_FOR="203.0.113.5")
    assert try_often(sponsor, 1, HTTP_X_FORWARDED_FOR="198.51.100.7") == 404
    assert try_often(sponsor, 1, HTTP_X_FORWARDED_FOR="10.0.0.1, 203.0.113.5") == 429


@pytest.mark.parametrize(
    ("behind", "said", "address"),
    [
        (False, "203.0.113.5", "127.0.0.1"),
        (True, "203.0.113.5", "203.0.113.5"),
        (True, "forged, 203.0.113.5", "203.0.113.5"),
        (True, "", "127.0.0.1"),
        (True, "203.0.113.5, ", "127.0.0.1"),
        (1, "forged, 203.0.113.5", "203.0.113.5"),
        (2, "forged, 203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "10.0.0.1", "10.0.0.1"),
        (0, "203.0.113.5", "127.0.0.1"),
    ],
)
def test_a_visitor_cannot_choose_their_address(settings, behind, said, address):
    settings.BEHIND_PROXY = behind
    assert visitor_address(RequestFactory().get("/", headers={"X-Forwarded-For": said})) == address


def test_addresses_are_not_kept(sponsor):
    try_often(sponsor, 1, REMOTE_ADDR="198.51.100.7")
    assert "198.51" not in PortalMiss.objects.get().where


@pytest.mark.parametrize(("name", "days"), [(" ", 60), ("Ann", 0), ("Ann", 401)])
def test_a_link_is_for_somebody_and_for_a_time(insertion, name, days):
    with pytest.raises(Refused):
        invited(insertion, name=name, days=days)


# walls


def test_one_sponsor_never_sees_anothers(sponsor, link, issue):
    other = make_ready(make_insertion(issue, "closing", advertiser=make_advertiser("Tar")), headline="Pitch")
    trafficking.remark(other, "Between us", who="Tim", by=None, now=NOW)
    plain = sponsor.get("/sponsor/no/").content
    for rest in ("", "message/", "frame/html/", "frame/text/"):
        answer = sponsor.get(path(link, f"{other.pk}/{rest}"))
        assert (answer.status_code, answer.content) == (404, plain)
    for rest in ("message/", "decide/", "remark/"):
        assert sponsor.post(path(link, f"{other.pk}/{rest}"), {"words": "x"}).content == plain
    assert "Tar" not in sponsor.get(path(link)).content.decode()
    assert Remark.objects.count() == 1


def test_two_orders_of_one_sponsor_are_two_doors(sponsor, link, insertion, issue):
    second = make_insertion(
        issue, "closing", line=make_line(issue.publication, insertion.advertiser, max_per_issue=2)
    )
    assert sponsor.get(path(link, f"{second.pk}/")).status_code == 404


def everything_behind(link: PortalLink, insertion: Insertion) -> list[str]:
    """Every address that opens with the link."""
    own = ["", "message/", "frame/html/", "frame/text/"]
    return [
        path(link),
        *(path(link, f"{insertion.pk}/{rest}") for rest in own),
        *(path(link, f"report.{ending}") for ending in ("csv", "xlsx", "pdf")),
    ]


def test_nothing_editorial_is_in_any_response_before_publication(sponsor, link, insertion, issue):
    reviewed(insertion)
    for address in everything_behind(link, insertion):
        answer = sponsor.get(address)
        assert answer.status_code == 200, address
        body = answer.content + str(answer.headers).encode()
        assert SECRET.encode() not in body, address
        assert issue.slug.encode() not in body, address
        assert b"Story 1" not in body, address


def test_what_ran_shows_figures_and_not_what_stood_beside_it(sponsor, publication):
    issue = make_sponsored_issue(publication)
    issue.blocks.filter(kind="lead_story").update(data=issue.blocks.first().data | {"heading": SECRET})
    insertion = make_ready(make_insertion(issue))
    send_out(issue, delivered=1234)
    link = invited(insertion)
    shown = sponsor.get(path(link, f"{insertion.pk}/")).content.decode()
    assert "1,234" in shown
    assert SECRET not in shown + sponsor.get(path(link)).content.decode()


@pytest.mark.parametrize(
    ("ending", "start"), [("csv", b"\xef\xbb\xbfDay,"), ("xlsx", b"PK"), ("pdf", b"%PDF")]
)
def test_the_report_is_a_file(sponsor, link, ending, start):
    assert sponsor.get(path(link, f"report.{ending}")).content.startswith(start)


def test_there_is_no_other_file(sponsor, link):
    assert sponsor.get(path(link, "report.exe")).status_code == 404


# bringing in the message


TYPED = {"headline": "Rope for all", "body": "We twist rope.", "url": "https://oakum.example/", "cta": "See"}


def picture(width: int, height: int, *, noise: bool = False) -> bytes:

    image = (
        PIL.Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
        if noise
        else PIL.Image.new("RGB", (width, height), "navy")
    )
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("rope.png", data, content_type="image/png")


def bring_in(client: Client, link: PortalLink, insertion: Insertion, **words):
    return client.post(path(link, f"{insertion.pk}/message/"), TYPED | words)


def test_a_message_is_brought_in_under_the_name_of_whoever_has_the_link(sponsor, link, insertion):
    answer = bring_in(sponsor, link, insertion, upload=upload(picture(600, 200)), alt="Rope")
    assert answer.status_code == 302
    version = whole(insertion).version
    assert (version.headline, version.submitted_by, version.status) == (
        "Rope for all",
        "Ann",
        VersionStatus.SUBMITTED,
    )
    assert version.image


WRONG_IMAGES = [
    (lambda: b"<svg onload=alert(1)>", "picture"),
    (lambda: picture(300, 100), "The image is 300 × 100 pixels; it must be at least 600 × 200."),
    (lambda: picture(620, 300, noise=True), r"The image has \d+ KB; this format takes at most 500 KB."),
    (
        lambda: picture(600, 200) + bytes(9 * 1024 * 1024),
        "The image has 9,2\\d\\d KB; this format takes at most 500 KB.",
    ),
]


@pytest.mark.parametrize(("made", "sentence"), WRONG_IMAGES)
def test_a_wrong_image_is_refused_with_limit_and_value_and_what_was_typed_is_kept(
    sponsor, link, insertion, made, sentence
):
    answer = bring_in(sponsor, link, insertion, upload=upload(made()), alt="Rope")
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(sentence, shown)
    for words in TYPED.values():
        assert words in shown
    assert whole(insertion).version is None


def test_all_that_is_wrong_is_said_at_once(sponsor, link, insertion):
    words = {"headline": "x" * 81, "url": "http://oakum.example/"}
    shown = bring_in(
        sponsor, link, insertion, upload=upload(picture(300, 100)), alt="", **words
    ).content.decode()
    for sentence in ("300 × 100", "headline has 81", "must begin with https://", "Say what the image shows"):
        assert sentence in shown


def test_fifty_megabytes_are_refused_before_anybody_opens_them(insertion, monkeypatch):
    monkeypatch.setattr(images, "decode", lambda upload: pytest.fail("It was opened."))
    file = upload(b"small")
    file.size = 50 * 1024 * 1024
    form = CreativeForm(
        TYPED, {"upload": file}, form_of=insertion.slot.placement.format, before=None, day=TODAY
    )
    assert form.errors["upload"] == ["The image has 51,200 KB; this format takes at most 500 KB."]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"headline": "x" * 81}, "The headline has 81 characters; this format takes at most 80."),
        ({"headline": "x" * 201}, "200"),
        ({"body": "y" * 901}, "The message has 901 characters; this format takes at most 900."),
        ({"cta": "z" * 41}, "The button has 41 characters; this format takes at most 40."),
        ({"url": "http://oakum.example/"}, "must begin with https://"),
        ({"url": "javascript:alert(1)"}, ""),
        ({"body": "[rope](http://oakum.example/)"}, "must begin with https://"),
        ({"valid_from": "2031-05-02", "valid_until": "2031-05-01"}, "ends before it begins"),
    ],
)
def test_words_that_do_not_fit_are_refused_with_limit_and_value_and_kept(
    sponsor, link, insertion, words, sentence
):
    answer = bring_in(sponsor, link, insertion, **words)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in shown
    for typed in (TYPED | words).values():
        assert typed in shown
    assert whole(insertion).version is None


def test_words_cannot_carry_a_script(sponsor, link, insertion):
    bring_in(
        sponsor, link, insertion, headline="<script>alert(1)</script>", body="<img src=x onerror=alert(1)>"
    )
    for address in everything_behind(link, insertion)[:4]:
        shown = sponsor.get(address).content.decode()
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown


# deciding


def decide(client: Client, link: PortalLink, insertion: Insertion, *, seal: str = "", **given):
    rendering = seal or showing.seal(whole(insertion))
    sent = {"rendering": rendering, "decision": "approved"} | given
    return client.post(path(link, f"{insertion.pk}/decide/"), sent, follow=True).content.decode()


def approved(insertion: Insertion) -> bool:
    return trafficking.approved(whole(insertion)) is not None


def test_the_rendering_that_was_shown_is_approved_under_the_links_name(sponsor, link, insertion):
    reviewed(insertion)
    seal = re.search(
        r'name="rendering" value="(\w+)"', sponsor.get(path(link, f"{insertion.pk}/")).content.decode()
    )
    assert "Approved. Thank you." in decide(sponsor, link, insertion, seal=seal[1])
    assert approved(insertion)
    assert Proof.objects.get().who == "Ann"


def test_a_page_that_is_out_of_date_gets_a_sentence_and_no_approval(sponsor, link, insertion):
    seal = showing.seal(reviewed(insertion))
    reviewed(insertion, headline="Ships")
    assert "The message has changed since you opened this page." in decide(
        sponsor, link, insertion, seal=seal
    )
    assert not Proof.objects.exists()


@pytest.mark.parametrize("seal", ["x", "0" * 64, "'; drop table", "é"])
def test_an_invented_rendering_approves_nothing(sponsor, link, insertion, seal):
    reviewed(insertion)
    decide(sponsor, link, insertion, seal=seal)
    assert not Proof.objects.exists()


def test_any_edit_asks_for_approval_again(sponsor, link, insertion):
    reviewed(insertion)
    decide(sponsor, link, insertion)
    bring_in(sponsor, link, insertion)
    assert not approved(insertion)


def test_a_changed_label_asks_for_approval_again(sponsor, link, insertion):
    reviewed(insertion)
    decide(sponsor, link, insertion)
    form = insertion.slot.placement.format
    form.label_template = "PRESENTED BY {ADVERTISER}"
    form.save()
    assert not approved(insertion)


def test_before_there_is_a_message_nothing_is_decided(sponsor, link, insertion):
    answer = decide(sponsor, link, insertion, seal="x")
    assert "There is nothing to approve yet" in answer


def test_before_our_review_nothing_is_decided(sponsor, link, insertion):
    submitted(insertion)
    assert "Our review comes first" in decide(sponsor, link, insertion)
    assert not Proof.objects.exists()


def test_changes_are_asked_for_in_words(sponsor, link, insertion):
    reviewed(insertion)
    assert "Say what should change." in decide(sponsor, link, insertion, decision="changes_requested")
    decide(sponsor, link, insertion, decision="changes_requested", words="Less blue.")
    assert (Proof.objects.get().decision, Proof.objects.get().words) == (
        Decision.CHANGES_REQUESTED,
        "Less blue.",
    )


@pytest.fixture
def twins(issue) -> list[Insertion]:
    line = make_line(issue.publication, make_advertiser("Oakum"), max_per_issue=2)
    made = [make_insertion(issue, code, line=line) for code in ("primary", "closing")]
    reviewed(made[0])
    return made


def test_twins_are_decided_together(sponsor, twins):
    link = invited(twins[0])
    assert "stands twice in this issue" in sponsor.get(path(link, f"{twins[0].pk}/")).content.decode()
    decide(sponsor, link, twins[0])
    assert [approved(each) for each in twins] == [True, True]


def test_where_each_message_stands_is_said_on_the_first_page(sponsor, twins):
    link = invited(twins[0])
    assert sponsor.get(path(link)).content.decode().count("We wait for your approval") == 2
    decide(sponsor, link, twins[0])
    assert sponsor.get(path(link)).content.decode().count("Ready") == 2


def test_what_was_never_approved_is_not_called_ready_once_the_issue_is_closed(sponsor, insertion, link):
    type(insertion.slot.issue).objects.filter(pk=insertion.slot.issue_id).update(status="cancelled")
    shown = sponsor.get(path(link)).content.decode()
    assert "Closed for changes" in shown
    assert "Ready" not in shown


def test_before_anything_ran_no_noughts_are_reported(sponsor, insertion, link):
    shown = sponsor.get(path(link)).content.decode()
    assert "Nothing has run yet; 1 insertion is still to come." in shown
    assert "Mails delivered" not in shown


def test_a_twin_with_other_words_is_decided_alone(sponsor, twins):
    other = trafficking.submit(twins[1], MESSAGE | {"headline": "Other"}, who="Ann", by=None, now=NOW)
    Insertion.objects.filter(pk=twins[0].pk).update(version=other.creative.versions.get(number=1))
    decide(sponsor, invited(twins[0]), twins[0])
    assert [approved(each) for each in twins] == [True, False]


def test_where_another_message_stands_in_the_decision_is_about_the_late_one(sponsor, publication, issue):
    advertiser = make_advertiser("Oakum")
    make_ready(
        make_insertion(make_sponsored_issue(publication, planned_for=TODAY), advertiser=advertiser),
        headline="Old rope",
    )
    insertion = make_insertion(issue, advertiser=advertiser)
    reviewed(insertion, headline="New rope")
    stand_in = advertiser.creatives.first().versions.first()
    old = Insertion.objects.exclude(pk=insertion.pk).get().version
    Insertion.objects.filter(pk=insertion.pk).update(late_since=NOW, stand_in=old)
    assert stand_in
    link = invited(insertion)
    assert "New rope" in sponsor.get(path(link, f"{insertion.pk}/frame/html/")).content.decode()
    decide(sponsor, link, insertion, seal=showing.seal(whole(insertion), whole(insertion).version))
    assert approved(insertion)


# remarks, and the end


def test_a_remark_is_signed_with_the_links_name(sponsor, link, insertion):
    sponsor.post(path(link, f"{insertion.pk}/remark/"), {"words": "<b>Hello</b>"})
    assert str(Remark.objects.get()) == "Ann: <b>Hello</b>"
    assert "<b>Hello" not in sponsor.get(path(link, f"{insertion.pk}/")).content.decode()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(" ", "Write something first."), ("x" * 2001, "At most 2,000 characters; these are 2,001.")],
)
def test_a_remark_of_nothing_or_of_too_much_is_a_sentence(sponsor, link, insertion, words, sentence):
    answer = sponsor.post(path(link, f"{insertion.pk}/remark/"), {"words": words}, follow=True)
    assert sentence in answer.content.decode()
    assert not Remark.objects.exists()


def test_once_the_issue_is_approved_nothing_changes_any_more(sponsor, publication):
    issue = make_sponsored_issue(publication)
    insertion = make_ready(make_insertion(issue))
    link, before = invited(insertion), insertion.version
    issue.refresh_from_db()
    workflow.submit(issue, by=None, now=NOW)
    workflow.approve(issue, by=None, now=NOW)
    shown = sponsor.get(path(link, f"{insertion.pk}/")).content.decode()
    assert "Change the message" not in shown
    assert bring_in(sponsor, link, insertion).status_code == 422
    decide(sponsor, link, insertion, decision="changes_requested", words="Stop!")
    assert whole(insertion).version == before
    assert approved(insertion)


def test_a_link_cannot_be_used_from_another_site():
    made = make_insertion()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path(invited(made), f"{made.pk}/remark/"), {"words": "x"}).status_code == 403
    assert not Remark.objects.exists()
