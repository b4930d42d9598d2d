"""The schedule that brings the instrument master. An admin may edit the row; the migration makes it once.

Twenty past three in New York: before the day's first session.
"""

from django.db import migrations

NAME = "import instruments"


def forward(apps, schema_editor):
    crontab, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
        minute="20", hour="3", day_of_week="*", day_of_month="*", month_of_year="*", timezone="America/New_York"
    )
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={"task": "bots.import_instruments", "crontab": crontab, "queue": "tasks", "expire_seconds": 3600},
    )


def backward(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0003_renew_tokens_in_the_morning"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(forward, backward)]
