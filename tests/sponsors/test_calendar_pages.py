"""Holding, booking and blocking on pages without scripts; orders and their steps; what strange addresses get."""

import csv
import datetime
import io
import re
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sponsors import holding, ordering, portal
from sponsors.models import (
    Advertiser,
    AuditEvent,
    ExclusionLabel,
    Hold,
    Insertion,
    InsertionOrder,
    OrderStatus,
    Override,
    PortalLink,
    RateCard,
    RateCardItem,
    Slot,
)
from tests.make import (
    NOW,
    TODAY,
    make_advertiser,
    make_insertion,
    make_issue,
    make_person,
    make_publication,
    make_slot,
    sign_order,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
CALENDAR = "/desk/sponsors/"
HOLD, BOOK, BLOCK = (f"{CALENDAR}{verb}/" for verb in ("hold", "book", "block"))
TERMS = {"discount": "0", "max_per_issue": "1"}


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def publication():
    return make_publication(name="The Quay", slug="the-quay", rundown=[])


@pytest.fixture
def slots(publication) -> list[Slot]:
    """The primary slots of three issues in four weeks."""
    return [
        make_slot(make_issue(publication, planned_for=TODAY + (28 + n) * DAY), "primary") for n in range(3)
    ]


def keys(*slots: Slot) -> list[str]:
    return [slot.key for slot in slots]


# hold


def test_slots_are_held_all_together(sam, slots):
    answer = sam.post(HOLD, {"slot": keys(*slots), "advertiser": "Oakum", "hours": "48"}, follow=True)
    assert "3 slots held for Oakum" in answer.content.decode()
    assert Hold.objects.standing(NOW).count() == 3


@pytest.mark.parametrize(
    "wrong", [{"advertiser": ""}, {"hours": "1000"}, {"hours": "x"}, {"advertiser": "x" * 121}]
)
def test_a_refused_hold_keeps_what_was_typed_and_which_slots_were_chosen(sam, slots, wrong):
    answer = sam.post(HOLD, {"slot": keys(*slots), "advertiser": "Oakum", "hours": "96"} | wrong)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert all(f'value="{key}"' in shown for key in keys(*slots))
    assert ('value="Oakum"' in shown) == ("advertiser" not in wrong)
    assert not Hold.objects.exists()
    assert not Advertiser.objects.filter(name="Oakum").exists()


def test_a_promotion_of_the_house_is_not_held(sam, slots):
    make_advertiser("Club", house=True)
    answer = sam.post(HOLD, {"slot": keys(slots[0]), "advertiser": "club", "hours": "48"})
    assert "they run where nothing is sold" in answer.content.decode()


def test_without_a_slot_the_page_sends_back_to_the_calendar(sam, publication):
    for address in (HOLD, BOOK, BLOCK):
        assert "No slot is chosen." in sam.get(address).content.decode()


def test_a_hold_that_is_refused_makes_no_new_advertiser(sam, slots):
    make_insertion(slots[0].issue)
    answer = sam.post(HOLD, {"slot": keys(*slots), "advertiser": "Oakum", "hours": "48"})
    assert answer.status_code == 409
    assert not Advertiser.objects.filter(name="Oakum").exists()


# book


def book(client: Client, *slots: Slot, **terms):
    return client.post(BOOK, {"slot": keys(*slots), "advertiser": "Oakum"} | TERMS | terms)


def test_slots_are_booked_on_a_new_order(sam, slots):
    answer = book(sam, *slots)
    order = InsertionOrder.objects.get()
    assert answer.url == reverse("sponsors:order", args=[order.pk])
    assert (order.advertiser.name, Insertion.objects.count()) == ("Oakum", 3)


def test_if_one_is_taken_the_others_are_offered_and_booked_with_one_press(sam, slots):
    make_insertion(slots[1].issue, advertiser=make_advertiser("Tar"))
    answer = book(sam, *slots, discount="12.50")
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "for Tar" in shown
    assert InsertionOrder.objects.count() == 1
    offered = re.findall(r'form="partial" name="slot" value="([^"]+)"', shown)
    assert offered == keys(slots[0], slots[2])
    partial = re.search(r'<form id="partial".*?</form>', shown, re.DOTALL)[0]
    again = dict(re.findall(r'name="(\w+)" value="([^"]*)"', partial))
    again.pop("csrfmiddlewaretoken", None)
    sam.post(BOOK, {**again, "slot": offered})
    line = InsertionOrder.objects.get(advertiser__name="Oakum").lines.get()
    assert (line.insertions.count(), str(line.discount)) == (2, "12.50")


@pytest.mark.parametrize(
    "wrong",
    [
        {"advertiser": " "},
        {"discount": "101"},
        {"discount": "-1"},
        {"discount": "NaN"},
        {"discount": "1e999"},
        {"max_per_issue": "0"},
        {"max_per_issue": "10"},
        {"order": "999"},
        {"package": "x"},
        {"exclusive": "x"},
    ],
)
def test_a_refused_booking_leaves_nothing_behind(sam, slots, wrong):
    answer = book(sam, *slots, **wrong)
    assert answer.status_code == 422
    assert all(f'value="{key}"' in answer.content.decode() for key in keys(*slots))
    assert not InsertionOrder.objects.exists()


def test_another_advertisers_order_is_refused(sam, slots, publication):
    other = ordering.open_order(make_advertiser("Tar"), publication, by=None, now=NOW)
    assert f"Order {other.number} is Tar’s." in book(sam, slots[0], order=other.pk).content.decode()
    assert not Insertion.objects.exists()


@pytest.fixture
def rival(slots) -> Advertiser:
    """Shares a label with Oakum, and is booked on the first day."""
    label, rival = ExclusionLabel.objects.create(name="Ropes"), make_advertiser("Tar")
    for each in (rival, make_advertiser("Oakum")):
        each.labels.add(label)
    make_insertion(slots[0].issue, "closing", advertiser=rival)
    return rival


def test_only_who_may_override_a_conflict_is_asked_for_a_reason(sam, maria, slots, rival):
    for client, may in ((sam, False), (maria, True)):
        answer = book(client, slots[0])
        assert answer.status_code == 409
        assert ('name="overriding"' in answer.content.decode()) == may
        assert "Tar" in answer.content.decode()


def test_whoever_may_not_override_is_turned_away_and_nothing_is_booked(sam, slots, rival):
    assert book(sam, slots[0], overriding="I say so").status_code == 403
    assert Insertion.objects.count() == 1


def test_a_manager_overrides_with_a_reason_that_is_written_down(maria, slots, rival):
    book(maria, slots[0], overriding="Both know.")
    assert Override.objects.get().reason == "Both know."


def test_a_reason_of_blanks_overrides_nothing(maria, slots, rival):
    assert book(maria, slots[0], overriding="  ").status_code == 409


def test_where_it_is_too_late_to_hold_one_the_others_are_offered(sam, publication, slots):
    near = make_slot(make_issue(publication, planned_for=TODAY + DAY), "primary")
    answer = sam.post(HOLD, {"slot": keys(near, slots[0]), "advertiser": "Oakum", "hours": "48"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "too late to hold" in shown
    assert "Your other slot is free." in shown
    assert "Hold the other one" in shown
    assert not Hold.objects.exists()


# block, slot, challenge


def test_only_what_is_blocked_can_be_put_back(sam, slots):
    address = f"{BLOCK}?slot={slots[0].key}"
    assert "Put back for sale" not in sam.get(address).content.decode()
    sam.post(BLOCK, {"slot": keys(slots[0]), "reason": "Anniversary"})
    assert "Put back for sale" in sam.get(address).content.decode()
    assert "Take off the market" not in sam.get(address).content.decode()
    assert "Take off the market" in sam.get(f"{address}&slot={slots[1].key}").content.decode()


def test_slots_are_taken_off_the_market_and_put_back(sam, slots):
    sam.post(BLOCK, {"slot": keys(*slots), "reason": "Anniversary"})
    assert set(Slot.objects.filter(pk__in=[s.pk for s in slots]).values_list("blocked_for", flat=True)) == {
        "Anniversary"
    }
    sam.post(BLOCK, {"slot": keys(*slots), "reason": "", "act": "unblock"})
    assert not Slot.objects.exclude(blocked_for="").exists()


def test_what_is_sold_is_not_blocked_and_nor_is_anything_beside_it(sam, slots):
    make_insertion(slots[0].issue)
    answer = sam.post(BLOCK, {"slot": keys(*slots), "reason": "House"})
    assert answer.status_code == 409
    assert "Only open slots are blocked." in answer.content.decode()
    assert not Slot.objects.exclude(blocked_for="").exists()


def test_the_page_of_a_slot_says_who_holds_it(sam, slots):
    holding.hold([slots[0]], make_advertiser("Oakum"), by=make_person("Sales", username="sue"), now=NOW)
    shown = sam.get(f"{CALENDAR}slots/{slots[0].pk}/").content.decode()
    assert "Oakum" in shown
    assert "sue" in shown
    assert "Challenge the hold" in shown


def challenge(client: Client, slot: Slot, advertiser: str):
    return client.post(f"{CALENDAR}slots/{slot.pk}/challenge/", {"advertiser": advertiser}, follow=True)


def test_a_challenge_gives_the_holder_a_day(sam, slots):
    (held,) = holding.hold(slots[:1], make_advertiser("Oakum"), by=None, now=NOW)
    assert "Oakum has until Wed 5 Mar" in challenge(sam, slots[0], "Tar").content.decode()
    held.refresh_from_db()
    assert held.expires_at == NOW + DAY


def test_a_challenger_reads_who_stands_before_them(sam, slots):
    for name in ("Oakum", "Lantern"):
        holding.hold(slots[:1], make_advertiser(name), by=None, now=NOW, behind_others=True)
    assert "Tar is next, after Lantern." in challenge(sam, slots[0], "Tar").content.decode()


@pytest.mark.parametrize(("name", "status"), [("", 422), ("  ", 422), ("\0", 422), ("Oakum", 409)])
def test_a_challenge_for_nobody_or_for_the_holder_is_a_sentence(sam, slots, name, status):
    holding.hold(slots[:1], make_advertiser("Oakum"), by=None, now=NOW)
    assert challenge(sam, slots[0], name).status_code == status


def test_a_challenge_that_is_refused_makes_no_new_advertiser(sam, slots):
    challenge(sam, slots[0], "Nobody yet")
    assert not Advertiser.objects.filter(name="Nobody yet").exists()


def test_a_hold_is_extended_and_released_by_its_owner_or_a_manager(sam, maria, slots):
    (held,) = holding.hold(slots[:1], make_advertiser(), by=make_person("Sales"), now=NOW)
    address = f"{CALENDAR}holds/{held.pk}/"
    assert sam.post(f"{address}extend/").status_code == 403
    assert maria.post(f"{address}extend/").status_code == 302
    assert maria.post(f"{address}extend/").status_code == 409
    assert maria.post(f"{address}burn/").status_code == 422
    assert maria.post(f"{address}release/").status_code == 302


# exports and addresses


def test_the_csv_names_each_slot_and_how_it_stands(sam, slots):
    make_insertion(slots[0].issue, advertiser=make_advertiser("Oakum"))
    answer = sam.get(f"{CALENDAR}bookings.csv", {"since": "2031-03-31"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["Day", "Placement", "State", "Advertiser or reason", "Detail"]
    assert ["2031-04-01", "Primary", "booked", "Oakum"] in [row[:4] for row in rows]


def test_the_calendar_file_has_what_is_sold_and_held_and_nothing_else(sam, slots):
    make_insertion(slots[0].issue, advertiser=make_advertiser("Oakum"))
    holding.hold([slots[1]], make_advertiser("Tar"), by=None, now=NOW)
    body = sam.get(f"{CALENDAR}bookings.ics").content.decode()
    assert body.startswith("BEGIN:VCALENDAR")
    assert body.count("BEGIN:VEVENT") == 2
    assert "SUMMARY:Primary: Oakum" in body
    assert "(hold)" in body


def test_what_is_not_there_yet_has_no_file(sam, publication):
    assert sam.get(f"{CALENDAR}bookings.csv").status_code == 404
    assert sam.get(f"{CALENDAR}bookings.exe").status_code == 404


@pytest.mark.parametrize("address", [HOLD, BOOK, BLOCK])
@pytest.mark.parametrize(
    "key", ["x", "1.2", "1.2.3.4", "0.0.0", "-1.1.1", "999999999.1.1", "9" * 40 + ".1.1", "", "\0"]
)
def test_a_key_that_names_no_slot_is_a_sentence(sam, slots, address, key):
    for answer in (sam.get(address, {"slot": key}), sam.post(address, {"slot": key})):
        assert answer.status_code == 422


def test_too_many_slots_at_once_are_a_sentence(sam, slots):
    answer = sam.get(HOLD, {"slot": [f"1.1.{n}" for n in range(201)]})
    assert "At most 200 slots at once; these are 201." in answer.content.decode()


words = st.text(max_size=12) | st.sampled_from(
    [
        "2031-02-30",
        "0001-01-01",
        "9999-12-31",
        "2000-01-01",
        "2999-12-31",
        "the-quay",
        "12",
        "6",
        "-1",
        "1.1.1",
    ]
)
queries = st.dictionaries(
    st.sampled_from(["publication", "since", "weeks", "slot", "for", "q", "status", "page"]), words
)


PAGES = ["", "bookings.csv", "bookings.ics", "hold/", "book/", "block/", "orders/"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PAGES), queries)
def test_no_address_is_an_error_of_ours(maria, slots, page, query):
    assert maria.get(CALENDAR + page, query).status_code < 500


@pytest.mark.parametrize("since", ["2031-13-01", "0001-01-01", "9999-12-31", "x", ""])
def test_a_day_that_is_none_shows_today(sam, slots, since):
    assert sam.get(CALENDAR, {"since": since}).status_code == 200


@pytest.mark.parametrize("page", ["slots/{}/", "orders/{}/", "insertions/{}/", "orders/{}/report/"])
def test_numbers_of_nothing_are_not_found(sam, slots, page):
    for number in (0, 10**30):
        assert sam.get(CALENDAR + page.format(number)).status_code == 404


# orders


@pytest.fixture
def order(slots) -> InsertionOrder:
    return make_insertion(slots[0].issue, advertiser=make_advertiser("Oakum")).line.order


def step(client: Client, order: InsertionOrder, verb: str, words: str = "") -> str:
    address = f"{CALENDAR}orders/{order.pk}/{verb}/"
    form = {"words": words, "seen": str(ordering.price(order)), "free": "yes"}
    shown = client.post(address, form, follow=True).content.decode()
    order.refresh_from_db()
    return shown


def test_orders_are_found_by_number_advertiser_and_purchase_order(sam, order, slots):
    other = make_insertion(slots[1].issue, advertiser=make_advertiser("Tar")).line.order
    InsertionOrder.objects.filter(pk=order.pk).update(po_number="PO 77")
    for wanted in (order.number, "oak", "po 77"):
        shown = sam.get(f"{CALENDAR}orders/", {"q": wanted}).content.decode()
        assert order.number in shown
        assert other.number not in shown


def test_orders_are_filtered_by_status_and_an_unknown_one_filters_nothing(sam, order):
    for status, there in (("draft", True), ("signed", False), ("burnt", True)):
        shown = sam.get(f"{CALENDAR}orders/", {"status": status}).content.decode()
        assert (order.number in shown) == there


def test_an_order_goes_from_draft_to_signed(sam, maria, order):
    step(sam, order, "submit")
    step(maria, order, "approve")
    step(sam, order, "sign", "Ann")
    assert (order.status, order.signed_by) == (OrderStatus.SIGNED, "Ann")


def test_the_button_sends_back_the_price_that_it_shows_and_is_refused_once_that_has_changed(
    sam, maria, order
):
    card = RateCard.objects.create(publication=order.publication, name="Rates", valid_from=NOW.date())
    for placement in order.publication.placements.all():
        card.items.create(placement=placement, price=100)
    step(sam, order, "submit")
    page = maria.get(f"{CALENDAR}orders/{order.pk}/").content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    assert Decimal(seen) == ordering.price(order)
    assert 'name="free"' not in page
    RateCardItem.objects.update(price=90)
    approve = f"{CALENDAR}orders/{order.pk}/approve/"
    for form in ({"seen": seen}, {"seen": "NaN"}, {"seen": "much"}, {}):
        shown = maria.post(approve, form, follow=True).content.decode()
        assert "has changed since you looked" in shown or "Look at the price first" in shown
    assert f"Approve at {ordering.price(order):,.2f} USD" in shown
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_APPROVAL


def test_what_has_no_price_is_confirmed_on_the_page(sam, maria, order):
    step(sam, order, "submit")
    assert 'name="free"' in maria.get(f"{CALENDAR}orders/{order.pk}/").content.decode()
    approve = f"{CALENDAR}orders/{order.pk}/approve/"
    assert (
        "Confirm that they cost nothing" in maria.post(approve, {"seen": "0"}, follow=True).content.decode()
    )
    maria.post(approve, {"seen": "0", "free": "yes"})
    order.refresh_from_db()
    assert order.status == OrderStatus.APPROVED


def test_sales_do_not_approve(sam, order):
    step(sam, order, "submit")
    for verb in ("approve", "disapprove"):
        assert sam.post(f"{CALENDAR}orders/{order.pk}/{verb}/").status_code == 403


@pytest.mark.parametrize(
    ("verb", "words", "sentence"),
    [
        ("approve", "", "is draft; it cannot become approved now."),
        ("sign", "Ann", "is draft; it cannot become signed now."),
        ("sign", " ", "Say who signed."),
        ("disapprove", "", "Say what should change."),
        ("cancel", " ", "Say why the order is cancelled."),
    ],
)
def test_a_step_that_cannot_be_taken_is_a_sentence(maria, order, verb, words, sentence):
    assert sentence in step(maria, order, verb, words)
    assert order.status == OrderStatus.DRAFT


def test_an_empty_order_is_not_submitted(sam, publication):
    order = ordering.open_order(make_advertiser(), publication, by=None, now=NOW)
    assert "This order has no insertions yet" in step(sam, order, "submit")


def test_a_cancelled_order_gives_its_slots_back(sam, order):
    assert "1 slot is free again." in step(sam, order, "cancel", "They stop.")
    assert not Insertion.objects.booked().exists()


def test_there_is_no_other_step(maria, order):
    assert maria.post(f"{CALENDAR}orders/{order.pk}/burn/").status_code == 404


def terms(client: Client, order: InsertionOrder, **changes: str) -> InsertionOrder:
    sent = {
        "agency": order.agency,
        "po_number": order.po_number,
        "bill_to": order.bill_to,
        "terms": order.terms,
    }
    client.post(f"{CALENDAR}orders/{order.pk}/", sent | changes)
    order.refresh_from_db()
    return order


def test_a_purchase_order_is_added_to_a_signed_order_and_stands_in_the_trail(sam, order):
    sign_order(order)
    assert terms(sam, order, po_number="PO 77").status == OrderStatus.SIGNED
    assert order.po_number == "PO 77"
    assert AuditEvent.objects.get(what="order terms changed").note == "Changed: po number."


def test_other_terms_than_were_signed_are_the_next_revision(sam, order):
    sign_order(order)
    assert terms(sam, order, terms="Net 90").status == OrderStatus.DRAFT
    assert (order.revision, order.terms) == (2, "Net 90")


def test_the_terms_of_a_cancelled_order_stay(sam, order):
    step(sam, order, "cancel", "They stop.")
    assert terms(sam, order, terms="Net 90").terms == ""


# links to the portal


def test_a_link_without_an_address_is_shown_and_with_one_drafted(sam, order):
    address = f"{CALENDAR}orders/{order.pk}/links/"
    sam.post(address, {"name": "Ann", "email": "", "days": "60"})
    link = PortalLink.objects.get()
    assert portal.url(link) in sam.get(f"{CALENDAR}orders/{order.pk}/").content.decode()
    sam.post(address, {"name": "Ben", "email": "ben@oakum.example", "days": "60"})
    assert order.notices.get().to == "ben@oakum.example"


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": "0"}, {"days": "401"}, {"email": "x"}])
def test_a_link_that_cannot_be_made_is_a_sentence(sam, order, wrong):
    sam.post(f"{CALENDAR}orders/{order.pk}/links/", {"name": "Ann", "email": "", "days": "60"} | wrong)
    assert not PortalLink.objects.exists()


def test_a_revoked_link_is_shown_no_more(sam, order):
    link = portal.invite(order, name="Ann", email="", by=None, now=NOW)
    sam.post(f"{CALENDAR}links/{link.pk}/revoke/")
    assert portal.url(link) not in sam.get(f"{CALENDAR}orders/{order.pk}/").content.decode()


def test_whoever_may_not_sell_cannot_act_with_a_sponsors_link(edith, fiona, order):
    link = portal.invite(order, name="Ann", email="", by=None, now=NOW)
    for client in (edith, fiona):
        assert portal.url(link) not in client.get(f"{CALENDAR}orders/{order.pk}/").content.decode()


# pages that share their frame with the desk


def test_mails_to_advertisers_are_not_taken_for_notices_of_the_desk(sam, slots):
    order = make_insertion(slots[0].issue).line.order
    sam.post(f"{CALENDAR}orders/{order.pk}/links/", {"name": "Ann", "email": "ann@oakum.example", "days": 9})
    for address in (f"{CALENDAR}notices/", f"{CALENDAR}orders/{order.pk}/"):
        banners = re.findall(
            r'<div class="notice[^>]*role="status">(.*?)</div>', sam.get(address).content.decode()
        )
        assert all(re.sub("<[^>]*>", "", each).strip() for each in banners)


def test_nobody_is_offered_their_own_name_as_a_rival(sam, slots):
    order = make_insertion(slots[0].issue, advertiser=make_advertiser("Oakum")).line.order
    make_advertiser("Tar")
    shown = sam.get(f"{CALENDAR}orders/{order.pk}/exclusivity/").content.decode()
    assert ">Tar</option>" in shown
    assert ">Oakum</option>" not in shown


def test_a_cancelled_order_says_what_becomes_of_it(sam, slots):
    order = make_insertion(slots[0].issue).line.order
    answer = sam.post(f"{CALENDAR}orders/{order.pk}/cancel/", {"words": "Budget cut"}, follow=True)
    assert "Cancelled. What ran stays, and is paid." in answer.content.decode()
