"""What the demo's sales people have sold: orders in every state, holds, a house promotion, a rate card."""

import datetime
from decimal import Decimal

from django.contrib.auth.models import User

from issues import planning
from issues.models import Publication
from newsroom.desk.demo import words
from sponsors import (
    affidavits,
    billing,
    holding,
    inventory,
    ordering,
    promoting,
    selling,
    showing,
    trafficking,
)
from sponsors.models import (
    Advertiser,
    Category,
    Contact,
    Decision,
    ExclusionLabel,
    Insertion,
    InsertionStatus,
    LineItem,
    LineKind,
    Package,
    RateCard,
    RateCardItem,
    VersionStatus,
)

WEEKS = 8
PRICES = {"primary": 4000, "secondary": 2200, "closing": 1500}


def sell(publication: Publication, people: dict[str, User], *, now: datetime.datetime) -> None:
    """Eight weeks of planned issues, and slots in them in every state that the calendar shows."""
    publication.weeks_ahead = WEEKS
    publication.save(update_fields=["weeks_ahead"])
    issues = planning.plan_ahead(publication, now=now)
    inventory.lay_out(issues)
    _rate_card(publication, now=now)
    _house(publication, people, now=now)
    sponsors = {each.name: each for each in _sponsors(people["sam"])}
    ahead = [inventory.slots(issue) for issue in issues]
    by = people["sam"]
    bank, rope = sponsors["Brightwater Bank"], sponsors["Oakum Software"]
    line = _line(bank, publication, people, max_per_issue=2, package=Package.objects.get(), now=now)
    twins = [slot for day in ahead[3:13:5] for slot in day if slot.placement.code != "secondary"]
    sold = selling.book(line, twins, by=by, now=now)
    _ready(sold[0], people, now=now)
    _sign(line, people, now=now)
    other = _line(rope, publication, people, now=now)
    selling.book(other, [ahead[n][0] for n in (6, 11, 16)], by=by, now=now)
    holding.hold(
        [ahead[5][0], ahead[7][0]],
        sponsors["Tidewater Insurance"],
        by=by,
        now=now,
        lasts=datetime.timedelta(days=9),
    )
    holding.hold(
        [ahead[7][0]],
        sponsors["Lantern Analytics"],
        by=people["maria"],
        now=now,
        behind_others=True,
        lasts=datetime.timedelta(days=12),
    )
    inventory.block([ahead[9][2]], reason="Anniversary issue", by=people["maria"], now=now)
    affidavits.record_all(now=now)
    _billed(publication, people, now=now)


def _billed(publication: Publication, people: dict[str, User], *, now: datetime.datetime) -> None:
    """What ran some time ago for three of them: paid in part, just issued, and ready to bill. A young demo has none."""
    fiona, sold = people["fiona"], now - datetime.timedelta(days=90)
    advertisers = Advertiser.objects.filter(orders__publication=publication).distinct().order_by("name")
    ran = {each: _ran(each, publication, since=sold.date(), until=now.date()) for each in advertisers[:3]}
    lines = [_that_ran(each, keys, publication, people, now=sold) for each, keys in ran.items() if keys]
    for line, days in zip(lines, (20, 3), strict=False):
        then = now - datetime.timedelta(days=days)
        invoice = billing.draft(line.order, by=fiona, now=then)
        billing.issue(invoice, by=fiona, now=then)
    if lines:
        then = now - datetime.timedelta(days=7)
        paid = lines[0].order.invoices.get()
        billing.pay(paid, Decimal(4000), then.date(), "Transfer 7731", by=fiona, now=then)


def _ran(
    advertiser: Advertiser, publication: Publication, *, since: datetime.date, until: datetime.date
) -> list[int]:
    """Insertions that stood in the drafts of past issues, long enough ago to be billed."""
    rows = Insertion.objects.filter(
        line__order__advertiser=advertiser,
        line__kind=LineKind.ADDED_VALUE,
        slot__issue__publication=publication,
        status=InsertionStatus.RAN,
        slot__issue__planned_for__gt=since + datetime.timedelta(days=14),
        slot__issue__planned_for__lt=until - datetime.timedelta(days=25),
    )
    return list(rows.order_by("slot__issue__planned_for").values_list("pk", flat=True)[:3])


def _that_ran(
    advertiser: Advertiser,
    keys: list[int],
    publication: Publication,
    people: dict[str, User],
    *,
    now: datetime.datetime,
) -> LineItem:
    """A signed order for insertions that have run already: as if they had been sold ``now``, at the prices of the card."""
    line = _line(advertiser, publication, people, now=now)
    Insertion.objects.filter(pk__in=keys).update(line=line, price=None)
    _sign(line, people, now=now)
    return line


def _rate_card(publication: Publication, *, now: datetime.datetime) -> None:
    card = RateCard.objects.create(
        publication=publication,
        name=f"Rates {now.year}",
        currency="USD",
        valid_from=now.date() - datetime.timedelta(days=365),
    )
    placements = {each.code: each for each in inventory.placements(publication)}
    for code, price in PRICES.items():
        RateCardItem.objects.create(card=card, placement=placements[code], price=price)
    package = Package.objects.create(card=card, name="Top and closing, same issue", price=5000)
    package.placements.set([placements["primary"], placements["closing"]])


def _house(publication: Publication, people: dict[str, User], *, now: datetime.datetime) -> None:
    own = {
        "headline": "An evening by the water",
        "body": words.HOUSE,
        "url": "https://example.com/evening",
        "cta": "Save a seat",
    }
    promoting.promote(
        own, name="Spring evening", priority=5, publication=publication, by=people["adam"], now=now
    )


def _sponsors(owner: User) -> list[Advertiser]:
    """Those of the past issues and two more, some of them rivals."""
    finance, data = (Category.objects.create(name=name) for name in ("Banking and insurance", "Data"))
    label = ExclusionLabel.objects.create(name="Insurance")
    for name, category in (("Tidewater Insurance", finance), ("Lantern Analytics", data)):
        Advertiser.objects.get_or_create(name=name, defaults={"category": category})
    found = list(Advertiser.objects.filter(house=False))
    for each in found:
        each.owner = owner
        each.save(update_fields=["owner"])
        address = "".join(letter for letter in each.name.lower() if letter.isalnum())
        Contact.objects.create(advertiser=each, name="Ann Reed", email=f"ann@{address}.example")
        if "Insurance" in each.name:
            each.labels.add(label)
    return found


def _line(
    advertiser: Advertiser,
    publication: Publication,
    people: dict[str, User],
    *,
    now: datetime.datetime,
    **terms: object,
) -> LineItem:
    order = ordering.open_order(advertiser, publication, by=people["sam"], now=now)
    return ordering.add_line(order, by=people["sam"], now=now, **terms)  # type: ignore[arg-type]


def _ready(insertion: Insertion, people: dict[str, User], *, now: datetime.datetime) -> None:
    """Words that passed our review and that the sponsor approved, for it and its twin."""
    insertion = Insertion.objects.whole().get(pk=insertion.pk)
    version = trafficking.submit(insertion, words.MESSAGE, who="Ann Reed", by=None, now=now)
    trafficking.review(version, VersionStatus.REVIEWED, by=people["adam"], now=now)
    for each in Insertion.objects.whole().filter(version=version):
        trafficking.decide(each, showing.seal(each), Decision.APPROVED, who="Ann Reed", by=None, now=now)


def _sign(line: LineItem, people: dict[str, User], *, now: datetime.datetime) -> None:
    ordering.submit(line.order, by=people["sam"], now=now)
    ordering.approve(line.order, seen=ordering.price(line.order), by=people["maria"], now=now)
    ordering.sign(line.order, signed_by="Ann Reed", by=people["sam"], now=now)
