"""Sponsors from the sale to the report, as sales, ad operations, editors and the sponsor do it."""

import datetime
from contextlib import ExitStack

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from issues import clicks, planning, workflow
from issues.models import Issue, Publication
from newsroom.delivery.models import Send
from newsroom.desk import roles
from newsroom.lib import links
from sponsors import affidavits, holding, inventory, portal, settling
from sponsors.models import Insertion, InsertionOrder, RunRecord
from tests.journeys.desk import Composer, Visitor, at_the_desk
from tests.make import (
    make_advertiser,
    make_block,
    make_insertion,
    make_line,
    make_publication,
    make_reader,
    make_ready,
    make_slot,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "Join us in Detroit, October 24 to 28. Everybody who builds clouds will be there."


@pytest.fixture
def publication() -> Publication:
    """A daily with three weeks of planned issues and the standard placements."""
    made = make_publication(name="The Quay", slug="the-quay", weeks_ahead=3, rundown=[])
    inventory.stock(made)
    make_reader(made, "ann@readers.example")
    for issue in planning.plan_ahead(made, now=timezone.now()):
        make_block(issue, "lead_story", position=0)
        make_block(issue, "sponsor_slot", position=1, placement="primary")
        for position in range(2, 7):
            make_block(issue, "story", position=position)
        make_block(issue, "sponsor_slot", position=7, placement="closing")
        make_block(issue, "sign_off", position=8)
    return made


@pytest.fixture
def desk(browser: Browser, live_server, settings, publication):
    """``desk(roles.SALES)`` is somebody of that role at a browser of their own; nothing goes wrong in any of them."""
    with ExitStack() as stack:
        people: dict[str, Composer] = {}

        def person(role: str, **options) -> Composer:
            if role not in people:
                people[role] = stack.enter_context(
                    at_the_desk(browser, live_server, settings, role, **options)
                )
            return people[role]

        yield person
        assert [wrong for each in people.values() for wrong in each.wrong] == []


@pytest.fixture
def sponsor(browser: Browser, live_server):
    """Somebody at the sponsor, with a browser that has never been at the desk."""
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    visitor = Visitor(context.new_page(), live_server.url)
    yield visitor
    assert visitor.wrong == []
    context.close()


def day_of(publication: Publication, number: int) -> Issue:
    """The planned issue so many issues from now; far enough for every deadline."""
    return publication.issues.order_by("planned_for")[number]


def cell(who: Visitor, issue: Issue, column: str):
    day = issue.planned_for
    return who.page.get_by_role("gridcell", name=f"{day:%A} {day.day} {day:%B}, {column}")


def press(who: Visitor, *names: str) -> None:
    for name in names:
        who.page.get_by_role("button", name=name, exact=True).click()


def test_top_and_closing_are_sold_made_approved_sent_and_proved(desk, sponsor, publication):
    issue = day_of(publication, 9)
    sam = desk(roles.SALES)
    sam.goto("/desk/sponsors/")
    cell(sam, issue, "Primary").click()
    cell(sam, issue, "Closing").click()
    expect(sam.page.get_by_text("2 slots chosen")).to_be_visible()
    sam.page.keyboard.press("b")
    sam.page.get_by_label("Advertiser").fill("CNCF")
    expect(sam.page.get_by_label("Times in one issue, at most")).to_have_value("2")
    press(sam, "Book")
    expect(sam.page.get_by_role("heading", level=1)).to_contain_text("CNCF")
    press(sam, "Submit for approval")
    order = InsertionOrder.objects.get(advertiser__name="CNCF")

    maria = desk(roles.SALES_MANAGER)
    maria.goto(f"/desk/sponsors/orders/{order.pk}/")
    maria.page.get_by_label("They cost nothing").check()  # no rate card names a price
    maria.page.get_by_role("button", name="Approve at").click()
    maria.page.get_by_label("Signed for CNCF by").fill("Priya Rao")
    press(maria, "Record the signature")
    expect(maria.page.get_by_text("Signed by Priya Rao")).to_be_visible()

    sam.page.reload()
    sam.page.get_by_label("Name").fill("Priya Rao")
    press(sam, "Make the link")
    link = sam.page.get_by_label("Link for Priya Rao").input_value()

    sponsor.page.goto(link)
    sponsor.page.get_by_role("link", name=f"{issue.planned_for:%A}").first.click()
    sponsor.page.get_by_role("link", name="Bring in your message").click()
    sponsor.page.get_by_label("Headline").fill("x" * 90)
    sponsor.page.get_by_label("Message").fill(WORDS)
    sponsor.page.get_by_label("Link", exact=True).fill("https://cncf.example/detroit")
    sponsor.allow(422)
    press(sponsor, "Submit")
    expect(
        sponsor.page.get_by_text("The headline has 90 characters; this format takes at most 80.")
    ).to_be_visible()
    expect(sponsor.page.get_by_label("Message")).to_have_value(WORDS)
    sponsor.page.get_by_label("Headline").fill("KubeCon in Detroit")
    press(sponsor, "Submit")
    expect(sponsor.page.get_by_text("We look at it and come back")).to_be_visible()

    first, second = Insertion.objects.in_issue(issue.pk)
    adam = desk(roles.AD_OPS)
    adam.goto(f"/desk/sponsors/insertions/{first.pk}/")
    press(adam, "Passes our review")

    sponsor.page.reload()
    shown = sponsor.page.frame_locator("iframe").first.locator("body")
    expect(shown).to_contain_text("A MESSAGE FROM CNCF")
    expect(sponsor.page.get_by_text("The same message stands twice in this issue")).to_be_visible()
    press(sponsor, "Approve it as shown")
    expect(sponsor.page.get_by_text("Priya Rao approved it")).to_be_visible()

    chris = desk(roles.CHIEF)
    chris.open(issue)
    chris.page.get_by_label("Title").fill("Passing the PyTorch")
    chris.block("Sponsor").first.focus()
    chris.press("Alt+ArrowDown", "Alt+ArrowDown")
    chris.saved()
    problem = chris.block("Sponsor").first.get_by_text("It belongs after the lead.")
    expect(problem).to_be_visible()
    chris.block("Sponsor").first.get_by_role("button", name="Move it there").first.click()
    chris.saved()
    expect(chris.page.get_by_text("It belongs after the lead.")).to_have_count(0)
    assert chris.blocks[1] == "sponsor_slot"
    chris.page.get_by_role("button", name="Submit for review").click()
    chris.page.get_by_role("button", name="Approve").click()
    chris.page.get_by_role("link", name="Schedule…").click()
    expect(chris.page.get_by_role("heading", name="Sold with this issue")).to_be_visible()
    assert chris.page.get_by_text("as sold").count() == 2
    chris.page.get_by_role("button", name="Schedule for").click()

    goes_out(issue)
    record = RunRecord.objects.get(insertion=first)
    assert (record.place, record.places) == (2, 9)
    assert WORDS in record.text.replace("\n", " ")
    clicked(issue, first, "ann", "bob")
    clicked(issue, second, "bob")
    sam.goto(f"/desk/sponsors/orders/{order.pk}/report/")
    expect(sam.page.get_by_text("Primary and Closing on")).to_contain_text("2 people clicked in at least one")
    expect(sam.page.get_by_role("cell", name="2 of 9")).to_be_visible()
    sponsor.page.goto(link)
    expect(sponsor.page.get_by_role("cell", name="8 of 9")).to_be_visible()


def goes_out(issue: Issue) -> None:
    """The scheduler does its part: every reader gets it, and what ran is recorded."""
    issue = Issue.objects.select_related("edition", "publication").get(pk=issue.pk)
    send = Send.objects.get(issue=issue)
    Send.objects.filter(pk=send.pk).update(
        scheduled_for=timezone.now(), window_ends=timezone.now() + datetime.timedelta(hours=1)
    )
    now = timezone.now()
    workflow.go_out(issue, now=now)
    workflow.finish(issue, now=now, delivered=1000)
    affidavits.record_all(now=now)


def clicked(issue: Issue, insertion: Insertion, *readers: str) -> None:
    clicks.record(
        issue,
        [
            clicks.Seen(url="https://cncf.example/", reader=each, at=timezone.now(), mark=insertion.token)
            for each in readers
        ],
    )


def test_a_hold_that_runs_out_while_the_dialog_is_open_takes_nothing(desk, publication):
    issue = day_of(publication, 9)
    sam = desk(roles.SALES)
    sam.goto("/desk/sponsors/")
    cell(sam, issue, "Primary").click()
    sam.page.keyboard.press("h")
    sam.page.get_by_label("Advertiser").fill("Intel")
    press(sam, "Hold")
    expect(cell(sam, issue, "Primary")).to_contain_text("Hold Intel")
    cell(sam, issue, "Primary").get_by_role("link").click()
    sam.page.get_by_role("link", name="Book", exact=True).first.click()

    slot = inventory.slots(issue)[0]
    slot.holds.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    make_insertion(issue, advertiser=make_advertiser("Nvidia"), now=timezone.now())
    sam.allow(409)
    press(sam, "Book")
    expect(sam.page.get_by_text("for Nvidia")).to_be_visible()
    expect(sam.page.get_by_text("Free instead:")).to_be_visible()
    expect(sam.page.get_by_label("Advertiser")).to_have_value("Intel")
    assert not InsertionOrder.objects.filter(advertiser__name="Intel").exists()


def test_a_late_creative_gives_way_and_the_line_says_whose_fault_it_was(desk, publication):
    issue = day_of(publication, 0)
    insertion = make_insertion(issue, advertiser=make_advertiser("Oakum"), now=timezone.now())
    adam = desk(roles.AD_OPS)
    adam.goto(f"/desk/sponsors/insertions/{insertion.pk}/")
    expect(adam.page.get_by_text("No creative has come yet.")).to_be_visible()
    press(adam, "Rule it late: something stands in")
    expect(adam.page.get_by_text("Late through the advertiser’s fault.").first).to_be_visible()
    insertion.refresh_from_db()
    assert insertion.fault == "advertiser"


def test_an_issue_that_moves_by_a_day_is_settled_on_one_screen(desk, publication):
    issue, other = day_of(publication, 9), day_of(publication, 11)
    for placement, name in (("primary", "CNCF"), ("secondary", "Intel"), ("closing", "Oakum")):
        make_ready(
            make_insertion(issue, placement, advertiser=make_advertiser(name), now=timezone.now()),
            now=timezone.now(),
        )
    Issue.objects.filter(pk=issue.pk).update(planned_for=issue.planned_for + datetime.timedelta(days=1))
    sam = desk(roles.SALES)
    sam.goto(f"/desk/sponsors/issues/{issue.pk}/settle/")
    expect(sam.page.get_by_text("3 insertions wait for a decision.")).to_be_visible()
    groups = sam.page.get_by_role("group")
    groups.nth(1).get_by_label("Move to another slot").check()
    groups.nth(1).get_by_role("combobox").select_option(
        label=f"Secondary on {other.planned_for:%a} {other.planned_for.day} {other.planned_for:%b %Y}"
    )
    groups.nth(2).get_by_label("Count as missed, and make it good later").check()
    press(sam, "Settle 3 insertions")
    expect(sam.page.get_by_text("3 notices drafted")).to_be_visible()
    expect(sam.page.get_by_role("textbox", name="Mail")).to_have_count(3)
    issue.refresh_from_db()
    assert settling.unsettled(issue) == []
    assert Insertion.objects.get(line__order__advertiser__name="Intel", status="booked").slot.issue == other
    sam.goto("/desk/sponsors/make-goods/")
    expect(sam.page.get_by_role("heading", name="Oakum in Closing")).to_be_visible()


def test_a_cancelled_order_says_in_numbers_what_it_gives_back(desk, publication):
    line = make_line(publication, make_advertiser("Oakum"), now=timezone.now())
    for number in (8, 9, 10):
        make_insertion(day_of(publication, number), line=line, now=timezone.now())
    sam = desk(roles.SALES)
    sam.goto(f"/desk/sponsors/orders/{line.order_id}/")
    sam.page.get_by_text("Cancel the order", exact=True).click()
    expect(sam.page.get_by_text("3 slots not yet run are given back.")).to_be_visible()
    sam.page.get_by_label("Because").fill("They have no budget left.")
    press(sam, "Cancel the order and give back 3 slots")
    expect(sam.page.get_by_text("3 slots are free again.")).to_be_visible()
    assert not Insertion.objects.booked().exists()


def test_the_calendar_is_used_with_the_keyboard_alone(desk, publication):
    sam = desk(roles.SALES)
    sam.goto("/desk/sponsors/")
    board = sam.page.get_by_role("grid")
    expect(board.locator("[tabindex='0'], a:not([tabindex='-1']), input:not([tabindex='-1'])")).to_have_count(
        1
    )
    first = day_of(publication, 6)
    cell(sam, first, "Primary").focus()
    sam.press("Shift+ArrowDown", "Shift+ArrowRight")
    expect(sam.page.get_by_text("4 slots chosen")).to_be_visible()
    sam.press("Escape")
    expect(sam.page.get_by_text("Choose slots to hold or book them.")).to_be_visible()
    sam.press("Home", " ", "End", " ", "h")
    expect(sam.page.get_by_role("heading", level=1)).to_have_text("Hold 2 slots")


@pytest.mark.parametrize("address", ["/sponsor/nothing/", "/sponsor/AAAAAAAAAAAAAAAAAAAAAAAAAAA/"])
def test_a_link_that_does_not_hold_opens_one_plain_page(sponsor, publication, address):
    sponsor.allow(404)
    sponsor.goto(address)
    expect(sponsor.page.get_by_role("heading", level=1)).to_have_text("This link does not open anything")


def test_a_revoked_link_opens_the_same_plain_page(sponsor, publication):
    line = make_line(publication, make_advertiser("Oakum"), now=timezone.now())
    link = portal.invite(line.order, name="Priya", email="", by=None, now=timezone.now())
    address = portal.url(link).partition("/sponsor/")[2]
    sponsor.goto(f"/sponsor/{address}")
    expect(sponsor.page.get_by_text("Nothing is booked on this order now.")).to_be_visible()
    portal.revoke(link, by=None, now=timezone.now())
    sponsor.allow(404)
    sponsor.page.reload()
    expect(sponsor.page.get_by_role("heading", level=1)).to_have_text("This link does not open anything")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_on_the_pages_of_the_sponsor_desk(
    browser: Browser, live_server, settings, publication, scheme, width
):
    from axe_playwright_python.sync_playwright import Axe

    now = timezone.now()
    issue = day_of(publication, 9)
    insertion = make_ready(make_insertion(issue, advertiser=make_advertiser("Oakum"), now=now), now=now)
    link = portal.invite(insertion.line.order, name="Priya", email="", by=None, now=now)
    held = make_slot(day_of(publication, 10))
    holding.hold([held], make_advertiser("Intel"), by=None, now=now)
    pages = [
        "",
        f"slots/{held.pk}/",
        f"book/?slot={make_slot(issue, 'closing').key}",
        "orders/",
        f"orders/{insertion.line.order_id}/",
        f"orders/{insertion.line.order_id}/report/",
        f"insertions/{insertion.pk}/",
        f"insertions/{insertion.pk}/creative/",
        "house/",
        "notices/",
        "make-goods/",
    ]
    paths = [f"/desk/sponsors/{page}" for page in pages]
    door = links.token(portal.PURPOSE, link.pk)
    paths += [f"/sponsor/{door}/", f"/sponsor/{door}/{insertion.pk}/"]
    with at_the_desk(
        browser, live_server, settings, roles.SALES_MANAGER, width=width, color_scheme=scheme
    ) as maria:
        for path in paths:
            maria.goto(path)
            found = Axe().run(maria.page)
            assert found.violations_count == 0, (path, found.generate_report())
            overflow = maria.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overflow <= 0, (path, overflow)
        assert maria.wrong == []
