from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0008_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='cancel_told_at',
            field=models.DateTimeField(null=True),
        ),
    ]
