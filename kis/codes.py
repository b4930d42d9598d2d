"""What KIS calls things: hosts, TR ids, exchange codes, limits, refusals and their texts. Data, nothing else.

Every entry names its section of the protocol sheet, whose sources are dated (workbook edition 2026-05-08,
call-limit notice 2026-04-20, recorded answers up to 2026-10). Appendix E of the sheet outranks the rest.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from market.errors import Text
from market.words import Environment, Exchange, Side, TimeInForce

REAL, PAPER = Environment.REAL, Environment.PAPER

# 1.1 hosts
REST_URL = {
    REAL: "https://openapi.koreainvestment.com:9443",
    PAPER: "https://openapivts.koreainvestment.com:29443",
}
WS_URL = {REAL: "ws://ops.koreainvestment.com:21000", PAPER: "ws://ops.koreainvestment.com:31000"}
WS_PATH = "/tryitout"

# 2 authentication
TOKEN_PATH = "/oauth2/tokenP"  # noqa: S105  an address, not a secret
APPROVAL_PATH = "/oauth2/Approval"
HASHKEY_PATH = "/uapi/hashkey"

# 4.1-4.21 paths and TR ids
ORDER_PATH = "/uapi/overseas-stock/v1/trading/order"
CANCEL_PATH = "/uapi/overseas-stock/v1/trading/order-rvsecncl"
BALANCE_PATH = "/uapi/overseas-stock/v1/trading/inquire-balance"
EXECUTIONS_PATH = "/uapi/overseas-stock/v1/trading/inquire-ccnl"
BUYING_POWER_PATH = "/uapi/overseas-stock/v1/trading/inquire-psamount"
PRICE_PATH = "/uapi/overseas-price/v1/quotations/price"
MINUTE_BARS_PATH = "/uapi/overseas-price/v1/quotations/inquire-time-itemchartprice"

ORDER_TR = {
    (REAL, Side.BUY): "TTTT1002U",
    (REAL, Side.SELL): "TTTT1006U",
    (PAPER, Side.BUY): "VTTT1002U",
    (PAPER, Side.SELL): "VTTT1001U",  # 1.4: not VTTT1006U, which the official sample sends
}
CANCEL_TR = {REAL: "TTTT1004U", PAPER: "VTTT1004U"}
BALANCE_TR = {REAL: "TTTS3012R", PAPER: "VTTS3012R"}
EXECUTIONS_TR = {REAL: "TTTS3035R", PAPER: "VTTS3035R"}
BUYING_POWER_TR = {REAL: "TTTS3007R", PAPER: "VTTS3007R"}
PRICE_TR = "HHDFS00000300"
MINUTE_BARS_TR = "HHDFS76950200"  # real only
TICK_TR = "HDFSCNT0"
NOTICE_TR = {REAL: "H0GSCNI0", PAPER: "H0GSCNI9"}

# 4.0 the two families of exchange codes; they must not be mixed
ORDER_EXCHANGE = {Exchange.NASDAQ: "NASD", Exchange.NYSE: "NYSE", Exchange.AMEX: "AMEX"}
QUOTE_EXCHANGE = {Exchange.NASDAQ: "NAS", Exchange.NYSE: "NYS", Exchange.AMEX: "AMS"}
EXCHANGE_OF: Mapping[str, Exchange] = MappingProxyType(
    {code: exchange for family in (ORDER_EXCHANGE, QUOTE_EXCHANGE) for exchange, code in family.items()}
    | {"BAQ": Exchange.NASDAQ, "BAY": Exchange.NYSE, "BAA": Exchange.AMEX}
)

# 4.0 order types that carry a limit price: limit, limit-on-open, limit-on-close (the auctions on real only)
ORDER_DIVISION = {TimeInForce.DAY: "00", TimeInForce.AT_OPEN: "32", TimeInForce.AT_CLOSE: "34"}

SIDE_CODE = {Side.SELL: "01", Side.BUY: "02"}
SIDE_OF = {"01": Side.SELL, "02": Side.BUY, "1": Side.SELL, "2": Side.BUY}
REQUEST_KIND = {"00": "new", "01": "amend", "02": "cancel"}

# 3.5 limits, requests per second and app key (notice of 2026-04-20)
REST_RATE = {REAL: 18.0, PAPER: 1.0}
MAX_REGISTRATIONS = 41  # 5.1, notices included
# 3.3 page bounds; a listing longer than this is typed partial
MAX_PAGES = 60
MINUTE_BARS_PAGE = 120  # 4.21

MORE_PAGES = frozenset({"F", "M"})  # 3.3, response header tr_cont

# --- answers -----------------------------------------------------------------------------------------------

# 3.5, 8.1: refused for rate, whatever the status; HTTP 429 as well. 2026
THROTTLED = frozenset({"EGW00201", "EGW00215"})
# 8.1, 8.4: token invalid, missing, expired: refused at the gateway. 2026
TOKEN_REFUSED = frozenset({"EGW00121", "EGW00122", "EGW00123"})
TOKEN_TOO_OFTEN = "EGW00133"  # noqa: S105  2.1, HTTP 403
# statuses under which the gateway's codes above were recorded (3.7, Appendix E)
GATEWAY_STATUSES = frozenset({200, 500})

# The ledger's own refusals, HTTP 200 and rt_cd other than 0 (safety rules 1.3; Appendix E; 2026). An order
# or cancel answered so surely does not exist. Everything that neither this nor the two sets above name is
# "outcome unknown".
LEDGER_REFUSAL = re.compile(r"(APBK|APAC)\d{4}|40\d{6}", re.ASCII)
NEVER_A_REFUSAL = frozenset({"90020000", "IGW00007", "IGW00009"})

# 1.3: "not available in paper", which of them depends on the TR. EGW00203 and EGW00205 are seen there too, but
# also mean a routing fault and a bad header, and every function that we ask of paper exists there.
NOT_IN_PAPER = frozenset({"EGW02006", "EGW00213", "EGW00310", "OPSQ0002", "90000000"})
# 8.1, 8.2, 8.3: the key, the secret or the account is wrong; asking again changes nothing
CREDENTIAL_PROBLEMS = frozenset(
    {"EGW00003", "EGW00004", "EGW00102", "EGW00103", "EGW00104", "EGW00105", "EGW00205", "EGW00206"}
    | {"EGW00304", "OPSQ2000", "IGW00002", "40910000"}
)
# 8.1, 8.2, 8.3: a read may be asked again after a pause
TEMPORARY = frozenset(
    {"EGW00001", "EGW00002", "EGW00202", "EGW00203", "EGW00204", "EGW00300", "EGW00301", "EGW00302"}
    | {"OPSQ0001", "OPSQ1002", "OPSQ2003", "OPSQ3001", "OPSQ3002", "OPSQ3004", "90020000"}
    | {f"OPSQ{n:04}" for n in range(3, 12)}
)

# 5.3 control codes of the WebSocket
WS_OK = frozenset({"OPSP0000", "OPSP0001", "OPSP0002", "OPSP0003"})
WS_FULL = "OPSP0008"
WS_IN_USE = "OPSP8996"
WS_NEW_APPROVAL = frozenset({"OPSP0010", "OPSP0011", "OPSP9994"})
WS_LATER = frozenset({"OPSP0007", "OPSP0009", "OPSP8999", "OPSP9993", "OPSP9995"})

# 8: what a person reads. Codes that are not here show the broker's own words.
MESSAGES: Mapping[str, Text] = MappingProxyType(
    {
        "APBK0656": Text(
            "종목 정보가 없습니다. 상장 거래소(나스닥·뉴욕·아멕스)를 확인하세요.",
            "KIS does not know this symbol on this exchange. Check where it is listed.",
        ),
        "APBK0400": Text(
            "주문가능금액을 초과했습니다. 수량을 줄이세요.", "Not enough buying power. Reduce the quantity."
        ),
        "APBK0952": Text(
            "주문가능금액을 초과했습니다. 수량을 줄이세요.", "Not enough buying power. Reduce the quantity."
        ),
        "APBK0988": Text("주문가능금액 또는 수량이 부족합니다.", "Not enough cash or shares."),
        "APBK1664": Text("해외 시장이 열려 있지 않습니다.", "The overseas market is not open."),
        "APBK1507": Text("$0.01 미만 가격은 주문할 수 없습니다.", "A price below $0.01 cannot be ordered."),
        "APBK1672": Text(
            "이 상품의 거래 등록이 되어 있지 않습니다. 한국투자 앱에서 등록하세요.",
            "The account is not registered for this product. Register it in the KIS app.",
        ),
        "APBK1680": Text(
            "레버리지·인버스 ETP 사전교육을 이수해야 합니다.",
            "The leveraged and inverse ETP course has not been taken.",
        ),
        "APBK1681": Text("레버리지 ETP 기본예탁금이 부족합니다.", "The basic deposit for leveraged ETPs is not met."),
        "40070000": Text("모의투자에서 매매할 수 없는 종목입니다.", "This symbol cannot be traded on paper."),
        "40100000": Text("모의투자 영업일이 아닙니다.", "Not a business day of paper trading."),
        "40240000": Text(
            "모의투자 잔고가 없습니다. 방금 산 주식이면 잔고 반영을 기다리세요.",
            "No sellable holding on paper. If it was just bought, wait until it shows.",
        ),
        "40250000": Text("모의투자 주문가능금액이 부족합니다.", "Not enough money in the paper account."),
        "40320000": Text(
            "원주문이 존재하지 않습니다. 주문 내역을 확인합니다.",
            "The original order is gone. The order list will tell.",
        ),
        "40330000": Text(
            "정정·취소할 수량이 없습니다. 체결되었을 수 있습니다.",
            "Nothing is left to cancel. It may have been filled.",
        ),
        "40570000": Text("모의투자 장 시작 전입니다.", "Paper trading has not opened yet."),
        "40580000": Text("모의투자 장이 종료되었습니다.", "Paper trading has closed."),
        "40910000": Text(
            "모의투자 주문이 불가한 계좌입니다. 모의투자를 다시 신청하세요.",
            "The paper account is not enabled. Apply for paper trading again.",
        ),
        "EGW00103": Text(
            "앱키가 올바르지 않습니다. 실전·모의 앱키가 바뀌지 않았는지 확인하세요.",
            "The app key is not valid. Check that it belongs to this environment (real or paper).",
        ),
        "EGW00105": Text(
            "앱시크릿이 올바르지 않습니다. 앞뒤 공백이나 줄바꿈 없이 다시 입력하세요.",
            "The app secret is not valid. Enter it again without spaces or line breaks.",
        ),
        "EGW00121": Text(
            "접근토큰이 유효하지 않습니다. 새로 발급합니다.", "The access token is not valid. A new one is issued."
        ),
        "EGW00122": Text(
            "접근토큰을 찾을 수 없습니다. 새로 발급합니다.", "The access token was not found. A new one is issued."
        ),
        "EGW00123": Text(
            "접근토큰이 만료되었습니다. 새로 발급합니다.", "The access token has expired. A new one is issued."
        ),
        "EGW00133": Text(
            "접근토큰은 1분에 한 번만 발급됩니다. 1분 뒤 다시 시도합니다.",
            "A token is issued once a minute at most. It will be asked for again in a minute.",
        ),
        "EGW00201": Text(
            "초당 거래건수를 초과했습니다. 잠시 뒤 다시 시도합니다.",
            "The rate limit of the key was exceeded. It will be tried again shortly.",
        ),
        "EGW00215": Text(
            "원장의 초당 거래건수를 초과했습니다. 잠시 뒤 다시 시도합니다.",
            "The broker's ledger is over its own limit. It will be tried again shortly.",
        ),
        "EGW00304": Text(
            "앱시크릿이 올바르지 않습니다. 다시 등록하세요.", "The app secret is not valid. Register it again."
        ),
        "OPSQ2000": Text(
            "이 앱키의 계좌번호가 아닙니다. 계좌번호를 확인하세요.",
            "The account number does not belong to this app key. Check it.",
        ),
        "IGW00002": Text(
            "이 앱키의 계좌번호가 아닙니다. 계좌번호를 확인하세요.",
            "The account number does not belong to this app key. Check it.",
        ),
    }
)
