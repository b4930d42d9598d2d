"""What a scenario may choose: switches with realistic defaults (Appendix B), and the scenario file."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from kis.simulator import candles, listing
from kis.simulator import clock as clocks
from kis.simulator.calendar import Calendar
from kis.simulator.candles import CandlePath
from kis.simulator.clock import Clock
from kis.simulator.codes import words
from kis.simulator.fees import Fees
from kis.simulator.listing import Listing

DEFAULT_SEED = 20260312


class BadScenario(ValueError):
    """The file cannot be used; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Behaviours that the sheet leaves open or that tests want to turn."""

    rate_real: int = 18  # calls per second and app key (3.5); 0: no limit
    rate_paper: int = 1  # likewise on the paper side
    rate_status: int = 500  # HTTP status of EGW00201: 500 or 200 (3.5)
    hashkey_counts: bool = True  # /uapi/hashkey is a REST call like any other
    approval_per_second: int = 0  # 0: no limit, since some clients ask one per message (2.3)
    token_interval: float = 60.0  # EGW00133 inside this many seconds (2.1)
    token_same: float = 6 * 3600.0  # the same token again inside this many seconds
    token_life: float = 24 * 3600.0  # seconds that a token is good for (2.1)
    token_error_status: int = 403  # of log-in errors whose status nobody recorded (2.1, Appendix C 10)
    reissue_expires_in: str = "left"  # expires_in of a token that is given again: left, or full (Appendix C 10)
    approval_life: float = 0.0  # seconds that an approval key is good for; 0: for ever (Appendix C 7)
    paper_sell_1006: bool = True  # accept VTTT1006U on paper (1.4)
    paper_nccs: bool = False  # answer VTTS3018R on paper (Appendix C 12)
    paper_refuses_filters: bool = True  # of inquire-ccnl (4.11); False: it answers with everything
    old_tr_ids: bool = False  # take retired TR ids (JTTT…, VTTT3012R) for those of today (section 9, trap 44)
    verify_hashkey: bool = True  # a hashkey that does not fit its body is refused (2.4, Appendix C 9)
    refuse_compact_json: bool = False  # bodies without blanks are refused with EGW00202 (3.1, Appendix E)
    empty_ccnl_as_object: bool = True  # an empty order list is one object of blanks (4.11, Appendix E)
    blank_rows: bool = False  # a trailing blank row in the balance (4.7)
    paper_ticks: bool = False  # deliver quotes on the paper socket (1.3)
    list_order: str = "number"  # rows of order lists when nothing else is asked: number, or newest first (Appendix C 4)
    status_names: bool = True  # prcs_stat_name says something (Appendix C 4)
    expired_reason: bool = True  # an expired order carries a reason (Appendix C 4, E)
    cancel_row_quantity: bool = True  # the row of a cancel carries the quantity that it took away (Appendix C 4)
    paper_list_delay: float = 0.0  # seconds that paper's order lists lag behind (4.11)
    real_refusals: dict[str, str] = field(default_factory=dict)  # codes of no_original, off_tick and others (C 5)
    enforce_tick: bool = True  # orders off the tick are refused (Appendix C 14)
    daytime_date: str = "trading_day"  # date of a daytime order: that of its trading day, or new_york (Appendix C 6)
    records_per_frame: int = 1  # trades per frame (5.5)
    notice_fields: int = 25  # of a fill; 21 for older clients (5.8)
    order_notice_fields: int = 24  # of accept, amend, cancel (Appendix E)
    paper_notice_fields: int = 0  # of every notice on paper; 0: as on the real side (Appendix C 1)
    notice_encrypt_flag: bool = True  # the reply to a registration of notices says encrypt Y (5.3)
    notice_delay: float = 0.05  # seconds from the event to its notice (5.8)
    paper_notices: bool = True  # paper sends execution notices at all (Appendix C 1)
    notice_quantity: str = "each"  # CNTG_QTY of a fill: each fill's own, or total so far (Appendix C 3)
    notice_price12_decimals: int = 4  # implied decimals of CNTG_UNPR12 (Appendix C 11)
    registrations: int = 41  # of one key (5.1)
    second_session: str = "refuse"  # refuse the newcomer, or drop_old (5.1)
    slot_linger: float = 0.0  # seconds that a closed session still holds the app key
    ping_interval: float = 10.0  # seconds between PINGPONGs (5.4, Appendix C 7)
    ping_timeout: float = 100.0  # seconds of silence after which a client is cut (5.4)
    lower_case_headers: bool = False  # every header in lower case, as many servers send them (3.2)
    exchange_rate: str = "1452.3"  # KRW per USD
    cancel_latency: float = 0.0  # market seconds from an amend's or cancel's arrival to its effect: fills come between
    etp_registered: bool = True  # the customers may trade leveraged ETFs; otherwise APBK1680 (6.5)
    holiday_rows: str = "shifted"  # of 4.23 on a US holiday: shifted dates, or no US row: missing
    holiday_page: int = 100  # rows of a page of 4.23
    algo_containers: str = "sample"  # output and output3, or workbook: output1 and output2 (4.16)
    algo_names: str = "lower"  # field names of TWAP and VWAP lists in lower or upper case: clients differ (4.16)
    tick_list: str = "output1"  # where the latest trades are: output1, or output2 beside a count (4.25)
    reservation_window: bool = False  # reservations only from 10:00 to 23:20 Korean time (4.3), not at any hour

    @staticmethod
    def read(values: dict[str, Any]) -> Switches:
        usual = Switches()
        known = {f.name: getattr(usual, f.name) for f in fields(Switches)}
        for name, value in values.items():
            if name not in known:
                raise BadScenario(f"unknown switch {name!r}; known are: {', '.join(known)}")
            wanted = type(known[name])
            if wanted is float and isinstance(value, int):
                continue
            if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
                raise BadScenario(f"switch {name!r} wants {wanted.__name__}, not {value!r}")
        for name, words_ in CHOICES.items():
            if values.get(name, words_[0]) not in words_:
                raise BadScenario(f"switch {name!r} is one of {', '.join(map(str, words_))}, not {values[name]!r}")
        return Switches(**values)


# Switches that are a choice; the first is the usual one.
CHOICES: dict[str, tuple[str | int, ...]] = {
    "rate_status": (500, 200),
    "reissue_expires_in": ("left", "full"),
    "list_order": ("number", "newest"),
    "holiday_rows": ("shifted", "missing"),
    "algo_containers": ("sample", "workbook"),
    "algo_names": ("lower", "upper"),
    "tick_list": ("output1", "output2"),
    "daytime_date": ("trading_day", "new_york"),
    "notice_quantity": ("each", "total"),
    "second_session": ("refuse", "drop_old"),
}


@dataclass(frozen=True)
class Scenario:
    seed: int = DEFAULT_SEED
    listings: tuple[Listing, ...] = listing.DEFAULT
    calendar: Calendar = field(default_factory=Calendar)
    fees: Fees = field(default_factory=Fees)
    paper_blocked: tuple[str, ...] = ()
    accounts: tuple[dict[str, Any], ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    start: datetime | None = None
    clock: tuple[str, float] | None = None  # mode and speed; None: real, or as the book has it
    settlement_days: int = 2  # trading days until cash and stock of a trade move (section 6.5)
    candles: tuple[tuple[str, Path], ...] = ()  # symbols whose price is that of a file
    switches: Switches = field(default_factory=Switches)

    def new_clock(self) -> Clock:
        mode, speed = self.clock or (clocks.REAL, 1.0)
        return Clock(self.start, mode=mode, speed=speed)

    def courses(self) -> list[CandlePath]:
        """The prices that files tell. Raises BadCandles."""
        known = {item.symbol: item for item in self.listings}
        return [candles.read(file, known[symbol], self.seed, self.calendar) for symbol, file in self.candles]


KEYS = words(
    "about seed symbols volatility accounts calendar holidays early_closes start clock candles settlement_days "
    "commission sec_fee taf paper_blocked faults switches"
)


def load_yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise BadScenario(f"{path} cannot be read: {e.strerror}") from e
    except yaml.YAMLError as e:
        raise BadScenario(f"{path} is not YAML: {' '.join(str(e).split())}") from e


def read_scenario(data: dict[str, Any] | None, folder: Path = Path()) -> Scenario:
    """A scenario from its YAML mapping, whose files are named from `folder`. Raises BadScenario, for people."""
    data = data or {}
    if not isinstance(data, dict):
        raise BadScenario("a scenario file is a mapping with the keys " + ", ".join(KEYS))
    unknown = sorted(set(data) - set(KEYS))
    if unknown:
        raise BadScenario(f"unknown scenario key {unknown[0]!r}; known are: {', '.join(KEYS)}")
    try:
        return Scenario(
            seed=int(data.get("seed", DEFAULT_SEED)),
            listings=_listings(data),
            calendar=Calendar(data.get("calendar", "always"), _dates(data, "holidays"), _dates(data, "early_closes")),
            fees=Fees(
                commission=Decimal(str(data.get("commission", "0.0025"))),
                sec=Decimal(str(data.get("sec_fee", "0.0000278"))),
                taf=Decimal(str(data.get("taf", "0.000166"))),
            ),
            paper_blocked=tuple(data.get("paper_blocked", ())),
            accounts=tuple(data.get("accounts") or ()),
            faults=tuple(data.get("faults") or ()),
            start=_moment(data.get("start")),
            clock=_clock(data.get("clock")),
            settlement_days=_days(data.get("settlement_days", 2)),
            candles=_files(data, folder),
            switches=Switches.read(data.get("switches") or {}),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as e:
        raise BadScenario(str(e)) from e


def _listings(data: dict[str, Any]) -> tuple[Listing, ...]:
    """What is traded; `volatility` is of every symbol that has none of its own."""
    swing = listing.swing(data.get("volatility", 1))
    if not data.get("symbols"):
        return tuple(replace(item, volatility=swing) for item in listing.DEFAULT)
    return listing.read([{"volatility": swing, **row} for row in data["symbols"]])


def _dates(data: dict[str, Any], key: str) -> list[date]:
    return [d if isinstance(d, date) else date.fromisoformat(d) for d in data.get(key) or ()]


def _clock(value: Any) -> tuple[str, float] | None:
    """`{mode, speed}`; a speed without a mode means `fast`."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) - {"mode", "speed"}:
        raise BadScenario("clock is a mapping with mode and speed")
    mode = value.get("mode", clocks.FAST if "speed" in value else clocks.REAL)
    return clocks.checked(mode, value.get("speed", 1.0))


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10:
        raise BadScenario("settlement_days is a whole number from 0 to 10")
    return value


def _files(data: dict[str, Any], folder: Path) -> tuple[tuple[str, Path], ...]:
    wanted = data.get("candles") or {}
    if not isinstance(wanted, dict):
        raise BadScenario("candles is a mapping from symbols to files")
    rows = data.get("symbols") or [{"symbol": item.symbol} for item in listing.DEFAULT]
    missing = sorted(set(wanted) - {str(row["symbol"]) for row in rows})
    if missing:
        raise BadScenario(f"candles name {missing[0]}, which is not among the symbols")
    return tuple((str(symbol), folder / str(file)) for symbol, file in wanted.items())


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
