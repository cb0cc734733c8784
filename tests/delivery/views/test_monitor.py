"""The pages of a send: the monitor in each state, cancelling, deciding, looking up, limits, the choices of the schedule."""

import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from issues.models import Issue, Publication
from newsroom.audience import segments
from newsroom.audience.models import Segment, Subscription
from newsroom.audience.rules import Seed
from newsroom.delivery.control import scheduling, steering
from newsroom.delivery.models import Policy, RateLimit, Send, SendStatus, Stage, Worker
from newsroom.delivery.queue import chunks, counting, ledger
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.reporting import monitoring
from newsroom.delivery.reporting.monitoring import Eta, spelled
from newsroom.delivery.sender import sending
from tests.delivery.hands import LATER, MINUTE, Hand, fresh, settled, started
from tests.make import (
    NOW,
    describe,
    make_approved_issue,
    make_list,
    make_publication,
    make_reader,
    make_readers,
)

pytestmark = pytest.mark.django_db
SENT, FAILED, PUT_OFF, DOUBT = Mark.SENT, Mark.FAILED, Mark.PUT_OFF, Mark.HANDED_OVER
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(LATER, tick=False):
        yield


def at(send: Send, page: str = "") -> str:
    return f"/desk/issues/{send.issue_id}/sending/{page}"


def shown(client: Client, send: Send, page: str = "", **extra: Any) -> str:
    response = client.get(at(send, page), **extra)
    assert response.status_code == 200, response
    return response.content.decode()


def state(send: Send) -> str:
    return monitoring.state(fresh(send), now=LATER)


# The states


def test_queued_counts_down(chris):
    publication = make_publication()
    make_readers(publication, 2)
    send = scheduling.schedule(make_approved_issue(publication), LATER + 200 * SECOND, by=None, now=NOW)
    page = shown(chris, send)
    assert state(send) == "queued"
    assert "In <strong>3 min 20 s</strong>" in page
    assert "Unschedule" in page
    assert "every 10s" in page


def test_sending_says_rate_limit_and_the_end(chris):
    RateLimit.objects.create(domain="", per_second=350)
    send = started(10)
    worker = Hand(send)
    worker.claim(LATER)
    Worker.objects.update(rate=0.125, sent=4, seen_at=LATER)
    page = shown(chris, send)
    assert "4 of 10 readers · 40 %" in page
    assert "<strong>0.1</strong> a second" in page
    assert "(limit 350)" in page
    assert "done in about" in page or "done in 1" in page
    assert "every 2s" in page
    assert "Worker" in page


def test_a_chunk_that_is_closed_is_not_counted_once_more_by_what_its_worker_said_of_it(chris):
    send = started(chunks.SIZE + 60)
    worker = Hand(send)
    worker.claim(LATER)
    (job,) = worker.jobs
    for place in range(len(job.rows)):
        job.journal.mark(place, SENT)
    Worker.objects.update(sent=50, seen_at=LATER)
    worker.close(LATER)
    worker.claim(LATER)
    assert counting.tally(send).sent == len(job.rows)


def test_the_end_is_a_range_while_the_rate_is_not_steady_and_unknown_at_first():
    assert str(Eta(113 * SECOND, 113 * SECOND, LATER)) == "in about 1 min 53 s"
    assert str(Eta(100 * SECOND, 280 * SECOND, LATER)) == "in 2–5 min"
    assert str(Eta(10 * SECOND, 50 * SECOND, LATER)) == "in less than a minute"
    send = started(10)
    assert monitoring.eta(send, counting.tally(send), 5, now=NOW + MINUTE + 9 * SECOND) is None
    assert monitoring.eta(send, counting.tally(send), 0, now=LATER) is None
    assert monitoring.eta(send, counting.tally(send), 5, now=LATER).steady


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (-5, "0 s"),
        (45, "45 s"),
        (113, "1 min 53 s"),
        (120, "2 min"),
        (7500, "2 h 5 min"),
        (86400, "1 day"),
        (273600, "3 days 4 h"),
    ],
)
def test_spans_are_spelled(span, words):
    assert spelled(datetime.timedelta(seconds=span)) == words


def test_pausing_says_how_many_were_handed_over_and_paused_says_who_and_why(chris):
    send = started(3)
    worker = Hand(send)
    worker.claim(LATER)
    chris.post(at(send, "pause/"))
    assert "Pausing… 3 already handed over" in shown(chris, send)
    worker.leave(LATER)
    page = shown(chris, send)
    assert state(send) == "paused"
    assert "Paused by person" in page
    assert "Resume" in page


def test_held_by_itself_says_the_reason(chris):
    send = started(3)
    steering.pause(send, by=None, now=LATER, why="Held by itself: 26 of 500 messages failed (5.2 %).")
    page = shown(chris, send)
    assert "Paused by itself since" in page
    assert "26 of 500 messages failed" in page
    assert "is paused: Held by itself" in shown(chris, send).partition("<main")[0]


def test_stalled_says_whether_the_worker_answers(chris):
    send = started(3)
    with time_machine.travel(LATER + MINUTE, tick=False):
        assert "no worker has taken it up" in shown(chris, send)
        worker = Hand(send)
        Worker.objects.filter(pk=worker.row.pk).update(seen_at=LATER - MINUTE, rate=5)
        assert "is not answering; it was last heard at" in shown(chris, send)
        Worker.objects.filter(pk=worker.row.pk).update(seen_at=LATER + MINUTE, rate=0)
        page = shown(chris, send)
        assert "answers, but the mail server takes nothing" in page
        assert "has stalled: nothing has moved for a minute" in chris.get("/desk/").content.decode()


def test_what_it_waits_for_is_said_with_the_next_try(chris):
    send = started(3)
    Send.objects.update(not_before=LATER + 90 * SECOND, waiting_for="The mail server does not answer.")
    assert state(send) == "waiting"
    assert "The mail server does not answer. Next try in 1 min 30 s." in shown(chris, send)


def test_a_wait_that_is_over_is_no_stall(chris):
    send = started(3)
    Send.objects.update(not_before=LATER + 5 * MINUTE, waiting_for="3 messages put off by the mail server.")
    for seconds, expected in [(299, "waiting"), (301, "sending"), (359, "sending"), (361, "stalled")]:
        now = LATER + seconds * SECOND
        assert monitoring.state(fresh(send), now=now) == expected


def test_finished_has_a_summary_and_asks_no_more(chris):
    send = started(2)
    settled(send, SENT, FAILED)
    sending._wrap_up(fresh(send), now=LATER + MINUTE)
    page = shown(chris, send)
    assert "100 %" in page
    assert "after 2 min" in page
    assert "1 sent, 1 failed" in page
    assert "hx-trigger" not in page


def test_missed_says_what_to_do(chris):
    publication = make_publication()
    make_readers(publication, 2)
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    scheduling.give_up(send, now=LATER)
    page = shown(chris, send)
    assert "never will by itself" in page
    assert "Schedule anew" in page


def test_an_older_database_is_explained(chris):
    send = started(2)
    steering.pause(send, by=None, now=LATER, why=ledger.TIME_TRAVEL)
    assert "The database is older than what this machine has sent" in shown(chris, send)


def test_cancelling_before_anybody_has_it_does_not_count_nobody(chris):
    send = started(3)
    steering.pause(send, by=None, now=LATER)
    assert "Nobody has it yet. 3 will not get it." in shown(chris, send, "rest/")


def test_a_canary_shows_its_stages_seeds_and_when_the_next_opens(chris):
    publication = make_publication(canary=True)
    make_readers(publication, 20)
    Subscription.objects.filter(pk=make_reader(publication, "seed@own.example").pk).update(seed=True)
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    assert "waiting" in shown(chris, send).partition("seed@own.example")[2][:80]
    settled(send, SENT)
    page = shown(chris, send)
    assert state(send) == "held"
    assert "opens by itself at" in page
    assert "08:04:00" in page
    assert "Go on now: the first 1 %" in page
    chris.post(at(send, "go-on/"))
    assert fresh(send).stage == Stage.FEW


def test_only_addresses_of_our_own_that_the_send_goes_to_are_shown(chris):
    publication = make_publication()
    for number, name in enumerate(["reader", "seed"]):
        own = make_reader(publication, f"{name}@own.example")
        Subscription.objects.filter(pk=own.pk).update(seed=number)
    others = segments.make(make_list(publication), "Others", (Seed("is not"),), by=None, now=NOW)
    issue = make_approved_issue(publication)
    send = scheduling.schedule(issue, NOW + MINUTE, by=None, now=NOW, segment=others)
    sending.start(send, now=NOW + MINUTE)
    assert "seed@own.example" not in shown(chris, send)
    settled(send, SENT)
    Subscription.objects.update(seed=True)
    page = shown(chris, send)
    assert "seed@own.example" not in page
    assert "reader@own.example" in page


def test_while_the_state_is_the_same_only_the_figures_are_sent(chris):
    send = started(3)
    same = chris.get(at(send), {"seen": "sending.3.0"}, HTTP_HX_REQUEST="true")
    assert same.content.startswith(b'<div id="progress"')
    assert b"Pause" not in same.content
    other = chris.get(at(send), {"seen": "queued.3.0"}, HTTP_HX_REQUEST="true")
    assert (other["HX-Retarget"], other["HX-Reswap"]) == ("#monitor", "outerHTML")
    assert b"Pause" in other.content


def test_who_may_not_steer_sees_and_has_no_button_and_no_address(edith):
    send = started(3)
    settled(send, DOUBT, FAILED)
    page = shown(edith, send)
    assert "In doubt: 1" in page
    assert "Failed: 1" in page
    assert "<button>Pause" not in page
    assert "@readers.example" not in page
    assert edith.post(at(send, "pause/")).status_code == 403


# Cancelling the rest


def test_cancelling_pauses_first_says_the_numbers_and_takes_them_back(chris):
    send = started(5)
    settled(send, SENT, SENT)
    assert chris.post(at(send, "rest/")).headers["Location"] == at(send, "rest/")
    page = shown(chris, send, "rest/")
    assert "2 already have it and cannot be recalled. 3 will not get it." in page
    assert "Cancel remaining 3" in page
    assert "autofocus>Keep sending" in page
    assert fresh(send).status == SendStatus.PAUSED
    refused = chris.post(at(send, "rest/"), {"left": "4"}, follow=True).content.decode()
    assert "3 readers would not get it now" in refused
    assert chris.post(at(send, "rest/"), {"left": "x"}, follow=True).status_code == 200
    assert fresh(send).status == SendStatus.PAUSED
    chris.post(at(send, "rest/"), {"left": "3"})
    assert fresh(send).status == SendStatus.STOPPED
    assert "The rest was cancelled by" in shown(chris, send)


def test_while_workers_hold_messages_the_numbers_are_not_final(chris):
    send = started(5)
    worker = Hand(send)
    worker.claim(LATER)
    chris.post(at(send, "rest/"))
    assert "Pausing… 5 already handed over" in shown(chris, send, "rest/")
    worker.leave(LATER)
    assert "5 will not get it" in shown(chris, send, "rest/")
    assert chris.get(at(started(1), "rest/")).status_code == 302


# In doubt


def test_what_is_in_doubt_is_decided_one_by_one_ticked_and_all(chris):
    send = started(6)
    settled(send, *[DOUBT] * 6)
    readers = list(send.deliveries.order_by("pk").values_list("subscription_id", flat=True))
    assert "In doubt: 6 messages" in shown(chris, send, "in-doubt/")

    def decide(what: str, **more: Any) -> str:
        return chris.post(at(send, "in-doubt/"), {"decide": what, **more}, follow=True).content.decode()

    assert "1 message marked as sent." in decide(f"sent {readers[0]}")
    assert "2 messages will be sent again." in decide(
        "again ticked", reader=[str(each) for each in readers[1:3]]
    )
    assert "None of these is in doubt" in decide(f"sent {readers[0]}")
    assert "None of these is in doubt" in decide("again ticked")
    assert "Say what is to become of them" in decide("burn all")
    assert "3 messages marked as sent." in decide("sent all")
    assert "Nothing is in doubt" in shown(chris, send, "in-doubt/")
    counts = counting.tally(send)
    assert (counts.sent, counts.in_doubt, counts.waiting) == (4, 0, 2)
    assert send.events.filter(by__isnull=False, what__in=["sent again", "marked as sent"]).count() == 3


# Who got what


def test_a_reader_is_looked_up(chris):
    send = started(2)
    make_reader(send.issue.publication, "ada@readers.example")
    settled(send, SENT, FAILED)
    assert "Not among the readers of this send" in shown(chris, send, "readers/?q=ADA@")
    assert "Nobody on the list" in shown(chris, send, "readers/?q=nobody%00")
    assert "Failed" in shown(chris, send, "readers/")
    assert shown(chris, send, "readers/?outcome=sent&page=x").count("reader") > 1
    assert "Nobody: in doubt" in shown(chris, send, "readers/?outcome=in-doubt")


def test_the_table_is_streamed_and_no_cell_is_a_formula(chris):
    publication = make_publication()
    make_reader(publication, "=cmd@readers.example")
    send = scheduling.schedule(make_approved_issue(publication), NOW + MINUTE, by=None, now=NOW)
    sending.start(send, now=NOW + MINUTE)
    settled(send, SENT)
    response = chris.get(at(send, "readers.csv"))
    assert response.streaming
    assert response["Content-Disposition"].startswith("attachment")
    content = response.getvalue().decode("utf-8-sig")
    assert content.splitlines()[0] == "Address,Outcome,At,Printing,Edition,Reply"
    assert content.splitlines()[1].startswith("'=cmd@readers.example,Sent,2031-03-04T07:02:00+00:00,1,1,")
    assert len(chris.get(at(send, "readers.csv?outcome=failed")).getvalue().splitlines()) == 1
    assert chris.get(at(send, "readers.csv?outcome=strange")).status_code == 404


# Correcting


def test_a_correction_from_the_monitor_to_the_composer_and_back(chris, olga):
    send = started(3)
    settled(send, SENT)
    chris.post(at(send, "pause/"))
    assert "Correct the issue…" in shown(chris, send)
    assert "Correct the issue…" not in shown(olga, send)
    assert olga.post(at(send, "correct/")).status_code == 403
    assert chris.post(at(send, "correct/")).headers["Location"] == f"/desk/issues/{send.issue_id}/"
    composer = chris.get(f"/desk/issues/{send.issue_id}/").content.decode()
    assert "Approve the correction" in composer
    assert "Drop the correction" in composer
    assert "To the correction" in shown(chris, send)
    describe(Issue.objects.get(), subject="Corrected", now=LATER)
    chris.post(f"/desk/issues/{send.issue_id}/approve/")
    assert "A corrected edition is approved" in shown(chris, send)
    chris.post(at(send, "resume/"))
    settled(fresh(send), SENT, SENT)
    page = shown(chris, send)
    assert "Who got which edition" in page
    assert "2: Corrected" in page


# Limits


def test_limits_are_set_changed_and_taken_away(olga, chris):
    send = started(1)
    scheduling.note(
        send, "slowed", by=None, now=LATER, words="slow.example puts us off; slowed to 20 a second."
    )
    for given, kept in (
        ("  @Slow.Example. ", "slow.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("", ""),
    ):
        olga.post("/desk/sending/limits/", {"domain": given, "per_second": "12.5"})
        assert RateLimit.objects.get(domain=kept).per_second == 12.5
    olga.post("/desk/sending/limits/", {"domain": "slow.example", "per_second": "3"})
    assert RateLimit.objects.get(domain="slow.example").per_second == 3
    page = olga.get("/desk/sending/limits/").content.decode()
    assert "slowed to 20 a second" in page
    olga.post("/desk/sending/limits/", {"remove": ""})
    assert set(RateLimit.objects.values_list("domain", flat=True)) == {
        "slow.example",
        "xn--bcher-kva.example",
    }
    assert "Operators set them" in chris.get("/desk/sending/limits/").content.decode()


@pytest.mark.parametrize(
    ("domain", "rate"),
    [
        ("no domain", "5"),
        ("-x.example", "5"),
        ("x" * 260, "5"),
        ("a.example", "0"),
        ("a.example", "nan"),
        ("a.example", "inf"),
        ("a.example", "-3"),
    ],
)
def test_what_is_no_limit_is_refused(olga, domain, rate):
    assert olga.post("/desk/sending/limits/", {"domain": domain, "per_second": rate}).status_code == 422
    assert not RateLimit.objects.exists()


# The schedule


def test_segment_stages_and_policy_are_chosen(chris):
    publication = make_publication(canary=True)
    reader = make_reader(publication)
    issue = make_approved_issue(publication)
    path = f"/desk/issues/{issue.pk}/schedule/"
    page = chris.get(path).content.decode()
    assert "To whom" not in page
    assert 'name="canary"' in page
    assert "checked" in page.partition('name="canary"')[2][:120]
    assert "Nobody gets it twice" in page
    segment = Segment.objects.create(mailing_list=reader.mailing_list, name="Copenhagen", made_at=NOW)
    other = Segment.objects.create(
        mailing_list=make_reader(make_publication()).mailing_list, name="Elsewhere", made_at=NOW
    )
    page = chris.get(path).content.decode()
    assert "Copenhagen" in page
    assert "Elsewhere" not in page
    when = {"day": "2031-07-01", "time": "09:00"}
    assert chris.post(path, {**when, "segment": other.pk}).status_code == 422
    assert "in “Copenhagen”" in chris.get(f"{path}plan/", {**when, "segment": segment.pk}).content.decode()
    chris.post(path, {**when, "segment": segment.pk, "policy": "resend"})
    send = Send.objects.get()
    assert (send.segment, send.canary, send.policy) == (segment, False, Policy.RESEND)
    assert "of “Copenhagen”" in shown(chris, send)


def test_the_habit_of_the_publication_is_taken_where_nobody_chooses():
    publication = make_publication(canary=True)
    make_reader(publication)
    assert scheduling.schedule(make_approved_issue(publication), LATER, by=None, now=NOW).canary
    assert Publication.objects.get().canary
