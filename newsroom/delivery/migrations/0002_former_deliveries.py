from django.db import migrations


class Migration(migrations.Migration):
    """Make room for deliveries that are written once, when it is known what became of them."""

    dependencies = [("delivery", "0001_initial"), ("audience", "0002_consent_suppression_intake")]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_waiting"),
        migrations.RemoveIndex(model_name="delivery", name="delivery_status"),
        migrations.RemoveConstraint(model_name="delivery", name="one_delivery_per_reader"),
        migrations.RenameModel(old_name="Delivery", new_name="FormerDelivery"),
    ]
