from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0022_changes_have_parts_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='computetarget',
            name='checked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='computetarget',
            name='capacity',
            field=models.JSONField(default=dict),
        ),
    ]
