"""The Celery application: `bots` is the queue of long-running bots, `tasks` that of short ones."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("bamsae")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
