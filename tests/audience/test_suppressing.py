"""Whom nobody writes to: one list, obeyed everywhere, and the one way back."""

import datetime
import time

import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from newsroom.audience import personal, recipients, subscribing, suppressing, tasks
from newsroom.audience.consents import Evidence
from newsroom.audience.models import (
    Consent,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionEvent,
)
from newsroom.lib import links
from newsroom.lib.errors import NotNow, Refused
from tests.make import NOW, make_list, make_publication, make_reader

ANN, FORM = "ann@readers.example", Evidence("form", "Get it by mail", "203.0.113.7", "A browser")


@pytest.fixture
def notes(db):
    return make_list(make_publication())


def due() -> int:
    return Subscription.objects.filter(mail_due_at__isnull=False).count()


def test_a_fingerprint_stands_for_the_address_whatever_its_capitals():
    mark = suppressing.fingerprint(ANN)
    assert len(mark) == 32
    assert suppressing.fingerprint(" Ann@READERS.example") == mark
    assert suppressing.fingerprint("bob@readers.example") != mark
    assert suppressing.fingerprint("a@bücher.example") == suppressing.fingerprint("a@xn--bcher-kva.example")


@pytest.mark.django_db
def test_a_new_secret_forgets_nobody_while_the_old_one_is_named(settings):
    suppressing.suppress(ANN, Reason.ERASED, now=NOW)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret"
    assert suppressing.find(ANN)
    assert suppressing.suppressed_among([ANN, "bob@readers.example"]) == {ANN}


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.BOUNCED, Status.BOUNCED),
        (Reason.COMPLAINED, Status.COMPLAINED),
        (Reason.ASKED, Status.UNSUBSCRIBED),
    ],
)
def test_all_subscriptions_of_an_address_end_together(notes, reason, status):
    make_reader(make_publication(), ANN)
    make_reader(make_publication(), ANN, status=Status.PENDING)
    suppressing.suppress("Ann@readers.example", reason, note="Said so", now=NOW)
    assert set(Subscription.objects.values_list("status", flat=True)) == {status}
    assert Consent.objects.count() == 2
    assert suppressing.find(ANN)


def test_who_had_left_keeps_how_they_left(notes):
    reader = make_reader(make_publication(), ANN)
    subscribing.leave(reader, by="page", now=NOW)
    suppressing.suppress(ANN, Reason.BOUNCED, now=NOW)
    reader.refresh_from_db()
    assert (reader.status, reader.left_by) == (Status.UNSUBSCRIBED, "page")


@pytest.mark.django_db
def test_the_heavier_reason_stands():
    suppressing.suppress(ANN, Reason.ASKED, note="By phone", now=NOW)
    assert suppressing.suppress(ANN, Reason.BOUNCED, now=NOW).reason == Reason.ASKED
    row = suppressing.suppress(ANN, Reason.ERASED, now=NOW)
    assert (row.reason, row.email, row.note) == (Reason.ASKED, "", "")
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("reason", "mails"),
    [(Reason.BOUNCED, 1), (Reason.ERASED, 1), (Reason.COMPLAINED, 0), (Reason.ASKED, 0)],
)
def test_typing_a_suppressed_address_into_the_form(notes, reason, mails):
    suppressing.suppress(ANN, reason, now=NOW)
    for days in (1, 2, 3):
        subscribing.ask(notes, ANN, evidence=FORM, now=NOW + datetime.timedelta(days=days))
    assert due() == mails
    assert Subscriber.objects.count() == mails


def test_a_link_of_their_own_is_a_way_back_and_confirming_lifts(notes):
    suppressing.suppress(ANN, Reason.COMPLAINED, now=NOW - datetime.timedelta(days=1))
    subscribing.ask(notes, ANN, evidence=FORM, now=NOW, proven=True)
    invitation = subscribing.Invitation(Subscription.objects.get(), NOW, True)
    subscribing.confirm(invitation, evidence=FORM, now=NOW)
    assert Subscription.objects.get().status == Status.ACTIVE
    assert not suppressing.find(ANN)
    assert SuppressionEvent.objects.filter(what="lifted", note__contains="confirmed").exists()


def test_a_link_from_before_does_not_bring_anybody_back(notes):
    subscribing.ask(notes, ANN, evidence=FORM, now=NOW)
    suppressing.suppress(ANN, Reason.ASKED, now=NOW + datetime.timedelta(minutes=1))
    later = NOW + datetime.timedelta(minutes=2)
    invitation = subscribing.find_invitation(
        links.dated_token("confirm", Subscription.objects.get().pk, NOW), now=later
    )
    assert not invitation.holds
    with pytest.raises(NotNow):
        subscribing.confirm(invitation, evidence=FORM, now=later)
    assert suppressing.find(ANN)


@pytest.mark.django_db
def test_an_operator_lifts_for_a_reason_and_nobody_is_subscribed_by_that():
    reader = make_reader(make_publication(), ANN)
    row = suppressing.suppress(ANN, Reason.BOUNCED, now=NOW)
    with pytest.raises(Refused, match="Say why"):
        suppressing.lift(row, why=" ", by=None, now=NOW)
    suppressing.lift(row, why="Mailbox was full", by=None, now=NOW)
    reader.refresh_from_db()
    assert (reader.status, suppressing.find(ANN)) == (Status.BOUNCED, None)
    assert reader.consents.last().words == "Mailbox was full"
    assert [event.what for event in suppressing.history(ANN)] == ["lifted", "suppressed"]


def test_who_is_claimed_is_asked_about_once_more(notes):
    reader = make_reader(make_publication(), ANN)
    suppressing.suppress(ANN, Reason.BOUNCED, now=NOW)
    Subscription.objects.update(status=Status.ACTIVE)  # as an import that crossed with the bounce leaves it
    assert recipients.addressed([reader.pk]) == []


@pytest.mark.django_db
def test_five_hundred_addresses_are_looked_up_in_a_query_and_a_moment(django_assert_num_queries):
    Suppression.objects.bulk_create(
        Suppression(fingerprint=suppressing.fingerprint(f"never{n}@readers.example"), reason="asked", at=NOW)
        for n in range(5000)
    )
    addresses = [f"reader{n}@readers.example" for n in range(499)] + ["never7@readers.example"]
    with django_assert_num_queries(1):
        assert suppressing.suppressed_among(addresses) == {"never7@readers.example"}
    took = []
    for _ in range(20):
        began = time.perf_counter()
        suppressing.suppressed_among(addresses)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.01


def test_erasing_leaves_a_fingerprint_and_nothing_else(notes):
    subscribing.ask(notes, ANN, evidence=FORM, now=NOW)
    personal.erase(Subscriber.objects.get(), by=None, now=NOW)
    assert [model.objects.count() for model in (Subscriber, Subscription, Consent)] == [0, 0, 0]
    row = Suppression.objects.get()
    assert (row.email, row.note, row.reason) == ("", "", Reason.ERASED)
    assert suppressing.find(ANN)


PEOPLE = st.sampled_from(["ann@readers.example", "Ann@readers.example", "bob@readers.example"])


class Readers(RuleBasedStateMachine):
    """People who ask, confirm, leave, bounce, complain, are lifted and erased, in any order, with links of any age."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = [make_list(make_publication()), make_list(make_publication())]
        self.now, self.mailed = timezone.now(), []

    @rule(who=PEOPLE, which=st.integers(0, 1), proven=st.booleans())
    def ask(self, who, which, proven):
        self.now += datetime.timedelta(hours=7)
        subscribing.ask(self.lists[which], who, evidence=Evidence("form"), now=self.now, proven=proven)
        for each in Subscription.objects.filter(mail_due_at__isnull=False):
            assert proven or (row := suppressing.find(who)) is None or row.reason in subscribing.MAY_BE_ASKED
            self.mailed.append(links.dated_token("confirm", each.pk, self.now))
        Subscription.objects.update(mail_due_at=None)

    @rule(pick=st.integers(0, 50))
    def confirm(self, pick):
        self.now += datetime.timedelta(minutes=1)
        if not self.mailed:
            return
        invitation = subscribing.find_invitation(self.mailed[pick % len(self.mailed)], now=self.now)
        if invitation and invitation.holds:
            subscribing.confirm(invitation, evidence=Evidence("mail"), now=self.now)
            assert not suppressing.find(invitation.subscription.subscriber.email)

    @rule(who=PEOPLE, which=st.integers(0, 1))
    def leave(self, who, which):
        self.now += datetime.timedelta(minutes=1)
        for each in Subscription.objects.filter(
            subscriber__email__iexact=who, mailing_list=self.lists[which]
        ):
            subscribing.leave(each, by="page", now=self.now)
            each.refresh_from_db()
            assert each.status != Status.ACTIVE

    @rule(who=PEOPLE, reason=st.sampled_from(Reason))
    def suppress(self, who, reason):
        self.now += datetime.timedelta(minutes=1)
        suppressing.suppress(who, reason, now=self.now)

    @rule(who=PEOPLE)
    def lift(self, who):
        if row := suppressing.find(who):
            before = set(Subscription.objects.values_list("pk", "status"))
            suppressing.lift(row, why="They asked", by=None, now=self.now)
            assert set(Subscription.objects.values_list("pk", "status")) == before

    @rule(who=PEOPLE)
    def erase(self, who):
        self.now += datetime.timedelta(minutes=1)
        for person in Subscriber.objects.filter(email__iexact=who):
            personal.erase(person, by=None, now=self.now)

    @invariant()
    def nobody_active_is_suppressed(self):
        active = Subscription.objects.filter(status=Status.ACTIVE).values_list("subscriber__email", flat=True)
        assert not suppressing.suppressed_among(active)
        assert not Subscription.objects.filter(status=Status.ACTIVE, mail_due_at__isnull=False).exists()


class ReadersTest(TestCase):
    def test_no_order_of_steps_leaves_a_suppressed_address_active(self):
        class Fresh(Readers):
            def __init__(self):
                Suppression.objects.all().delete()
                Subscriber.objects.all().delete()
                super().__init__()

        run_state_machine_as_test(
            Fresh, settings=profile(max_examples=25, stateful_step_count=25, deadline=None)
        )


def test_the_mail_of_who_is_suppressed_meanwhile_does_not_go(notes):
    subscribing.ask(notes, ANN, evidence=FORM, now=NOW)
    suppressing.suppress(ANN, Reason.ASKED, now=NOW)
    tasks.send_confirmations()
    assert mail.outbox == []
