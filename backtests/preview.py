"""What a rule would have done on accounts as they are now, over the latest sessions; and what it would do now."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import BrokerageAccount
from api.problems import ApiError
from backtests.asked import Asked, Source, Wanted, series_of
from backtests.engine import run
from backtests.engine.plan import CASH, Plan, PlanError
from backtests.engine.result import Fill, Result
from backtests.execution import options_of, stored
from backtests.services import NoCandles
from backtests.texts import RuleText, saved
from instruments.selectors import session_spans
from market.columns import Columns, end_of
from market.data import AccountView, Bar, Bars, MarketData, OwnedPosition, Quote, RuleMemory, SeriesKey
from market.errors import Text
from market.sessions import session_at
from market.words import Environment, Freshness, Timeframe
from positions.models import EquityPoint
from rules.domain import Decision, Rule, evaluate
from rules.models import RuleState, TradeRule

SESSIONS = 20
MOST_SESSIONS = 250
MOST_FILLS = 200
PATIENCE_SEC = 10.0  # somebody waits for the answer, and the process that makes it serves others, too
# calendar days that hold so many trading days, with room for holidays
SLACK_DAYS = 7
WARM_UP = {
    timeframe: timedelta(days=900) if timeframe is Timeframe.D1 else timedelta(days=20) for timeframe in Timeframe
}


class TooLong(ApiError):
    """A slow strategy over many bars: what a backtest, which runs beside, is for."""

    def __init__(self) -> None:
        message = Text(
            f"미리 보기가 {PATIENCE_SEC:.0f}초 안에 끝나지 않습니다. 거래일이나 계좌를 줄이거나 백테스트로 하세요.",
            f"The preview does not end within {PATIENCE_SEC:.0f} s. Take fewer sessions or accounts, or a backtest.",
        )
        super().__init__("too_long", message, 409)


class _Patience:
    """Progress that ends what takes too long. Raises TooLong."""

    def __init__(self) -> None:
        self.until = time.monotonic() + PATIENCE_SEC

    def __call__(self, _share: float) -> None:
        if time.monotonic() > self.until:
            raise TooLong


def preview(
    *,
    text: RuleText,
    accounts: Sequence[BrokerageAccount],
    replaces: TradeRule | None,
    sessions: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Per account: orders, cash used, guards hit, the difference to the rule it would replace, and the decision now.

    `sessions`: how many trading days back. Raises NoCandles when no bars of a series that a rule reads are stored,
    TooLong, RuleInvalid for a saved rule that means nothing any more, ApiError for what cannot be replayed.
    """
    count, patience = sessions or SESSIONS, _Patience()
    rules = {"new": text} | ({"old": saved(replaces)} if replaces else {})
    candles = {name: _candles(each, count, now) for name, each in rules.items()}
    own = candles["new"][_name(text.rule)]
    begin = _begin(own, count)
    bars = _all_bars({**candles["new"], _name(text.rule): _until_it_acts(own, text.rule)})
    return {
        "sessions": count,
        "first": _moment(begin),
        "last": _moment(int(own.start[-1])),
        "bars": int((own.start >= begin).sum()),
        "accounts": [
            _on(account, rules, candles, begin, patience) | {"now": _now(account, text.rule, bars, replaces, now)}
            for account in dict.fromkeys(accounts)
        ],
    }


def _name(rule: Rule) -> str:
    return f"{rule.symbol}@{rule.timeframe}"


def _candles(text: RuleText, sessions: int, now: datetime) -> dict[str, Columns]:
    """The stored bars of the sessions, and before them what the indicators need to know."""
    rule = text.rule
    first = now - timedelta(days=sessions * 7 // 5 + SLACK_DAYS) - WARM_UP[rule.timeframe]
    asked = Asked(source=Source.STORED)
    found = {w.name: stored(w, asked, text.fields["sessions"]) for w in series_of(rule, asked, first)}
    if not len(found[_name(rule)]):
        raise NoCandles([Wanted(rule.symbol, rule.timeframe, first)])
    return {name: columns for name, columns in found.items() if len(columns)}


def _begin(own: Columns, sessions: int) -> int:
    """When the first of the latest so many trading days with a bar begins, in seconds since 1970."""
    dates = own.dates
    first = sorted(set(dates.tolist()))[-sessions:][0]
    return int(own.start[dates.searchsorted(first)])


def _on(
    account: BrokerageAccount,
    rules: Mapping[str, RuleText],
    candles: Mapping[str, Mapping[str, Columns]],
    begin: int,
    patience: _Patience,
) -> dict[str, Any]:
    patience(0)
    cash = _cash(account)
    results = {name: _replayed(account, text, candles[name], cash, begin, patience) for name, text in rules.items()}
    new = results["new"]
    return {
        "account_id": str(account.pk),
        "nickname": account.nickname,
        "environment": account.environment,
        "cash": str(cash),
        "cash_known": _latest(account) is not None,
        **_summary(new),
        "replaces": _against(new, results["old"]) if "old" in results else None,
    }


def _latest(account: BrokerageAccount) -> EquityPoint | None:
    return EquityPoint.objects.filter(account=account).order_by("-at").first()


def _cash(account: BrokerageAccount) -> Decimal:
    """What the account is worth now, as if nothing were held; a round sum while nobody knows."""
    latest = _latest(account)
    return latest.equity if latest and latest.equity > 0 else CASH


def _replayed(
    account: BrokerageAccount,
    text: RuleText,
    candles: Mapping[str, Columns],
    cash: Decimal,
    begin: int,
    patience: _Patience,
) -> Result:
    asked = Asked(source=Source.STORED, cash=cash)
    options = options_of(asked, account, candles)
    try:
        return run(Plan((text.rule,), candles, cash, asked.costs, options, trade_from=begin), progress=patience)
    except PlanError as problem:
        first = datetime.fromtimestamp(begin, UTC)
        lacking = [wanted for wanted in series_of(text.rule, asked, first) if wanted.name not in candles]
        raise (NoCandles(lacking) if lacking else ApiError("cannot_replay", problem.text, 409)) from problem


def _summary(result: Result) -> dict[str, Any]:
    figures, fills = result.statistics, list(result.fills)
    return {
        "buys": sum(fill.side == "buy" for fill in fills),
        "sells": sum(fill.side == "sell" for fill in fills),
        "cash_used": _cash_used(result),
        "final_equity": result.final_equity,
        "return_pct": figures["total_return_pct"],
        "max_drawdown_pct": figures["max_drawdown_pct"],
        "buy_and_hold_pct": result.buy_and_hold["return_pct"],
        "fills": [fill.as_dict() for fill in fills[-MOST_FILLS:]],
        "vetoes": _guards(result),
        "warnings": [warning.as_dict() for warning in result.warnings],
    }


def _cash_used(result: Result) -> float:
    """The most that was bound in shares at one time, in dollars."""
    cash = float(result.plan.cash)
    return cash - float(result.book.ledger.columns()["cash"].min(initial=cash))


def _guards(result: Result) -> list[dict[str, Any]]:
    """Each guard that said no: how often, and its latest words."""
    found: dict[str, dict[str, Any]] = {}
    for veto in result.book.vetoes:
        known = found.setdefault(veto.guard, {"guard": veto.guard, "times": 0})
        known["times"] += veto.times
        known["reason"] = veto.reason.as_dict()
    return sorted(found.values(), key=lambda each: -each["times"])


def _against(new: Result, old: Result) -> dict[str, Any]:
    """What changes: orders that only one of the two would send, and the difference in money."""
    mine, theirs = ({_key(fill): fill for fill in result.fills} for result in (new, old))
    return {
        "final_equity": old.final_equity,
        "difference": new.final_equity - old.final_equity,
        "same": len(mine.keys() & theirs.keys()),
        "only_new": [mine[key].as_dict() for key in sorted(mine.keys() - theirs.keys())][:MOST_FILLS],
        "only_old": [theirs[key].as_dict() for key in sorted(theirs.keys() - mine.keys())][:MOST_FILLS],
    }


def _key(fill: Fill) -> tuple[str, str, str, int]:
    return fill.time, fill.symbol, fill.side.value, fill.quantity


# --- now ----------------------------------------------------------------------------------------------------


def _now(
    account: BrokerageAccount, rule: Rule, bars: Mapping[str, Bars], replaces: TradeRule | None, now: datetime
) -> dict[str, Any]:
    """The decision at the newest stored bar at which the rule may act, with what the replaced rule owns."""
    state = RuleState.objects.filter(rule=replaces).first() if replaces and replaces.account_id == account.pk else None
    own = bars[_name(rule)]
    at = _moment(end_of(own.timeframe, int(own.rows[-1].start.timestamp())))
    decision = decision_at(rule, bars, at=at, state=state, account=_view(account))
    return {"at": at, "age_sec": max((now - at).total_seconds(), 0.0), "decision": decision.as_dict()}


def _until_it_acts(own: Columns, rule: Rule) -> Columns:
    """The bars up to the newest one that ends in a session of the rule's; all where none does, and all of days."""
    if own.timeframe is Timeframe.D1:
        return own
    spans = session_spans(_moment(int(own.start[-1])))
    for n in range(len(own), 0, -1):
        last = _moment(end_of(own.timeframe, int(own.start[n - 1])) - 1)
        if not spans or last < spans[0].start:
            break
        if session_at(last, spans).session in rule.sessions:
            return own.upto(n)
    return own


def decision_at(
    rule: Rule,
    bars: Mapping[str, Bars],
    *,
    at: datetime,
    state: RuleState | None,
    account: AccountView,
) -> Decision:
    """What the rule decides on the close of its newest bar, the close taken as the price."""
    own = bars[_name(rule)]
    quote = Quote(rule.symbol, rule.exchange, own.rows[-1].close, at, at, freshness=Freshness.FRESH, source="candle")
    others = {SeriesKey(*_split(name)): each for name, each in bars.items() if name != _name(rule)}
    owned = state.owned() if state else OwnedPosition()
    memory = replace(state.memory(), last_bar_at=None) if state else RuleMemory()  # a bar judged live is judged again
    market = MarketData(
        now=at,
        symbol=rule.symbol,
        quote=quote,
        bars=own,
        position=owned,
        account=account,
        session=session_at(at - timedelta(seconds=1), session_spans(at)),
        memory=memory,
        others=others,
    )
    return evaluate(rule, market)


def _split(name: str) -> tuple[str, Timeframe]:
    symbol, _, timeframe = name.rpartition("@")
    return symbol, Timeframe(timeframe)


def _all_bars(candles: Mapping[str, Columns]) -> dict[str, Bars]:
    return {name: Bars(columns.timeframe, _bars(columns), begins=columns.begins) for name, columns in candles.items()}


def _bars(columns: Columns) -> tuple[Bar, ...]:
    rows = zip(columns.start, columns.open, columns.high, columns.low, columns.close, columns.volume, strict=True)
    return tuple(
        Bar(_moment(int(start)), *(Decimal(repr(float(value))) for value in prices), volume=int(volume))
        for start, *prices, volume in rows
    )


def _view(account: BrokerageAccount) -> AccountView:
    latest = _latest(account)
    if latest is None:
        return AccountView(Environment(account.environment))
    return AccountView(Environment(account.environment), latest.cash, latest.equity)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
