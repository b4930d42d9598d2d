"""The admin has every model of the house."""

from django.apps import apps
from django.contrib import admin

OURS = ("accounts", "instruments", "logs", "credentials", "rules", "positions", "orders", "bots")


def test_every_model_of_ours_has_its_pages():
    ours = {model for name in OURS for model in apps.get_app_config(name).get_models()}

    assert ours - set(admin.site._registry) == set()
