"""What people, webhooks and hooks ask of the broker: rows, which the account's bot carries out (safety.md 5.3).

Who may ask is decided before. Asking twice is asking once: by the order that it is about, or by `key`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, User
from accounts.services import ConfirmationMismatch, set_trading_state
from api.problems import ApiError
from instruments.selectors import exchange_of
from logs.services import record
from market.errors import Text
from market.ticks import is_on_tick
from market.words import Exchange, Side, TradingState
from orders.cancel import NOTHING_OPEN
from orders.domain import FINAL
from orders.models import Instruction, Order, Wish, WishStatus
from orders.moves import name_of
from positions.models import Position
from positions.shapes import decimal_text

SELLING_OUT = Text(
    "사람이 전량 매도를 요청했습니다. 다 팔 때까지 청산만 합니다.",
    "A person wants everything sold. Until it is, only exits are sent.",
)


class OrderFinal(ApiError):
    """There is nothing left to cancel or amend."""

    def __init__(self) -> None:
        super().__init__("order_final", NOTHING_OPEN, 409)


class CannotAsk(ApiError):
    """What is asked for could never be done; `field` says what of it."""

    def __init__(self, field: str, why: Text) -> None:
        super().__init__("invalid", why, 400, {field: [why]})


def request_cancel(*, order: Order, by: User | None, now: datetime | None = None) -> Instruction:
    """Ask for a cancel. Raises OrderFinal."""
    at = now or timezone.now()
    with transaction.atomic():
        current = _open_order(order)
        asked, new = Instruction.objects.get_or_create(
            order=current,
            wish=Wish.CANCEL,
            status=WishStatus.PENDING,
            defaults={"account": current.account, "requested_by": by},
        )
        if new:
            named = name_of(current)
            _say(asked, at, Text(f"취소: {named.ko}", f"a cancel of {named.en}"))
    return asked


def request_amend(*, order: Order, qty: int, price: Decimal, by: User, now: datetime | None = None) -> Instruction:
    """Ask for another quantity (of the whole order, what is filled included) and price. For people only.

    Raises OrderFinal, CannotAsk, and ApiError `amend_pending` while another amend of it waits.
    """
    at = now or timezone.now()
    with transaction.atomic():
        current = _open_order(order)
        if qty <= current.filled_qty:
            ko = f"이미 {current.filled_qty}주가 체결되었습니다. 그보다 많아야 합니다."
            raise CannotAsk("qty", Text(ko, f"{current.filled_qty} shares are filled already: ask for more than that."))
        if price <= 0 or not is_on_tick(price):
            raise CannotAsk("price", Text("호가 단위에 맞는 가격이어야 합니다.", "The price must lie on a tick."))
        payload = {"qty": qty, "price": f"{price:f}"}
        asked, new = Instruction.objects.get_or_create(
            order=current,
            wish=Wish.AMEND,
            status=WishStatus.PENDING,
            defaults={"account": current.account, "requested_by": by, "payload": payload},
        )
        if not new and asked.payload != payload:
            waits = Text("앞선 정정을 아직 처리하고 있습니다.", "An earlier amend of it is still being carried out.")
            raise ApiError("amend_pending", waits, 409)
        if new:
            named, new_price = name_of(current), decimal_text(price)
            ko, en = f"정정: {named.ko} → {qty}주 @ ${new_price}", f"{named.en} to become {qty} at ${new_price}"
            _say(asked, at, Text(ko, en))
    return asked


def request_cancel_all(
    *, account: BrokerageAccount, by: User | None, key: str | None = None, now: datetime | None = None
) -> Instruction:
    """Ask for a cancel of every order of ours that is open when it is carried out."""
    with transaction.atomic():
        asked, new = _once(account, Wish.CANCEL_ALL, {}, by, key)
        if new:
            _say(asked, now or timezone.now(), Text("모든 주문 취소", "a cancel of every open order"))
    return asked


def request_sell_out(
    *,
    account: BrokerageAccount,
    by: User | None,
    when_closed: str = "wait",
    key: str | None = None,
    now: datetime | None = None,
) -> Instruction:
    """Ask for everything to be sold. From this transaction on the account is `reducing`, and `halted` at the end.

    `when_closed`: "wait" goes on at the next open, "end" gives up while the market is closed.
    """
    at = now or timezone.now()
    with transaction.atomic():
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        asked, new = _once(account, Wish.SELL_OUT, {"when_closed": when_closed}, by, key)
        if account.trading_state != TradingState.REDUCING:
            set_trading_state(account=account, state=TradingState.REDUCING, reason=SELLING_OUT, by=by)
        if new:
            held = held_text(account)
            ctx = {"event": "reducing", "trading_state": "reducing"}
            _say(asked, at, Text(f"전량 매도: {held.ko}", f"everything sold: {held.en}"), level="warning", **ctx)
    return asked


def request_order(
    *,
    account: BrokerageAccount,
    side: Side,
    symbol: str,
    qty: int,
    price: Decimal | None = None,
    exchange: Exchange | None = None,
    rule_id: Any = None,
    reason: str = "",
    until: datetime | None = None,
    by: User | None = None,
    key: str | None = None,
    planned: bool = False,
    now: datetime | None = None,
) -> Instruction:
    """Ask for an order that no rule decided. All guards are asked about it.

    `price` None: a marketable limit. `rule_id`: the rule whose shares a sale is of, or whose entry a buy is. `until`:
    it is not sent later than that (a minute from now without). `key` is its decision key, too: a repeated call makes
    no second order. `planned`: a schedule decided it, so what holds a rule's orders of a symbol holds this one, too.
    """
    payload = {
        "side": side.value, "symbol": symbol, "exchange": Exchange(exchange or exchange_of(symbol)).value, "qty": qty,
        "price": None if price is None else f"{price:f}", "rule_id": None if rule_id is None else str(rule_id),
        "reason": reason, "until": until.isoformat() if until else None, "planned": planned,
    }  # fmt: skip
    if qty < 1:
        raise CannotAsk("qty", Text("1주 이상이어야 합니다.", "At least one share."))
    if price is not None and (price <= 0 or not is_on_tick(price)):
        raise CannotAsk("price", Text("호가 단위에 맞는 가격이어야 합니다.", "The price must lie on a tick."))
    with transaction.atomic():
        asked, new = _once(account, Wish.ORDER, payload, by, key)
        if new:
            ko = "매수" if side is Side.BUY else "매도"
            _say(asked, now or timezone.now(), Text(f"{symbol} {qty}주 {ko}", f"{side} {qty} {symbol}"))
    return asked


def must_confirm(confirm: str, account: BrokerageAccount) -> None:
    """The account's name as it is written. Raises ConfirmationMismatch."""
    if confirm != account.nickname:
        raise ConfirmationMismatch


def held_text(account: BrokerageAccount) -> Text:
    """What the account holds, as a person would say it."""
    rows = Position.objects.filter(account=account, qty__gt=0).order_by("symbol").values_list("symbol", "qty")
    if not rows:
        return Text("보유 종목 없음", "nothing is held")
    return Text(", ".join(f"{s} {q}주" for s, q in rows), ", ".join(f"{q} {s}" for s, q in rows))


def _open_order(order: Order) -> Order:
    current = Order.objects.select_related("account").get(pk=order.pk)
    if current.status in FINAL:
        raise OrderFinal
    return current


def _once(
    account: BrokerageAccount, wish: Wish, payload: Mapping[str, Any], by: User | None, key: str | None
) -> tuple[Instruction, bool]:
    """One row for a key; without a key one that still waits stands for the same wish of the same account."""
    fields = {"account": account, "wish": wish, "payload": dict(payload), "requested_by": by}
    if key is not None:
        return Instruction.objects.get_or_create(key=key, defaults=fields)
    if wish is not Wish.ORDER:
        waiting = Instruction.objects.filter(account=account, wish=wish, status=WishStatus.PENDING).first()
        if waiting is not None:
            return waiting, False
    return Instruction.objects.create(**fields), True


def _say(asked: Instruction, at: datetime, what: Text, *, level: str = "info", **ctx: Any) -> None:
    who = asked.requested_by.email if asked.requested_by else "system"
    order = asked.order
    named = {"instruction_id": str(asked.pk), "order_id": str(order.pk) if order else None}
    record(
        account=asked.account,
        rule_id=order.rule_id if order else None,
        kind="account" if ctx else "log",
        level=level,
        message=Text(f"{who} 님의 요청: {what.ko}", f"{who} asked for {what.en}"),
        ctx=named | ctx,
        at=at,
    )
