"""The tables of alerts were never written to; they are made anew with what an alert needs."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("runs", "0025_index_of_stopping_runs")]

    operations = [migrations.DeleteModel("Delivery"), migrations.DeleteModel("Alert")]
