"""What a person reads when KIS answers with a code: what happened, what to do (sheet 3.6, 5.3, 8, Appendix E). Data.

Codes that are not here show the broker's own words.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from market.errors import Text

Row = tuple[str, str, str]  # codes, Korean, English

# 8.1 the gateway: the key and its token
_KEY: tuple[Row, ...] = (
    (
        "EGW00003",
        "한국투자증권이 접근을 거부했습니다. Open API 서비스 신청 상태를 확인하세요.",
        "KIS denied access. Check that the Open API service is applied for.",
    ),
    (
        "EGW00004 EGW00206",
        "이 고객에게는 API 사용 권한이 없습니다. 한국투자증권에서 Open API를 신청하세요.",
        "This customer may not use the API. Apply for the Open API at KIS.",
    ),
    (
        "EGW00102 EGW00104 OPSP8995 OPSP9996",
        "요청에 앱키 또는 앱시크릿이 없습니다. 앱키를 다시 등록하세요.",
        "The request carried no app key or no secret. Register the key again.",
    ),
    (
        "EGW00103",
        "앱키가 올바르지 않습니다. 실전·모의 앱키가 바뀌지 않았는지 확인하세요.",
        "The app key is not valid. Check that it belongs to this environment (real or paper).",
    ),
    (
        "EGW00105",
        "앱시크릿이 올바르지 않습니다. 앞뒤 공백이나 줄바꿈 없이 다시 입력하세요.",
        "The app secret is not valid. Enter it again without spaces or line breaks.",
    ),
    (
        "EGW00304",
        "앱시크릿이 올바르지 않습니다. 다시 등록하세요.",
        "The app secret is not valid. Register it again.",
    ),
    (
        "EGW00121",
        "접근토큰이 유효하지 않습니다. 새로 발급합니다.",
        "The access token is not valid. A new one is issued.",
    ),
    (
        "EGW00122",
        "접근토큰을 찾을 수 없습니다. 새로 발급합니다.",
        "The access token was not found. A new one is issued.",
    ),
    (
        "EGW00123",
        "접근토큰이 만료되었습니다. 새로 발급합니다.",
        "The access token has expired. A new one is issued.",
    ),
    (
        "EGW00133",
        "접근토큰은 1분에 한 번만 발급됩니다. 1분 뒤 다시 시도합니다.",
        "A token is issued once a minute at most. It will be asked for again in a minute.",
    ),
    (
        "EGW00115 EGW00116 EGW00117",
        "토큰 요청의 형식이 맞지 않습니다. 프로그램을 최신 버전으로 바꾸세요.",
        "The request for a token has a form that KIS does not take. Update the program.",
    ),
    (
        "EGW00106 EGW00107 EGW00108 EGW00109 EGW00110 EGW00111 EGW00112 EGW00113 EGW00114 EGW00118 EGW00119 EGW00120",
        "법인·제휴용 인증(OAuth) 값이 맞지 않습니다. 개인 앱키를 쓰는지 확인하세요.",
        "A log-in value for corporate customers (OAuth) is wrong. Check that the app key is a personal one.",
    ),
    (
        "EGW00124 EGW00125 EGW00126",
        "세션 키가 유효하지 않거나 만료되었습니다. 다시 접속하세요.",
        "The session key is not valid or has expired. Connect again.",
    ),
    (
        "EGW00127 EGW00128 EGW00129 EGW00130",
        "고객 정보(계좌번호, HTS ID)가 없거나 맞지 않습니다. 등록한 값을 확인하세요.",
        "Data of the customer (account number, HTS id) is missing or wrong. Check what was registered.",
    ),
    (
        "EGW00207 EGW00303",
        "허용되지 않은 IP 주소입니다. 한국투자증권에 등록된 IP에서 접속하세요.",
        "This IP address is not allowed. Connect from one that is registered at KIS.",
    ),
    (
        "EGW00211 EGW00212",
        "요청에 고객 정보가 없습니다. 개인 앱키를 쓰는지 확인하세요.",
        "Data of the customer is missing in the request. Check that the app key is a personal one.",
    ),
    (
        "EGW00210",
        "법인 고객은 모의투자를 이용할 수 없습니다. 실전 앱키를 쓰세요.",
        "Corporate customers cannot use paper trading. Use a real key.",
    ),
    (
        "OPSQ2000 IGW00002",
        "이 앱키의 계좌번호가 아닙니다. 계좌번호를 확인하세요.",
        "The account number does not belong to this app key. Check it.",
    ),
)

# 8.1, 8.2 the gateway: the request
_REQUEST: tuple[Row, ...] = (
    (
        "EGW00101",
        "한국투자증권이 요청을 받아들이지 않았습니다. 입력한 값을 확인하세요.",
        "KIS did not take the request. Check the values.",
    ),
    (
        "EGW00131",
        "주문 해시가 본문과 맞지 않습니다. 해시를 다시 받아 주문하세요.",
        "The hash does not fit the order. Ask for a new hash and order again.",
    ),
    (
        "EGW00132 EGW00205 EGW00208 EGW00209",
        "요청 머리글이 맞지 않습니다. 프로그램을 최신 버전으로 바꾸세요.",
        "A header of the request is wrong. Update the program.",
    ),
    (
        "EGW00202",
        "한국투자증권이 요청을 처리할 곳으로 보내지 못했습니다. 잠시 뒤 확인하세요.",
        "KIS could not route the request. Look again shortly.",
    ),
    (
        "EGW00310 EGW00356",
        "없는 기능 번호(TR ID)입니다. 프로그램을 최신 버전으로 바꾸세요.",
        "KIS knows no such function (TR id). Update the program.",
    ),
    (
        "EGW02006 EGW00213 90000000",
        "모의투자에서는 제공되지 않는 기능입니다. 실전 앱키를 쓰세요.",
        "Paper does not offer this. Use a real key.",
    ),
    (
        "OPSQ0002",
        "없는 서비스입니다. 모의투자에서는 제공되지 않을 수 있으니 실전 앱키를 쓰세요.",
        "There is no such service. Paper may not offer it: use a real key.",
    ),
    (
        "OPSQ2001 OPSQ2002",
        "요청 항목이 없거나 값이 허용되지 않습니다. 입력한 값을 확인하세요.",
        "A field of the request is missing or its value is not allowed. Check the values.",
    ),
    (
        "OPSQ9995 OPSQ9996 OPSQ9997 OPSQ9998 OPSQ9999",
        "요청의 형식을 읽지 못했습니다. 프로그램을 최신 버전으로 바꾸세요.",
        "KIS could not read the form of the request. Update the program.",
    ),
    (
        "IGW00007 IGW00009",
        "한국투자증권이 응답을 만들지 못했습니다. 값이 맞는지, 모의투자에 있는 기능인지 확인하세요.",
        "KIS could not compose its answer. Check the values, and whether paper offers the function.",
    ),
    (
        "IGW00036",
        "필수 주문 항목이 빠졌습니다. 프로그램을 최신 버전으로 바꾸세요.",
        "A mandatory field of the order is missing. Update the program.",
    ),
    (
        "IGW00019 KIER3672",
        "한국투자증권이 뜻을 밝히지 않은 오류입니다. 주문 내역을 확인하세요.",
        "KIS does not say what this error means. Look at the order list.",
    ),
    (
        "MCA00124",
        "시세 서비스 코드에 문제가 있습니다. 종목과 거래소를 확인하세요.",
        "The code of a price service is wrong. Check symbol and exchange.",
    ),
)

# 3.5, 8.1, 8.2 it will pass
_PASSING: tuple[Row, ...] = (
    (
        "EGW00201",
        "초당 거래건수를 초과했습니다. 잠시 뒤 다시 시도합니다.",
        "The rate limit of the key was exceeded. It will be tried again shortly.",
    ),
    (
        "EGW00215",
        "원장의 초당 거래건수를 초과했습니다. 잠시 뒤 다시 시도합니다.",
        "The broker's ledger is over its own limit. It will be tried again shortly.",
    ),
    (
        "EGW00001 EGW00002",
        "한국투자증권 서버에 일시적인 오류가 있습니다. 잠시 뒤 다시 확인하세요.",
        "KIS has a temporary fault. Look again shortly.",
    ),
    (
        "EGW00203 EGW00204 EGW00300",
        "한국투자증권 안에서 요청을 전달하지 못했습니다. 잠시 뒤 다시 확인하세요.",
        "KIS could not pass the request on. Look again shortly.",
    ),
    (
        "EGW00301 EGW00302",
        "한국투자증권 처리 시간이 초과되었습니다. 직전 거래를 반드시 확인하세요.",
        "KIS ran out of time. Be sure to check the previous transaction.",
    ),
    (
        "OPSQ0001 OPSQ0003 OPSQ0004 OPSQ0005 OPSQ0006 OPSQ0007 OPSQ0008 OPSQ0009 OPSQ0010 OPSQ0011 OPSQ1002 OPSQ2003 "
        "OPSQ3001 OPSQ3002 OPSQ3004",
        "한국투자증권 내부 처리 중 오류가 났습니다. 잠시 뒤 다시 확인하세요.",
        "Something failed inside KIS. Look again shortly.",
    ),
    (
        "90020000",
        "모의투자 서비스가 지연되고 있습니다. 잠시 뒤 확인하세요.",
        "Paper trading is overloaded. Look again shortly.",
    ),
)

MARKET_CLOSED = Text(
    "지금은 주문할 수 있는 장운영시간이 아닙니다. 다음 장에 다시 주문하세요.",
    "The market is not open for this order now. Order again in the next session.",
)
NOT_ENOUGH_CASH = Text("주문가능금액이 부족합니다. 수량을 줄이세요.", "Not enough buying power. Reduce the quantity.")
NOT_ENOUGH_SHARES = Text(
    "매도할 수 있는 수량이 부족합니다. 잔고와 미체결 주문을 확인하세요.",
    "Not enough shares to sell. Look at the holdings and the open orders.",
)

# 8.3, Appendix E the ledger
_LEDGER: tuple[Row, ...] = (
    (
        "APBK0656",
        "종목 정보가 없습니다. 상장 거래소(나스닥·뉴욕·아멕스)를 확인하세요.",
        "KIS does not know this symbol on this exchange. Check where it is listed.",
    ),
    (
        "APBK0400 APBK0952",
        "주문가능금액을 초과했습니다. 수량을 줄이세요.",
        "Not enough buying power. Reduce the quantity.",
    ),
    (
        "APBK0918 APBK0919",
        "장운영시간이 아니거나 주문가능금액·수량이 부족합니다. 시간과 잔고를 확인하세요.",
        "The market is closed, or there is not enough cash or stock. Check the hours and the balance.",
    ),
    (
        "APBK1664",
        "해외 시장이 열려 있지 않습니다. 다음 장에 다시 주문하세요.",
        "The overseas market is not open. Order again in the next session.",
    ),
    (
        "APBK0988",
        "주문가능금액 또는 수량이 부족합니다. 수량을 줄이세요.",
        "Not enough cash or shares. Reduce the quantity.",
    ),
    (
        "APBK1234",
        "주문단가가 없거나 수량이 부족합니다. 가격과 수량을 확인하세요.",
        "The price is missing, or there are not enough shares. Check price and quantity.",
    ),
    (
        "APBK1507",
        "$0.01 미만 가격은 주문할 수 없습니다. 가격을 올려 주문하세요.",
        "A price below $0.01 cannot be ordered. Raise the price.",
    ),
    (
        "APTR0057",
        "호가 단위에 맞지 않는 가격입니다. $1 이상은 소수점 둘째 자리까지만 됩니다.",
        "The price is not on a tick. From $1 up, two decimals are allowed.",
    ),
    (
        "APBK1672",
        "이 상품의 거래 등록이 되어 있지 않습니다. 한국투자 앱에서 등록하세요.",
        "The account is not registered for this product. Register it in the KIS app.",
    ),
    (
        "APBK1680",
        "레버리지·인버스 ETP 사전교육을 이수해야 합니다. 이수한 뒤 주문하세요.",
        "The leveraged and inverse ETP course has not been taken. Take it, then order.",
    ),
    (
        "APBK1681",
        "레버리지 ETP 기본예탁금이 부족합니다. 예탁금을 채운 뒤 주문하세요.",
        "The basic deposit for leveraged ETPs is not met. Deposit it, then order.",
    ),
    (
        "APBK1271",
        "계좌상품코드(뒤 두 자리)가 맞지 않습니다. 계좌번호를 확인하세요.",
        "The last two digits of the account number do not fit. Check the account number.",
    ),
    (
        "APAC0489",
        "위탁계좌만 조회할 수 있습니다. 위탁계좌(01)를 등록하세요.",
        "Only brokerage accounts can be asked about. Register one (ending in 01).",
    ),
)

# 3.6, 8.3 paper
_PAPER: tuple[Row, ...] = (
    (
        "40070000",
        "모의투자에서 매매할 수 없는 종목입니다. 다른 종목을 고르세요.",
        "This symbol cannot be traded on paper. Choose another.",
    ),
    (
        "40100000",
        "모의투자 영업일이 아닙니다. 다음 영업일에 주문하세요.",
        "Not a business day of paper trading. Order on the next one.",
    ),
    (
        "40240000",
        "모의투자 잔고가 없습니다. 방금 산 주식이면 잔고 반영을 기다리세요.",
        "No sellable holding on paper. If it was just bought, wait until it shows.",
    ),
    (
        "40250000",
        "모의투자 주문가능금액이 부족합니다. 수량을 줄이세요.",
        "Not enough money in the paper account. Reduce the quantity.",
    ),
    (
        "40320000",
        "원주문이 존재하지 않습니다. 주문 내역을 확인합니다.",
        "The original order is gone. The order list will tell.",
    ),
    (
        "40330000",
        "정정·취소할 수량이 없습니다. 체결되었을 수 있습니다.",
        "Nothing is left to cancel. It may have been filled.",
    ),
    (
        "40570000",
        "모의투자 장 시작 전입니다. 정규장이 열리면 주문하세요.",
        "Paper trading has not opened yet. Order in the regular session.",
    ),
    (
        "40580000",
        "모의투자 장이 종료되었습니다. 다음 정규장에 주문하세요.",
        "Paper trading has closed. Order in the next regular session.",
    ),
    (
        "40910000",
        "모의투자 주문이 불가한 계좌입니다. 모의투자를 다시 신청하세요.",
        "The paper account is not enabled. Apply for paper trading again.",
    ),
    (
        "70070000 KIOK0560",
        "조회할 내역이 없습니다. 조건을 바꿔 조회하세요.",
        "There is nothing to show. Ask for something else.",
    ),
)

# 5.3 the WebSocket
_SOCKET: tuple[Row, ...] = (
    (
        "OPSP0002",
        "이미 등록된 실시간 시세입니다. 그대로 씁니다.",
        "It is subscribed already. Nothing needs to be done.",
    ),
    ("OPSP0003", "등록되지 않은 실시간 시세입니다. 그대로 둡니다.", "It was not subscribed. Nothing needs to be done."),
    (
        "OPSP0007 OPSP0009 OPSP8999 OPSP9993 OPSP9995",
        "실시간 시세 등록 중 한국투자증권에 오류가 났습니다. 잠시 뒤 다시 등록합니다.",
        "KIS failed to subscribe. It will be tried again shortly.",
    ),
    (
        "OPSP0008",
        "실시간 등록 41건이 모두 찼습니다. 나머지 종목은 조회로 받습니다.",
        "All 41 real-time registrations are taken. The other symbols are asked for by REST.",
    ),
    (
        "OPSP0010 OPSP0011 OPSP9994",
        "실시간 접속키가 유효하지 않습니다. 새로 발급합니다.",
        "The WebSocket key is not valid. A new one is issued.",
    ),
    (
        "OPSP8996",
        "이 앱키로 다른 곳에서 실시간 접속 중입니다. 그 접속을 끊거나 1분 뒤 다시 시도하세요.",
        "This app key has a WebSocket elsewhere. Close that one, or try again in a minute.",
    ),
    (
        "OPSP8991 OPSP8992 OPSP8993",
        "실시간 등록 종목이나 기능이 맞지 않습니다. 종목과 HTS ID를 확인하세요.",
        "KIS does not take this real-time subscription. Check the symbol and the HTS id.",
    ),
    (
        "OPSP8994 OPSP8997 OPSP8998 OPSP9990 OPSP9991 OPSP9992 OPSP9997 OPSP9998 OPSP9999",
        "실시간 등록 요청의 형식이 맞지 않습니다. 프로그램을 최신 버전으로 바꾸세요.",
        "The form of a real-time request is wrong. Update the program.",
    ),
)


def _by_code(*tables: tuple[Row, ...]) -> Iterator[tuple[str, Text]]:
    for codes, korean, english in (row for table in tables for row in table):
        for code in codes.split():
            yield code, Text(korean, english)


MESSAGES: Mapping[str, Text] = MappingProxyType(dict(_by_code(_KEY, _REQUEST, _PASSING, _LEDGER, _PAPER, _SOCKET)))

# 8.3: these mean one thing or another; words of the broker's own text tell which. Every word of a clue must be there.
TOLD_BY_TEXT = frozenset({"APBK0918", "APBK0919", "APBK0988", "APBK1234", "APBK1664"})
CLUES: tuple[tuple[tuple[str, ...], Text], ...] = (
    (("장운영시간",), MARKET_CLOSED),
    (("주문가능금액", "부족"), NOT_ENOUGH_CASH),
    (("주문가능금액", "초과"), NOT_ENOUGH_CASH),
    (("예수금", "부족"), NOT_ENOUGH_CASH),
    (("매도가능", "부족"), NOT_ENOUGH_SHARES),
    (("잔고", "부족"), NOT_ENOUGH_SHARES),
)
