"""Wiring only: what the parts are told, and how they are plugged together."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
