"""The house's Celery application without its care for shared memory: the baseline of `./run bench bots`."""

from celery.signals import worker_before_create_process

from config.celery import app

__all__ = ["app"]
app.loader.import_default_modules()

from bots.worker import share_memory_with_children  # noqa: E402

worker_before_create_process.disconnect(share_memory_with_children)
