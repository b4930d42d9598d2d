"""The admin shows that keys exist, never what they are."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_pages_open_and_show_four_letters_only(client, admin, credential):
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    pages = [
        client.get(reverse("admin:credentials_apicredential_changelist")),
        client.get(reverse("admin:credentials_apicredential_change", args=[credential.pk])),
    ]

    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert "********0001" in text
        assert "PSpaperkey" not in text
        assert credential.key_fingerprint not in text


@pytest.mark.parametrize("model", ["instrument", "tradingday", "candle"])
def test_instruments_open_too(client, admin, model):
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(f"admin:instruments_{model}_changelist")).status_code == 200
