"""The schedule that tells KIS of tokens whose key is gone. An admin may edit the row; the migration makes it once."""

from django.db import migrations

NAME = "revoke tokens"


def forward(apps, schema_editor):
    interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
        every=60, period="seconds"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={"task": "credentials.revoke_tokens", "interval": interval, "queue": "tasks", "expire_seconds": 50},
    )


def backward(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("credentials", "0003_token_doubts_approval_keys_revocations"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(forward, backward)]
