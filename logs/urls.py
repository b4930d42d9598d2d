"""The journal's addresses, under /api/."""

from django.urls import path

from logs.api import logs

urlpatterns = [path("logs", logs, name="logs")]
