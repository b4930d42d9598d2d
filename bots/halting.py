"""Stopping at once, and going on: the states of the house and of accounts, and what is asked of the broker with them.

The state changes in the request's own transaction, under the rows that every submission reads it under: once it is
committed nothing more is submitted. Cancels and sales are instructions, which the accounts' bots carry out.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, HouseLimits, Role, User
from accounts.selectors import accounts_operable_by
from accounts.services import ConfirmationMismatch, set_trading_state
from api.problems import ApiError
from logs.services import record
from market.errors import Text
from market.words import TradingState
from orders.domain import OPEN
from orders.models import Instruction, Order, Wish, WishStatus
from orders.services import held_text, must_confirm, request_cancel_all, request_sell_out
from positions.models import Position

SELL_OUT_WORDS = frozenset({"전량 매도", "SELL OUT"})
HOUSE = "house"  # whose doing the state of an account is, when the house's halt set it
RESUMED = Text("거래를 다시 시작했습니다.", "Trading has resumed.")
STOPPED = {
    TradingState.HALTED: Text("거래를 멈췄습니다.", "Trading is halted."),
    TradingState.REDUCING: Text("청산만 허용합니다.", "Only exits are allowed."),
}
WITHOUT_EXITS = Text("보유 종목은 매도 조건 없이 남아 있습니다", "Positions are left without exits")


class StoppedByHouse(ApiError):
    """The account stands still with the whole house."""

    def __init__(self) -> None:
        text = Text(
            "관리자가 전체를 멈춘 계좌입니다. 관리자만 다시 시작할 수 있습니다.",
            "An administrator stopped the whole house, this account with it. Only an administrator starts it again.",
        )
        super().__init__("stopped_by_house", text, 409)


def halt(
    *,
    by: User,
    reason: Text | None = None,
    account: BrokerageAccount | None = None,
    state: TradingState = TradingState.HALTED,
    cancel_orders: bool = False,
    sell_out: bool = False,
    confirm: str = "",
    now: datetime | None = None,
) -> list[Instruction]:
    """Stop one account, or all within reach: an admin the whole house, a trader the accounts they operate.

    With `sell_out` everything is sold first: the state is `reducing` until nothing is left, then `halted`. `confirm`
    is then the account's nickname, or for several the words of SELL_OUT_WORDS; raises ConfirmationMismatch. What is
    asked of the broker is returned.
    """
    at = now or timezone.now()
    state = TradingState.REDUCING if sell_out else TradingState(state)
    whole_house = account is None and by.role == Role.ADMIN
    with transaction.atomic():
        if whole_house:
            _set_house(state, reason, by, at)
        accounts = _locked(by, account)
        if sell_out:
            _must_mean_it(confirm, account, accounts)
        if sell_out or not whole_house:
            for each in accounts:
                sold = sell_out and not _holds_or_works(each)
                goal = TradingState.HALTED if sold else state
                _set_account(each, goal, reason, by, at, scope=HOUSE if whole_house else None)
        return _ask(accounts, by, at, cancel_orders=cancel_orders, sell_out=sell_out)


def resume(*, by: User, account: BrokerageAccount | None = None, now: datetime | None = None) -> None:
    """Trade again: one account, or what `halt` without one stopped. Sales of everything that still go on are ended.

    What an admin stopped for the whole house only an admin starts again; raises StoppedByHouse for such an account.
    """
    at = now or timezone.now()
    admin = by.role == Role.ADMIN
    whole_house = account is None and admin
    with transaction.atomic():
        if whole_house:
            _set_house(TradingState.ACTIVE, None, by, at)
        accounts = [a for a in _locked(by, account) if whole_house == _stopped_by_house(a) or (admin and account)]
        if account is not None and not accounts:
            raise StoppedByHouse
        for each in accounts:
            if each.trading_state != TradingState.ACTIVE:
                _set_account(each, TradingState.ACTIVE, None, by, at)
        _end_sell_outs(accounts, at)


def _locked(by: User, account: BrokerageAccount | None) -> list[BrokerageAccount]:
    """The rows that every submission of these accounts is judged under, in the one order that the house keeps."""
    rows = accounts_operable_by(by) if account is None else BrokerageAccount.objects.filter(pk=account.pk)
    return list(rows.order_by("pk").select_for_update(no_key=True))


def _must_mean_it(confirm: str, account: BrokerageAccount | None, accounts: list[BrokerageAccount]) -> None:
    if account is None and confirm in SELL_OUT_WORDS:
        return
    if account is None and len(accounts) != 1:
        raise ConfirmationMismatch
    must_confirm(confirm, account or accounts[0])


def _set_house(state: TradingState, reason: Text | None, by: User, at: datetime) -> None:
    HouseLimits.objects.get_or_create(pk=1)
    house = HouseLimits.objects.select_for_update().get(pk=1)
    house.trading_state, house.trading_state_reason = state, reason.as_dict() if reason else None
    house.save(update_fields=["trading_state", "trading_state_reason", "updated_at"])
    held = Position.objects.filter(qty__gt=0).count()
    named = Text(f"{held}종목", f"{held} of them") if held else Text("보유 종목 없음", "nothing is held")
    _journal(None, state, reason, named, by, at)


def _set_account(
    account: BrokerageAccount,
    state: TradingState,
    reason: Text | None,
    by: User,
    at: datetime,
    *,
    scope: str | None = None,
) -> None:
    set_trading_state(account=account, state=state, reason=reason, by=by)
    if scope is not None:
        said = account.trading_state_reason or STOPPED[state].as_dict()
        account.trading_state_reason = said | {"scope": scope}
        account.save(update_fields=["trading_state_reason", "updated_at"])
    _journal(account, state, reason, held_text(account), by, at)


def _stopped_by_house(account: BrokerageAccount) -> bool:
    return (account.trading_state_reason or {}).get("scope") == HOUSE


def _journal(
    account: BrokerageAccount | None, state: TradingState, reason: Text | None, held: Text, by: User, at: datetime
) -> None:
    if state is TradingState.ACTIVE:
        message = RESUMED
    else:
        what, left = STOPPED[state], WITHOUT_EXITS
        ko, en = (f"{left.ko} ({held.ko}).", f"{left.en} ({held.en}).")
        message = Text(f"{what.ko} {ko}", f"{what.en} {en}") if state is TradingState.HALTED else what
    event = "resumed" if state is TradingState.ACTIVE else state.value
    record(
        account=account,
        kind="account",
        level="warning",
        message=message,
        ctx={
            "event": event,
            "trading_state": state.value,
            "by": by.email,
            "reason": reason.as_dict() if reason else None,
        },
        at=at,
    )


def _ask(
    accounts: Iterable[BrokerageAccount], by: User, at: datetime, *, cancel_orders: bool, sell_out: bool
) -> list[Instruction]:
    asked = []
    for account in accounts:
        if sell_out and _holds_or_works(account):
            asked.append(request_sell_out(account=account, by=by, now=at))
        elif cancel_orders and not sell_out and _works(account):
            asked.append(request_cancel_all(account=account, by=by, now=at))
    return asked


def _works(account: BrokerageAccount) -> bool:
    return Order.objects.filter(account=account, status__in=[s.value for s in OPEN]).exists()


def _holds_or_works(account: BrokerageAccount) -> bool:
    return _works(account) or Position.objects.filter(account=account, qty__gt=0).exists()


def _end_sell_outs(accounts: list[BrokerageAccount], at: datetime) -> None:
    """Also the bot would see it; told here, nothing more of it is sent."""
    waiting = Instruction.objects.filter(account__in=accounts, wish=Wish.SELL_OUT, status=WishStatus.PENDING)
    result = {"message": RESUMED.as_dict()}
    waiting.update(status=WishStatus.FAILED, result=result, done_at=at, not_before=None)
