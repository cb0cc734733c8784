from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("audience", "0004_leaving_by_a_mail"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="intake", options={"ordering": ["-made_at"], "verbose_name": "import"}
        ),
    ]
