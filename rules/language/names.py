"""Everything a condition may call by name: its meaning, its history, and why it may be unknown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from market.errors import Text
from rules.language.look import Look
from rules.language.nodes import OWN, Series
from rules.language.units import Measure

Reader = Callable[[Look], Decimal | str | None]
_MINUTE = timedelta(minutes=1)
_HUNDRED = Decimal(100)


class History(StrEnum):
    """What `name[1]` and a crossing mean for it."""

    BARS = "bars"  # a value per bar
    LEVEL = "level"  # a line: the same one bar earlier
    NONE = "none"  # only now


@dataclass(frozen=True, slots=True)
class Known:
    """`read(offset, series)` makes the reader of the value `offset` bars before the newest; None is unknown.

    `measure` None and `is_word`: no number but a word. `least`, `most`: no value lies outside them.
    """

    name: str
    title: Text
    definition: Text
    read: Callable[[int, Series], Reader]
    history: History
    missing: Text
    bars: int = 0  # how many bars it reads at offset 0
    measure: Measure | None = Measure.DOLLARS
    least: Decimal | None = Decimal(0)
    most: Decimal | None = None
    is_word: bool = False

    @property
    def of_bar(self) -> bool:
        """A column of the bars, so other series have it too."""
        return self.bars > 0


def _bar(field: str, korean: str, english: str, measure: Measure = Measure.DOLLARS) -> Known:
    def read(offset: int, series: Series) -> Reader:
        if series == OWN:
            return lambda look: look.bar(field, offset)
        return lambda look: look.bar_of(series, field, offset)

    return Known(
        field,
        Text(korean, english),
        Text(
            f"가장 새로운 봉의 {korean}. `{field}[1]` 은 그 앞 봉. "
            "새 값마다 판단하는 규칙에서는 만들어지는 중인 봉을 포함합니다.",
            f"The {english} of the newest bar; `{field}[1]` is the bar before. For a rule that looks at every new "
            "price the newest bar is the forming one, with the quote's price as its close.",
        ),
        read,
        History.BARS,
        Text("봉이 모자람", "not enough bars"),
        bars=1,
        measure=measure,
    )


def _price(offset: int, _series: Series) -> Reader:
    if offset:
        return lambda look: look.bar("close", offset)
    return lambda look: look.quote.last if look.quote else None


def _bid(look: Look) -> Decimal | None:
    return look.quote.bid if look.quote else None


def _ask(look: Look) -> Decimal | None:
    return look.quote.ask if look.quote else None


def _spread(look: Look) -> Decimal | None:
    bid, ask = _bid(look), _ask(look)
    return None if bid is None or ask is None else ask - bid


def _qty(look: Look) -> Decimal:
    return Decimal(look.market.position.qty)


def _avg_price(look: Look) -> Decimal | None:
    return look.market.position.avg_price if look.market.position.qty else None


def _return_pct(look: Look) -> Decimal | None:
    paid = _avg_price(look)
    return (look.quote.last / paid - 1) * _HUNDRED if paid and look.quote else None


def _minutes(span: timedelta | None) -> Decimal | None:
    return None if span is None else Decimal(span // _MINUTE)


def _held_minutes(look: Look) -> Decimal | None:
    opened = look.market.position.opened_at
    return _minutes(look.market.now - opened) if opened and look.market.position.qty else None


def _high_since_entry(look: Look) -> Decimal | None:
    high = look.market.position.high_since_entry
    if high is None or not look.market.position.qty or look.quote is None:
        return None
    return max(high, look.quote.last)


def _drawdown_pct(look: Look) -> Decimal | None:
    high = _high_since_entry(look)
    return (look.quote.last / high - 1) * _HUNDRED if high and look.quote else None


def _value(look: Look) -> Decimal | None:
    return look.market.position.qty * look.quote.last if look.quote else None


def _since_open(look: Look) -> Decimal | None:
    opens = look.market.session.opens_at
    return _minutes(look.market.now - opens if opens else None)


def _to_close(look: Look) -> Decimal | None:
    closes = look.market.session.closes_at
    return _minutes(closes - look.market.now if closes else None)


def _phase(look: Look) -> str | None:
    phase = look.market.session.session
    return None if phase is None else phase.value


def _now(
    name: str,
    title: Text,
    definition: Text,
    read: Reader,
    missing: Text,
    history: History = History.NONE,
    measure: Measure | None = Measure.DOLLARS,
    least: Decimal | None = Decimal(0),
    most: Decimal | None = None,
) -> Known:
    return Known(
        name,
        title,
        definition,
        lambda _offset, _series: read,
        history,
        missing,
        measure=measure,
        least=least,
        most=most,
        is_word=measure is None,
    )


_NO_QUOTE = Text("호가가 없음", "no bid or ask")
_NO_HOLDING = Text("가진 것이 없음", "nothing is held")
_NO_SESSION = Text("열린 장이 없음", "no session is open")
_NO_ACCOUNT = Text("계좌의 금액을 아직 모름", "the account's amounts are not known yet")

NAMES: dict[str, Known] = {
    known.name: known
    for known in (
        Known(
            "price",
            Text("현재가", "price"),
            Text(
                "가장 새로운 체결가(달러). 한 봉 앞의 값은 그 봉의 종가.",
                "The latest trade's price in dollars. One bar earlier it is that bar's close.",
            ),
            _price,
            History.BARS,
            Text("시세가 없음", "no quote"),
        ),
        _now(
            "bid",
            Text("매수호가", "bid"),
            Text("최우선 매수호가(달러)", "Best bid in dollars"),
            _bid,
            _NO_QUOTE,
        ),
        _now(
            "ask",
            Text("매도호가", "ask"),
            Text("최우선 매도호가(달러)", "Best ask in dollars"),
            _ask,
            _NO_QUOTE,
        ),
        _now(
            "spread",
            Text("호가 차이", "spread"),
            Text("ask - bid (달러)", "ask - bid, dollars"),
            _spread,
            _NO_QUOTE,
            least=None,
        ),
        _bar("open", "시가", "open"),
        _bar("high", "고가", "high"),
        _bar("low", "저가", "low"),
        _bar("close", "종가", "close"),
        _bar("volume", "거래량", "volume", Measure.SHARES),
        _now(
            "position.qty",
            Text("보유 수량", "shares held"),
            Text(
                "이 규칙이 가진 주식 수. 계좌의 다른 주식은 세지 않습니다.",
                "Shares this rule owns; no others of the account",
            ),
            _qty,
            _NO_HOLDING,
            History.LEVEL,
            Measure.SHARES,
        ),
        _now(
            "position.avg_price",
            Text("평균 매수가", "average price"),
            Text("이 규칙이 가진 주식의 평균 매수가(달러)", "Average price paid for what this rule owns, dollars"),
            _avg_price,
            _NO_HOLDING,
            History.LEVEL,
        ),
        _now(
            "position.return_pct",
            Text("수익률(%)", "return in percent"),
            Text("(price / position.avg_price - 1) * 100", "(price / position.avg_price - 1) * 100"),
            _return_pct,
            _NO_HOLDING,
            measure=Measure.PERCENT,
            least=Decimal(-100),
        ),
        _now(
            "position.held_minutes",
            Text("보유 시간(분)", "minutes held"),
            Text("처음 산 뒤로 지난 온전한 분", "Whole minutes since the first share was bought"),
            _held_minutes,
            _NO_HOLDING,
            measure=Measure.MINUTES,
        ),
        _now(
            "position.high_since_entry",
            Text("매수 후 최고가", "high since entry"),
            Text(
                "산 뒤로 본 가장 높은 값(달러), 현재가 포함",
                "Highest price seen since entry, dollars, the present price included",
            ),
            _high_since_entry,
            _NO_HOLDING,
        ),
        _now(
            "position.drawdown_pct",
            Text("고점 대비 하락률(%)", "fall from the high in percent"),
            Text(
                "(price / position.high_since_entry - 1) * 100. 0 이거나 음수",
                "(price / position.high_since_entry - 1) * 100; zero or negative",
            ),
            _drawdown_pct,
            _NO_HOLDING,
            measure=Measure.PERCENT,
            least=Decimal(-100),
            most=Decimal(0),
        ),
        _now(
            "position.value",
            Text("보유 금액", "position value"),
            Text("position.qty * price (달러)", "position.qty * price, dollars"),
            _value,
            Text("시세가 없음", "no quote"),
        ),
        _now(
            "account.buying_power",
            Text("주문 가능 금액", "buying power"),
            Text(
                "계좌가 지금 살 수 있는 금액(달러), 통화가 합쳐진 계좌는 합쳐서",
                "What the account can buy for now, dollars",
            ),
            lambda look: look.market.account.buying_power_usd,
            _NO_ACCOUNT,
        ),
        _now(
            "account.cash",
            Text("예수금", "cash"),
            Text("계좌의 달러 예수금", "The account's cash in dollars"),
            lambda look: look.market.account.cash_usd,
            _NO_ACCOUNT,
            least=None,
        ),
        _now(
            "account.equity",
            Text("계좌 평가액", "equity"),
            Text("현금과 주식을 합친 금액(달러)", "Cash and shares together, dollars"),
            lambda look: look.market.account.equity_usd,
            _NO_ACCOUNT,
            least=None,
        ),
        _now(
            "session.phase",
            Text("장 구분", "session"),
            Text(
                "지금 열린 장: daytime(주간), pre(프리), regular(정규), after(애프터). == 와 != 로만 비교",
                "The session that is open: daytime, pre, regular or after; compared by == and != alone",
            ),
            _phase,
            _NO_SESSION,
            measure=None,
            least=None,
        ),
        _now(
            "session.minutes_since_open",
            Text("장 시작 후 시간(분)", "minutes since the open"),
            Text("지금 장이 시작한 뒤로 지난 온전한 분", "Whole minutes since the present session began"),
            _since_open,
            _NO_SESSION,
            measure=Measure.MINUTES,
        ),
        _now(
            "session.minutes_to_close",
            Text("장 마감까지 시간(분)", "minutes to the close"),
            Text("지금 장이 끝나기까지 남은 온전한 분", "Whole minutes until the present session ends"),
            _to_close,
            _NO_SESSION,
            measure=Measure.MINUTES,
        ),
    )
}
