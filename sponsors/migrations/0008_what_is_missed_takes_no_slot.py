from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0007_mails_are_claimed_before_they_are_sent")]

    operations = [
        migrations.RemoveConstraint("insertion", "slot_sold_once"),
        migrations.AddConstraint(
            "insertion",
            models.UniqueConstraint(
                fields=["slot"], condition=models.Q(status__in=("booked", "ran")), name="slot_sold_once"
            ),
        ),
    ]
