"""What KIS calls things: hosts, TR ids, exchange codes, limits. Data, nothing else.

Paths and TR ids are in `functions`, the meaning of answers in `outcomes`, their words in `messages`.

Every entry names its section of the protocol sheet, whose sources are dated (workbook edition 2026-05-08,
call-limit notice 2026-04-20, recorded answers up to 2026-10). Appendix E of the sheet outranks the rest.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from market.words import Environment, Exchange, Side, SliceBy, TimeInForce

REAL, PAPER = Environment.REAL, Environment.PAPER

# 1.1 hosts
REST_URL = {
    REAL: "https://openapi.koreainvestment.com:9443",
    PAPER: "https://openapivts.koreainvestment.com:29443",
}
WS_URL = {REAL: "ws://ops.koreainvestment.com:21000", PAPER: "ws://ops.koreainvestment.com:31000"}
WS_PATH = "/tryitout"
OWN_DOMAIN = ".koreainvestment.com"
# 7 the folder of the instrument master files
MASTER_URL = "https://new.real.download.dws.co.kr/common/master"

# 5 WebSocket feeds
TICK_TR, BOOK_TR = "HDFSCNT0", "HDFSASP0"
NOTICE_TR = {REAL: "H0GSCNI0", PAPER: "H0GSCNI9"}

# 4.0 the two families of exchange codes; they must not be mixed
ORDER_EXCHANGE = {Exchange.NASDAQ: "NASD", Exchange.NYSE: "NYSE", Exchange.AMEX: "AMEX"}
QUOTE_EXCHANGE = {Exchange.NASDAQ: "NAS", Exchange.NYSE: "NYS", Exchange.AMEX: "AMS"}
DAYTIME_QUOTE_EXCHANGE = {Exchange.NASDAQ: "BAQ", Exchange.NYSE: "BAY", Exchange.AMEX: "BAA"}
EXCHANGE_OF: Mapping[str, Exchange] = MappingProxyType(
    {
        code: exchange
        for family in (ORDER_EXCHANGE, QUOTE_EXCHANGE, DAYTIME_QUOTE_EXCHANGE)
        for exchange, code in family.items()
    }
)
# 4.0 PRDT_TYPE_CD, and the country of US rows
PRODUCT_TYPE = {Exchange.NASDAQ: "512", Exchange.NYSE: "513", Exchange.AMEX: "529"}
US = "840"

# 4.0 order types that carry a limit price: limit, limit-on-open, limit-on-close (the auctions on real only)
ORDER_DIVISION = {TimeInForce.DAY: "00", TimeInForce.AT_OPEN: "32", TimeInForce.AT_CLOSE: "34"}
# 4.0 market at the auctions (sells only, price "0"), and limits that KIS slices; all on real only
MARKET_DIVISION = {TimeInForce.AT_OPEN: "31", TimeInForce.AT_CLOSE: "33"}
SLICED_DIVISION = {SliceBy.TWAP: "35", SliceBy.VWAP: "36"}
# 4.1 when a sliced order runs: in its own window, or until the regular close
OWN_WINDOW, UNTIL_CLOSE = "00", "02"
LOWEST_PRICE = Decimal("0.01")  # 6.5, 8.3 (APBK1507): below it nothing is ordered online

SIDE_CODE = {Side.SELL: "01", Side.BUY: "02"}
SIDE_OF = {"01": Side.SELL, "02": Side.BUY, "1": Side.SELL, "2": Side.BUY}
FILLED_CODE = {None: "00", True: "01", False: "02"}  # 4.11: all, with executions, unfilled
REQUEST_KIND = {"00": "new", "01": "amend", "02": "cancel"}

# 3.5 limits, requests per second and app key (notice of 2026-04-20)
REST_RATE = {REAL: 18.0, PAPER: 1.0}
# 3.5, for the first three days after KIS issued the key (notice of 2026-03-20, in force since 2026-04-03); not on paper
NEW_KEY_RATE = {REAL: 3.0, PAPER: 1.0}
MAX_REGISTRATIONS = 41  # 5.1, notices included
# 3.3 page bounds; a listing longer than this is typed partial
MAX_PAGES = 60

MORE_PAGES = frozenset({"F", "M"})  # 3.3, response header tr_cont
LAST_PAGE = frozenset({"D", "E"})
NOTHING_FOUND = frozenset({"KIOK0560", "70070000"})  # 3.6: a success that says that there is nothing

# 5.3 control codes of the WebSocket
WS_CODE = re.compile(r"OPSP\d{4}", re.ASCII)
WS_OK = frozenset({"OPSP0000", "OPSP0001", "OPSP0002", "OPSP0003"})
WS_FULL = "OPSP0008"
WS_IN_USE = "OPSP8996"
WS_NEW_APPROVAL = frozenset({"OPSP0010", "OPSP0011", "OPSP9994"})
WS_LATER = frozenset({"OPSP0007", "OPSP0009", "OPSP8999", "OPSP9993", "OPSP9995"})
