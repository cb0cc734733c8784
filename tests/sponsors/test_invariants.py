"""Whatever sales people, editors and the clock do in whatever order: what was promised holds."""

import datetime
from collections import Counter
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from issues import workflow
from issues.models import Issue
from newsroom.lib.errors import NewsroomError
from sponsors import deadlines, holding, inventory, ordering, selling
from sponsors.models import (
    TAKES_SLOT,
    Advertiser,
    AuditEvent,
    ExclusionLabel,
    Hold,
    HoldStatus,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    LineItem,
    OrderStatus,
    Override,
    RateCard,
    RateCardItem,
    Slot,
)
from sponsors.models.deals import ORDER_MOVES
from tests.make import NOW, TODAY, describe, make_advertiser, make_issue, make_line, make_publication

DAY = datetime.timedelta(days=1)
SLOTS, BUYERS, ISSUES = st.integers(0, 8), st.integers(0, 2), st.integers(0, 2)
ORDERS = st.integers(0, 9)


def order_steps() -> dict[str, set[str]]:
    """Where an order may be after one call: ``reopen`` and what follows it may be two moves."""
    steps = {each: {each, *to} for each, to in ORDER_MOVES.items()}
    return {each: set().union(*(steps[to] for to in reached)) for each, reached in steps.items()}


class Trade(RuleBasedStateMachine):
    """Three issues, three slots each, and three buyers, of whom two share a label."""

    @initialize()
    def begin(self) -> None:
        self.world = transaction.atomic()  # each run begins in an empty one
        self.world.__enter__()
        self.now = NOW
        publication = make_publication(rundown=[])
        inventory.stock(publication)
        self.issues = [
            make_issue(publication, planned_for=TODAY + n * DAY, blocks=("lead_story",)) for n in (8, 9, 20)
        ]
        self.slots = [slot.pk for issue in self.issues for slot in inventory.slots(issue)]
        self.card = RateCard.objects.create(publication=publication, name="Rates", valid_from=TODAY)
        for placement in publication.placements.all():
            RateCardItem.objects.create(card=self.card, placement=placement, price=100)
        self.buyers = [make_advertiser() for _ in range(3)]
        label = ExclusionLabel.objects.create(name="Oil")
        for each in self.buyers[:2]:
            each.labels.add(label)
        self.lines = [make_line(publication, each, max_per_issue=2).pk for each in self.buyers]
        self.frozen: dict[int, Any] = {}
        self.statuses = dict(InsertionOrder.objects.values_list("pk", "status"))
        self.noted = AuditEvent.objects.count()
        self.done: Counter[str] = Counter()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    # what people do

    @rule(slot=SLOTS, buyer=BUYERS, hours=st.sampled_from([1, 48, 336]), behind=st.booleans())
    def hold(self, slot: int, buyer: int, hours: int, behind: bool) -> None:
        lasts = datetime.timedelta(hours=hours)
        made = self.try_to(
            "held", lambda: holding.hold(
                [self.slot(slot)], self.buyers[buyer], by=None, now=self.now, lasts=lasts, behind_others=behind
            )
        )  # fmt: skip
        for each in made or []:
            self.ends_in_time(each)

    @rule(hold=ORDERS)
    def extend(self, hold: int) -> None:
        held = self.pick(Hold, hold)
        if held and self.try_to("hold extended", lambda: [holding.extend(held, by=None, now=self.now)]):
            self.ends_in_time(Hold.objects.get(pk=held.pk))

    @rule(hold=ORDERS)
    def release(self, hold: int) -> None:
        held = self.pick(Hold, hold)
        if held:
            self.try_to("hold released", lambda: [holding.release(held, by=None, now=self.now)])

    @rule(hold=ORDERS, slot=SLOTS, buyer=BUYERS)
    def challenge(self, hold: int, slot: int, buyer: int) -> None:
        held = self.pick(Hold, hold)
        slot = self.slots.index(held.slot_id) if held else slot
        before = dict(Hold.objects.values_list("pk", "expires_at"))
        challenged = self.try_to(
            "hold challenged",
            lambda: [holding.challenge(self.slot(slot), self.buyers[buyer], by=None, now=self.now)],
        )
        for each in challenged or []:
            assert each.expires_at == min(before[each.pk], self.now + DAY)

    @rule(
        slots=st.lists(SLOTS, min_size=1, max_size=3), buyer=BUYERS, reason=st.sampled_from(["", "Agreed."])
    )
    def book(self, slots: list[int], buyer: int, reason: str) -> None:
        wanted = [self.slot(each) for each in slots]
        count = Insertion.objects.count()
        made = self.try_to(
            "booked",
            lambda: selling.book(self.line(buyer), wanted, by=None, now=self.now, overriding=reason),
            times=len(set(slots)),
        )
        assert Insertion.objects.count() == count + len(made or [])

    @rule(insertion=ORDERS, slot=SLOTS, reason=st.sampled_from(["", "Agreed."]))
    def move(self, insertion: int, slot: int, reason: str) -> None:
        old = self.pick(Insertion, insertion)
        if old is None:
            return
        there = self.slot(slot)
        made = self.try_to(
            "moved", lambda: [selling.move(old, there, by=None, now=self.now, overriding=reason)]
        )
        for each in made or []:
            assert (each.moved_from_id, each.line_id, each.slot_id) == (old.pk, old.line_id, there.pk)
            assert Insertion.objects.get(pk=old.pk).status == InsertionStatus.MOVED
            assert each.price == self.frozen.get(old.pk)

    @rule(insertion=ORDERS)
    def cancel(self, insertion: int) -> None:
        booked = self.pick(Insertion, insertion)
        if booked:
            self.try_to("cancelled", lambda: [selling.cancel(booked, by=None, now=self.now)])

    @rule(buyer=BUYERS, dice=st.integers(1, 6))
    def cancel_order(self, buyer: int, dice: int) -> None:
        if dice < 6:
            return
        order = self.line(buyer).order
        count = Insertion.objects.booked().filter(line__order=order).count()
        gone = self.try_to(
            "order cancelled",
            lambda: [selling.cancel_order(order, by=None, now=self.now, why="No money.")],
        )
        if gone:
            assert gone == [count]
            assert not Insertion.objects.booked().filter(line__order=order).exists()
            self.lines[buyer] = make_line(order.publication, order.advertiser, max_per_issue=2).pk

    @rule(
        buyer=BUYERS, verbs=st.lists(st.sampled_from(["submit", "approve", "sign"]), min_size=1, max_size=3)
    )
    def take_the_order_on(self, buyer: int, verbs: list[str]) -> None:
        for verb in verbs:
            self.take_a_step(verb, self.line(buyer).order)

    @rule(buyer=BUYERS)
    def settle_the_order(self, buyer: int) -> None:
        for verb in ("submit", "approve", "sign"):
            self.take_a_step(verb, self.line(buyer).order)

    def take_a_step(self, verb: str, order: InsertionOrder) -> None:
        more = {
            "submit": {},
            "approve": {"seen": ordering.price(order), "free": True},
            "sign": {"signed_by": "Ann"},
        }[verb]
        what = {"submit": "order submitted", "approve": "order approved", "sign": "order signed"}[verb]
        self.try_to(what, lambda: [getattr(ordering, verb)(order, by=None, now=self.now, **more)])
        self.orders_go_from_status_to_status_as_drawn()

    @rule(price=st.integers(0, 500))
    def change_the_rate_card(self, price: int) -> None:
        self.card.items.update(price=price)

    @rule(hours=st.sampled_from([1, 23, 24]))
    def wait(self, hours: int) -> None:
        self.now += datetime.timedelta(hours=hours)

    @rule()
    def tidy(self) -> None:
        before = set(Hold.objects.standing(self.now).values_list("pk", flat=True))
        holding.tidy(now=self.now)
        assert set(Hold.objects.standing(self.now).values_list("pk", flat=True)) == before

    @rule(issue=ISSUES, days=st.integers(-2, 2))
    def move_the_issue(self, issue: int, days: int) -> None:
        row = self.issue(issue)
        if row.editable:
            describe(row, now=self.now, planned_for=(row.planned_for + days * DAY).isoformat())

    @rule(issue=ISSUES, verb=st.sampled_from(["submit", "approve", "reopen", "cancel", "restore"]))
    def take_the_issue_on(self, issue: int, verb: str) -> None:
        self.try_to("", lambda: [getattr(workflow, verb)(self.issue(issue), by=None, now=self.now)])

    # how they do it

    def try_to(self, what: str, step: Any, *, times: int = 1) -> list[Any] | None:
        """What the step made, which must be in the trail; None if it was refused, which must leave the trail as it was."""
        before = AuditEvent.objects.count(), AuditEvent.objects.filter(what=what).count()
        try:
            made: list[Any] = step()
        except NewsroomError:
            assert AuditEvent.objects.count() == before[0]
            return None
        assert not what or AuditEvent.objects.filter(what=what).count() >= before[1] + times
        self.done[what] += 1
        return made

    def slot(self, place: int) -> Slot:
        return Slot.objects.get(pk=self.slots[place])

    def issue(self, place: int) -> Issue:
        return Issue.objects.get(pk=self.issues[place].pk)

    def line(self, buyer: int) -> LineItem:
        return LineItem.objects.select_related("order__advertiser", "order__publication").get(
            pk=self.lines[buyer]
        )

    def pick(self, model: Any, place: int) -> Any:
        """Mostly one that stands, sometimes one that is gone."""
        standing = {Hold: Hold.objects.standing(self.now), Insertion: Insertion.objects.booked()}[model]
        rows = list(standing.order_by("-pk")[:9]) if place < 9 else list(model.objects.order_by("-pk")[:9])
        return rows[place % len(rows)] if rows else None

    def ends_in_time(self, held: Hold) -> None:
        assert self.now < held.expires_at <= deadlines.of(held.slot.issue, held.slot.placement).book_by

    # what must hold

    @invariant()
    def a_slot_is_sold_once(self) -> None:
        sold = Insertion.objects.filter(status__in=TAKES_SLOT).values_list("slot", flat=True)
        assert max(Counter(sold).values(), default=0) <= 1

    @invariant()
    def nobody_holds_what_is_sold(self) -> None:
        sold = Insertion.objects.filter(status__in=TAKES_SLOT).values("slot")
        assert not Hold.objects.standing(self.now).filter(slot__in=sold).exists()

    @invariant()
    def a_slot_has_one_first_option(self) -> None:
        ranks = Hold.objects.standing(self.now).values_list("slot", "rank")
        assert max(Counter(ranks).values(), default=0) <= 1
        assert not Hold.objects.filter(status=HoldStatus.ACTIVE, ended_at__isnull=False).exists()

    @invariant()
    def rivals_stand_together_only_where_somebody_said_why(self) -> None:
        for issue in self.issues:
            there = list(Insertion.objects.booked().filter(slot__issue=issue).whole())
            rivals = {each.advertiser.pk for each in there if each.advertiser in self.buyers[:2]}
            if len(rivals) > 1:
                assert Override.objects.filter(insertion__in=there, sentence__contains="label").exists()

    @invariant()
    def nobody_is_repeated_more_often_than_agreed_unless_somebody_said_why(self) -> None:
        booked = Insertion.objects.booked().values_list("slot__issue", "line__order__advertiser")
        for (issue, advertiser), times in Counter(booked).items():
            if times > 2:
                rows = Override.objects.filter(
                    insertion__slot__issue=issue, insertion__line__order__advertiser=advertiser
                )
                assert rows.filter(sentence__contains="at most").exists()

    @invariant()
    def a_frozen_price_stays(self) -> None:
        now = dict(Insertion.objects.filter(price__isnull=False).values_list("pk", "price"))
        assert now | self.frozen == now
        self.frozen = now

    @invariant()
    def an_approved_order_has_all_its_prices(self) -> None:
        approved = (OrderStatus.APPROVED, OrderStatus.SIGNED)
        booked = Insertion.objects.booked().filter(line__order__status__in=approved)
        assert not booked.filter(price__isnull=True).exists()

    @invariant()
    def orders_go_from_status_to_status_as_drawn(self) -> None:
        steps, now = order_steps(), dict(InsertionOrder.objects.values_list("pk", "status"))
        for pk, before in self.statuses.items():
            assert now[pk] in steps[before]
        self.statuses = now

    @invariant()
    def a_cancelled_order_has_nothing_booked(self) -> None:
        assert not Insertion.objects.booked().filter(line__order__status=OrderStatus.CANCELLED).exists()

    @invariant()
    def nothing_ended_without_a_time(self) -> None:
        gone = (InsertionStatus.MOVED, InsertionStatus.CANCELLED)
        assert not Insertion.objects.filter(status__in=gone, ended_at__isnull=True).exists()
        assert not Insertion.objects.booked().filter(ended_at__isnull=False).exists()

    @invariant()
    def advertisers_stay(self) -> None:
        assert Advertiser.objects.count() == 3


class TestTrade(TestCase):
    def test_whatever_is_done_in_whatever_order_what_was_promised_holds(self) -> None:
        run_state_machine_as_test(
            Trade,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
