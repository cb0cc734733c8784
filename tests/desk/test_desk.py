"""The desk itself: signing in, what it warns of, its list of issues, readers, roles and commands."""

import datetime
import email
import subprocess
import sys
from collections import Counter
from email import policy
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse

from issues.models import Block, Contributor, FundingRound, Issue, Publication
from newsroom.audience import recipients
from newsroom.audience.models import Intake, Subscription
from newsroom.delivery.clicks.footprints import reader_of
from newsroom.delivery.control import scheduling
from newsroom.delivery.models import Outcome, Return, Send
from newsroom.delivery.queue import counting
from newsroom.desk import roles
from tests.make import (
    NOW,
    make_approved_issue,
    make_issue,
    make_person,
    make_publication,
    make_published_issue,
    make_reader,
    make_readers,
)

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)


def said(client: Client, path: str = "/desk/", **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return response.content.decode()


def run(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


# Signing in


def test_a_person_signs_in_and_comes_to_where_they_wanted():
    make_person(roles.EDITOR, username="edith")
    client = Client()
    sent_to = client.get("/desk/issues/new/").headers["Location"]
    response = client.post(
        sent_to, {"username": "edith", "password": "a long password", "next": "/desk/issues/new/"}
    )
    assert response.headers["Location"] == "/desk/issues/new/"
    assert client.get("/desk/issues/new/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere_after_signing_in(target):
    make_person(roles.EDITOR, username="edith")
    response = Client().post(
        "/desk/sign-in/", {"username": "edith", "password": "a long password", "next": target}
    )
    assert response.headers["Location"] == "/desk/"


def test_a_wrong_password_is_said_so_without_saying_which_was_wrong():
    make_person(roles.EDITOR, username="edith")
    answers = {
        Client()
        .post("/desk/sign-in/", {"username": name, "password": "wrong"})
        .context["form"]
        .non_field_errors()[0]
        for name in ("edith", "nobody")
    }
    assert len(answers) == 1


def test_the_sign_in_page_names_the_demo_only_where_it_was_made(settings):
    assert "demo-edith" not in said(Client(), "/desk/sign-in/")
    make_person(roles.EDITOR, username="edith")
    assert "demo-edith" in said(Client(), "/desk/sign-in/")
    settings.HTTPS = True
    assert "demo-edith" not in said(Client(), "/desk/sign-in/")


def test_signing_out_needs_a_button(edith):
    assert edith.get("/desk/sign-out/").status_code == 405
    edith.post("/desk/sign-out/")
    assert edith.get("/desk/").status_code == 302


# Notices


def test_a_scheduler_that_never_started_is_said(edith):
    assert "The scheduler has not started yet" in said(edith)


@pytest.mark.parametrize(("silent_for", "warned"), [(0, False), (30, False), (31, True), (86_400, True)])
def test_a_scheduler_that_fell_silent_is_said(edith, silent_for, warned):
    with time_machine.travel(NOW, tick=False):
        edith.force_login(make_person(roles.EDITOR))
        scheduling.beat(now=NOW - silent_for * SECOND)
        page = said(edith)
    assert ("The scheduler was last heard at" in page) == warned
    assert "has not started yet" not in page


def test_a_send_that_waits_says_why_on_every_page(edith):
    publication = make_publication()
    make_reader(publication)
    scheduling.schedule(make_approved_issue(publication, title="Ferries"), NOW + SECOND, by=None, now=NOW)
    Send.objects.update(waiting_for="The mail server does not answer.")
    for path in ("/desk/", "/desk/issues/new/", "/desk/sponsors/"):
        assert "“Ferries” waits: The mail server does not answer." in said(edith, path)


def test_readers_and_strangers_see_no_notice():
    assert "scheduler" not in said(Client(), "/")
    assert "scheduler" not in said(Client(), "/desk/sign-in/")


# The list of issues


def test_the_list_is_by_day_the_latest_first(edith):
    for day in (5, 7, 6):
        make_issue(title=f"Number {day}.", planned_for=datetime.date(2031, 3, day))
    page = said(edith)
    assert page.index("Number 7.") < page.index("Number 6.") < page.index("Number 5.")


def test_the_list_is_filtered_and_searched(edith):
    ferry, crane = make_issue(title="Ferry"), make_approved_issue(title="Crane")
    assert ("Ferry" in said(edith, status="approved"), "Crane" in said(edith, status="approved")) == (
        False,
        True,
    )
    assert "Crane" not in said(edith, q="ferr")
    assert "Ferry" in said(edith, q="FERR")
    assert "Crane<" not in said(edith, publication=str(ferry.publication.pk))
    assert "Crane<" in said(edith, publication=str(crane.publication.pk))
    assert "No issue matches" in said(edith, q="sundial")


@pytest.mark.parametrize(
    "odd", [{"status": "x"}, {"publication": "x"}, {"page": "x"}, {"page": "99"}, {"q": "%\0"}]
)
def test_an_odd_filter_is_no_crash(edith, odd):
    make_issue()
    said(edith, **odd)


def test_the_list_takes_the_same_queries_however_long_it_is(edith, django_assert_max_num_queries):
    publication = make_publication()
    for _ in range(12):
        make_issue(publication)
    with django_assert_max_num_queries(14):
        said(edith)


def test_an_empty_house_leads_to_a_first_publication(edith, olga):
    assert "An operator starts one" in said(edith)
    assert reverse("admin:issues_publication_add") in said(olga)


# Readers


def test_readers_are_listed_counted_and_searched(olga):
    publication = make_publication()
    make_readers(publication, 2)
    make_reader(publication, "ann@readers.example", name="Ann", status="unsubscribed")
    page = said(olga, "/desk/subscribers/", q="ann", status="unsubscribed")
    assert "ann@readers.example" in page
    assert "<dd>2</dd>" in said(olga, "/desk/subscribers/figures/")
    assert "Nobody matches" in said(olga, "/desk/subscribers/", q="ann", status="active")


def test_a_reader_is_found_by_their_address_as_they_write_it(olga):
    make_reader(make_publication(), "ann@xn--bcher-kva.example", name="Ann")
    assert "ann@xn--bcher-kva.example" in said(olga, "/desk/subscribers/", q="Ann@BÜCHER.example")


@pytest.mark.parametrize("odd", [{"q": "a\0b"}, {"status": "x"}, {"page": "-1"}])
def test_an_odd_search_of_readers_is_no_crash(olga, odd):
    said(olga, "/desk/subscribers/", **odd)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\0\0"])
def test_a_file_that_cannot_be_read_is_refused_on_the_page(olga, content):
    posted = {"publication": make_publication().pk, "file": SimpleUploadedFile("readers.csv", content)}
    response = olga.post("/desk/subscribers/import/", posted)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Subscription.objects.exists()


# Roles


def test_every_role_has_exactly_its_rights_after_migrating():
    for name, rights in roles.ROLES.items():
        held = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in held} == set(rights), name


def test_a_right_that_was_added_by_hand_goes_with_the_next_migration():
    group = Group.objects.get(name=roles.EDITOR)
    group.permissions.add(*Group.objects.get(name=roles.CHIEF).permissions.all())
    roles.make_roles()
    assert group.permissions.count() == len(roles.ROLES[roles.EDITOR])


# Commands


def test_a_small_demo_is_made_once():
    first = run("make_demo", "--days", "7", "--readers", "3")
    assert "with 45 issues and 3 readers" in first
    counts = (Issue.objects.count(), Subscription.objects.count())
    assert run("make_demo", "--days", "7", "--readers", "3") == ""
    assert (Issue.objects.count(), Subscription.objects.count()) == counts
    assert {each.title != "" for each in Issue.objects.exclude(status="sent")} == {
        True,
        False,
    }  # a draft, and those planned


def test_bylines_of_the_demo_are_of_contributors_and_guests():
    run("make_demo", "--days", "30", "--readers", "3")
    bylines = list(Block.objects.filter(kind="byline"))
    staff = {each.pk for each in Contributor.objects.all()}
    assert len(staff) == 2
    assert {each.data["contributor"] for each in bylines} == {None, *staff}


def test_the_demo_knows_of_every_reader_what_became_of_each_send():
    run("make_demo", "--days", "30", "--readers", "40")
    became = Counter[Outcome]()
    for send in Send.objects.select_related("issue"):
        rows = Counter(Outcome(each) for each in send.deliveries.values_list("outcome", flat=True))
        counts = counting.tally(send)
        assert (counts.sent, counts.failed, counts.skipped, counts.in_doubt) == tuple(
            rows[each] for each in Outcome
        )
        assert (counts.sent, counts.waiting) == (send.issue.delivered, 0)
        assert {"scheduled", "started", "finished"} <= set(send.events.values_list("what", flat=True))
        became += rows
    assert set(became) == set(Outcome)
    assert became[Outcome.IN_DOUBT] == 1


def test_only_readers_who_got_an_issue_of_the_demo_click_in_it():
    run("make_demo", "--days", "10", "--readers", "40")
    for send in Send.objects.all():
        got = dict(send.deliveries.filter(outcome=Outcome.SENT).values_list("subscription_id", "at"))
        names = {reader_of(send.issue_id, reader): at for reader, at in got.items()}
        clicks = list(send.issue.clicks.all())
        assert clicks
        assert all(each.delivered_at == names[each.reader] < each.at for each in clicks)
    assert not Return.objects.exclude(send__deliveries__subscription=F("subscription")).exists()


def test_no_demo_is_made_in_a_house_that_is_lived_in():
    make_publication()
    assert run("make_demo") == ""
    assert Publication.objects.count() == 1


@pytest.mark.parametrize("part", ["html", "text", "web"])
def test_a_rendering_is_printed_as_it_was_frozen(part):
    issue = make_published_issue()
    Publication.objects.update(name="Renamed since")
    assert (
        run("render_issue", str(issue.pk), "--format", part).strip() == getattr(issue.edition, part).strip()
    )


def test_a_draft_is_printed_as_a_whole_message():
    issue = make_issue(title="Two ferries")
    message = email.message_from_string(
        run("render_issue", str(issue.pk), "--format", "eml"), policy=policy.default
    )
    assert message["Subject"] == "Two ferries"
    assert {part.get_content_type() for part in message.iter_parts()} == {"text/plain", "text/html"}


def test_an_issue_that_is_not_there_cannot_be_printed():
    with pytest.raises(CommandError, match="There is no issue 999999"):
        run("render_issue", "999999")


def test_a_draft_is_brought_in_from_a_file(tmp_path):
    publication = make_publication()
    (tmp_path / "draft.md").write_text("# Two ferries\n\nThe harbour has a second ferry. It sails at dawn.\n")
    run("import_issue", str(tmp_path / "draft.md"), "--publication", publication.slug, "--on", "2031-03-04")
    issue = Issue.objects.get()
    assert (issue.title, issue.planned_for) == ("Two ferries", datetime.date(2031, 3, 4))


@pytest.mark.parametrize(
    ("content", "slug", "reason"),
    [
        (b"", "", "."),
        (b"\x89PNG\r\n\x1a\n\0\0", "", "."),
        (b"# Words", "nothing", "There is no publication “nothing”"),
    ],
)
def test_a_draft_that_cannot_be_brought_in_says_why_and_saves_nothing(tmp_path, content, slug, reason):
    publication = make_publication()
    (tmp_path / "draft.md").write_bytes(content)
    with pytest.raises(CommandError, match=reason):
        run("import_issue", str(tmp_path / "draft.md"), "--publication", slug or publication.slug)
    assert not Issue.objects.exists()


@pytest.mark.parametrize("day", ["2026-02-31", "tomorrow", "31/05/2026"])
def test_a_day_that_is_none_is_said_so_in_a_sentence(tmp_path, day):
    with pytest.raises(CommandError, match=f"“{day}” is no day. Write it as"):
        run("import_issue", str(tmp_path / "draft.md"), "--publication", "any", "--on", day)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(CommandError, match="cannot be opened"):
        run("import_issue", str(tmp_path / "nothing"), "--publication", make_publication().slug)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["deliver", "7"], "unrecognized arguments: 7"),
        (["deliver", "seven"], "unrecognized arguments: seven"),
        (["render_issue", "9" * 30], "There is no issue 9"),
        (["make_demo", "--days", "-3"], "at least 7 days"),
        (["make_demo", "--readers", "0"], "has a reader"),
        (["export_subscribers", "quay", "/nowhere/at all.csv"], r"all.csv: No such file or directory\.$"),
        (["import_subscribers", "/nowhere", "--list", "quay", "--consent", "x"], r"^/nowhere: No such file"),
    ],
)
def test_a_command_says_in_a_sentence_what_it_cannot_do(command, said):
    recipients.list_of("quay", name="The Quay")
    with pytest.raises(CommandError, match=said):
        run(*command)


def test_a_port_that_cannot_be_is_refused_in_a_sentence(settings):
    # in a process of its own: where a test has used a browser, an event loop runs already
    words = [sys.executable, "manage.py", "catch_mail", "--port", "80000"]
    given = subprocess.run(words, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert given.returncode == 1
    assert given.stderr.startswith("CommandError: Cannot take mail on port 80000")


def test_an_import_that_is_refused_in_the_terminal_keeps_no_file(tmp_path, settings):
    settings.VAR = tmp_path
    recipients.list_of("quay", name="The Quay")
    (tmp_path / "readers.csv").write_text("email\nann@readers.example\n")
    with pytest.raises(CommandError, match="Say where these people agreed"):
        run("import_subscribers", str(tmp_path / "readers.csv"), "--list", "quay", "--consent", " ")
    assert not Intake.objects.exists()
    assert not list((tmp_path / "intakes").iterdir())


def test_facts_of_the_blocks_are_rebuilt():
    make_issue(blocks=("financial_corner",))
    before = list(FundingRound.objects.values_list("company", "amount").order_by("company"))
    FundingRound.objects.all().delete()
    assert "Rebuilt the facts of 1 issue." in run("reproject")
    assert list(FundingRound.objects.values_list("company", "amount").order_by("company")) == before != []
