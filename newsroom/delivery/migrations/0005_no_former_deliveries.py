from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("delivery", "0004_move_deliveries")]

    operations = [migrations.DeleteModel(name="FormerDelivery")]
