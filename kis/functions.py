"""Every REST function of KIS that concerns US stocks: path, TR id on each side, paging (sheet 1.3 and 4). Data.

TR ids and the paper matrix are of the workbook edition 2026-05-08 (sheet 1.3). A function without a paper TR id is
not offered there; asking for it raises NotInPaper before anything is sent, never with a wrong TR id.
"""

from dataclasses import dataclass

from market.errors import NotInPaper, Text
from market.words import Environment

# 3.3 how a list goes on: the names of the search key and the position key
CTX200 = ("CTX_AREA_FK200", "CTX_AREA_NK200")
CTX100 = ("CTX_AREA_FK100", "CTX_AREA_NK100")
CTX20 = ("CTX_AREA_FK", "CTX_AREA_NK")

TRADING = "/uapi/overseas-stock/v1/trading/"
STOCK_QUOTES = "/uapi/overseas-stock/v1/quotations/"
PRICES = "/uapi/overseas-price/v1/quotations/"

# 2 authentication: these have no TR id
TOKEN_PATH = "/oauth2/tokenP"  # noqa: S105  an address, not a secret
REVOKE_PATH = "/oauth2/revokeP"
APPROVAL_PATH = "/oauth2/Approval"
HASHKEY_PATH = "/uapi/hashkey"


_A_REAL_KEY = Text("실전 앱키로 조회하세요.", "Use a real key for it.")


@dataclass(frozen=True, slots=True)
class Function:
    """One TR. `paper` "": not offered there, and `instead` says in both languages what to use.

    `paging`: the two context fields of a list that comes in pages. `rows`: of a page at most, as (real, paper).
    """

    section: str
    method: str
    path: str
    real: str
    paper: str = ""
    paging: tuple[str, str] | None = None
    rows: tuple[int, int] = (0, 0)
    instead: Text = _A_REAL_KEY

    def tr_id(self, environment: Environment) -> str:
        """Raises NotInPaper."""
        if environment is Environment.REAL:
            return self.real
        if not self.paper:
            raise NotInPaper(
                Text(
                    f"모의투자에서는 제공되지 않는 기능입니다. {self.instead.ko}",
                    f"Paper does not offer this. {self.instead.en}",
                )
            )
        return self.paper


_NO_PAPER_ORDER = Text(
    "모의투자는 정규장 지정가 주문만 됩니다.", "Paper takes limit orders of the regular session only."
)
_FROM_ORDER_LIST = Text("주문 내역으로 대신하세요.", "Use the order list instead.")
_FROM_BALANCE = Text("잔고와 체결 내역으로 대신하세요.", "Use holdings and executions instead.")
_FROM_PRICE = Text("현재가로 대신하거나 실전 앱키를 쓰세요.", "Use the last price, or a real key.")

# 4.1, 4.2 orders
ORDER_BUY = Function("4.1", "POST", TRADING + "order", "TTTT1002U", "VTTT1002U")
# 1.4: paper sells are not VTTT1006U, which the official sample sends
ORDER_SELL = Function("4.1", "POST", TRADING + "order", "TTTT1006U", "VTTT1001U")
REVISE = Function("4.2", "POST", TRADING + "order-rvsecncl", "TTTT1004U", "VTTT1004U")

# 4.3-4.5 reservations
RESERVE_BUY = Function("4.3", "POST", TRADING + "order-resv", "TTTT3014U", "VTTT3014U")
RESERVE_SELL = Function("4.3", "POST", TRADING + "order-resv", "TTTT3016U", "VTTT3016U")
RESERVE_CANCEL = Function("4.4", "POST", TRADING + "order-resv-ccnl", "TTTT3017U", "VTTT3017U")
RESERVATIONS = Function("4.5", "GET", TRADING + "order-resv-list", "TTTT3039R", paging=CTX200, instead=_FROM_ORDER_LIST)

# 4.6 the daytime session
DAYTIME_BUY = Function("4.6", "POST", TRADING + "daytime-order", "TTTS6036U", instead=_NO_PAPER_ORDER)
DAYTIME_SELL = Function("4.6", "POST", TRADING + "daytime-order", "TTTS6037U", instead=_NO_PAPER_ORDER)
DAYTIME_REVISE = Function("4.6", "POST", TRADING + "daytime-order-rvsecncl", "TTTS6038U", instead=_NO_PAPER_ORDER)

# 4.7-4.11 what is held, what can be bought, what was ordered
BALANCE = Function("4.7", "GET", TRADING + "inquire-balance", "TTTS3012R", "VTTS3012R", CTX200, (100, 100))
PRESENT_BALANCE = Function("4.8", "GET", TRADING + "inquire-present-balance", "CTRP6504R", "VTRP6504R")
BUYING_POWER = Function("4.9", "GET", TRADING + "inquire-psamount", "TTTS3007R", "VTTS3007R")
OPEN_ORDERS = Function(
    "4.10", "GET", TRADING + "inquire-nccs", "TTTS3018R", paging=CTX200, rows=(40, 0), instead=_FROM_ORDER_LIST
)
EXECUTIONS = Function("4.11", "GET", TRADING + "inquire-ccnl", "TTTS3035R", "VTTS3035R", CTX200, (20, 15))

# 4.12-4.16 the account's past
PERIOD_PROFIT = Function(
    "4.12", "GET", TRADING + "inquire-period-profit", "TTTS3039R", paging=CTX200, instead=_FROM_BALANCE
)
PERIOD_TRANSACTIONS = Function(
    "4.13", "GET", TRADING + "inquire-period-trans", "CTOS4001R", paging=CTX100, instead=_FROM_BALANCE
)
SETTLED_BALANCE = Function("4.14", "GET", TRADING + "inquire-paymt-stdr-balance", "CTRP6010R", instead=_FROM_BALANCE)
MARGIN = Function(
    "4.15",
    "GET",
    TRADING + "foreign-margin",
    "TTTC2101R",
    instead=Text("주문가능금액 조회로 대신하세요.", "Use the buyable amount instead."),
)
ALGO_ORDERS = Function("4.16", "GET", TRADING + "algo-ordno", "TTTS6058R", paging=CTX200, instead=_FROM_ORDER_LIST)
ALGO_FILLS = Function(
    "4.16", "GET", TRADING + "inquire-algo-ccnl", "TTTS6059R", paging=CTX200, instead=_FROM_ORDER_LIST
)

# 4.17-4.22 prices
PRICE = Function("4.17", "GET", PRICES + "price", "HHDFS00000300", "HHDFS00000300")
PRICE_DETAIL = Function("4.18", "GET", PRICES + "price-detail", "HHDFS76200200", instead=_FROM_PRICE)
ORDER_BOOK = Function("4.19", "GET", PRICES + "inquire-asking-price", "HHDFS76200100", instead=_FROM_PRICE)
PERIOD_BARS = Function("4.20", "GET", PRICES + "dailyprice", "HHDFS76240000", "HHDFS76240000", rows=(100, 100))
MINUTE_BARS = Function(
    "4.21",
    "GET",
    PRICES + "inquire-time-itemchartprice",
    "HHDFS76950200",
    rows=(120, 0),
    instead=Text("일봉을 쓰거나 실전 앱키로 조회하세요.", "Use daily bars, or a real key."),
)
INDEX_BARS = Function("4.22", "GET", PRICES + "inquire-daily-chartprice", "FHKST03030100", "FHKST03030100")

# 4.23-4.25 instruments and lists
SETTLEMENT_DATES = Function(
    "4.23",
    "GET",
    STOCK_QUOTES + "countries-holiday",
    "CTOS5011R",
    paging=CTX20,
    instead=Text("거래일 표를 쓰세요.", "Use the table of trading days."),
)
INSTRUMENT_INFO = Function(
    "4.24",
    "GET",
    PRICES + "search-info",
    "CTPF1702R",
    instead=Text("종목 마스터를 쓰세요.", "Use the instrument master."),
)
TICKS = Function("4.25", "GET", PRICES + "inquire-ccnl", "HHDFS76200300", instead=_FROM_PRICE)
MANY_PRICES = Function("4.25", "GET", PRICES + "multprice", "HHDFS76220000", rows=(10, 0), instead=_FROM_PRICE)
SCREENER = Function("4.25", "GET", PRICES + "inquire-search", "HHDFS76410000", "HHDFS76410000")

FUNCTIONS: dict[str, Function] = {
    name.lower(): value for name, value in list(globals().items()) if isinstance(value, Function)
}
