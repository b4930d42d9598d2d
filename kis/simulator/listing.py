"""What can be traded here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from kis.simulator.codes import MARKETS, Market


@dataclass(frozen=True, slots=True)
class Listing:
    symbol: str
    market: Market
    name: str
    english: str
    base_cents: int  # the level around which the price moves
    volume: int  # shares per tick, on average
    etf: bool = False
    leverage: str = ""  # multiple of a leveraged ETF: trading it wants a registration (section 6.5)
    ptp: bool = False  # publicly traded partnership (4.24)
    daytime: bool = True  # has a daytime session (4.6)
    volatility: float = 1.0  # how far its price swings, as a multiple of the usual
    constituent: bool = True  # of one of the three indices whose members have daily bars in 4.22
    listed: date = date(2000, 1, 3)  # there are no bars before it

    @property
    def tick(self) -> str:
        """Tick size, four decimals (section 6.5)."""
        return "0.0100" if self.base_cents >= 100 else "0.0001"


def _listing(
    symbol: str, quote: str, name: str, english: str, base: int, volume: int, etf: bool = False, **more: Any
) -> Listing:
    return Listing(symbol, MARKETS[quote], name, english, base, volume, etf, **more)


# The first eight carry the demo and most tests; what follows is there to be found.
DEFAULT = (
    _listing("AAPL", "NAS", "애플", "APPLE INC", 21450, 160),
    _listing("MSFT", "NAS", "마이크로소프트", "MICROSOFT CORP", 41820, 90),
    _listing("NVDA", "NAS", "엔비디아", "NVIDIA CORP", 18306, 260),
    _listing("TSLA", "NAS", "테슬라", "TESLA INC", 24190, 200),
    _listing("AMZN", "NAS", "아마존닷컴", "AMAZON.COM INC", 19875, 120),
    _listing("KO", "NYS", "코카콜라", "COCA-COLA CO", 6872, 140),
    _listing("IBM", "NYS", "IBM", "INTERNATIONAL BUSINESS MACHINES CORP", 24810, 60),
    _listing("SPY", "AMS", "SPDR S&P 500", "SPDR S&P 500 ETF TRUST", 56240, 220, True),
    _listing("GOOGL", "NAS", "알파벳 A", "ALPHABET INC CLASS A", 17640, 130),
    _listing("META", "NAS", "메타 플랫폼스", "META PLATFORMS INC", 59210, 80),
    _listing("AVGO", "NAS", "브로드컴", "BROADCOM INC", 17025, 110),
    _listing("AMD", "NAS", "AMD", "ADVANCED MICRO DEVICES INC", 15380, 170),
    _listing("INTC", "NAS", "인텔", "INTEL CORP", 2395, 240),
    _listing("NFLX", "NAS", "넷플릭스", "NETFLIX INC", 70150, 40),
    _listing("COST", "NAS", "코스트코 홀세일", "COSTCO WHOLESALE CORP", 89520, 30),
    _listing("CSCO", "NAS", "시스코 시스템즈", "CISCO SYSTEMS INC", 5260, 120),
    _listing("PLTR", "NAS", "팔란티어 테크", "PALANTIR TECHNOLOGIES INC", 4120, 210, listed=date(2020, 9, 30)),
    _listing("QQQ", "NAS", "인베스코 QQQ", "INVESCO QQQ TRUST", 48790, 190, True),
    _listing("TQQQ", "NAS", "프로셰어즈 QQQ 3배", "PROSHARES ULTRAPRO QQQ", 7385, 230, True, leverage="3"),
    _listing("SNDL", "NAS", "SNDL", "SNDL INC", 83, 800, daytime=False, constituent=False, listed=date(2019, 8, 1)),
    _listing("BRK/B", "NYS", "버크셔 해서웨이 B", "BERKSHIRE HATHAWAY INC CLASS B", 46130, 40),
    _listing("JPM", "NYS", "JP모간 체이스", "JPMORGAN CHASE & CO", 21580, 90),
    _listing("V", "NYS", "비자", "VISA INC", 28240, 70),
    _listing("JNJ", "NYS", "존슨앤드존슨", "JOHNSON & JOHNSON", 16020, 80),
    _listing("WMT", "NYS", "월마트", "WALMART INC", 8075, 120),
    _listing("DIS", "NYS", "월트 디즈니", "WALT DISNEY CO", 9610, 100),
    _listing("XOM", "NYS", "엑슨 모빌", "EXXON MOBIL CORP", 11745, 110),
    _listing("BA", "NYS", "보잉", "BOEING CO", 15590, 80),
    _listing("PFE", "NYS", "화이자", "PFIZER INC", 2870, 200),
    _listing("F", "NYS", "포드 모터", "FORD MOTOR CO", 1085, 260),
    _listing("ET", "NYS", "에너지 트랜스퍼", "ENERGY TRANSFER LP", 1640, 150, ptp=True, constituent=False),
    _listing("DIA", "AMS", "SPDR 다우존스 산업평균", "SPDR DOW JONES INDUSTRIAL AVERAGE ETF", 42330, 60, True),
    _listing("IWM", "AMS", "아이셰어즈 러셀 2000", "ISHARES RUSSELL 2000 ETF", 21890, 150, True),
    _listing("GLD", "AMS", "SPDR 골드", "SPDR GOLD SHARES", 24350, 90, True),
    _listing("XLF", "AMS", "파이낸셜 셀렉트 섹터 SPDR", "FINANCIAL SELECT SECTOR SPDR FUND", 4515, 170, True),
    _listing(
        "SOXL", "AMS", "디렉시온 반도체 3배", "DIREXION DAILY SEMICONDUCTOR BULL 3X", 3620, 240, True, leverage="3"
    ),
)


def read(rows: list[dict[str, Any]]) -> tuple[Listing, ...]:
    """Listings of a scenario file: `symbol`, `market` (NAS, NYS, AMS), `price`; optional `name`, `english`, `volume`,
    `etf`, `leverage`, `ptp`, `daytime`, `constituent`, `listed`."""
    return tuple(
        _listing(
            str(row["symbol"]),
            str(row.get("market", "NAS")),
            str(row.get("name", row["symbol"])),
            str(row.get("english", row["symbol"])),
            round(float(row.get("price", 100)) * 100),
            int(row.get("volume", 120)),
            bool(row.get("etf", False)),
            leverage=str(row.get("leverage", "")),
            ptp=bool(row.get("ptp", False)),
            daytime=bool(row.get("daytime", True)),
            volatility=swing(row.get("volatility", 1)),
            constituent=bool(row.get("constituent", True)),
            listed=date.fromisoformat(str(row.get("listed", "2000-01-03"))),
        )
        for row in rows
    )


def swing(value: Any) -> float:
    """A volatility: more than 0, and at most 10, beyond which prices would reach zero. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 10:
        raise ValueError(f"volatility is more than 0 and at most 10, not {value!r}")
    return float(value)
