"""What was booked before there were orders: each booking an insertion, each creative its first version.

The words keep their approval by the desk; what sponsors approve is a rendering, and there was none to approve before.
"""

from collections import defaultdict

from django.db import migrations
from django.utils import timezone

STANDARD = (
    ("primary", "Primary", "after_lead", "house"),
    ("secondary", "Secondary", "anywhere", "collapse"),
    ("closing", "Closing", "before_sign_off", "collapse"),
)
TERMS = "Placed with drafts"


def carry_over(apps, schema_editor):
    model = lambda name: apps.get_model("sponsors", name)  # noqa: E731
    placements = _placements(apps)
    versions = {
        old.pk: model("CreativeVersion").objects.create(
            creative=old,
            number=1,
            headline=old.headline,
            body=old.body,
            cta=old.cta,
            url=old.url,
            status="reviewed" if old.approved else "submitted",
            submitted_at=old.added_at,
            submitted_by="Before insertion orders",
            reviewed_at=old.added_at if old.approved else None,
        )
        for old in model("Creative").objects.all()
    }
    lines = defaultdict(dict)
    for old in model("Booking").objects.select_related("issue", "advertiser").order_by("pk"):
        publication = old.issue.publication_id
        line = lines[publication].get(old.advertiser_id) or _line(apps, old.advertiser, publication)
        lines[publication][old.advertiser_id] = line
        slot, _ = model("Slot").objects.get_or_create(
            issue=old.issue, placement=placements[publication][old.placement], ordinal=1
        )
        model("Insertion").objects.create(
            line=line,
            slot=slot,
            version=versions.get(old.creative_id),
            status="ran" if old.issue.status == "sent" else "booked",
            agreed_for=old.issue.planned_for,
            price=0,
            booked_at=old.booked_at,
        )


def _placements(apps):
    """The three standard placements of each publication."""
    formats, placement = apps.get_model("sponsors", "AdFormat"), apps.get_model("sponsors", "Placement")
    found = defaultdict(dict)
    for publication in apps.get_model("issues", "Publication").objects.all():
        message, _ = formats.objects.get_or_create(name="Message")
        for position, (code, name, rule, fallback) in enumerate(STANDARD):
            found[publication.pk][code] = placement.objects.create(
                publication=publication, code=code, name=name, rule=rule, fallback=fallback, position=position,
                format=message,
            )  # fmt: skip
    return found


def _line(apps, advertiser, publication_id):
    orders = apps.get_model("sponsors", "InsertionOrder").objects
    now = timezone.now()
    order = orders.create(
        number=f"IO-{now.year}-{orders.count() + 1:05d}",
        advertiser=advertiser,
        publication_id=publication_id,
        status="signed",
        terms=TERMS,
        bill_to=advertiser.name,
        created_at=now,
        approved_at=now,
        signed_at=now,
    )
    return apps.get_model("sponsors", "LineItem").objects.create(
        order=order, kind="added_value", max_per_issue=9
    )


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0002_everything_sold"),
    ]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
