from django.db import migrations, models
from django.db.models import F


def sent_ones_were_claimed(apps, schema_editor):
    apps.get_model("sponsors", "Reminder").objects.update(claimed_at=F("sent_at"))


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0006_house_promotions")]

    operations = [
        migrations.AddField("notice", "claimed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("reminder", "claimed_at", models.DateTimeField(null=True)),
        migrations.AlterField("reminder", "sent_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunPython(sent_ones_were_claimed, migrations.RunPython.noop),
        migrations.AlterField("reminder", "claimed_at", models.DateTimeField()),
        migrations.AlterModelOptions("reminder", {"ordering": ["-claimed_at"]}),
    ]
