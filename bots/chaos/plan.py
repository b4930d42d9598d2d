"""What happens in a run, drawn from the seed: the same seed and number are the same plan. No clock, no I/O."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kis.simulator.faults import KINDS
from market import points
from market.words import Environment

SYMBOLS = ("AAPL", "KO", "MSFT", "NVDA", "SPY", "AMZN", "IBM", "TSLA")
FAULTS_A_RUN = 3
# Days with a holiday or an early close behind them, and both changes of the clocks.
STARTS = (date(2026, 3, 5), date(2026, 7, 1), date(2026, 10, 29), date(2026, 11, 24), date(2026, 5, 20))

# What the protocol sheet leaves open and money hangs on. Each run draws some.
UNVERIFIED: dict[str, tuple[Any, ...]] = {
    "rate_status": (200,),
    "token_error_status": (500,),
    "reissue_expires_in": ("full",),
    "paper_nccs": (True,),
    "empty_ccnl_as_object": (False,),
    "blank_rows": (True,),
    "list_order": ("newest",),
    "status_names": (False,),
    "expired_reason": (False,),
    "cancel_row_quantity": (False,),
    "paper_list_delay": (1.0, 3.0),
    "daytime_date": ("new_york",),
    "notice_fields": (21,),
    "paper_notice_fields": (21, 23),
    "notice_delay": (0.0, 1.0),
    "notice_encrypt_flag": (False,),
    "paper_notices": (False,),
    "notice_quantity": ("total",),
    "notice_price12_decimals": (8,),
    "second_session": ("drop_old",),
    "cancel_latency": (0.3, 1.0),
    "lower_case_headers": (True,),
    "refuse_compact_json": (True,),
    "real_refusals": ({"nothing_left": "APBK9999"}, {"not_enough_cash": "APBK9998"}),
    "paper_ticks": (True,),
}
# What strikes where a life of the cheap kind looks: REST calls and the exchange. The rest is about sockets.
REST_POINTS = frozenset({"before", "token", "list", "rows", "accepted", "after", "venue"})
# Seconds of the machine; the cheap kind cannot wait for them.
SLOW = frozenset({"slow_answer", "dripped_answer", "connect_refused", "connect_blackhole"})


class Kind(StrEnum):
    PROCESSES = "processes"
    POINTS = "points"
    BOTH = "both"


class Fate(StrEnum):
    """How a process ends, or what it goes through."""

    KILL = "kill"  # SIGKILL after so many seconds
    POINT = "point"  # SIGKILL at a named point
    FREEZE = "freeze"  # SIGSTOP past its lease, then SIGCONT
    FREEZE_AT = "freeze_at"  # the same, at a named point
    TERM = "term"  # SIGTERM, as a deploy does
    LIVE = "live"  # nothing: it lives as long as the day


@dataclass(frozen=True, slots=True)
class End:
    """One process's fate: so many seconds after its first order (`early`: after its birth), or at a point."""

    fate: Fate
    seconds: float = 0.0
    point: str = ""
    occurrence: int = 1
    early: bool = False

    @property
    def name(self) -> str:
        """For counting: which way, and where."""
        return f"{self.fate} {self.point}".strip()


@dataclass(frozen=True, slots=True)
class RulePlan:
    symbol: str
    buy_amount_usd: Decimal
    max_position: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccountPlan:
    environment: Environment
    rules: tuple[RulePlan, ...]
    limits: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Strike:
    """Something from outside, `at` seconds into the day: a fault's row, or a word."""

    at: float
    what: str  # fault, clear, database, redis, phone, program
    row: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayPlan:
    kind: Kind
    near_close: bool
    strikes: tuple[Strike, ...]


@dataclass(frozen=True, slots=True)
class RunPlan:
    number: int
    seed: int
    start: date
    calendar: str
    switches: dict[str, Any]
    accounts: tuple[AccountPlan, ...]
    days: tuple[DayPlan, ...]
    foreign: bool
    faults: tuple[str, ...]
    day_sec: float  # of a day that processes live
    lives: int  # of a day of the cheap kind

    def rng(self, *about: object) -> random.Random:
        """A stream of its own for each thing that is drawn while the run goes on."""
        return random.Random(":".join(map(str, (self.seed, self.number, *about))))  # noqa: S311


def draw(
    seed: int,
    number: int,
    kind: Kind,
    *,
    days: int = 3,
    day_sec: float = 3.5,
    lives: int = 12,
    faults: Sequence[str] = (),
) -> RunPlan:
    """The plan of one run. Every fault gets its turn within the first few dozen numbers of a seed.

    `faults`: these and no others.
    """
    rng = random.Random(f"{seed}:{number}:plan")  # noqa: S311
    faults = faults or _turn(seed, number, kind)
    foreign = rng.random() < 0.25
    environments = [
        rng.choice(list(Environment)) for _ in range(rng.choice((1, 2, 3) if kind is Kind.POINTS else (2, 3, 3)))
    ]
    return RunPlan(
        number=number,
        seed=seed,
        start=rng.choice(STARTS),
        calendar=rng.choice(("always", "nyse-hours")),
        switches=_switches(rng),
        accounts=tuple(_account(rng, environment, 6 if kind is Kind.POINTS else 3) for environment in environments),
        days=tuple(_day(rng, kind, n, days, day_sec, faults, foreign) for n in range(days)),
        foreign=foreign,
        faults=tuple(faults),
        day_sec=day_sec,
        lives=lives,
    )


def _turn(seed: int, number: int, kind: Kind) -> list[str]:
    names = sorted(KINDS)
    if kind is Kind.POINTS:
        names = [name for name in names if KINDS[name].point in REST_POINTS and name not in SLOW]
    random.Random(f"{seed}:deck").shuffle(names)  # noqa: S311
    first = (number - 1) * FAULTS_A_RUN
    return [names[(first + i) % len(names)] for i in range(FAULTS_A_RUN)]


def _switches(rng: random.Random) -> dict[str, Any]:
    drawn = {name: rng.choice(values) for name, values in UNVERIFIED.items() if rng.random() < 0.25}
    return {"rate_real": 0, "rate_paper": 0, "token_interval": 0.0, **drawn}


def _account(rng: random.Random, environment: Environment, symbols_most: int) -> AccountPlan:
    symbols = rng.sample(SYMBOLS, symbols_most)
    if rng.random() < 0.3:
        symbols.append(symbols[0])  # two rules that share a symbol and not their shares
    limits: dict[str, Any] = {}
    if rng.random() < 0.3:
        limits["daily_buy_usd"] = Decimal(rng.choice((3000, 10000, 30000)))
    if rng.random() < 0.3:
        limits["max_position_qty"] = rng.randint(3, 8)
    if rng.random() < 0.2:
        limits["max_open_positions"] = rng.randint(2, 4)
    return AccountPlan(environment, tuple(_rule(rng, symbol) for symbol in symbols), limits)


def _rule(rng: random.Random, symbol: str) -> RulePlan:
    fields: dict[str, Any] = {
        "order_price": rng.choice(("touch", "touch", "touch", "passive", "last")),
        "cooldown_sec": 1,
    }
    if fields["order_price"] == "touch":
        fields["price_offset_bps"] = rng.choice((0, 5, 20))
    else:
        fields |= {"price_offset_bps": rng.choice((-5, 0)), "cancel_after_sec": rng.randint(1, 3)}
    if rng.random() < 0.3:
        fields["cancel_after_sec"] = rng.randint(1, 4)
    elif rng.random() < 0.3:
        fields |= {"reprice_times": rng.randint(1, 3), "reprice_after_sec": rng.randint(1, 2)}
        fields.pop("cancel_after_sec", None)
    if rng.random() < 0.2:
        fields |= {"at_close": "cancel", "close_margin_sec": rng.randint(1, 20)}
    if rng.random() < 0.3:
        fields["max_entries"] = rng.randint(2, 3)
    return RulePlan(symbol, Decimal(rng.randint(8, 30) * 100), rng.randint(2, 9), fields)


def _day(
    rng: random.Random, kind: Kind, number: int, days: int, seconds: float, faults: Sequence[str], foreign: bool
) -> DayPlan:
    strikes = [_fault(rng, name, seconds) for i, name in enumerate(faults) if i % days == number % days or days == 1]
    lived_by = kind if kind is not Kind.BOTH else (Kind.POINTS if number == days - 1 else Kind.PROCESSES)
    if lived_by is Kind.PROCESSES and rng.random() < 0.25:
        strikes.append(Strike(rng.uniform(1, seconds), rng.choice(("database", "redis"))))
    if foreign:
        # after another program's order nothing is bought until a person looks: at the end only
        who = rng.choice(("phone", "program")) if number == days - 1 else "phone"
        strikes.append(Strike(rng.uniform(0.5, seconds * 0.8), who))
    return DayPlan(lived_by, rng.random() < 0.2, tuple(sorted(strikes, key=lambda s: s.at)))


def _fault(rng: random.Random, name: str, seconds: float) -> Strike:
    row: dict[str, Any] = {"name": name, "probability": rng.choice((0.3, 0.6, 1.0)), "count": rng.randint(1, 6)}
    if KINDS[name].point == "connect":
        row |= {"seconds": 1.5, "count": 1, "probability": 1}
    elif KINDS[name].point in {"tick", "frame", "list"}:
        row["count"] = rng.randint(5, 40)
    elif name == "slow_answer":
        row["seconds"] = 1.0
    return Strike(rng.uniform(0.0, seconds * 0.6), "fault", row)


def fate(rng: random.Random) -> End:
    """How the next process of the dear kind ends."""
    kind = rng.choices(
        (Fate.KILL, Fate.POINT, Fate.FREEZE, Fate.FREEZE_AT, Fate.TERM, Fate.LIVE), (30, 45, 6, 6, 8, 5)
    )[0]
    if kind in {Fate.POINT, Fate.FREEZE_AT}:
        return End(kind, 3.0, rng.choice(points.NAMES), rng.choice((1, 1, 1, 2, 3)))
    return End(kind, rng.uniform(0.0, 2.0), early=rng.random() < 0.2)


def death(rng: random.Random) -> End:
    """Where the next life of the cheap kind ends; some come through."""
    if rng.random() < 0.1:
        return End(Fate.LIVE)
    return End(Fate.POINT, 0.0, rng.choice(points.NAMES), rng.choice((1, 1, 1, 2)))
