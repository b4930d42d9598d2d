"""Schedules of hooks and of what is brought in and cleaned up. An admin may edit the rows; this makes them once.

Korean and New York times: candles after the day's last session, the calendar on Sundays, old rows in the morning of
Seoul, when nothing trades.
"""

from django.db import migrations

INTERVALS = {  # name: task, seconds, expires after seconds
    "run hooks": ("bots.run_hooks", 10, 9),
    "clean up unfilled orders": ("bots.clean_up_orders", 60, 50),
    "watch for closures": ("bots.watch_closures", 300, 240),
}
CRONTABS = {  # name: task, minute, hour, day of the week, zone
    "import candles": ("bots.import_candles", "30", "21", "*", "America/New_York"),
    "import trading days": ("bots.import_trading_days", "0", "12", "sun", "America/New_York"),
    "delete old rows": ("bots.delete_old_rows", "40", "10", "*", "Asia/Seoul"),
}


def forward(apps, schema_editor):
    task_of = apps.get_model("django_celery_beat", "PeriodicTask").objects
    for name, (task, seconds, expires) in INTERVALS.items():
        interval, _ = apps.get_model("django_celery_beat", "IntervalSchedule").objects.get_or_create(
            every=seconds, period="seconds"
        )
        times = {"interval": interval, "expire_seconds": expires}
        task_of.get_or_create(name=name, defaults={"task": task, "queue": "tasks", **times})
    for name, (task, minute, hour, day, zone) in CRONTABS.items():
        crontab, _ = apps.get_model("django_celery_beat", "CrontabSchedule").objects.get_or_create(
            minute=minute, hour=hour, day_of_week=day, day_of_month="*", month_of_year="*", timezone=zone
        )
        times = {"crontab": crontab, "expire_seconds": 3600}
        task_of.get_or_create(name=name, defaults={"task": task, "queue": "tasks", **times})


def backward(apps, schema_editor):
    names = [*INTERVALS, *CRONTABS]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0007_crashes_and_missed_starts"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(forward, backward)]
