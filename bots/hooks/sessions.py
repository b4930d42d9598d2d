"""At the open, at the close and after the day: what is left over is read to its end, and the day is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Sum

from accounts.models import BrokerageAccount
from bots.hooks.days import day_of
from bots.hooks.looking import looked_since
from bots.hooks.planning import Day
from bots.hooks.running import ATTEMPTS, NotYet, waits_since
from bots.models import HookRun
from bots.selectors import bot_states
from logs.services import record
from market.errors import Text, TradingError
from market.words import Side
from orders.domain import OPEN, State
from orders.models import Execution, Order
from positions.models import DailyLedger, Position
from positions.services import record_equity
from positions.shapes import decimal_text
from rules.models import SignalType, StrategySignal

ZERO = Decimal(0)
PATIENCE = timedelta(minutes=20)  # after that the day is told as far as it is known
NOT_FINAL = Text(
    "끝나지 않은 주문이 증권사 내역으로 확정되기를 기다립니다.",
    "It waits for orders to be ended by the broker's list.",
)


async def at_open(run: HookRun, now: datetime) -> dict[str, Any]:
    """Orders of earlier days that have no end yet are read once more; a bot that should run and does not is told."""
    account = _account(run)
    left = await sync_to_async(_open_orders)(account, before=run)
    if left:
        await looked_since(account, run.due_at)
        left = await sync_to_async(_open_orders)(account, before=run)
    return await sync_to_async(_say_open)(account, run, left, now)


async def at_close(run: HookRun, now: datetime) -> dict[str, Any]:
    """The regular session is over: what is open is read at the broker, and what goes on after it is told."""
    account = _account(run)
    if await sync_to_async(_open_orders)(account):
        await looked_since(account, run.due_at)
    return await sync_to_async(_say_close)(account, run, now)


async def at_end_of_day(run: HookRun, now: datetime) -> dict[str, Any]:
    """The complete list of the day ends every order; holdings are compared; the equity and the day are written down.

    Waits for that a while; then the day is told as far as it is known, and the report says what is open.
    """
    account = _account(run)
    day = await sync_to_async(day_of)(run.trading_day, now)
    reconciled = await _settled(run, account, now)
    summary = await sync_to_async(summary_of)(account, day, now, reconciled=reconciled)
    await sync_to_async(_report)(account, summary, now)
    return summary.as_dict()


async def _settled(run: HookRun, account: BrokerageAccount, now: datetime) -> bool:
    """Whether the books are as the broker has them after the day's end. Raises NotYet, or what kept us from it."""
    patient = now < await sync_to_async(waits_since)(run) + PATIENCE
    try:
        await looked_since(account, run.due_at)
    except NotYet:
        if patient:
            raise
        return False
    except TradingError:
        if run.attempts < ATTEMPTS - 1:
            raise
        return False
    if patient and await sync_to_async(_open_orders)(account, upto=run):
        raise NotYet(NOT_FINAL)
    return True


def _account(run: HookRun) -> BrokerageAccount:
    assert run.account is not None
    return run.account


def _open_orders(
    account: BrokerageAccount, *, before: HookRun | None = None, upto: HookRun | None = None
) -> list[Order]:
    rows = Order.objects.filter(account=account, status__in=[state.value for state in OPEN])
    if before is not None:
        rows = rows.filter(trading_day__lt=before.trading_day)
    if upto is not None:
        rows = rows.filter(trading_day__lte=upto.trading_day, needs_person=False)
    return list(rows.order_by("created_at"))


def _say_open(account: BrokerageAccount, run: HookRun, left: list[Order], now: datetime) -> dict[str, Any]:
    state = bot_states([account]).get(account.pk)
    running = bool(state and state["running"])
    facts = {"hook": run.hook, "trading_day": run.trading_day.isoformat(), "running": running, "left": len(left)}
    problems = []
    if not running:
        problems.append(
            Text("봇이 돌지 않아 아무것도 거래하지 않습니다.", "The bot does not run, so nothing is traded.")
        )
    if left:
        problems.append(
            Text(
                f"지난 거래일의 주문 {len(left)}건이 아직 끝나지 않았습니다.",
                f"{len(left)} orders of earlier days have no end yet.",
            )
        )
    if problems:
        _journal(account, Text("개장했습니다.", "The market is open."), problems, facts, now)
    return facts


def _say_close(account: BrokerageAccount, run: HookRun, now: datetime) -> dict[str, Any]:
    left = _open_orders(account)
    facts = {
        "hook": run.hook,
        "trading_day": run.trading_day.isoformat(),
        "left": [{"order_id": str(o.pk), "symbol": o.symbol, "status": str(o.status)} for o in left],
    }
    doubtful = [o for o in left if o.status in {State.UNKNOWN, State.SUBMITTING} or o.needs_person]
    problems = []
    if doubtful:
        problems.append(
            Text(f"결과를 모르는 주문 {len(doubtful)}건.", f"{len(doubtful)} orders have an unknown outcome.")
        )
    if left:
        told = Text(f"남은 주문 {len(left)}건.", f"{len(left)} orders are left.")
        _journal(account, Text("정규장이 끝났습니다.", "The regular session is over."), [told, *problems], facts, now,
                 level="warning" if doubtful else "info")  # fmt: skip
    return facts


def _journal(
    account: BrokerageAccount,
    what: Text,
    problems: list[Text],
    facts: dict[str, Any],
    now: datetime,
    level: str = "warning",
) -> None:
    ko, en = (" ".join(getattr(part, language) for part in (what, *problems)) for language in ("ko", "en"))
    record(account=account, kind="account", level=level, message=Text(ko, en), ctx=facts, at=now)


# --- the day ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Summary:
    """A trading day of an account. US dollars; `equity` None while the broker has never told the cash."""

    trading_day: str
    reconciled: bool
    buys: int
    sells: int
    bought_usd: Decimal
    sold_usd: Decimal
    fees_usd: Decimal
    realized_usd: Decimal
    unrealized_usd: Decimal
    equity_usd: Decimal | None
    vetoes: int
    unknown_orders: int
    open_orders: int
    disputed: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"event": "daily_summary"}
        for name in self.__slots__:
            value = getattr(self, name)
            found[name] = decimal_text(value) if isinstance(value, Decimal) else value
        return found | {"disputed": list(self.disputed)}

    @property
    def in_order(self) -> bool:
        return self.reconciled and not (self.unknown_orders or self.open_orders or self.disputed)

    def sentence(self) -> Text:
        money = {n: f"${getattr(self, n):,.2f}" for n in ("fees_usd", "realized_usd", "unrealized_usd")}
        equity = (Text("모름", "unknown") if self.equity_usd is None
                  else Text(f"${self.equity_usd:,.2f}", f"${self.equity_usd:,.2f}"))  # fmt: skip
        text = Text(
            f"{self.trading_day} 결산: 매수 {self.buys}건, 매도 {self.sells}건, 수수료 {money['fees_usd']}, "
            f"실현손익 {money['realized_usd']}, 평가손익 {money['unrealized_usd']}, 평가금액 {equity.ko}, "
            f"보류한 신호 {self.vetoes}건.",
            f"{self.trading_day}: {self.buys} buys and {self.sells} sells filled, fees {money['fees_usd']}, "
            f"realised {money['realized_usd']}, unrealised {money['unrealized_usd']}, equity {equity.en}, "
            f"{self.vetoes} signals vetoed.",
        )
        return text if self.in_order else Text(f"{text.ko} {self._doubts().ko}", f"{text.en} {self._doubts().en}")

    def _doubts(self) -> Text:
        parts = []
        if not self.reconciled:
            parts.append(Text("증권사와 대조하지 못했습니다.", "It was not reconciled with the broker."))
        if self.unknown_orders:
            n = self.unknown_orders
            parts.append(Text(f"결과를 모르는 주문 {n}건.", f"{n} orders have an unknown outcome."))
        if self.open_orders:
            n = self.open_orders
            parts.append(Text(f"끝나지 않은 주문 {n}건.", f"{n} orders have no end yet."))
        if self.disputed:
            names = ", ".join(self.disputed)
            parts.append(Text(f"{names} 수량이 증권사와 다릅니다.", f"{names} differ from the broker's."))
        return Text(" ".join(p.ko for p in parts), " ".join(p.en for p in parts))


def summary_of(account: BrokerageAccount, day: Day, now: datetime, *, reconciled: bool) -> Summary:
    """The day as our books have it; a point of the equity curve is written with it."""
    point = record_equity(account=account, now=now, trading_day=day.trading_day)
    ledger = DailyLedger.objects.filter(account=account, trading_day=day.trading_day).first()
    ledger = ledger or DailyLedger(account=account, trading_day=day.trading_day)
    fills = Execution.objects.filter(account=account, trading_day=day.trading_day)
    vetoes = StrategySignal.objects.filter(rule__account=account, type=SignalType.VETO)
    positions = Position.objects.filter(account=account)
    return Summary(
        trading_day=day.trading_day.isoformat(),
        reconciled=reconciled,
        buys=fills.filter(side=Side.BUY).count(),
        sells=fills.filter(side=Side.SELL).count(),
        bought_usd=ledger.bought_usd,
        sold_usd=ledger.sold_usd,
        fees_usd=ledger.fees_usd,
        realized_usd=ledger.realized_pnl,
        unrealized_usd=positions.aggregate(total=Sum("unrealized_pnl"))["total"] or ZERO,
        equity_usd=point.equity if point else None,
        vetoes=vetoes.filter(created_at__gte=day.begins, created_at__lt=now).count(),
        unknown_orders=Order.objects.filter(account=account, status=State.UNKNOWN).count(),
        open_orders=Order.objects.filter(
            account=account, status__in=[s.value for s in OPEN - {State.UNKNOWN}], trading_day__lte=day.trading_day
        ).count(),
        disputed=tuple(positions.filter(needs_person=True).order_by("symbol").values_list("symbol", flat=True)),
    )


def _report(account: BrokerageAccount, summary: Summary, now: datetime) -> None:
    record(
        account=account,
        kind="account",
        level="info" if summary.in_order else "warning",
        message=summary.sentence(),
        ctx=summary.as_dict(),
        at=now,
    )
