from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("sponsors", "0003_bookings_become_insertions"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="creative",
            name="approved",
        ),
        migrations.RemoveField(
            model_name="creative",
            name="body",
        ),
        migrations.RemoveField(
            model_name="creative",
            name="cta",
        ),
        migrations.RemoveField(
            model_name="creative",
            name="headline",
        ),
        migrations.RemoveField(
            model_name="creative",
            name="url",
        ),
        migrations.DeleteModel(
            name="Booking",
        ),
    ]
