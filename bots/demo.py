"""The demo's people, accounts, keys and rules, made by the same services that the API uses."""

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from accounts.models import BrokerageAccount, Role, TokenScope, User
from accounts.services import (
    create_account,
    create_api_token,
    create_user,
    set_enabled,
    set_limits,
    share_account,
)
from bots.master_files import import_published
from credentials.models import ApiCredential, Purpose
from credentials.selectors import credential_with_key
from credentials.services import set_credentials, set_data_credential
from instruments.services import ImportRefused, ensure_instruments
from market.errors import TradingError
from market.words import Environment, EvaluateOn, MarginMode, Timeframe
from rules.models import TradeRule
from rules.services import create_rule, set_rule_enabled


@dataclass(frozen=True, slots=True)
class DemoRule:
    name: str
    symbol: str
    entry: str
    exit: str
    buy_amount_usd: Decimal
    max_position: int
    cooldown_sec: int = 20


PEOPLE = (
    (Role.ADMIN, "admin@bamsae.local"),
    (Role.TRADER, "trader@bamsae.local"),
    (Role.VIEWER, "viewer@bamsae.local"),
)

# Each trades around the mean of the last minutes, so that something happens within one.
ACCOUNTS: tuple[tuple[str, tuple[DemoRule, ...]], ...] = (
    (
        "밤부엉이",
        (
            DemoRule(
                "애플 눌림목",
                "AAPL",
                "price < sma(5) * 0.9985",
                "price > sma(5) * 1.0015 or position.held_minutes > 3",
                Decimal(2000),
                20,
            ),
            DemoRule(
                "코카콜라 되돌림",
                "KO",
                "price < ema(10) * 0.999",
                "position.return_pct > 0.3 or position.held_minutes > 3",
                Decimal(800),
                30,
            ),
        ),
    ),
    (
        "새벽별",
        (
            DemoRule(
                "엔비디아 과매도",
                "NVDA",
                "rsi(7) < 45 and price < sma(3)",
                "rsi(7) > 55 or position.held_minutes > 2",
                Decimal(1500),
                20,
            ),
            DemoRule(
                "마이크로소프트 꾸준히",
                "MSFT",
                "price < sma(10) * 1.004",
                "position.return_pct > 0.4 or position.held_minutes > 2",
                Decimal(1200),
                5,
            ),
        ),
    ),
    (
        "달빛 적립",
        (
            DemoRule(
                "테슬라 출렁임",
                "TSLA",
                "price < sma(3) * 0.999",
                "price > sma(3) * 1.001 or position.held_minutes > 2",
                Decimal(1000),
                10,
            ),
            DemoRule(
                "SPY 평균회귀",
                "SPY",
                "price < sma(5)",
                "position.return_pct > 0.2 or position.held_minutes > 3",
                Decimal(1800),
                5,
            ),
        ),
    ),
)


def password_of(email: str) -> str:
    """Known to this installation alone, and the same at every start: made from its secret key."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"demo:{email}".encode(), hashlib.sha256).hexdigest()
    return f"night-{digest[:10]}"


def seed(simulator: dict[str, Any], *, now: datetime) -> list[dict[str, str]]:
    """Make what is missing; run it as often as you like. `simulator` is what `./run simulator` printed.

    Answers the people as {role, email, password, token}.
    """
    _instruments(now)
    people = {role: _person(role, email) for role, email in PEOPLE}
    trader = people[Role.TRADER]
    keys = simulator["accounts"]
    paper = [key for key in keys if key["environment"] == Environment.PAPER]
    for (nickname, rules), key in zip(ACCOUNTS, paper, strict=False):
        account = _account(trader, nickname, key)
        share_account(account=account, user=people[Role.VIEWER], by=trader)
        for rule in rules:
            _rule(account, rule, trader)
        set_enabled(account=account, enabled=True, confirm=account.nickname, by=trader)
    data = [_data_key(trader, key) for key in keys if key["environment"] == Environment.REAL]
    _retire(trader, paper, data)
    return [_sign_in(user, now) for user in people.values()]


def _instruments(now: datetime) -> None:
    """All that the demo's own broker lists; the first few do when its master files cannot be had (journaled)."""
    ensure_instruments()
    if settings.KIS_MASTER_URL:
        with suppress(TradingError, ImportRefused):
            import_published(now=now)


def _person(role: Role, email: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        return create_user(email=email, password=password_of(email), role=role)
    if not user.check_password(password_of(email)):
        user.set_password(password_of(email))
        user.save(update_fields=["password"])
    return user


def _account(owner: User, nickname: str, key: dict[str, str]) -> BrokerageAccount:
    """The account that has this key; a new one, with the next free name, when the simulator's keys are new."""
    known = credential_with_key(Environment.PAPER, key["app_key"])
    if known is not None and known.account is not None:
        return known.account
    taken = set(BrokerageAccount.objects.filter(user=owner).values_list("nickname", flat=True))
    names = [nickname, *(f"{nickname} {n}" for n in range(2, 100))]
    account = create_account(
        user=owner,
        nickname=next(name for name in names if name not in taken),
        environment=Environment.PAPER,
        margin_mode=MarginMode.USD,
        by=owner,
    )
    set_credentials(account=account, by=owner, **_secrets(key))
    set_limits(
        account=account,
        daily_buy_usd=Decimal(500_000),
        max_order_usd=Decimal(10_000),
        max_open_positions=10,
        by=owner,
    )
    return account


def _data_key(owner: User, key: dict[str, str]) -> ApiCredential:
    return credential_with_key(Environment.REAL, key["app_key"]) or set_data_credential(
        owner=owner, environment=Environment.REAL, by=owner, **_secrets(key)
    )


def _retire(owner: User, paper: list[dict[str, str]], data: list[ApiCredential]) -> None:
    """Keys of a broker that is no more open nothing: its accounts are switched off, its data keys go."""
    ApiCredential.objects.filter(owner=owner, purpose=Purpose.DATA).exclude(pk__in=[key.pk for key in data]).delete()
    current = {credential_with_key(Environment.PAPER, key["app_key"]) for key in paper}
    for account in BrokerageAccount.objects.filter(user=owner, enabled=True, credential__isnull=False):
        if account.credential not in current:
            set_enabled(account=account, enabled=False, confirm=account.nickname, by=owner)


def _secrets(key: dict[str, str]) -> dict[str, str]:
    return {name: key[name] for name in ("app_key", "app_secret", "account_no", "hts_id")}


def _rule(account: BrokerageAccount, rule: DemoRule, by: User) -> None:
    if TradeRule.objects.filter(account=account, name=rule.name).exists():
        return
    row = create_rule(
        account=account,
        by=by,
        name=rule.name,
        symbol=rule.symbol,
        timeframe=Timeframe.M1,
        evaluate_on=EvaluateOn.TICK,
        buy_amount_usd=rule.buy_amount_usd,
        max_position=rule.max_position,
        entry_condition=rule.entry,
        exit_condition=rule.exit,
        cooldown_sec=rule.cooldown_sec,
        cancel_after_sec=30,
    )
    set_rule_enabled(rule=row, enabled=True, confirm=account.nickname, by=by)


def _sign_in(user: User, now: datetime) -> dict[str, str]:
    scope = TokenScope.READ if user.role == Role.VIEWER else TokenScope.TRADE
    user.api_tokens.filter(name="demo").delete()
    _, token = create_api_token(user=user, name="demo", scope=scope, expires_at=now + timedelta(days=7))
    return {"role": user.role, "email": user.email, "password": password_of(user.email), "token": token}
