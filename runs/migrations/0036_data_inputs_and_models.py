"""Data that runs read, and models that they read and make; files of models that no run made."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0035_scripts_of_canceled_runs'),
    ]

    operations = [
        migrations.CreateModel(
            name='ModelMetric',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.FloatField(null=True)),
                ('step', models.BigIntegerField()),
                ('time', models.BigIntegerField()),
                ('dataset_name', models.CharField(blank=True, max_length=500)),
                ('dataset_digest', models.CharField(blank=True, max_length=36)),
            ],
        ),
        migrations.CreateModel(
            name='RunInput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('context', models.CharField(blank=True, max_length=500)),
                ('tags', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='RunModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('direction', models.CharField(choices=[('input', 'input'), ('output', 'output')], max_length=6)),
                ('step', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AlterField(
            model_name='artifact',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='artifacts', to='runs.run'),
        ),
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=500)),
                ('digest', models.CharField(max_length=36)),
                ('source_type', models.CharField(blank=True, max_length=256)),
                ('source', models.TextField(blank=True)),
                ('schema', models.TextField(blank=True)),
                ('profile', models.TextField(blank=True)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='datasets', to='runs.experiment')),
            ],
        ),
        migrations.CreateModel(
            name='LoggedModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=500)),
                ('model_type', models.CharField(blank=True, max_length=500)),
                ('status', models.CharField(choices=[('PENDING', 'PENDING'), ('READY', 'READY'), ('UPLOAD_FAILED', 'UPLOAD_FAILED')], default='PENDING', max_length=16)),
                ('status_message', models.TextField(blank=True)),
                ('tags', models.JSONField(default=dict)),
                ('params', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('deleted_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='logged_models', to='runs.experiment')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='logged_models', to='runs.run')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.workspace')),
            ],
        ),
        migrations.AddField(
            model_name='artifact',
            name='model',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='artifacts', to='runs.loggedmodel'),
        ),
        migrations.AddConstraint(
            model_name='artifact',
            constraint=models.UniqueConstraint(fields=('model', 'path'), name='artifact_of_model_once'),
        ),
        migrations.AddConstraint(
            model_name='artifact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('model__isnull', True), ('run__isnull', False)), models.Q(('model__isnull', False), ('run__isnull', True)), _connector='OR'), name='artifact_of_one'),
        ),
        migrations.AddField(
            model_name='modelmetric',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='metrics', to='runs.loggedmodel'),
        ),
        migrations.AddField(
            model_name='modelmetric',
            name='name',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.name'),
        ),
        migrations.AddField(
            model_name='modelmetric',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run'),
        ),
        migrations.AddField(
            model_name='runinput',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='runs.dataset'),
        ),
        migrations.AddField(
            model_name='runinput',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='inputs', to='runs.run'),
        ),
        migrations.AddField(
            model_name='runmodel',
            name='model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='runs.loggedmodel'),
        ),
        migrations.AddField(
            model_name='runmodel',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='models', to='runs.run'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.UniqueConstraint(fields=('experiment', 'name', 'digest'), name='dataset_once'),
        ),
        migrations.AddIndex(
            model_name='loggedmodel',
            index=models.Index(fields=['experiment', '-created_at', 'public_id'], name='model_by_age'),
        ),
        migrations.AddConstraint(
            model_name='modelmetric',
            constraint=models.UniqueConstraint(fields=('model', 'name', 'run', 'dataset_name', 'dataset_digest'), name='model_metric_once'),
        ),
        migrations.AddConstraint(
            model_name='runinput',
            constraint=models.UniqueConstraint(fields=('run', 'dataset'), name='run_input_once'),
        ),
        migrations.AddConstraint(
            model_name='runmodel',
            constraint=models.UniqueConstraint(fields=('run', 'model', 'direction', 'step'), name='run_model_once'),
        ),
    ]
