"""The admin shows everything, and leaves to the services what the services guard."""

import pytest
from django.urls import reverse

from accounts.models import BrokerageAccount, HouseLimits, User

pytestmark = pytest.mark.django_db
PASSWORD = "another night over Seoul"


@pytest.fixture
def inside(client, admin):
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("model", ["user", "brokerageaccount", "accountshare", "risklimits", "houselimits", "apitoken"])
def test_every_list_opens(inside, paper_account, token_of, model):
    token_of(paper_account.user)
    HouseLimits.objects.create()
    assert inside.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200


def test_what_a_service_guards_cannot_be_set_by_a_form(inside, paper_account):
    url = reverse("admin:accounts_brokerageaccount_change", args=[paper_account.pk])
    page = inside.get(url)
    fields = set(page.context["adminform"].form.fields)
    assert fields == {"nickname", "margin_mode"}

    inside.post(url, {"nickname": "이름", "enabled": "on", "trading_state": "halted", "environment": "real"})
    account = BrokerageAccount.objects.get(pk=paper_account.pk)
    assert (account.enabled, account.trading_state, account.environment) == (False, "active", "paper")


def test_a_person_made_here_can_sign_in_and_an_admin_comes_in(inside):
    form = {"email": "New@bamsae.test", "password": PASSWORD, "role": "admin", "language": "en"}
    assert inside.post(reverse("admin:accounts_user_add"), form).status_code == 302

    user = User.objects.get(email="new@bamsae.test")
    assert user.check_password(PASSWORD)
    assert (user.is_staff, user.is_superuser, user.language) == (True, True, "en")


def test_a_weak_password_is_refused_here_too(inside):
    form = {"email": "new@bamsae.test", "password": "short", "role": "viewer", "language": "ko"}
    assert inside.post(reverse("admin:accounts_user_add"), form).status_code == 200
    assert not User.objects.filter(email="new@bamsae.test").exists()


def test_an_admin_who_becomes_a_viewer_does_not_come_in_any_more(inside, person):
    other = person("second@bamsae.test", "admin")
    url = reverse("admin:accounts_user_change", args=[other.pk])
    inside.post(url, {"email": other.email, "role": "viewer", "language": "ko", "is_active": "on"})

    other.refresh_from_db()
    assert (other.role, other.is_staff, other.is_superuser) == ("viewer", False, False)


def test_a_trader_does_not_come_in(client, trader):
    client.force_login(trader, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/").status_code == 302


def test_no_hash_of_a_token_is_shown(inside, trader, token_of):
    token_of(trader)
    token = trader.api_tokens.get()
    page = inside.get(reverse("admin:accounts_apitoken_change", args=[token.pk])).content.decode()
    assert token.token_hash not in page
