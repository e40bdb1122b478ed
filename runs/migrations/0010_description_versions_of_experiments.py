import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0009_cancel_told'),
    ]

    operations = [
        migrations.AddField(
            model_name='descriptionversion',
            name='experiment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='description_versions', to='runs.experiment'),
        ),
        migrations.AlterField(
            model_name='descriptionversion',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='description_versions', to='runs.run'),
        ),
        migrations.AddConstraint(
            model_name='descriptionversion',
            constraint=models.UniqueConstraint(fields=('experiment', 'version'), name='experiment_description_once'),
        ),
        migrations.AddConstraint(
            model_name='descriptionversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('experiment__isnull', True), ('run__isnull', False)), models.Q(('experiment__isnull', False), ('run__isnull', True)), _connector='OR'), name='description_of_one'),
        ),
    ]
