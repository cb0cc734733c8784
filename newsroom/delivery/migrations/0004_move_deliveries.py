from array import array

from django.db import migrations

OUTCOMES = {"sent": 1, "failed": 2, "skipped": 3, "in_doubt": 4, "handing_over": 4}
COUNTED = {1: "sent", 2: "failed", 3: "skipped", 4: "in_doubt"}


def move(apps, schema_editor):
    """What was sent before has one printing without counted links; who waited, waits in a chunk."""
    Send = apps.get_model("delivery", "Send")
    for send in Send.objects.filter(started_at__isnull=False):
        printing = apps.get_model("delivery", "Printing").objects.create(
            send=send, edition_id=send.edition_id, made_at=send.started_at
        )
        former = apps.get_model("delivery", "FormerDelivery").objects.filter(send=send)
        _move_settled(apps, send, printing, former.exclude(status="waiting"))
        _move_waiting(apps, send, former.filter(status="waiting"))
        send.planned = former.count()
        send.save(update_fields=["planned"])


def _move_settled(apps, send, printing, former):
    Delivery = apps.get_model("delivery", "Delivery")
    counts = dict.fromkeys(COUNTED.values(), 0)
    rows = []
    for each in former.order_by("subscription_id").iterator():
        outcome = OUTCOMES[each.status]
        counts[COUNTED[outcome]] += 1
        rows.append(
            Delivery(
                send_id=send.pk,
                subscription_id=each.subscription_id,
                printing_id=printing.pk,
                outcome=outcome,
                at=each.at or send.started_at,
                reply=each.reply,
            )
        )
    Delivery.objects.bulk_create(rows, batch_size=500)
    apps.get_model("delivery", "Chunk").objects.create(
        send=send,
        ids=b"",
        size=len(rows),
        state="done",
        done_at=send.finished_at or send.started_at,
        **counts,
    )


def _move_waiting(apps, send, former):
    ids = array("q", former.order_by("subscription_id").values_list("subscription_id", flat=True))
    if ids:
        apps.get_model("delivery", "Chunk").objects.create(send=send, ids=ids.tobytes(), size=len(ids))


class Migration(migrations.Migration):
    dependencies = [("delivery", "0003_chunks")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
