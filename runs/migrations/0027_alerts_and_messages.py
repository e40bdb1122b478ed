import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0026_alerts_anew'),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=256)),
                ('filter', models.TextField(blank=True)),
                ('include_children', models.BooleanField(default=False)),
                ('statuses', models.JSONField(default=list)),
                ('queued_s', models.PositiveIntegerField(default=3600)),
                ('metric', models.CharField(blank=True, max_length=256)),
                ('bound', models.FloatField(null=True)),
                ('is_above', models.BooleanField(default=True)),
                ('timing', models.CharField(default='now', max_length=8)),
                ('quiet_from', models.PositiveSmallIntegerField(null=True)),
                ('quiet_until', models.PositiveSmallIntegerField(null=True)),
                ('channel', models.CharField(default='email', max_length=16)),
                ('addresses', models.JSONField(default=list)),
                ('muted', models.JSONField(default=list)),
                ('url', models.TextField(blank=True)),
                ('secret', models.CharField(blank=True, max_length=64)),
                ('allows_private', models.BooleanField(default=False)),
                ('paused_at', models.DateTimeField(null=True)),
                ('trouble', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('watches_since', models.DateTimeField()),
                ('experiment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='runs.experiment')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='runs.run')),
                ('view', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='runs.savedview')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='runs.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_test', models.BooleanField(default=False)),
                ('subject', models.CharField(blank=True, max_length=300)),
                ('facts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=64)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('reached', models.JSONField(default=list)),
                ('refused', models.JSONField(default=dict)),
                ('answer', models.TextField(blank=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('given_up_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='runs.alert')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='runs.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='AlertMoment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('watch', models.CharField(max_length=32)),
                ('key', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('value', models.FloatField(null=True)),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moments', to='runs.alert')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='runs.run')),
                ('delivery', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='moments', to='runs.delivery')),
            ],
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['workspace', 'owner'], name='alert_of_owner'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('read_at__isnull', True)), fields=['user', 'workspace'], name='delivery_unread'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['user', 'workspace', '-id'], name='delivery_of_person'),
        ),
        migrations.AddIndex(
            model_name='alertmoment',
            index=models.Index(condition=models.Q(('delivery', None)), fields=['alert', 'at'], name='alert_moment_untold'),
        ),
        migrations.AddConstraint(
            model_name='alertmoment',
            constraint=models.UniqueConstraint(fields=('alert', 'key'), name='alert_moment_once'),
        ),
    ]
