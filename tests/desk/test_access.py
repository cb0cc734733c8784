"""Every address of the house, and who gets past its door."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.db import InterfaceError, OperationalError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from issues import commenting, history
from issues.blocks import registry
from issues.models import Issue
from newsroom.audience import segments, subscribing, suppressing
from newsroom.audience.models import Reason
from newsroom.delivery.control import scheduling
from newsroom.delivery.relay import catcher
from newsroom.desk import roles
from newsroom.lib import links
from sponsors import billing, makegoods, noticing, portal, promoting
from sponsors.models import Hold
from tests.make import (
    MESSAGE,
    NOW,
    make_advertiser,
    make_approved_issue,
    make_insertion,
    make_invoice,
    make_issue,
    make_person,
    make_publication,
    make_published_issue,
    make_reader,
    make_ready,
    make_rehearsed,
    make_slot,
)

pytestmark = pytest.mark.django_db

ROLES = ("anonymous", "stranger", "edith", "chris", "sam", "maria", "adam", "fiona", "olga")
NOBODY: frozenset[str] = frozenset()
SIGNED_IN = frozenset(ROLES) - {"anonymous"}
STAFF = SIGNED_IN - {"stranger"}
WRITERS, CHIEF = frozenset({"edith", "chris"}), frozenset({"chris"})
STEERERS = frozenset({"chris", "olga"})
SELLERS, DEALERS = frozenset({"sam", "maria"}), frozenset({"sam", "maria", "adam", "fiona"})
PLACERS, MANAGER, STOCKERS = frozenset({"adam"}), frozenset({"maria"}), frozenset({"maria", "olga"})
PARTIES = frozenset({"sam", "maria", "adam"})
BILLERS, BILLS_SEEN = frozenset({"fiona"}), frozenset({"fiona", "maria"})
WATCHERS, OVERRIDERS = frozenset({"edith", "chris", "adam"}), frozenset({"maria", "chris"})
NO_SUCH_METHOD = None
"""405 for everybody who is signed in, or for everybody where the page is public."""


@dataclass(frozen=True)
class Door:
    """Who may GET and who may POST. ``args`` name things of the ``world``; ``elsewhere`` are the same of nothing."""

    get: frozenset[str] | None
    post: frozenset[str] | None = NO_SUCH_METHOD
    args: tuple[str, ...] = ()
    elsewhere: tuple[object, ...] = ()
    public: bool = False
    seen_by: frozenset[str] | None = None
    """Who may learn whether it exists, where that are more than may do what the door is for."""


NO_ISSUE, NO_BLOCK = (999_999,), (999_999, uuid.UUID(int=7))
DOORS = {
    "healthz": Door(None, public=True),
    "archive:home": Door(None, public=True),
    "archive:privacy": Door(None, public=True),
    "archive:robots": Door(None, public=True),
    "archive:sitemap": Door(None, public=True),
    "archive:front": Door(None, args=("slug",), elsewhere=("nothing",), public=True),
    "archive:page": Door(None, args=("slug", "first"), elsewhere=("nothing", 1), public=True),
    "archive:feed": Door(None, args=("slug",), elsewhere=("nothing",), public=True),
    "archive:theme": Door(None, args=("slug",), elsewhere=("nothing",), public=True),
    "archive:subscribe": Door(None, args=("slug",), elsewhere=("nothing",), public=True),
    "archive:issue": Door(None, args=("slug", "issue_slug"), elsewhere=("nothing", "nothing"), public=True),
    "audience:leave": Door(None, args=("leave",), elsewhere=("nobody",), public=True),
    "audience:confirm": Door(None, args=("confirm",), elsewhere=("nobody",), public=True),
    "audience:preferences": Door(None, args=("leave",), elsewhere=("nobody",), public=True),
    "audience:data": Door(None, args=("leave",), elsewhere=("nobody",), public=True),
    "audience:erase": Door(None, args=("leave",), elsewhere=("nobody",), public=True),
    "media/<path:path>": Door(None, public=True),
    "returns": Door(None, args=("mailgun",), elsewhere=("pigeon",), public=True),
    "desk:sign_in": Door(None, public=True),
    "desk:home": Door(STAFF),
    "desk:outbox": Door(STAFF),
    "desk:mail": Door(STAFF, args=("mail",), elsewhere=("20310304070000000-1-1.eml",)),
    "desk:mail_frame": Door(STAFF, args=("mail",), elsewhere=("20310304070000000-1-1.eml",)),
    "desk:subscribers": Door(STEERERS),
    "desk:export": Door(STEERERS, STEERERS),
    "desk:import": Door(STEERERS, STEERERS),
    "desk:figures": Door(STEERERS),
    "desk:asks": Door(STEERERS, STEERERS, args=("slug",), elsewhere=("nothing",)),
    "desk:suppressions": Door(STEERERS, STEERERS),
    "desk:suppressions_file": Door(STEERERS),
    "desk:lift": Door(None, STEERERS, args=("suppression",), elsewhere=NO_ISSUE),
    "desk:segments": Door(STEERERS),
    "desk:new_segment": Door(STEERERS, STEERERS),
    "desk:count_rules": Door(None, STEERERS),
    "desk:segment": Door(STEERERS, STEERERS, args=("segment",), elsewhere=NO_ISSUE),
    "desk:count_segment": Door(STEERERS, args=("segment",), elsewhere=NO_ISSUE),
    "desk:delete_segment": Door(None, STEERERS, args=("segment",), elsewhere=NO_ISSUE),
    "desk:subscriber": Door(STEERERS, args=("reader",), elsewhere=NO_ISSUE),
    "desk:subscriber_data": Door(STEERERS, args=("reader",), elsewhere=NO_ISSUE),
    "desk:erase_subscriber": Door(STEERERS, STEERERS, args=("reader",), elsewhere=NO_ISSUE),
    "desk:subscriber_step": Door(None, STEERERS, args=("reader", "seed"), elsewhere=(999_999, "seed")),
    "desk:intake": Door(STEERERS, args=("intake",), elsewhere=(999_999,)),
    "desk:intake_columns": Door(STEERERS, STEERERS, args=("intake",), elsewhere=(999_999,)),
    "desk:intake_refused": Door(STEERERS, args=("intake",), elsewhere=(999_999,)),
    "desk:intake_step": Door(NO_SUCH_METHOD, STEERERS, args=("intake", "cancel"), elsewhere=(999_999, "cancel")),
    "issues:start": Door(WRITERS, WRITERS),
    "issues:paste": Door(WRITERS, WRITERS),
    "issues:copy_issue": Door(WRITERS, WRITERS),
    "issues:compose": Door(STAFF, WRITERS, args=("draft",), elsewhere=NO_ISSUE),
    "issues:save": Door(None, WRITERS, args=("draft",), elsewhere=NO_ISSUE),
    "issues:sit": Door(None, STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:blocks": Door(STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:preview": Door(None, STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:compare": Door(None, STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:aid": Door(None, WRITERS, args=("draft",), elsewhere=NO_ISSUE),
    "issues:checks": Door(STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:take_picture": Door(None, WRITERS, args=("draft",), elsewhere=NO_ISSUE),
    "issues:history": Door(STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:version": Door(STAFF, args=("draft", "first"), elsewhere=(999_999, 1)),
    "issues:restore": Door(None, WRITERS, args=("draft", "first"), elsewhere=(999_999, 1)),
    "issues:restore_block": Door(None, WRITERS, args=("draft", "first", "block"), elsewhere=(999_999, 1, uuid.UUID(int=7))),
    "issues:name_version": Door(None, WRITERS, args=("draft",), elsewhere=NO_ISSUE),
    "issues:put": Door(None, WRITERS, args=("draft", "kept"), elsewhere=(999_999, 1)),
    "issues:discard": Door(None, WRITERS, args=("draft", "kept"), elsewhere=(999_999, 1)),
    "issues:comments": Door(STAFF, STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:reply": Door(None, STAFF, args=("draft", "said"), elsewhere=(999_999, 1)),
    "issues:resolve": Door(None, STAFF, args=("draft", "said"), elsewhere=(999_999, 1)),
    "issues:reopen": Door(None, STAFF, args=("draft", "said"), elsewhere=(999_999, 1)),
    "issues:delete_comment": Door(None, CHIEF, args=("draft", "said"), elsewhere=(999_999, 1), seen_by=STAFF),
    "issues:frame": Door(STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:text": Door(STAFF, args=("draft",), elsewhere=NO_ISSUE),
    "issues:step": Door(None, WRITERS, args=("draft", "submit"), elsewhere=(999_999, "submit")),
    "delivery:figures": Door(STAFF),
    "delivery:publication_figures": Door(STAFF, args=("slug",), elsewhere=("nothing",)),
    "delivery:publication_file": Door(STAFF, args=("slug",), elsewhere=("nothing",)),
    "delivery:growth": Door(STAFF, args=("slug",), elsewhere=("nothing",)),
    "delivery:growth_file": Door(STAFF, args=("slug",), elsewhere=("nothing",)),
    "delivery:issue_figures": Door(STAFF, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:issue_file": Door(STAFF, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:test": Door(WRITERS, WRITERS, args=("draft",), elsewhere=NO_ISSUE),
    "delivery:schedule": Door(STEERERS, STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:plan": Door(STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:returns": Door(STAFF),
    "delivery:monitor": Door(STAFF, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:rest": Door(STEERERS, STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:forgotten": Door(None, STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:in_doubt": Door(STEERERS, STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:readers": Door(STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:readers_csv": Door(STEERERS, args=("scheduled",), elsewhere=NO_ISSUE),
    "delivery:limits": Door(STAFF, frozenset({"olga"})),
    "delivery:steer": Door(None, STEERERS, args=("scheduled", "unschedule"), elsewhere=(999_999, "unschedule")),
    "sponsors:calendar": Door(STAFF),
    "sponsors:bookings": Door(STAFF, args=("csv",), elsewhere=("txt",)),
    "sponsors:stock": Door(None, STOCKERS, args=("slug",), elsewhere=("nothing",)),
    "sponsors:hold": Door(SELLERS, SELLERS),
    "sponsors:book": Door(SELLERS, SELLERS),
    "sponsors:block": Door(SELLERS, SELLERS),
    "sponsors:at": Door(STAFF, args=("key",)),
    "sponsors:slot": Door(STAFF, args=("slot",), elsewhere=NO_ISSUE),
    "sponsors:challenge": Door(None, SELLERS, args=("slot",), elsewhere=NO_ISSUE),
    "sponsors:steer_hold": Door(None, MANAGER, args=("hold", "extend"), elsewhere=(999_999, "extend"), seen_by=SELLERS),
    "sponsors:orders": Door(DEALERS),
    "sponsors:order": Door(DEALERS, SELLERS, args=("order",), elsewhere=NO_ISSUE),
    "sponsors:exclusivity": Door(SELLERS, SELLERS, args=("order",), elsewhere=NO_ISSUE),
    "sponsors:order_step": Door(None, SELLERS, args=("order", "submit"), elsewhere=(999_999, "submit")),
    "sponsors:order_pdf": Door(DEALERS, args=("order",), elsewhere=NO_ISSUE),
    "sponsors:bill": Door(None, BILLERS, args=("order",), elsewhere=NO_ISSUE),
    "sponsors:invoices": Door(BILLS_SEEN),
    "sponsors:ready_to_bill": Door(BILLS_SEEN),
    "sponsors:books": Door(BILLS_SEEN),
    "sponsors:invoice": Door(BILLS_SEEN, args=("invoice",), elsewhere=NO_ISSUE),
    "sponsors:invoice_pdf": Door(BILLS_SEEN, args=("invoice",), elsewhere=NO_ISSUE),
    "sponsors:issue_invoice": Door(None, BILLERS, args=("invoice",), elsewhere=NO_ISSUE),
    "sponsors:void_invoice": Door(None, BILLERS, args=("invoice",), elsewhere=NO_ISSUE),
    "sponsors:pay_invoice": Door(None, BILLERS, args=("invoice",), elsewhere=NO_ISSUE),
    "sponsors:credit_invoice": Door(None, BILLERS, args=("invoice",), elsewhere=NO_ISSUE),
    "sponsors:credit_note_pdf": Door(BILLS_SEEN, args=("credit_note",), elsewhere=NO_ISSUE),
    "sponsors:invite": Door(None, SELLERS, args=("order",), elsewhere=NO_ISSUE),
    "sponsors:revoke": Door(None, SELLERS, args=("link",), elsewhere=NO_ISSUE),
    "sponsors:report": Door(DEALERS, args=("order",), elsewhere=NO_ISSUE),
    "sponsors:report_file": Door(DEALERS, args=("order", "csv"), elsewhere=(999_999, "csv")),
    "sponsors:insertion": Door(STAFF, args=("insertion",), elsewhere=NO_ISSUE),
    "sponsors:creative": Door(SELLERS | PLACERS, SELLERS | PLACERS, args=("insertion",), elsewhere=NO_ISSUE),
    "sponsors:frame": Door(STAFF, args=("insertion", "html"), elsewhere=(999_999, "html")),
    "sponsors:insertion_step": Door(None, STAFF, args=("insertion", "remark"), elsewhere=(999_999, "remark")),
    "sponsors:make_goods": Door(DEALERS),
    "sponsors:make_good": Door(None, SELLERS, args=("make_good", "waive"), elsewhere=(999_999, "waive")),
    "sponsors:promotions": Door(STAFF),
    "sponsors:promote": Door(PLACERS, PLACERS),
    "sponsors:promotion": Door(PLACERS, PLACERS, args=("promotion",), elsewhere=NO_ISSUE),
    "sponsors:end_promotion": Door(None, PLACERS, args=("promotion",), elsewhere=NO_ISSUE),
    "sponsors:notices": Door(SELLERS),
    "sponsors:send_notice": Door(None, SELLERS, args=("notice",), elsewhere=NO_ISSUE),
    "sponsors:settle": Door(SELLERS, SELLERS, args=("draft",), elsewhere=NO_ISSUE),
    "sponsors:radar": Door(WATCHERS, args=("draft",), elsewhere=NO_ISSUE),
    "sponsors:keep": Door(None, WATCHERS, args=("draft", "nothing_found"), elsewhere=(999_999, 0)),
    "portal:order": Door(None, args=("portal",), elsewhere=("nothing",), public=True),
    "portal:report": Door(None, args=("portal", "csv"), elsewhere=("nothing", "csv"), public=True),
    "portal:insertion": Door(None, args=("portal", "insertion"), elsewhere=("nothing", 1), public=True),
    "portal:creative": Door(None, args=("portal", "insertion"), elsewhere=("nothing", 1), public=True),
    "portal:frame": Door(None, args=("portal", "insertion", "html"), elsewhere=("nothing", 1, "html"), public=True),
    "portal:decide": Door(None, args=("portal", "insertion"), elsewhere=("nothing", 1), public=True),
    "portal:remark": Door(None, args=("portal", "insertion"), elsewhere=("nothing", 1), public=True),
    "desk:sign_out": Door(None, SIGNED_IN),  # last: it does what it says
}  # fmt: skip

ADMIN_PAGES = {
    "admin:index", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done",
    "admin:autocomplete", "admin:jsi18n", "admin:view_on_site", "admin:app_list", "admin:auth_user_password_change",
    "admin:(?P<url>.*)$", "admin:<path:object_id>/",
}  # fmt: skip
"""Django's own, all behind the admin's door; those of the models are checked one by one below."""

ADMIN_SEES = {
    "issues.issue": STAFF,
    "issues.publication": STEERERS,
    "issues.contributor": STEERERS,
    "sponsors.insertion": STAFF,
    "sponsors.advertiser": DEALERS,
    "sponsors.category": PARTIES,
    "sponsors.exclusionlabel": PARTIES,
    "sponsors.adformat": STOCKERS,
    "sponsors.placement": STOCKERS,
    "sponsors.ratecard": STOCKERS,
    "sponsors.creative": DEALERS,
    "sponsors.creativeversion": DEALERS,
    "sponsors.insertionorder": DEALERS,
    "sponsors.runrecord": DEALERS,
    "sponsors.auditevent": DEALERS,
    "sponsors.invoice": BILLS_SEEN,
    "sponsors.payment": BILLS_SEEN,
    "sponsors.creditnote": BILLS_SEEN,
    "delivery.send": STAFF,
    "audience.subscription": STEERERS,
}
PARTIES_CHANGED = {f"sponsors.{model}": PARTIES for model in ("advertiser", "category", "exclusionlabel")}
STOCK_CHANGED = {f"sponsors.{model}": STOCKERS for model in ("adformat", "placement", "ratecard")}
ADMIN_ADDS = {
    **PARTIES_CHANGED,
    **STOCK_CHANGED,
    "issues.issue": STAFF,
    "issues.publication": frozenset({"olga"}),
    "issues.contributor": STEERERS,
}
"""Adding an issue there leads to the page where issues start, which asks again."""
ADMIN_CHANGES = {
    **PARTIES_CHANGED,
    **STOCK_CHANGED,
    "issues.publication": STEERERS,
    "issues.contributor": STEERERS,
}
ADMIN_DELETES: dict[str, frozenset[str]] = {}


@pytest.fixture
def clients(edith, chris, sam, maria, adam, fiona, olga, stranger) -> dict[str, Client]:
    return dict(zip(ROLES, (Client(), stranger, edith, chris, sam, maria, adam, fiona, olga), strict=True))


def set_aside(issue: Issue) -> int:
    """Words that somebody could not store."""
    row = issue.blocks.first()
    return history.set_aside(
        issue,
        row.uid,
        kind=row.kind,
        words={},
        why="changed",
        rev=1,
        client=uuid.UUID(int=1),
        by=None,
        now=NOW,
    ).pk


@pytest.fixture
def world(settings) -> SimpleNamespace:
    """One of everything that an address can name."""
    settings.MAIL_CATCHER = True
    publication = make_publication()
    reader = make_reader(publication)
    draft = make_issue(publication, title="Draft")
    insertion = make_ready(make_insertion(draft, advertiser=make_advertiser("Brightwater")))
    order = insertion.line.order
    link = portal.invite(order, name="Ann", email="", by=None, now=timezone.now())
    bill = make_invoice()
    held = Hold.objects.create(
        slot=make_slot(draft, "closing"),
        advertiser=make_advertiser(),
        placed_at=NOW,
        expires_at=NOW.replace(year=2099),
    )
    missed = make_insertion(make_issue(publication, title="Missed"), advertiser=make_advertiser())
    history.record(draft, by=None, now=NOW, name="First")
    scheduled = make_approved_issue(publication, title="Scheduled")
    scheduling.schedule(scheduled, NOW.replace(year=2099), by=None, now=NOW)
    published = make_published_issue(publication, title="Published")
    catcher.outbox().mkdir(parents=True)
    return SimpleNamespace(
        slug=publication.slug,
        issue_slug=published.slug,
        draft=draft.pk,
        block=draft.blocks.first().uid,
        kept=set_aside(draft),
        said=commenting.comment(draft, draft.blocks.first().uid, "Right?", by=make_person(roles.EDITOR), now=NOW).pk,
        scheduled=scheduled.pk,
        mail=catcher.keep(catcher.outbox(), "a@harbour.example", ["b@readers.example"], b"Subject: Hi\r\n\r\nHi\r\n"),
        key=make_slot(draft, "secondary").key,
        slot=make_slot(draft, "secondary").pk,
        hold=held.pk,
        order=order.pk,
        insertion=insertion.pk,
        link=link.pk,
        portal=links.token(portal.PURPOSE, link.pk),
        make_good=makegoods.open_for(missed, reason="It did not run.", now=NOW).pk,
        notice=noticing.draft(order, subject="Hello", sentences=["Hi."], now=NOW).pk,
        nothing_found=0,
        promotion=promoting.promote(MESSAGE, name="Club", priority=1, publication=None, by=None, now=NOW).creative_id,
        invoice=bill.pk,
        credit_note=billing.credit(bill, Decimal(1), reason="Late.", by=None, now=NOW).pk,
        intake=make_rehearsed(publication, "email\nann@readers.example\nodd\n").pk,
        leave=links.token(subscribing.LEAVE, reader.pk),
        confirm=links.dated_token(subscribing.CONFIRM, reader.pk, timezone.now()),
        reader=reader.subscriber_id,
        suppression=suppressing.suppress("never@readers.example", Reason.ASKED, now=NOW).pk,
        segment=segments.make(reader.mailing_list, "All", (), by=None, now=NOW).pk,
        first=1,
    )  # fmt: skip


def addresses(
    resolver: URLResolver | None = None, before: str = "", spaces: tuple[str, ...] = ()
) -> Iterator[str]:
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLPattern):
            route = before + str(each.pattern)
            yield ":".join([*spaces, each.name or str(each.pattern)]) if spaces or each.name else route
        else:
            inner = (*spaces, each.namespace) if each.namespace else spaces
            yield from addresses(each, before + str(each.pattern), inner)


def answer(client: Client, method: str, path: str) -> int | str:
    """The status, or where it sends somebody to sign in; whatever it changed is undone."""
    with transaction.atomic():
        response = getattr(client, method)(path)
        if response.streaming:
            b"".join(response.streaming_content)  # to its end, where it closes its file
        transaction.set_rollback(True)
    at = response.headers.get("Location", "")
    return "sign in" if at.startswith(("/desk/sign-in/?", "/admin/login/?")) else response.status_code


def expected(who: str, let_in: frozenset[str] | None) -> int | str:
    if who == "anonymous":
        return "sign in"
    if let_in is NO_SUCH_METHOD:
        return 405
    return "in" if who in let_in else 403


def as_expected(got: int | str, wanted: int | str) -> bool:
    return got in (200, 302, 409, 422) if wanted == "in" else got == wanted


PORTAL_POSTS = {"portal:decide": 405, "portal:remark": 405, "returns": 405}


def path_to(name: str, args: tuple[object, ...]) -> str:
    return (
        "/media/nothing.png"
        if name.startswith("media/")
        else "/healthz"
        if name == "healthz"
        else reverse(name, args=args)
    )


def test_every_address_has_a_door():
    models = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    pages = {
        f"admin:{model}_{page}" for model in models for page in ("changelist", "add", "history", "delete", "change")
    }  # fmt: skip
    named = {name.replace("newsroom.desk.views.entrance.", "") for name in addresses()}
    assert named == set(DOORS) | pages | ADMIN_PAGES


def knocks(doors: dict[str, Door]) -> Iterator[tuple[str, Door, str, str, frozenset[str] | None]]:
    """Address, door, person, method, and whom it should let in."""
    for name, door in doors.items():
        for who in ROLES:
            yield name, door, who, "get", door.get
            yield name, door, who, "post", door.post


DESK = {name: door for name, door in DOORS.items() if not door.public}
PUBLIC = {name: door for name, door in DOORS.items() if door.public}


def test_the_desk_lets_in_whom_it_should(clients, world):
    wrong = []
    for name, door, who, method, let_in in knocks(DESK):
        path = path_to(name, tuple(getattr(world, arg, arg) for arg in door.args))
        got, wanted = answer(clients[who], method, path), expected(who, let_in)
        if not as_expected(got, wanted):
            wrong.append((name, who, method, got, wanted))
    assert wrong == []


def test_what_does_not_exist_is_404_only_for_those_who_may(clients, settings):
    settings.MAIL_CATCHER = True
    wrong = []
    for name, door, who, method, let_in in knocks({n: door for n, door in DESK.items() if door.elsewhere}):
        wanted = expected(who, let_in and (door.seen_by or let_in))
        got = answer(clients[who], method, path_to(name, door.elsewhere))
        if got != (404 if wanted == "in" else wanted):
            wrong.append((name, who, method, got, wanted))
    assert wrong == []


def test_public_pages_are_open_to_everybody(clients, world):
    for name, door in PUBLIC.items():
        path = path_to(name, tuple(getattr(world, arg, arg) for arg in door.args))
        for who in ROLES:
            usual = {"archive:subscribe": 302, "media/<path:path>": 404, **PORTAL_POSTS}.get(name, 200)
            wanted = 302 if name == "desk:sign_in" and who != "anonymous" else usual
            assert answer(clients[who], "get", path) == wanted, (name, who)


def test_a_body_that_cannot_be_read_is_answered_by_a_page(settings):
    settings.DEBUG = False
    client = Client(raise_request_exception=False)
    response = client.generic("POST", "/desk/sign-in/", "rubbish", content_type="multipart/form-data")
    assert response.status_code == 400
    assert "Go back and try again." in response.content.decode()


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OperationalError("away"), 503, "Please try again in a minute."),
        (InterfaceError("closed"), 503, "Please try again in a minute."),
        (RuntimeError("ours"), 500, "Something broke on our side"),
    ],
)
def test_a_database_that_is_away_is_no_mistake_of_ours(settings, monkeypatch, error, status, said):
    def fail(*_: object, **__: object) -> None:
        raise error

    settings.DEBUG = False
    monkeypatch.setattr("newsroom.audience.views.leaving.subscribing.find", fail)
    one_click = {"List-Unsubscribe": "One-Click"}
    response = Client(raise_request_exception=False).post(subscribing.leave_url(1), one_click)
    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("60" if status == 503 else None)
    assert said in response.content.decode()


def test_a_public_page_of_nothing_is_404():
    for name, door in PUBLIC.items():
        method = "post" if name == "archive:subscribe" or name in PORTAL_POSTS else "get"
        if door.elsewhere:
            assert answer(Client(), method, path_to(name, door.elsewhere)) == 404, name


def test_only_a_chief_editor_takes_the_other_steps(clients, world):
    for step in ("approve", "send-back", "reopen", "cancel", "restore"):
        path = reverse("issues:step", args=[world.draft, step])
        for who in ROLES:
            assert as_expected(answer(clients[who], "post", path), expected(who, CHIEF)), (who, step)


def admin_pages(model) -> Iterator[tuple[str, str, dict[str, frozenset[str]]]]:
    """Address, method and table of each page that the admin has for a model."""
    label, base = model._meta.label_lower, f"admin:{model._meta.app_label}_{model._meta.model_name}"
    one = getattr(model._default_manager.first(), "pk", 999_999)
    yield reverse(f"{base}_changelist"), "get", ADMIN_SEES
    yield reverse(f"{base}_add"), "get", ADMIN_ADDS
    yield reverse(f"{base}_add"), "post", ADMIN_ADDS
    yield reverse(f"{base}_change", args=[one]), "get", ADMIN_SEES
    yield (
        reverse(f"{base}_change", args=[one]),
        "post",
        ADMIN_SEES if label == "issues.issue" else ADMIN_CHANGES,
    )
    yield reverse(f"{base}_delete", args=[one]), "get", ADMIN_DELETES
    yield reverse(f"{base}_delete", args=[one]), "post", ADMIN_DELETES


def test_the_admin_lets_in_whom_it_should(clients, world):
    wrong = []
    for model in admin.site._registry:
        for path, method, table in admin_pages(model):
            for who in ROLES:
                let_in = table.get(model._meta.label_lower, NOBODY)
                wanted = "sign in" if who == "stranger" else expected(who, let_in)
                if not as_expected(got := answer(clients[who], method, path), wanted):
                    wrong.append((path, method, who, got, wanted))
    assert wrong == []


def test_the_admin_is_closed_to_who_is_not_staff(clients, world):
    for who in ROLES:
        wanted = 200 if who in STAFF else "sign in"
        assert answer(clients[who], "get", reverse("admin:index")) == wanted, who


STEPS = {
    "review": PLACERS,
    "approve": PLACERS,
    "late": PLACERS,
    "withdraw": PLACERS,
    "move": SELLERS | PLACERS,
    "swap": SELLERS | PLACERS,
    "cancel": SELLERS,
    "name": SELLERS,
    "keep": OVERRIDERS,
    "remark": STAFF,
}
ORDER_STEPS = {
    "submit": SELLERS,
    "approve": MANAGER,
    "disapprove": MANAGER,
    "sign": SELLERS,
    "cancel": SELLERS,
}


def test_each_step_of_what_is_sold_takes_its_own_right(clients, world):
    wrong = []
    for name, key, steps in (
        ("insertion_step", world.insertion, STEPS),
        ("order_step", world.order, ORDER_STEPS),
    ):
        for step, let_in in steps.items():
            for who in ROLES:
                got = answer(clients[who], "post", reverse(f"sponsors:{name}", args=[key, step]))
                if not as_expected(got, expected(who, let_in)):
                    wrong.append((name, step, who, got))
    assert wrong == []


def test_only_who_may_override_conflicts_gives_a_reason_for_it(clients, world):
    path = reverse("sponsors:book")
    form = {"slot": world.key, "advertiser": "Oakum", "max_per_issue": "1", "overriding": "They are friends."}
    assert clients["sam"].post(path, form).status_code == 403
    assert clients["maria"].post(path, form).status_code == 302


def test_one_sponsor_never_sees_what_is_anothers(world):
    other = make_insertion(make_issue(title="Other"), advertiser=make_advertiser("Rival"))
    for name in ("insertion", "creative", "decide", "remark"):
        path = reverse(f"portal:{name}", args=[world.portal, other.pk])
        method = "post" if name in ("decide", "remark") else "get"
        response = getattr(Client(), method)(path)
        assert response.status_code == 404, name
        assert "Rival" not in response.content.decode()
    assert Client().get(reverse("portal:frame", args=[world.portal, other.pk, "html"])).status_code == 404


def test_the_portal_shows_nothing_editorial_and_no_other_advertiser(world):
    draft = Issue.objects.get(pk=world.draft)
    make_insertion(draft, "secondary", advertiser=make_advertiser("Secretive Ltd"))
    for name, more in (
        ("order", ()),
        ("insertion", (world.insertion,)),
        ("frame", (world.insertion, "html")),
    ):
        said = Client().get(reverse(f"portal:{name}", args=[world.portal, *more])).content.decode()
        assert "Draft" not in said, name
        assert "Secretive" not in said, name
        assert str(registry.kind("lead_story").sample.heading) not in said, name
