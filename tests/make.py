"""Arranging a world in one line: ``make_issue(title="…")``. Every function takes what matters and invents the rest."""

import datetime
import itertools
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import F

from issues import composing, saving, starting, workflow
from issues.blocks import registry
from issues.forms import HeadForm
from issues.models import Block, Contributor, Issue, Publication
from newsroom.audience import recipients
from newsroom.audience.importing import intakes
from newsroom.audience.importing.rows import Reading
from newsroom.audience.models import Intake, MailingList, Status, Subscriber, Subscription
from sponsors import affidavits, billing, inventory, ordering, selling, showing, trafficking
from sponsors.models import (
    Advertiser,
    Decision,
    Insertion,
    InsertionOrder,
    InsertionStatus,
    Invoice,
    LineItem,
    OrderStatus,
    Slot,
    VersionStatus,
)

NOW = datetime.datetime(2031, 3, 4, 7, 0, tzinfo=datetime.UTC)
TODAY = NOW.date()
_numbers = itertools.count(1)


def make_publication(**fields: Any) -> Publication:
    number = next(_numbers)
    invented = {
        "name": f"Harbour Notes {number}",
        "slug": f"harbour-{number}",
        "tagline": "By the water, every morning.",
        "time_zone": "Europe/Copenhagen",
        "sender_name": "Harbour Notes",
        "sender_email": "notes@harbour.example",
        "postal_address": "Pier 4, Harbour Town",
    }
    return Publication.objects.create(**{**invented, **fields})


def make_issue(
    publication: Publication | None = None,
    *,
    title: str = "A crane that learns",
    planned_for: datetime.date = TODAY,
    blocks: tuple[str, ...] = ("greeting", "lead_story", "sign_off"),
    now: datetime.datetime = NOW,
) -> Issue:
    """A draft with the SAMPLE of each kind in ``blocks``."""
    issue = starting.start(
        publication or make_publication(rundown=[]), title=title, planned_for=planned_for, by=None, now=now
    )
    issue.blocks.all().delete()
    for position, name in enumerate(blocks):
        make_block(issue, name, position=position)
    composing.project(issue)
    return issue


def make_block(issue: Issue, kind: str, *, position: int = 0, **data: Any) -> Block:
    known = registry.kind(kind)
    return Block.objects.create(
        issue=issue, kind=kind, version=known.version, data=known.dump(known.sample) | data, position=position
    )


def make_approved_issue(
    publication: Publication | None = None, *, now: datetime.datetime = NOW, **fields: Any
) -> Issue:
    issue = make_issue(publication, now=now, **fields)
    workflow.submit(issue, by=None, now=now)
    workflow.approve(issue, by=None, now=now)
    return issue


def make_published_issue(
    publication: Publication | None = None, *, at: datetime.datetime = NOW, **fields: Any
) -> Issue:
    issue = make_approved_issue(publication, now=at, planned_for=at.date(), **fields)
    workflow.go_out(issue, now=at)
    workflow.finish(issue, now=at)
    return issue


def make_contributor(name: str = "Ines Falk", **fields: Any) -> Contributor:
    account = name.partition(" ")[0].lower()
    invented = {
        "email": f"{account}@harbour.example",
        "social_label": "mastodon",
        "social_url": f"https://social.example/@{account}",
    }
    return Contributor.objects.create(name=name, **{**invented, **fields})


def make_list(publication: Publication) -> MailingList:
    return recipients.list_of(publication.slug, name=publication.name)


def make_reader(
    publication: Publication, email: str = "", *, status: str = Status.ACTIVE, name: str = ""
) -> Subscription:
    subscriber, _ = Subscriber.objects.get_or_create(
        email=email or f"reader{next(_numbers)}@readers.example", defaults={"name": name}
    )
    return Subscription.objects.create(
        subscriber=subscriber, mailing_list=make_list(publication), status=status, source="test", asked_at=NOW
    )


def make_rehearsed(publication: Publication, source: str | bytes) -> Intake:
    """A file of subscribers that was uploaded and rehearsed."""
    content = source.encode() if isinstance(source, str) else source
    intake = intakes.receive(make_list(publication), [content], name="readers.csv", by=None, now=NOW)
    intakes.rehearse(intake, replace(Reading.from_json(intake.reading), consent="Sign-up form."))
    return _read(intake)


def make_imported(publication: Publication, source: str | bytes) -> Intake:
    """The same, and taken in."""
    intake = make_rehearsed(publication, source)
    intakes.take_in(intake)
    return _read(intake)


def _read(intake: Intake) -> Intake:
    assert intakes.claim(intake, now=NOW)
    intakes.run(intake, clock=lambda: NOW)
    intake.refresh_from_db()
    return intake


def make_readers(publication: Publication, count: int) -> list[Subscription]:
    return [make_reader(publication) for _ in range(count)]


def make_person(role: str, *, username: str = "") -> User:
    """Somebody at the desk with that role (a group of ``newsroom.desk.roles``); no role is a stranger with a login."""
    user = User.objects.create_user(
        username or f"person{next(_numbers)}", password="a long password", is_staff=bool(role)
    )
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def write(
    issue: Issue, kind: str, *, by: User | None = None, now: datetime.datetime = NOW, **words: Any
) -> Block:
    """Somebody saves ``words`` in the first block of that kind, as the composer does; a removed one comes back."""
    block = issue.blocks.filter(kind=kind).order_by(F("removed_at").asc(nulls_first=True), "position")[0]
    form = registry.kind(kind).form.saying(words, prefix=str(block.uid))
    _save(issue, saving.Changes([saving.Written(block.uid, kind, block.rev, form)]), by=by, now=now)
    block.refresh_from_db()
    return block


def remove(issue: Issue, kind: str, *, by: User | None = None, now: datetime.datetime = NOW) -> Block:
    """Somebody removes the first standing block of that kind."""
    block = issue.blocks.standing().filter(kind=kind)[0]
    _save(issue, saving.Changes([saving.Written(block.uid, kind, block.rev, None)]), by=by, now=now)
    block.refresh_from_db()
    return block


def describe(issue: Issue, *, now: datetime.datetime = NOW, by: User | None = None, **head: str) -> None:
    """Somebody changes title, subject, preheader or day."""
    before = HeadForm.words_of(Issue.objects.get(pk=issue.pk))
    changed = {name: saving.Replaced(before[name], after) for name, after in head.items()}
    _save(issue, saving.Changes(head=changed), by=by, now=now)


def _save(issue: Issue, changes: saving.Changes, *, by: User | None, now: datetime.datetime) -> None:
    saved = saving.save(issue, changes, client=uuid.uuid4(), by=by, now=now)
    assert not [*saved.contested, *saved.overtaken, *saved.unreadable], saved


def make_sponsored_issue(
    publication: Publication | None = None,
    *placements: str,
    planned_for: datetime.date = TODAY,
) -> Issue:
    """Lead, four stories and a sign-off, with sponsor blocks where their rules want them, at least primary and closing."""
    issue = make_issue(publication, planned_for=planned_for, blocks=("lead_story",))
    for position in range(2, 10, 2):
        make_block(issue, "story", position=position, heading=f"Story {position // 2}")
    make_block(issue, "sign_off", position=20)
    for code in placements or ("primary", "closing"):
        make_block(issue, "sponsor_slot", placement=code, position={"primary": 1, "closing": 19}.get(code, 5))
    inventory.stock(issue.publication)
    return issue


def send_out(issue: Issue, *, delivered: int = 1000, at: datetime.datetime = NOW) -> Issue:
    """Approved, sent to so many, and recorded."""
    issue.refresh_from_db()
    workflow.submit(issue, by=None, now=at)
    workflow.approve(issue, by=None, now=at)
    workflow.go_out(issue, now=at)
    workflow.finish(issue, now=at, delivered=delivered)
    affidavits.record_all(now=at)
    return issue


def make_advertiser(name: str = "", **fields: Any) -> Advertiser:
    return Advertiser.objects.create(name=name or f"Brightwater {next(_numbers)}", **fields)


def make_slot(issue: Issue, placement: str = "primary") -> Slot:
    """The issue's slot of one of the standard placements."""
    inventory.stock(issue.publication)
    return next(slot for slot in inventory.slots(issue) if slot.placement.code == placement)


def make_line(
    publication: Publication,
    advertiser: Advertiser | None = None,
    *,
    now: datetime.datetime = NOW,
    **terms: Any,
) -> LineItem:
    """A line on a new draft order; ``terms`` are those of ``ordering.add_line``."""
    order = ordering.open_order(advertiser or make_advertiser(), publication, by=None, now=now)
    return ordering.add_line(order, by=None, now=now, **terms)


def make_insertion(
    issue: Issue | None = None,
    placement: str = "primary",
    *,
    advertiser: Advertiser | None = None,
    line: LineItem | None = None,
    now: datetime.datetime = NOW,
) -> Insertion:
    """A booked slot without a creative, on an order that is still a draft."""
    issue = issue or make_issue()
    line = line or make_line(issue.publication, advertiser, now=now)
    (made,) = selling.book(line, [make_slot(issue, placement)], by=None, now=now)
    return made


MESSAGE = {
    "headline": "Boats",
    "body": "<p>We lend to boats.</p>",
    "url": "https://boats.example/",
    "cta": "Ask us",
}


def make_ready(insertion: Insertion, *, now: datetime.datetime = NOW, **words: Any) -> Insertion:
    """Everything the gate asks for, but the block: a creative that is reviewed and approved, and a signed order."""
    insertion = whole(insertion)
    version = trafficking.submit(insertion, MESSAGE | words, who="Ann", by=None, now=now)
    if version.status == VersionStatus.SUBMITTED:
        trafficking.review(version, VersionStatus.REVIEWED, by=None, now=now)
    for each in insertion.line.insertions.booked():
        approve_proof(each, now=now)
    sign_order(insertion.line.order, now=now)
    return whole(insertion)


def approve_proof(insertion: Insertion, *, now: datetime.datetime = NOW) -> None:
    """The sponsor approves what is there."""
    seal = showing.seal(whole(insertion))
    trafficking.decide(insertion, seal, Decision.APPROVED, who="Ann", by=None, now=now)


def sign_order(order: InsertionOrder, *, now: datetime.datetime = NOW) -> None:
    order.refresh_from_db()
    if order.open:
        ordering.submit(order, by=None, now=now)
    if order.status == OrderStatus.PENDING_APPROVAL:
        ordering.approve(order, seen=ordering.price(order), free=True, by=None, now=now)
    if order.status == OrderStatus.APPROVED:
        ordering.sign(order, signed_by="Ann", by=None, now=now)


def whole(insertion: Insertion) -> Insertion:
    """The insertion as it stands in the database now."""
    return Insertion.objects.whole().get(pk=insertion.pk)


def make_run_order(
    *prices: Decimal | str | int,
    advertiser: Advertiser | None = None,
    publication: Publication | None = None,
    **terms: Any,
) -> InsertionOrder:
    """A signed order with an insertion for each price, one a day, all of which have run. ``terms`` are those of its line."""
    publication = publication or make_publication(rundown=[])
    line = make_line(publication, advertiser, **terms)
    for days, price in enumerate(prices):
        day = TODAY + datetime.timedelta(days=days)
        made = make_insertion(make_issue(publication, planned_for=day), line=line)
        Insertion.objects.filter(pk=made.pk).update(price=price)
    sign_order(line.order)
    Insertion.objects.filter(line=line).update(status=InsertionStatus.RAN)
    return line.order


def make_invoice(*prices: Decimal | str | int, issued: bool = True, **order: Any) -> Invoice:
    """An invoice with a line for each price, over 1,000 if none is named; ``order`` is as in ``make_run_order``."""
    made = billing.draft(make_run_order(*(prices or [1000]), **order), by=None, now=NOW)
    if issued:
        billing.issue(made, by=None, now=NOW)
    return made
