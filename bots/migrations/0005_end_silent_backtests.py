"""Replays whose process is gone are said to have failed, once a minute. The schedule is a row that an admin may edit."""

from django.db import migrations

NAME = "end silent backtests"


def forward(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=60, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={"task": "backtests.end_silent", "interval": interval, "queue": "tasks", "expire_seconds": 50},
    )


def backward(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0004_import_instruments_daily"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(forward, backward)]
