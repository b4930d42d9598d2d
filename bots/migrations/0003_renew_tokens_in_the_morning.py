"""The schedule that renews access tokens while nothing trades. An admin may edit the row; the migration makes it once.

Every five minutes from 9 to 10 in Seoul, and on until 16 for tokens that were too young to be renewed then.
"""

from django.db import migrations

NAME = "renew tokens"


def forward(apps, schema_editor):
    crontab, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        minute="3-58/5", hour="9-15", day_of_week="*", day_of_month="*", month_of_year="*", timezone="Asia/Seoul"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={"task": "bots.renew_tokens", "crontab": crontab, "queue": "tasks", "expire_seconds": 240},
    )


def backward(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0002_ensure_bots_every_ten_seconds"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(forward, backward)]
