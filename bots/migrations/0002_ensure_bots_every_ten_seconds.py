"""The schedule that brings bots back. It is a row that an admin may edit; the migration only makes it once."""

from django.db import migrations


def forward(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=10, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name="ensure bots",
        defaults={"task": "bots.ensure_bots", "interval": interval, "queue": "tasks", "expire_seconds": 9},
    )


def backward(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name="ensure bots").delete()


class Migration(migrations.Migration):
    dependencies = [("bots", "0001_initial"), ("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [migrations.RunPython(forward, backward)]
