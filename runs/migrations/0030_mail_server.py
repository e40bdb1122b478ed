import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0029_references_in_old_descriptions'),
    ]

    operations = [
        migrations.CreateModel(
            name='MailServer',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('host', models.CharField(blank=True, max_length=253)),
                ('port', models.PositiveIntegerField(default=587)),
                ('encryption', models.CharField(default='starttls', max_length=8)),
                ('username', models.CharField(blank=True, max_length=256)),
                ('password', models.CharField(blank=True, max_length=1000)),
                ('sender', models.CharField(blank=True, max_length=320)),
                ('allows_private', models.BooleanField(default=False)),
                ('updated_at', models.DateTimeField(null=True)),
                ('test_to', models.CharField(blank=True, max_length=254)),
                ('test_asked_at', models.DateTimeField(null=True)),
                ('test_answered_at', models.DateTimeField(null=True)),
                ('test_answer', models.TextField(blank=True)),
                ('test_arrived', models.BooleanField(default=False)),
                ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='mail_server_is_one')],
            },
        ),
    ]
